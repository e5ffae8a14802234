//! Rooms and memberships as rows.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::connection::sql_integer;
use crate::domain::{MemberRole, Membership, Room, RoomId, RoomKind, Timestamp, UserKey};

/// The columns that [`room_in`] reads.
pub const ROOM_COLUMNS: &str = "id, room_id, rev, kind, name, topic, archived, everyone, created_at";
/// The columns that [`membership_in`] reads.
pub const MEMBER_COLUMNS: &str = "m.user, m.rev, m.role, m.joined_at";

/// The room's number and the room.
pub fn room_in(row: &Row<'_>) -> rusqlite::Result<(i64, Room)> {
    let room = Room {
        id: RoomId::named(row.get_ref(1)?.as_str()?),
        rev: row.get::<_, i64>(2)? as u64,
        // the schema allows no other kinds
        kind: RoomKind::parse(row.get_ref(3)?.as_str()?).unwrap_or(RoomKind::Closed),
        name: row.get(4)?,
        topic: row.get(5)?,
        archived: row.get(6)?,
        everyone: row.get(7)?,
        deleted: false,
        created_at: Timestamp(row.get(8)?),
    };
    Ok((row.get(0)?, room))
}

pub fn membership_in(row: &Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership {
        user: UserKey(Uuid::from_bytes(row.get(0)?)),
        rev: row.get::<_, i64>(1)? as u64,
        // the schema allows no other roles
        role: MemberRole::parse(row.get_ref(2)?.as_str()?).unwrap_or(MemberRole::Member),
        joined_at: Timestamp(row.get(3)?),
    })
}

/// The room's number.
pub fn number(c: &Connection, id: &RoomId) -> rusqlite::Result<Option<i64>> {
    c.prepare_cached("SELECT id FROM rooms WHERE room_id = ?1")?.query_row([id.as_str()], |row| row.get(0)).optional()
}

/// The room and its number.
pub fn room(c: &Connection, id: &RoomId) -> rusqlite::Result<Option<(i64, Room)>> {
    c.prepare_cached(&format!("SELECT {ROOM_COLUMNS} FROM rooms WHERE room_id = ?1"))?
        .query_row([id.as_str()], room_in)
        .optional()
}

pub fn membership(c: &Connection, room: i64, user: UserKey) -> rusqlite::Result<Option<Membership>> {
    c.prepare_cached(&format!("SELECT {MEMBER_COLUMNS} FROM memberships m WHERE m.room = ?1 AND m.user = ?2"))?
        .query_row(params![room, user.0.as_bytes()], membership_in)
        .optional()
}

/// The room's memberships, in the order in which they began.
pub fn members(c: &Connection, room: i64) -> rusqlite::Result<Vec<Membership>> {
    c.prepare_cached(&format!(
        "SELECT {MEMBER_COLUMNS} FROM memberships m WHERE m.room = ?1 ORDER BY m.joined_at, m.user"
    ))?
    .query_map([room], membership_in)?
    .collect()
}

/// Adds a room, or replaces the fields of the one with its id, and returns its number. `direct_key` is that of
/// [`direct_key`](crate::store::rooms::direct_key).
pub fn write_room(c: &Connection, room: &Room, direct_key: Option<&str>) -> rusqlite::Result<i64> {
    c.prepare_cached(
        "INSERT INTO rooms (room_id, rev, kind, name, topic, archived, everyone, created_at, direct_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (room_id) DO UPDATE SET rev = excluded.rev,
            kind = excluded.kind, name = excluded.name, topic = excluded.topic, archived = excluded.archived,
            everyone = excluded.everyone, created_at = excluded.created_at,
            direct_key = coalesce(excluded.direct_key, direct_key)
         RETURNING id",
    )?
    .query_row(
        params![
            room.id.as_str(),
            sql_integer(room.rev),
            room.kind.as_str(),
            room.name,
            room.topic,
            room.archived,
            room.everyone,
            room.created_at.0,
            direct_key,
        ],
        |row| row.get(0),
    )
}

/// Adds or changes a membership; `None` ends it.
pub fn write_membership(c: &Connection, room: i64, user: UserKey, new: Option<&Membership>) -> rusqlite::Result<()> {
    let key = user.0.as_bytes();
    match new {
        None => {
            c.prepare_cached("DELETE FROM memberships WHERE room = ?1 AND user = ?2")?.execute(params![room, key])?
        }
        Some(new) => c
            .prepare_cached(
                "INSERT INTO memberships (room, user, rev, role, joined_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET rev = excluded.rev, role = excluded.role, joined_at = excluded.joined_at",
            )?
            .execute(params![room, key, sql_integer(new.rev), new.role.as_str(), new.joined_at.0])?,
    };
    Ok(())
}

/// Sets the [`direct_key`](crate::store::rooms::direct_key) of every direct room, from its memberships.
pub fn set_direct_keys(c: &Connection) -> rusqlite::Result<()> {
    c.execute(
        "UPDATE rooms SET direct_key = (SELECT group_concat(lower(hex(user)), ' ' ORDER BY user) FROM memberships
         WHERE room = rooms.id) WHERE kind = 'direct'",
        [],
    )?;
    Ok(())
}
