//! [`Check`] for the embedded database.

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, params};

use super::{
    connection::{connect, sql_integer},
    database::Sqlite,
    position::{number_of, position, room_of},
    room_rows, rows, schema,
};
use crate::{
    domain::UserKey,
    store::{Check, Error, Finding, MessageRow, Result, WayOut},
};

/// The most lines that are read of one check.
const LINES: u32 = 20;

/// What `mentions` has to have, by the messages.
const MENTIONED: &str = "SELECT m.id AS id, unhex(u.value ->> 'key', '-') AS user, m.sent_at AS sent_at,
        m.author AS author, m.mentions ->> 'everyone' IS NOT NULL AS everyone
     FROM messages m, json_each(m.mentions, '$.users') u WHERE m.mentions IS NOT NULL
     UNION ALL SELECT id, x'', sent_at, author, 1 FROM messages WHERE mentions ->> 'everyone' IS NOT NULL";

type PartialCheck = fn(&Connection) -> rusqlite::Result<Vec<Finding>>;

fn check(c: &Connection) -> Result<Vec<Finding>> {
    // of a file that is damaged in a worse way, the check itself fails
    let integrity =
        lines(c, &format!("PRAGMA integrity_check({LINES})")).unwrap_or_else(|error| vec![error.to_string()]);
    let mut found: Vec<Finding> = integrity
        .into_iter()
        .filter(|line| line != "ok")
        .map(|line| Finding::new(WayOut::EarlierBackup, format!("the database file is damaged: {line}")))
        .collect();
    if !found.is_empty() {
        return Ok(found); // of a damaged file nothing else can be said
    }
    found = check_schema(c)?;
    let is_altered = !found.is_empty();
    let mut checks: Vec<PartialCheck> = vec![check_references, check_rooms, check_mentions, check_deleted, check_names];
    checks.extend(is_altered.then_some(check_client_ids as PartialCheck));
    for check in checks {
        match check(c) {
            Ok(more) => found.extend(more),
            Err(_) if is_altered => {} // it needs a table or index that is missing
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn check_schema(c: &Connection) -> Result<Vec<Finding>> {
    let (expected, actual) = (schema_of(&fresh()?)?, schema_of(c)?);
    let missing = expected.iter().filter(|object| !actual.contains(object));
    let line = |(name, _): &(String, String)| format!("the table or index {name} is missing, or is another one");
    Ok(missing.map(|object| Finding::new(WayOut::MakeAnew, line(object))).collect())
}

fn check_references(c: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let foreign =
        "SELECT concat('a row of ', \"table\", ' (', rowid, ') refers to a row of ', parent, ' that does not exist')
        FROM pragma_foreign_key_check LIMIT 20";
    Ok(earlier_backup(lines(c, foreign)?))
}

/// Backups and other checks read these rows by room, and do not find those of a room that does not exist.
fn check_rooms(c: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (what, table) in [("messages", "messages"), ("saved messages", "saved")] {
        let without_room = format!(
            "SELECT concat('there are {what} of room number ', room, ', which does not exist')
             FROM (SELECT DISTINCT id >> 40 AS room FROM {table}) WHERE room NOT IN (SELECT id FROM rooms) LIMIT 20"
        );
        found.extend(lines(c, &without_room)?);
    }
    Ok(earlier_backup(found))
}

/// An index keeps client ids unique. They are looked at only if the schema was altered.
fn check_client_ids(c: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let doubled =
        "SELECT concat(count(*), ' messages of one author have the same client id, the first at ', min(id) >> 40,
        '/', min(id) & 1099511627775) FROM messages GROUP BY author, client_id HAVING count(*) > 1 LIMIT 20";
    Ok(earlier_backup(lines(c, doubled)?))
}

fn check_mentions(c: &Connection) -> rusqlite::Result<Vec<Finding>> {
    Ok(match differences(c)? {
        0 => Vec::new(),
        places => {
            let what = format!("the list of mentions differs from the messages in {places} places");
            vec![Finding::new(WayOut::Repair, what)]
        }
    })
}

fn check_deleted(c: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let wrong = positions(c, "SELECT id FROM messages WHERE deleted <> (text IS NULL AND notice IS NULL) LIMIT 20")?;
    Ok(wrong.into_iter().map(|id| of_message(c, id, "is marked as deleted and has a text, or the other way")).collect())
}

fn check_names(c: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let names = "SELECT concat('room ', room_id, ' has another name in the list of open rooms') FROM rooms
        WHERE open_name IS NOT iif(kind = 'open' AND deleted = 0, fold(name), NULL) LIMIT 20";
    Ok(lines(c, names)?.into_iter().map(|line| Finding::new(WayOut::MakeAnew, line)).collect())
}

fn earlier_backup(lines: Vec<String>) -> Vec<Finding> {
    lines.into_iter().map(|line| Finding::new(WayOut::EarlierBackup, line)).collect()
}

fn of_message(c: &Connection, id: i64, what: &str) -> Finding {
    let room: rusqlite::Result<String> =
        c.query_row("SELECT room_id FROM rooms WHERE id = ?1", [room_of(id)], |row| row.get(0));
    let room = room.unwrap_or_else(|_| format!("number {}", room_of(id)));
    Finding::new(WayOut::EarlierBackup, format!("message {} in room {room} {what}", number_of(id)))
}

/// The rows of `mentions` that are missing or too many.
fn differences(c: &Connection) -> rusqlite::Result<i64> {
    let columns = "id, user, sent_at, author, everyone";
    let sql = format!(
        "SELECT (SELECT count(*) FROM (SELECT * FROM ({MENTIONED}) EXCEPT SELECT {columns} FROM mentions))
            + (SELECT count(*) FROM (SELECT {columns} FROM mentions EXCEPT SELECT * FROM ({MENTIONED})))"
    );
    c.query_row(&sql, [], |row| row.get(0))
}

/// An empty database of this natter.
fn fresh() -> Result<Connection> {
    let mut fresh = connect(std::path::Path::new(":memory:"), OpenFlags::default())?;
    schema::migrate(&mut fresh)?;
    Ok(fresh)
}

/// The tables and indexes, and how they were made.
fn schema_of(c: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    c.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn lines(c: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    c.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn positions(c: &Connection, sql: &str) -> rusqlite::Result<Vec<i64>> {
    c.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn mend(c: &Connection, row: &MessageRow) -> Result<()> {
    let message = &row.message;
    let id = position(room_rows::present_number(c, &message.id.room)?, message.id.seq);
    let set = "UPDATE messages SET replies = ?2, room_texts = ?3, author_texts = ?4, files = ?5 WHERE id = ?1";
    c.prepare_cached(set)?.execute(params![
        id,
        sql_integer(message.replies),
        sql_integer(message.room_texts),
        sql_integer(message.author_texts),
        rows::files_json(&message.files)?,
    ])?;
    for file in &message.files {
        let set = "UPDATE uploads SET facts = json_remove(facts, '$.thumbnail') WHERE id = ?1 AND ?2 = 0";
        c.prepare_cached(set)?.execute(params![file.id.0.as_bytes(), file.has_thumbnail])?;
    }
    Ok(())
}

#[async_trait]
impl Check for Sqlite {
    async fn check_database(&self) -> Result<Vec<Finding>> {
        self.read(check).await
    }

    /// An account is deleted after what it has.
    async fn departing(&self) -> Result<Vec<UserKey>> {
        Ok(Vec::new())
    }

    async fn mend_message(&self, row: &MessageRow) -> Result<()> {
        let row = row.clone();
        self.writer.run(move |batch| batch.atomically(|batch| mend(batch.connection, &row))).await
    }

    async fn mend_database(&self) -> Result<()> {
        let sql = format!(
            "DELETE FROM mentions;
             INSERT INTO mentions (id, user, sent_at, author, everyone) SELECT * FROM ({MENTIONED});"
        );
        self.writer
            .run(move |batch| batch.atomically(|batch| batch.connection.execute_batch(&sql).map_err(Error::from)))
            .await
    }
}
