//! The rows of each table, as they are copied.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params, types::Value};
use uuid::Uuid;

use super::{
    audit_rows::{AUDIT_COLUMNS, entry, insert_entry},
    batch::Batch,
    connection::sql_integer,
    copied_uploads, member_rows, mention_rows,
    position::{last_position, number_of, position},
    room_rows::{self, ROOM_COLUMNS, room_in},
    rows,
    sessions::{SESSION_COLUMNS, session, values},
    users::{AFTER_COLUMNS, COLUMNS, user},
};
use crate::{
    domain::{Mentions, MessageId, RoomId, Timestamp, TokenId, UserKey},
    store::{
        Account, Error, LoginLink, MemberRow, MessageRow, PasswordHash, Result, Revocation, RoomRow, Row, SavedRow,
        Table,
    },
};

pub fn count(c: &Connection, table: Table) -> rusqlite::Result<u64> {
    let table = match table {
        Table::Accounts => "users",
        Table::Rooms => "rooms WHERE deleted = 0",
        Table::Members => "memberships WHERE room NOT IN (SELECT id FROM rooms WHERE deleted = 1)",
        Table::Messages => "messages WHERE id >> 40 NOT IN (SELECT id FROM rooms WHERE deleted = 1)",
        Table::Saved => "saved WHERE id >> 40 NOT IN (SELECT id FROM rooms WHERE deleted = 1)",
        Table::Sessions => "sessions",
        Table::Revocations => "revoked_tokens",
        Table::Audit => "audit",
    };
    c.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| Ok(row.get::<_, i64>(0)? as u64))
}

/// The first `limit` rows after `after`.
pub fn rows(c: &Connection, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
    Ok(match table {
        Table::Accounts => {
            let sql = format!(
                "SELECT {COLUMNS}, password_hash, last_seen, link_hash, link_expires FROM users
                 WHERE key > ?1 ORDER BY key LIMIT ?2"
            );
            keyed(c, &sql, after, limit, |row| {
                let last_seen = row.get::<_, Option<i64>>(AFTER_COLUMNS + 1)?.map(Timestamp);
                let hash = row.get::<_, Option<[u8; 32]>>(AFTER_COLUMNS + 2)?;
                let expires = row.get::<_, Option<i64>>(AFTER_COLUMNS + 3)?;
                let link = hash.zip(expires.map(Timestamp)).map(|(hash, expires)| LoginLink { hash, expires });
                Ok(Row::Account(Account {
                    user: user(row)?,
                    password: PasswordHash(row.get(AFTER_COLUMNS)?),
                    last_seen,
                    link,
                }))
            })?
        }
        Table::Rooms => {
            let sql = format!(
                "SELECT {ROOM_COLUMNS}, r.direct_key FROM rooms r WHERE r.room_id > ?1 AND r.deleted = 0
                ORDER BY r.room_id LIMIT ?2"
            );
            keyed(c, &sql, after, limit, |row| {
                Ok(Row::Room(RoomRow { room: room_in(row)?.1, direct_key: row.get(10)? }))
            })?
        }
        Table::Members => {
            let (room, user) = match after {
                Some(Row::Member(row)) => (row.room.as_str(), row.membership.user.0.as_bytes().as_slice()),
                _ => ("", [].as_slice()),
            };
            member_rows::after(c, room, user, limit)?.into_iter().map(Row::Member).collect()
        }
        Table::Messages => messages(c, after, limit)?,
        Table::Saved => saved(c, after, limit)?,
        Table::Sessions => {
            let sql = format!("SELECT {SESSION_COLUMNS} FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2");
            keyed(c, &sql, after, limit, |row| session(row).map(Row::Session))?
        }
        Table::Revocations => {
            let sql = "SELECT id, expires FROM revoked_tokens WHERE id > ?1 ORDER BY id LIMIT ?2";
            keyed(c, sql, after, limit, |row| {
                let token = TokenId(Uuid::from_bytes(row.get(0)?));
                Ok(Row::Revocation(Revocation { token, expires: Timestamp(row.get(1)?) }))
            })?
        }
        Table::Audit => {
            let sql = format!("SELECT {AUDIT_COLUMNS} FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2");
            keyed(c, &sql, after, limit, |row| entry(row).map(Row::Audit))?
        }
    })
}

/// The rows of a table with a key of one column.
fn keyed(
    c: &Connection,
    sql: &str,
    after: Option<&Row>,
    limit: u32,
    row: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<Row>,
) -> rusqlite::Result<Vec<Row>> {
    let after = match after {
        Some(Row::Account(account)) => Value::Blob(account.user.key.0.as_bytes().to_vec()),
        Some(Row::Room(room)) => Value::Text(room.room.id.as_str().to_owned()),
        Some(Row::Session(session)) => Value::Blob(session.id.to_vec()),
        Some(Row::Revocation(revocation)) => Value::Blob(revocation.token.0.as_bytes().to_vec()),
        Some(Row::Audit(entry)) => Value::Blob(entry.id.0.as_bytes().to_vec()),
        // an integer is less than every text and every blob
        _ => Value::Integer(0),
    };
    c.prepare_cached(sql)?.query_map(params![after, limit], row)?.collect()
}

/// Messages by room id, and not by the number that the room has in this database only.
fn messages(c: &Connection, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
    let (mut room, mut seq) = match after {
        Some(Row::Message(row)) => (Some(row.message.id.room.clone()), row.message.id.seq),
        _ => (next_room(c, "")?, 0),
    };
    let mut found = Vec::new();
    while let Some(id) = room.filter(|_| found.len() < limit as usize) {
        let number = room_rows::present_number(c, &id)?;
        let sql = format!("{} WHERE m.id > ?1 AND m.id <= ?2 ORDER BY m.id LIMIT ?3", rows::SELECT);
        let rest = limit - found.len() as u32;
        for row in
            c.prepare_cached(&sql)?.query_map(params![position(number, seq), last_position(number), rest], |row| {
                let mut message = rows::message(&id, row)?;
                (message.author, message.subject) = (None, None);
                Ok(MessageRow { message, post_rev: rows::post_rev(row)?, client: rows::client_id(row)? })
            })?
        {
            found.push(Row::Message(Box::new(row?)));
        }
        (room, seq) = (next_room(c, id.as_str())?, 0);
    }
    Ok(found)
}

fn next_room(c: &Connection, after: &str) -> rusqlite::Result<Option<RoomId>> {
    c.prepare_cached("SELECT room_id FROM rooms WHERE room_id > ?1 AND deleted = 0 ORDER BY room_id LIMIT 1")?
        .query_row([after], |row| Ok(RoomId::named(row.get_ref(0)?.as_str()?)))
        .optional()
}

fn saved(c: &Connection, after: Option<&Row>, limit: u32) -> rusqlite::Result<Vec<Row>> {
    let (user, room, seq) = match after {
        Some(Row::Saved(row)) => (row.user.0.as_bytes().as_slice(), row.message.room.as_str(), row.message.seq),
        _ => ([].as_slice(), "", 0),
    };
    c.prepare_cached(
        "SELECT s.user, r.room_id, s.id, s.at FROM saved s JOIN rooms r ON r.id = s.id >> 40
         WHERE r.deleted = 0 AND s.user >= ?1
            AND (s.user > ?1 OR r.room_id > ?2 OR r.room_id = ?2 AND s.id > r.id << 40 | ?3)
         ORDER BY s.user, r.room_id, s.id LIMIT ?4",
    )?
    .query_map(params![user, room, sql_integer(seq), limit], |row| {
        let room = RoomId::named(row.get_ref(1)?.as_str()?);
        let message = MessageId { room, seq: number_of(row.get(2)?) };
        Ok(Row::Saved(SavedRow { user: UserKey(Uuid::from_bytes(row.get(0)?)), message, at: Timestamp(row.get(3)?) }))
    })?
    .collect()
}

impl Batch<'_> {
    pub fn insert_row(&mut self, row: Row) -> Result<()> {
        let c = self.connection;
        match row {
            Row::Account(account) => self.insert_user(&account),
            // replaces the lobby that every database has
            Row::Room(row) => room_rows::write_room(c, &row.room, row.direct_key.as_deref()).map(drop),
            Row::Member(MemberRow { room, membership, level, starred, mark }) => {
                let room = room_rows::present_number(c, &room)?;
                Ok(member_rows::write(c, room, &membership, level, starred, mark)?)
            }
            Row::Message(row) => {
                let room = room_rows::present_number(c, &row.message.id.room)?;
                match rows::insert(c, room, &row.message, row.post_rev, &row.client)? {
                    true => {
                        mention_rows::write(c, room, &Mentions::default(), &row.message)?;
                        Ok(copied_uploads::insert_taken(c, position(room, row.message.id.seq), &row.message)?)
                    }
                    false => Err(Error::Failed("two messages of one author have the same client id".into())),
                }
            }
            Row::Saved(SavedRow { user, message, at }) => {
                let id = position(room_rows::present_number(c, &message.room)?, message.seq);
                let insert = "INSERT INTO saved (user, id, at) VALUES (?1, ?2, ?3)";
                Ok(c.prepare_cached(insert)?.execute(params![user.0.as_bytes(), id, at.0]).map(drop)?)
            }
            Row::Session(s) => {
                let insert = format!("INSERT INTO sessions ({SESSION_COLUMNS}) VALUES (?1, ?2, ?3, ?4)");
                Ok(c.prepare_cached(&insert)?.execute(values(&s)).map(drop)?)
            }
            Row::Revocation(r) => {
                let insert = "INSERT INTO revoked_tokens VALUES (?1, ?2)";
                Ok(c.prepare_cached(insert)?.execute(params![r.token.0.as_bytes(), r.expires.0]).map(drop)?)
            }
            Row::Audit(entry) => Ok(insert_entry(c, &entry)?),
        }
    }
}
