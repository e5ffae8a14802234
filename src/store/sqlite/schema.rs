//! Migrates a database file to the schema of this natter. `PRAGMA user_version` counts the migrations that were run.
//!
//! The library rusqlite_migration is deliberately not used: it requires rusqlite 0.40, natter uses 0.41, and two
//! versions of rusqlite cannot link the same SQLite. The loop below is all that natter needs of it.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::{Error, Result};

/// One file for each migration. A released file is never changed. Each has a note in `migrations-notes/`.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
];

/// Refuses a file whose schema is not exactly this natter's.
pub fn check_current(connection: &Connection) -> Result<()> {
    let schema: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match schema as usize {
        0 => Err(Error::Failed("it contains no natter database".into())),
        schema if schema == MIGRATIONS.len() => Ok(()),
        schema if schema > MIGRATIONS.len() => Err(Error::newer_schema(schema, MIGRATIONS.len())),
        schema => Err(Error::earlier_schema(schema, MIGRATIONS.len())),
    }
}

pub fn migrate(connection: &mut Connection) -> Result<()> {
    // immediate: if two processes start at once, the second waits and then finds no migration to run
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let schema: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(pending) = MIGRATIONS.get(schema as usize..) else {
        return Err(Error::newer_schema(schema as usize, MIGRATIONS.len()));
    };
    for migration in pending {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::OpenFlags;

    use super::*;
    use crate::store::sqlite::connection::connect;

    fn in_memory() -> Connection {
        connect(Path::new(":memory:"), OpenFlags::default()).unwrap()
    }

    #[test]
    fn a_migration_keeps_the_rows_of_schema_1() {
        let mut connection = in_memory();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let rows = "INSERT INTO users VALUES (x'01', 'ada', 'Ada', 'a@example.org', '', '$2b$04$x', 'admin', 3, 5);
            INSERT INTO messages VALUES (1, 1, 1, x'01', 'c', 7, 'hello'); UPDATE rooms SET last_seq = 1, last_rev = 1;
            INSERT INTO sessions VALUES (x'02', x'03', 9);";
        connection.execute_batch(rows).unwrap();
        migrate(&mut connection).unwrap();
        let all = "SELECT user_id || version || text || post_rev || hex(data) FROM users, messages, sessions";
        let found: String = connection.query_row(all, [], |row| row.get(0)).unwrap();
        assert_eq!(found, "ada3hello103");
    }

    #[test]
    fn a_migration_puts_all_users_into_the_lobby_read_up_to_its_end() {
        let mut connection = in_memory();
        MIGRATIONS[..3].iter().for_each(|migration| connection.execute_batch(migration).unwrap());
        connection.pragma_update(None, "user_version", 3).unwrap();
        let message = |id: i64| {
            format!(
                "INSERT INTO messages (id, post_rev, text_rev, author, client_id, sent_at, text, deleted, room_texts,
                    author_texts, replies, joins) VALUES ({id}, 1, 1, x'01', {id}, 7, 'hello', 0, 1, 1, 0, 0);"
            )
        };
        let rows = "INSERT INTO users VALUES (x'01', 'ada', 'Ada', 'a@example.org', '', '$2b$04$x', 'admin', 3, 5);
            INSERT INTO users VALUES (x'02', 'bob', 'Bob', 'b@example.org', '', '$2b$04$x', 'member', 1, 6);
            INSERT INTO login_networks VALUES (x'02', '127.0.0.1', 8);
            INSERT INTO rooms VALUES (5, 'attic', 0, 'open', 'LOBBY', '', 0, 0, NULL, 0);
            INSERT INTO rooms VALUES (7, 'direct', 0, 'direct', '', '', 0, 0, 'x', 0);
            INSERT INTO memberships (room, user, rev, role, joined_at) VALUES (7, x'02', 0, 'owner', 9);";
        connection.execute_batch(rows).unwrap();
        for id in [(1 << 40) + 1, (1 << 40) + 2, (7 << 40) + 1] {
            connection.execute_batch(&message(id)).unwrap();
        }
        migrate(&mut connection).unwrap();
        let all = |sql: &str| -> Vec<String> {
            connection
                .prepare(sql)
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .map(rusqlite::Result::unwrap)
                .collect()
        };
        let memberships = "SELECT concat_ws(' ', room, hex(user), role, level, read_seq, joined_at) FROM memberships";
        assert_eq!(
            all(memberships),
            ["1 01 member mentions 2 5", "1 02 member mentions 2 6", "7 02 owner everything 1 9"]
        );
        assert_eq!(all("SELECT open_name FROM rooms WHERE kind = 'open' ORDER BY id"), ["lobby", "lobby attic"]);
        assert_eq!(all("SELECT network FROM login_networks"), ["127.0.0.1"]);
        assert!(all("SELECT concat(rowid) FROM pragma_foreign_key_check").is_empty());
    }

    #[test]
    fn migrating_is_repeatable_and_refuses_a_newer_schema() {
        let mut connection = in_memory();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", MIGRATIONS.len() as u32 + 1).unwrap();
        assert!(migrate(&mut connection).unwrap_err().to_string().contains("newer natter"));
    }
}
