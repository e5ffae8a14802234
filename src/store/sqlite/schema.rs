//! Brings a database file to the schema of this natter. `PRAGMA user_version` counts the steps taken.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::{Error, Result};

/// One file a step, never changed once released. Each has a note in `migrations-notes/`.
const STEPS: &[&str] = &[include_str!("migrations/0001.sql"), include_str!("migrations/0002.sql")];

/// Refuses a file that is not exactly of this natter's schema.
pub fn check_current(connection: &Connection) -> Result<()> {
    let done: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match done as usize {
        0 => Err(Error::Failed("there is no natter in it".into())),
        done if done == STEPS.len() => Ok(()),
        done => Err(Error::Failed(format!(
            "the data is of schema {done}, this natter knows {}: start the natter to copy with once on it, or use its own",
            STEPS.len()
        ))),
    }
}

pub fn migrate(connection: &mut Connection) -> Result<()> {
    // immediate: of two processes that start at once, the second waits and finds the work done
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(steps) = STEPS.get(done as usize..) else {
        return Err(Error::Failed(format!(
            "the data was written by a newer natter (schema {done}, this one knows {}): run that one, or restore a backup",
            STEPS.len()
        )));
    };
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len() as u32)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_shape_holds_is_carried_over() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let rows = "INSERT INTO users VALUES (x'01', 'ada', 'Ada', 'a@example.org', '', '$2b$04$x', 'admin', 3, 5);
            INSERT INTO messages VALUES (1, 1, 1, x'01', 'c', 7, 'hello'); UPDATE rooms SET last_seq = 1, last_rev = 1;
            INSERT INTO sessions VALUES (x'02', x'03', 9);";
        connection.execute_batch(rows).unwrap();
        migrate(&mut connection).unwrap();
        let all = "SELECT user_id || version || text || last_rev || hex(data) FROM users, messages, rooms, sessions";
        let found: String = connection.query_row(all, [], |row| row.get(0)).unwrap();
        assert_eq!(found, "ada3hello103");
    }

    #[test]
    fn is_repeatable_and_refuses_a_newer_schema() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", STEPS.len() as u32 + 1).unwrap();
        assert!(migrate(&mut connection).unwrap_err().to_string().contains("newer natter"));
    }
}
