//! The latest numbers of a room's log, which its messages have.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::position::{last_position, number_of, position};
use crate::domain::{UserKey, rules::Head};

/// The room's latest numbers. `seq` and the number of texts are those of the last message, and `rev` is that of its post
/// or of the latest change.
pub fn head(c: &Connection, room: i64) -> rusqlite::Result<Head> {
    let last = c
        .prepare_cached(
            "SELECT id, post_rev, room_texts FROM messages WHERE id > ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([position(room, 0), last_position(room)], |row| {
            Ok(Head {
                seq: number_of(row.get(0)?),
                rev: row.get::<_, i64>(1)? as u64,
                texts: row.get::<_, i64>(2)? as u64,
            })
        })
        .optional()?
        .unwrap_or_default();
    let changed: Option<i64> = c
        .prepare_cached("SELECT max(changed) FROM messages WHERE changed > ?1 AND changed <= ?2")?
        .query_row([position(room, 0), last_position(room)], |row| row.get(0))?;
    Ok(Head { rev: last.rev.max(changed.map_or(0, number_of)), ..last })
}

/// The texts that the user has posted in the room up to the position `end`, deleted ones included.
pub fn author_texts(c: &Connection, room: i64, user: UserKey, end: i64) -> rusqlite::Result<u64> {
    c.prepare_cached(&format!("SELECT {}", author_texts_up_to(":end")))?
        .query_row(named_params! { ":user": user.0.as_bytes(), ":first": position(room, 0), ":end": end }, |row| {
            row.get::<_, i64>(0).map(|texts| texts as u64)
        })
}

/// The same as an expression, of the author `:user` after the position `:first`. The user's last message has the number;
/// it is the last one in the index with or without a text.
pub fn author_texts_up_to(end: &str) -> String {
    let last = |deleted| {
        format!(
            "coalesce((SELECT author_texts FROM messages WHERE author = :user AND deleted = {deleted}
             AND id > :first AND id <= {end} ORDER BY id DESC LIMIT 1), 0)"
        )
    };
    format!("max({}, {})", last(0), last(1))
}
