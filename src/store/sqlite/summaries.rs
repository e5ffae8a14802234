//! A room as a user's list shows it.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, named_params, params};
use uuid::Uuid;

use super::{
    file_ids::file_id_or_none,
    head::author_texts_up_to,
    member_rows::{level_in, mark_in, role_in},
    mention_rows,
    position::{last_position, number_of, position},
    room_rows::{ROOM_COLUMNS, room_in},
};
use crate::{
    domain::{Person, RoomKind, Timestamp, UserKey, rules::Head},
    store::{OwnMembership, Result, RoomSummary},
};

/// Reads summaries for one user in one snapshot of the database. A summary takes the same number of look-ups, however
/// many messages are unread; and reads a row of an index for each deleted text and for each mention among them.
pub struct Summaries<'a> {
    c: &'a Connection,
    user: UserKey,
    statement: CachedStatement<'a>,
}

impl<'a> Summaries<'a> {
    pub fn of(c: &'a Connection, user: UserKey) -> Result<Self> {
        // The last four columns are for what is unread, if anything can be. All numbers but those of the deleted texts
        // and of the mentions are running numbers, which messages have. SQLite would rather read all messages after
        // the mark than the index of the few that are deleted.
        let statement = c.prepare_cached(&format!(
            "SELECT {ROOM_COLUMNS}, m.role, m.level, m.starred, m.read_seq, m.read_version,
                last.id, last.post_rev, last.room_texts, last.sent_at,
                (SELECT max(changed) FROM messages WHERE changed > :first AND changed <= :last),
                coalesce(instr(r.direct_key, ' ') = 0, 0),
                {own_texts},
                iif(m.read_seq < last.id - :first,
                    coalesce((SELECT room_texts FROM messages WHERE id = :first + m.read_seq), 0), NULL),
                iif(m.read_seq < last.id - :first, {own_texts_read}, NULL),
                iif(m.read_seq < last.id - :first,
                    (SELECT count(*) FROM messages INDEXED BY messages_deleted
                     WHERE deleted = 1 AND id > :first + m.read_seq AND id <= :last AND author <> :user), NULL),
                iif(m.read_seq < last.id - :first, {mentions}, 0)
             FROM rooms r
             LEFT JOIN memberships m ON m.room = r.id AND m.user = :user
             LEFT JOIN messages last ON last.id = (SELECT max(id) FROM messages WHERE id > :first AND id <= :last)
             WHERE r.id = :room AND r.deleted = 0",
            own_texts = author_texts_up_to(":last"),
            own_texts_read = author_texts_up_to(":first + m.read_seq"),
            mentions = mention_rows::count_after("m.read_seq"),
        ))?;
        Ok(Self { c, user, statement })
    }

    /// The room with this number; `None` if it does not exist.
    pub fn read(&mut self, room: i64) -> Result<Option<RoomSummary>> {
        let values = named_params! {
            ":room": room, ":user": self.user.0.as_bytes(), ":first": position(room, 0), ":last": last_position(room),
        };
        let found = self.statement.query_row(values, summary_in).optional()?;
        let Some(mut summary) = found else { return Ok(None) };
        if summary.room.kind == RoomKind::Direct {
            summary.others = self.others(room)?;
        }
        Ok(Some(summary))
    }

    /// The members of a direct room without the user, in order of their names.
    fn others(&self, room: i64) -> rusqlite::Result<Vec<Person>> {
        self.c
            .prepare_cached(
                "SELECT u.key, u.user_id, u.name, u.avatar FROM memberships m JOIN users u ON u.key = m.user
                 WHERE m.room = ?1 AND m.user <> ?2 ORDER BY fold(u.name), u.key",
            )?
            .query_map(params![room, self.user.0.as_bytes()], person_in)?
            .collect()
    }
}

/// The person in the first four columns.
pub fn person_in(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        key: UserKey(Uuid::from_bytes(row.get(0)?)),
        user_id: row.get(1)?,
        name: row.get(2)?,
        avatar: file_id_or_none(row, 3)?,
    })
}

/// The summary in a row, without the others of a direct room.
fn summary_in(row: &Row<'_>) -> rusqlite::Result<RoomSummary> {
    let (_, room) = room_in(row)?;
    let number = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
    let own = match row.get::<_, Option<bool>>(12)? {
        None => None,
        Some(starred) => Some(OwnMembership {
            role: role_in(row, 10)?,
            level: level_in(row, 11)?,
            starred,
            mark: mark_in(row, 13, 14)?,
        }),
    };
    let head = Head {
        seq: number_of(number(15)?),
        rev: (number(16)? as u64).max(number_of(number(19)?)),
        texts: number(17)? as u64,
    };
    let latest_at = row.get::<_, Option<i64>>(18)?.map_or(room.created_at, Timestamp);
    let own_texts = number(21)? as u64;
    let unread = match row.get::<_, Option<i64>>(22)? {
        None => 0,
        Some(texts_read) => {
            let (own_read, deleted) = (number(23)? as u64, number(24)? as u64);
            (head.texts - texts_read as u64).saturating_sub(own_texts - own_read).saturating_sub(deleted)
        }
    };
    Ok(RoomSummary {
        room: Arc::new(room),
        head,
        latest_at,
        others: Vec::new(),
        is_with_oneself: row.get(20)?,
        own,
        own_texts,
        unread,
        mentions: row.get::<_, i64>(25)? as u64,
    })
}
