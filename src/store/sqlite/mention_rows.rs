//! The rows of whom messages mention, by which the messages are found and counted.

use rusqlite::{Connection, named_params, params};

use super::position::{number_of, position};
use crate::{
    domain::{Mentions, Message, RoomId, Timestamp, UserKey},
    store::ListCursor,
};

/// The user in the row of a message that mentions all members.
const EVERYONE: &[u8] = &[];

/// The users in the rows of a message.
fn users(mentions: &Mentions) -> impl Iterator<Item = &[u8]> {
    let everyone = mentions.everyone.map(|_| EVERYONE);
    mentions.users.iter().map(|mentioned| mentioned.key.0.as_bytes().as_slice()).chain(everyone)
}

/// Writes the rows of a message whose mentions were `before`.
pub fn write(c: &Connection, room: i64, before: &Mentions, message: &Message) -> rusqlite::Result<()> {
    if *before == message.mentions {
        return Ok(());
    }
    let id = position(room, message.id.seq);
    delete(c, id, before)?;
    let everyone = message.mentions.everyone.is_some();
    for user in users(&message.mentions) {
        c.prepare_cached("INSERT INTO mentions (user, id, sent_at, author, everyone) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![user, id, message.sent_at.0, message.author_key.0.as_bytes(), everyone])?;
    }
    Ok(())
}

/// Removes the rows of the message at the position `id`.
pub fn delete(c: &Connection, id: i64, mentions: &Mentions) -> rusqlite::Result<()> {
    for user in users(mentions) {
        c.prepare_cached("DELETE FROM mentions WHERE user = ?1 AND id = ?2")?.execute(params![user, id])?;
    }
    Ok(())
}

/// An SQL expression: how many messages of others between the positions `:first + read` and `:last` mention the user
/// `:user`. One that mentions all members too is counted among those.
pub fn count_after(read: &str) -> String {
    let range = format!("id > :first + {read} AND id <= :last");
    format!(
        "(SELECT count(*) FROM mentions WHERE user = :user AND {range} AND everyone = 0)
         + (SELECT count(*) FROM mentions WHERE user = x'' AND {range} AND author <> :user)"
    )
}

/// A room whose messages can mention a user.
pub struct MemberRoom {
    pub number: i64,
    pub id: RoomId,
    /// When the user joined it.
    pub joined_at: Timestamp,
}

/// The first `limit` messages of a room after `after` that mention the user by name, and the first `limit` others that
/// mention all members, in the order of lists across rooms: when each was sent, and its `seq`.
pub fn latest(
    c: &Connection,
    room: &MemberRoom,
    user: UserKey,
    after: Option<&ListCursor>,
    limit: u32,
) -> rusqlite::Result<Vec<(Timestamp, u64)>> {
    let (at, end) = after.map_or((i64::MAX, 0), |after| {
        // among the messages of the same time, those of a later room come first
        let seq = match room.id.as_str().cmp(after.id.room.as_str()) {
            std::cmp::Ordering::Less => u64::MAX,
            std::cmp::Ordering::Equal => after.id.seq,
            std::cmp::Ordering::Greater => 0,
        };
        (after.at.0, position(room.number, seq))
    });
    let mut find = c.prepare_cached(
        "SELECT sent_at, id FROM mentions e
         WHERE user = :of AND id >> 40 = :room AND sent_at >= :from AND (sent_at, id) < (:at, :end)
            AND (:of = :user OR author <> :user
                AND NOT EXISTS (SELECT 1 FROM mentions named WHERE named.user = :user AND named.id = e.id))
         ORDER BY sent_at DESC, id DESC LIMIT :limit",
    )?;
    let mut found = Vec::new();
    let user = user.0.as_bytes().as_slice();
    for (of, from) in [(user, i64::MIN), (EVERYONE, room.joined_at.0)] {
        let values = named_params! {
            ":of": of, ":room": room.number, ":from": from, ":at": at, ":end": end, ":user": user, ":limit": limit,
        };
        for row in find.query_map(values, |row| Ok((Timestamp(row.get(0)?), number_of(row.get(1)?))))? {
            found.push(row?);
        }
    }
    Ok(found)
}
