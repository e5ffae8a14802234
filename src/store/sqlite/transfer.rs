//! Copying whole rows.

use async_trait::async_trait;
use rusqlite::{Connection, params, types::Value};
use uuid::Uuid;

use super::{
    batch::Batch,
    connection::sql_integer,
    copy_mark::{is_unfinished, set_unfinished},
    database::Sqlite,
    users::{COLUMNS, user},
};
use crate::{
    domain::{Post, RoomId, Timestamp, TokenId, UserKey},
    store::{Account, Error, MessageRow, PasswordHash, Posted, Result, Revocation, Row, SessionRow, Table, Transfer},
};

fn has_account(connection: &Connection, key: UserKey) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM users WHERE key = ?1")?.exists([key.0.as_bytes()])
}

fn table_name(table: Table) -> &'static str {
    match table {
        Table::Accounts => "users",
        Table::Messages => "messages",
        Table::Sessions => "sessions",
        Table::Revocations => "revoked_tokens",
    }
}

/// The key after which a page of rows starts. An empty blob is less than every other.
fn cursor(table: Table, after: Option<&Row>) -> Value {
    match after {
        None if table == Table::Messages => Value::Integer(0),
        None => Value::Blob(Vec::new()),
        Some(Row::Account(account)) => Value::Blob(account.user.key.0.as_bytes().to_vec()),
        Some(Row::Message(message)) => Value::Integer(sql_integer(message.rev)),
        Some(Row::Session(session)) => Value::Blob(session.id.to_vec()),
        Some(Row::Revocation(revocation)) => Value::Blob(revocation.token.0.as_bytes().to_vec()),
    }
}

fn row(table: Table, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let uuid = |column| row.get(column).map(Uuid::from_bytes);
    Ok(match table {
        Table::Accounts => Row::Account(Account { user: user(row)?, password: PasswordHash(row.get(8)?) }),
        Table::Messages => Row::Message(MessageRow {
            seq: row.get::<_, i64>(0)? as u64,
            rev: row.get::<_, i64>(1)? as u64,
            first_rev: None,
            author: UserKey(uuid(2)?),
            client: row.get(3)?,
            sent_at: Timestamp(row.get(4)?),
            text: row.get(5)?,
        }),
        Table::Sessions => {
            Row::Session(SessionRow { id: row.get(0)?, data: row.get(1)?, expires: Timestamp(row.get(2)?) })
        }
        Table::Revocations => Row::Revocation(Revocation { token: TokenId(uuid(0)?), expires: Timestamp(row.get(1)?) }),
    })
}

#[async_trait]
impl Transfer for Sqlite {
    async fn count(&self, table: Table) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {}", table_name(table));
        self.read(move |c| c.query_row(&sql, [], |row| Ok(row.get::<_, i64>(0)? as u64))).await
    }

    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
        let after = cursor(table, after);
        let sql = match table {
            Table::Accounts => &format!("SELECT {COLUMNS}, password_hash FROM users WHERE key > ?1 ORDER BY key"),
            Table::Messages => {
                "SELECT seq, rev, author, client_id, sent_at, text FROM messages
                 WHERE room = (SELECT id FROM rooms WHERE name = 'lobby') AND rev > ?1 ORDER BY rev"
            }
            Table::Sessions => "SELECT id, data, expires FROM sessions WHERE id > ?1 ORDER BY id",
            Table::Revocations => "SELECT id, expires FROM revoked_tokens WHERE id > ?1 ORDER BY id",
        };
        let sql = format!("{sql} LIMIT ?2");
        self.read(move |c| {
            c.prepare_cached(&sql)?.query_map(params![after, limit], |found| row(table, found))?.collect()
        })
        .await
    }

    async fn has_account(&self, key: UserKey) -> Result<bool> {
        self.read(move |c| has_account(c, key)).await
    }

    async fn add_account(&self, account: &Account) -> Result<bool> {
        let account = account.clone();
        self.writer
            .run(move |batch| {
                let is_new = !has_account(batch.connection, account.user.key)?;
                if is_new {
                    batch.insert_user(&account.user, &account.password)?;
                }
                Ok(is_new)
            })
            .await
    }

    async fn post_all(&self, posts: Vec<Post>) -> Result<Vec<Option<Posted>>> {
        // stops at the first failure, because nothing may be written after the database rolled back the transaction
        let post_all = |batch: &mut Batch<'_>| {
            let post = |post| match batch.post(post) {
                Ok(posted) => Ok(Some(posted)),
                Err(Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            };
            posts.into_iter().map(post).collect()
        };
        self.writer.run(move |batch| batch.atomically(post_all)).await
    }

    async fn is_unfinished(&self) -> Result<bool> {
        self.read(is_unfinished).await
    }

    async fn begin_copy(&self) -> Result<()> {
        let begin = |batch: &mut Batch<'_>| {
            if is_unfinished(batch.connection)? {
                batch.connection.execute_batch(
                    "DELETE FROM users; DELETE FROM messages; DELETE FROM sessions; DELETE FROM revoked_tokens;
                     UPDATE rooms SET last_seq = 0, last_rev = 0;",
                )?;
            }
            Ok(set_unfinished(batch.connection, true)?)
        };
        self.writer.run(move |batch| batch.atomically(begin)).await
    }

    async fn insert_rows(&self, rows: Vec<Row>) -> Result<()> {
        let insert = |batch: &mut Batch<'_>| rows.into_iter().try_for_each(|row| batch.insert_row(row));
        self.writer.run(move |batch| batch.atomically(insert)).await
    }

    async fn finish_copy(&self) -> Result<()> {
        self.writer.run(|batch| Ok(set_unfinished(batch.connection, false)?)).await
    }
}

impl Batch<'_> {
    fn insert_row(&mut self, row: Row) -> Result<()> {
        let connection = self.connection;
        let insert = |sql, values: &[&dyn rusqlite::ToSql]| -> Result<()> {
            connection.prepare_cached(sql)?.execute(values)?;
            Ok(())
        };
        match row {
            Row::Account(account) => self.insert_user(&account.user, &account.password),
            Row::Message(m) => {
                let head = self.head(&RoomId::lobby())?;
                (head.seq, head.rev) = (head.seq.max(m.seq), head.rev.max(m.rev));
                let room = head.room;
                insert(
                    "INSERT INTO messages (room, seq, rev, author, client_id, sent_at, text)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![
                        room,
                        sql_integer(m.seq),
                        sql_integer(m.rev),
                        m.author.0.as_bytes(),
                        m.client,
                        m.sent_at.0,
                        m.text
                    ],
                )
            }
            Row::Session(s) => insert("INSERT INTO sessions VALUES (?1, ?2, ?3)", params![s.id, s.data, s.expires.0]),
            Row::Revocation(r) => {
                insert("INSERT INTO revoked_tokens VALUES (?1, ?2)", params![r.token.0.as_bytes(), r.expires.0])
            }
        }
    }
}
