//! Rooms as rows.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::sql_integer;
use crate::{
    domain::{Room, RoomId, RoomKind, Timestamp, fold},
    store::{Conflict, Error, Result},
};

/// The columns that [`room_in`] reads.
pub const ROOM_COLUMNS: &str =
    "r.id, r.room_id, r.rev, r.kind, r.name, r.topic, r.archived, r.everyone, r.deleted, r.created_at";

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
        deleted: row.get(8)?,
        created_at: Timestamp(row.get(9)?),
    };
    Ok((row.get(0)?, room))
}

/// The number of a room that is not deleted.
///
/// # Errors
/// [`Error::NoSuchRoom`] if there is none.
pub fn present_number(c: &Connection, id: &RoomId) -> Result<i64> {
    c.prepare_cached("SELECT id FROM rooms WHERE room_id = ?1 AND deleted = 0")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?
        .ok_or(Error::NoSuchRoom)
}

/// The room and its number.
///
/// # Errors
/// [`Error::NoSuchRoom`] if it does not exist or is deleted.
pub fn room(c: &Connection, id: &RoomId) -> Result<(i64, Room)> {
    c.prepare_cached(&format!("SELECT {ROOM_COLUMNS} FROM rooms r WHERE r.room_id = ?1 AND r.deleted = 0"))?
        .query_row([id.as_str()], room_in)
        .optional()?
        .ok_or(Error::NoSuchRoom)
}

/// Adds a room, or replaces the fields of the one with its id, and returns its number. `direct_key` is that of
/// [`direct_key`](crate::store::rooms::direct_key).
///
/// # Errors
/// [`Conflict::RoomNameTaken`] if another open room has its name.
pub fn write_room(c: &Connection, room: &Room, direct_key: Option<&str>) -> Result<i64> {
    let open_name = (room.kind == RoomKind::Open && !room.deleted).then(|| fold(&room.name));
    let written = c
        .prepare_cached(
            "INSERT INTO rooms (room_id, rev, kind, name, topic, archived, everyone, deleted, created_at, open_name,
                direct_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (room_id) DO UPDATE SET
                rev = excluded.rev, kind = excluded.kind, name = excluded.name, topic = excluded.topic,
                archived = excluded.archived, everyone = excluded.everyone, deleted = excluded.deleted,
                created_at = excluded.created_at, open_name = excluded.open_name,
                direct_key = iif(excluded.deleted, NULL, coalesce(excluded.direct_key, direct_key)),
                adding = iif(excluded.everyone, iif(everyone, adding, x''), NULL)
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
                room.deleted,
                room.created_at.0,
                open_name,
                direct_key,
            ],
            |row| row.get(0),
        );
    written.map_err(|error| match error.to_string().contains("rooms.open_name") {
        true => Conflict::RoomNameTaken.into(),
        false => error.into(),
    })
}

/// The room with this [`direct_key`](crate::store::rooms::direct_key).
pub fn direct_room(c: &Connection, direct_key: &str) -> rusqlite::Result<Option<Room>> {
    c.prepare_cached(&format!("SELECT {ROOM_COLUMNS} FROM rooms r WHERE r.direct_key = ?1"))?
        .query_row([direct_key], |row| Ok(room_in(row)?.1))
        .optional()
}
