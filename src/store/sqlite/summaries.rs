//! A room as a user's list shows it.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, named_params, params};
use uuid::Uuid;

use super::{
    head::author_texts,
    member_rows::{level_in, mark_in, role_in},
    position::{last_position, number_of, position},
    room_rows::{ROOM_COLUMNS, room_in},
};
use crate::{
    domain::{Person, ReadMark, RoomKind, Timestamp, UserKey, rules::Head},
    store::{OwnMembership, Result, RoomSummary},
};

/// Reads summaries for one user in one snapshot of the database. A summary takes the same number of look-ups, however
/// many messages are unread.
pub struct Summaries<'a> {
    c: &'a Connection,
    user: UserKey,
    statement: CachedStatement<'a>,
}

impl<'a> Summaries<'a> {
    pub fn of(c: &'a Connection, user: UserKey) -> Result<Self> {
        let statement = c.prepare_cached(&format!(
            "SELECT {ROOM_COLUMNS}, m.role, m.level, m.starred, m.read_seq, m.read_version,
                last.id, last.post_rev, last.room_texts, last.sent_at,
                (SELECT max(changed) FROM messages WHERE changed > :first AND changed <= :last),
                coalesce(instr(r.direct_key, ' ') = 0, 0)
             FROM rooms r
             LEFT JOIN memberships m ON m.room = r.id AND m.user = :user
             LEFT JOIN messages last ON last.id = (SELECT max(id) FROM messages WHERE id > :first AND id <= :last)
             WHERE r.id = :room AND r.deleted = 0"
        ))?;
        Ok(Self { c, user, statement })
    }

    /// The room with this number; `None` if it does not exist.
    pub fn read(&mut self, room: i64) -> Result<Option<RoomSummary>> {
        let values = named_params! {
            ":room": room, ":user": self.user.0.as_bytes(), ":first": position(room, 0), ":last": last_position(room),
        };
        let found = self.statement.query_row(values, without_counts).optional()?;
        let Some(mut summary) = found else { return Ok(None) };
        summary.own_texts = author_texts(self.c, room, self.user, last_position(room))?;
        if let Some(own) = &summary.own
            && own.mark.seq < summary.head.seq
        {
            summary.unread = self.unread(room, own.mark, summary.head, summary.own_texts)?;
        }
        if summary.room.kind == RoomKind::Direct {
            summary.others = self.others(room)?;
        }
        Ok(Some(summary))
    }

    /// The texts of others after the mark that are not deleted. All numbers but that of the deleted ones are running
    /// numbers, which messages have.
    fn unread(&self, room: i64, mark: ReadMark, head: Head, own_texts: u64) -> Result<u64> {
        let marked = position(room, mark.seq);
        let texts_read: Option<i64> = self
            .c
            .prepare_cached("SELECT room_texts FROM messages WHERE id = ?1")?
            .query_row([marked], |row| row.get(0))
            .optional()?;
        let own_read = author_texts(self.c, room, self.user, marked)?;
        // SQLite would rather read all messages after the mark than this index of few
        let deleted: i64 = self
            .c
            .prepare_cached(
                "SELECT count(*) FROM messages INDEXED BY messages_deleted
                 WHERE deleted = 1 AND id > ?1 AND id <= ?2 AND author <> ?3",
            )?
            .query_row(params![marked, last_position(room), self.user.0.as_bytes()], |row| row.get(0))?;
        let texts = head.texts - texts_read.unwrap_or_default() as u64;
        Ok(texts.saturating_sub(own_texts - own_read).saturating_sub(deleted as u64))
    }

    /// The members of a direct room without the user, in order of their names.
    fn others(&self, room: i64) -> rusqlite::Result<Vec<Person>> {
        self.c
            .prepare_cached(
                "SELECT u.key, u.user_id, u.name FROM memberships m JOIN users u ON u.key = m.user
                 WHERE m.room = ?1 AND m.user <> ?2 ORDER BY fold(u.name), u.key",
            )?
            .query_map(params![room, self.user.0.as_bytes()], person_in)?
            .collect()
    }
}

/// The person in the first three columns.
pub fn person_in(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person { key: UserKey(Uuid::from_bytes(row.get(0)?)), user_id: row.get(1)?, name: row.get(2)? })
}

/// The summary in a row, without what is counted.
fn without_counts(row: &Row<'_>) -> rusqlite::Result<RoomSummary> {
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
    let is_with_oneself = row.get(20)?;
    Ok(RoomSummary {
        room,
        head,
        latest_at,
        others: Vec::new(),
        is_with_oneself,
        own,
        own_texts: 0,
        unread: 0,
        mentions: 0,
    })
}

#[cfg(test)]
mod tests {
    use std::{hint::black_box, path::Path, time::Instant};

    use rusqlite::OpenFlags;

    use super::*;
    use crate::{
        domain::{ClientId, Command, MemberRole, Membership, Room, RoomId, Text},
        store::sqlite::{
            batch::{Batch, KnownRooms, LoadedRoom},
            connection::connect,
            room_log::RoomLog,
            room_rows, schema,
        },
    };

    const ADA: UserKey = UserKey(Uuid::from_u128(1));
    const BOB: UserKey = UserKey(Uuid::from_u128(2));

    /// A room with texts of one member, of which the other has read all but `unread`.
    fn fill(batch: &mut Batch<'_>, texts: u64, unread: u64) -> (RoomId, i64) {
        let room = Room { id: RoomId::generate(), kind: RoomKind::Closed, everyone: false, ..Room::lobby() };
        let number = room_rows::write_room(batch.connection, &room, None).unwrap();
        let id = room.id.clone();
        let loaded = LoadedRoom { number, room: room.into(), head: Head::default() };
        for (user, read) in [(ADA, 0), (BOB, texts - unread)] {
            let membership = Membership { user, rev: 0, role: MemberRole::Owner, joined_at: Timestamp(0) };
            batch.write_membership(&loaded, &membership, read).unwrap();
        }
        for _ in 0..texts {
            let command = Command::post(ClientId::generate(), Text::parse("hello, how are you?").unwrap());
            batch.change(&id, ADA, command).unwrap();
        }
        (id, number)
    }

    /// The mean time of a call in nanoseconds.
    fn nanoseconds(mut call: impl FnMut()) -> u128 {
        const CALLS: u32 = 20_000;
        (0..CALLS / 10).for_each(|_| call());
        let started = Instant::now();
        (0..CALLS).for_each(|_| call());
        started.elapsed().as_nanos() / u128::from(CALLS)
    }

    #[test]
    #[ignore = "a measurement"]
    fn the_cost_of_a_count_does_not_grow_with_the_unread() {
        let mut connection = connect(Path::new(":memory:"), OpenFlags::default()).unwrap();
        schema::migrate(&mut connection).unwrap();
        connection
            .execute_batch(
                "INSERT INTO users VALUES (x'00000000000000000000000000000001', 'ada', 'Ada', 'a', '', '', 'member', 1, 0, '', 1, NULL);
                 INSERT INTO users VALUES (x'00000000000000000000000000000002', 'bob', 'Bob', 'b', '', '', 'member', 1, 0, '', 1, NULL);",
            )
            .unwrap();
        let mut known = KnownRooms::default();
        let mut batch = Batch::new(&connection, &mut known);
        let rooms = [0, 10, 10_000].map(|unread| (unread, fill(&mut batch, 20_000, unread)));
        let (id, _) = &rooms[0].1;
        let by_key = nanoseconds(|| {
            black_box(RoomLog::open(&connection, id).unwrap().message(777).unwrap());
        });
        println!("a message by its key: {by_key} ns");
        for (unread, (_, number)) in rooms {
            let mut summaries = Summaries::of(&connection, BOB).unwrap();
            assert_eq!(summaries.read(number).unwrap().unwrap().unread, unread);
            let count = nanoseconds(|| {
                black_box(summaries.read(number).unwrap());
            });
            println!("a summary with {unread} unread: {count} ns, {:.2} times", count as f64 / by_key as f64);
        }
    }
}
