//! [`Administration`] for the embedded database.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::{
    audit_rows::{AUDIT_COLUMNS, entry, insert_entry},
    batch::Batch,
    database::Sqlite,
    head::head,
    room_rows::{ROOM_COLUMNS, room_in},
    users::{AFTER_COLUMNS, COLUMNS, matching, sorted_by, user},
};
use crate::{
    domain::{AuditEntry, AuditId, Timestamp, User, UserKey, fold},
    store::{
        Administration, Error, Event, LoginLink, MAX_COUNTED_MEMBERS, MessageRetention, Result, RoomLine,
        SortByActivity, UserLine, UserSearch, administration::link_used,
    },
};

/// The number of texts of the user `u.key` in the rooms that `:reader` may read. A message has its author's number of
/// texts in its room, so this reads the user's latest message of each room, with or without a text: from one room to
/// the one before it, by the index of authors.
fn messages() -> String {
    let last = |deleted: u8, before: &str| {
        format!("coalesce((SELECT max(id) FROM messages WHERE author = u.key AND deleted = {deleted} {before}), 0)")
    };
    let latest = |before: &str| format!("max({}, {})", last(0, before), last(1, before));
    format!(
        "(WITH RECURSIVE latest (id) AS (
            SELECT {} UNION ALL SELECT {} FROM latest WHERE latest.id > 0
         )
         SELECT coalesce(sum(m.author_texts), 0) FROM latest
            JOIN rooms r ON r.id = latest.id >> 40 JOIN messages m ON m.id = latest.id
         WHERE r.deleted = 0
            AND (r.kind = 'open' OR EXISTS (SELECT 1 FROM memberships WHERE room = r.id AND user = :reader)))",
        latest(""),
        latest("AND id < latest.id >> 40 << 40"),
    )
}

fn line(row: &Row<'_>) -> rusqlite::Result<UserLine> {
    let last_seen = row.get::<_, Option<i64>>(AFTER_COLUMNS)?.map(Timestamp);
    Ok(UserLine { user: user(row)?, last_seen, messages: row.get::<_, i64>(AFTER_COLUMNS + 1)? as u64 })
}

#[async_trait]
impl Administration for Sqlite {
    async fn user_table(
        &self,
        reader: &User,
        search: &UserSearch,
        by: Option<SortByActivity>,
    ) -> Result<(Vec<UserLine>, u64)> {
        let (reader, search) = (reader.key, search.clone());
        self.read(move |c| -> Result<_> {
            let (text, matching) = (fold(&search.text), matching(search.fields));
            let (column, counts_all) = match by {
                None => (sorted_by(search.sort), false),
                Some(SortByActivity::LastSeen) => ("last_shown", false),
                Some(SortByActivity::Messages) => ("messages", true),
            };
            let direction = if search.descending { "DESC" } else { "ASC" };
            let messages = messages();
            // the messages of all users are counted only if they decide who is on the page
            let (early, late) = if counts_all { (messages.as_str(), "messages") } else { ("0", messages.as_str()) };
            let sql = format!(
                "SELECT {COLUMNS}, last_shown, {late} FROM (
                    SELECT {COLUMNS}, iif(shows_last_seen, last_seen, NULL) AS last_shown, {early} AS messages
                    FROM users u WHERE {matching} ORDER BY {column} {direction}, key LIMIT :limit OFFSET :offset
                 ) u ORDER BY {column} {direction}, key"
            );
            let total: i64 = c
                .prepare_cached(&format!("SELECT count(*) FROM users WHERE {matching}"))?
                .query_row(named_params! { ":text": text }, |row| row.get(0))?;
            let values = named_params! {
                ":text": text, ":reader": reader.0.as_bytes(), ":limit": search.limit, ":offset": search.offset,
            };
            let lines = c.prepare_cached(&sql)?.query_map(values, line)?.collect::<rusqlite::Result<_>>()?;
            Ok((lines, total as u64))
        })
        .await
    }

    async fn set_disabled(&self, key: UserKey, disabled: bool, entry: AuditEntry) -> Result<User> {
        self.writer.run(move |batch| batch.atomically(|batch| batch.set_disabled(key, disabled, &entry))).await
    }

    async fn log_out(&self, key: UserKey, entry: AuditEntry) -> Result<User> {
        let log_out = move |batch: &mut Batch<'_>| {
            insert_entry(batch.connection, &entry)?;
            let void = "UPDATE users SET link_hash = NULL, link_expires = NULL WHERE key = ?1";
            batch.connection.prepare_cached(void)?.execute([key.0.as_bytes()])?;
            batch.raise_version(key)
        };
        self.writer.run(move |batch| batch.atomically(log_out)).await
    }

    async fn set_login_link(&self, key: UserKey, link: LoginLink, entry: AuditEntry) -> Result<()> {
        let set = move |batch: &mut Batch<'_>| {
            let update = "UPDATE users SET link_hash = ?2, link_expires = ?3 WHERE key = ?1 AND disabled = 0";
            let values = params![key.0.as_bytes(), link.hash, link.expires.0];
            match batch.connection.prepare_cached(update)?.execute(values)? {
                0 => Err(Error::NotFound),
                _ => Ok(insert_entry(batch.connection, &entry)?),
            }
        };
        self.writer.run(move |batch| batch.atomically(set)).await
    }

    async fn login_link_user(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<User>> {
        let hash = *hash;
        self.read(move |c| linked_user(c, &hash, now)).await
    }

    async fn use_login_link(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<User>> {
        let hash = *hash;
        let used = move |batch: &mut Batch<'_>| {
            let found = linked_user(batch.connection, &hash, now)?;
            if let Some(user) = &found {
                let void = "UPDATE users SET link_hash = NULL, link_expires = NULL WHERE link_hash = ?1";
                batch.connection.prepare_cached(void)?.execute([hash])?;
                insert_entry(batch.connection, &link_used(user.user_id.as_str()))?;
            }
            Ok(found)
        };
        self.writer.run(move |batch| batch.atomically(used)).await
    }

    async fn delete_user_by_admin(&self, key: UserKey, messages: MessageRetention, entry: AuditEntry) -> Result<()> {
        self.remove_user(key, messages, Some(entry)).await
    }

    async fn record(&self, entry: AuditEntry) -> Result<()> {
        self.writer.run(move |batch| Ok(insert_entry(batch.connection, &entry)?)).await
    }

    async fn audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>> {
        let before = before.map_or([u8::MAX; 16], |before| before.0.into_bytes());
        self.read(move |c| {
            let sql = format!("SELECT {AUDIT_COLUMNS} FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
            c.prepare_cached(&sql)?.query_map(params![before, limit], entry)?.collect()
        })
        .await
    }

    async fn room_table(&self, search: &str, after: Option<&str>, limit: u32) -> Result<Vec<RoomLine>> {
        let (search, after) = (fold(search), after.unwrap_or_default().to_owned());
        self.read(move |c| {
            c.prepare_cached(&format!(
                "SELECT {ROOM_COLUMNS}, (SELECT count(*) FROM
                    (SELECT 1 FROM memberships WHERE room = r.id LIMIT {MAX_COUNTED_MEMBERS})),
                    (SELECT max(sent_at) FROM (SELECT sent_at FROM messages WHERE id > r.id << 40
                        AND id < (r.id + 1) << 40 ORDER BY id DESC LIMIT 1))
                 FROM rooms r
                 WHERE r.open_name > ?1 AND instr(r.open_name, ?2) ORDER BY r.open_name LIMIT ?3"
            ))?
            .query_map(params![after, search, limit], |row| {
                let (number, room) = room_in(row)?;
                let latest_at = row.get::<_, Option<i64>>(11)?.map_or(room.created_at, Timestamp);
                let members = row.get::<_, i64>(10)? as u64;
                Ok(RoomLine { room, members, messages: head(c, number)?.texts, latest_at })
            })?
            .collect()
        })
        .await
    }
}

fn linked_user(c: &Connection, hash: &[u8; 32], now: Timestamp) -> rusqlite::Result<Option<User>> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE link_hash = ?1 AND link_expires > ?2 AND disabled = 0");
    c.prepare_cached(&sql)?.query_row(params![hash, now.0], user).optional()
}

impl Batch<'_> {
    fn set_disabled(&mut self, key: UserKey, disabled: bool, entry: &AuditEntry) -> Result<User> {
        let before = self.user_by_key(key)?;
        if before.disabled == disabled {
            return Ok(before);
        }
        if disabled && before.is_admin() {
            self.check_other_admin(key)?;
        }
        insert_entry(self.connection, entry)?;
        self.connection
            .prepare_cached("UPDATE users SET disabled = ?2, link_hash = NULL, link_expires = NULL WHERE key = ?1")?
            .execute(params![key.0.as_bytes(), disabled])?;
        if disabled { self.raise_version(key) } else { self.user_by_key(key) }
    }

    fn raise_version(&mut self, key: UserKey) -> Result<User> {
        let raise = "UPDATE users SET version = version + 1 WHERE key = ?1";
        self.connection.prepare_cached(raise)?.execute([key.0.as_bytes()])?;
        let user = self.user_by_key(key)?;
        self.events.push(Event::UserRevoked { key, version: user.version });
        Ok(user)
    }
}
