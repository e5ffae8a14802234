//! Memberships as rows.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::connection::sql_integer;
use crate::{
    domain::{Level, MemberRole, Membership, ReadMark, RoomId, Timestamp, UserKey, rules::Concerned},
    store::MemberRow,
};

/// The columns that [`membership_in`] reads.
pub const COLUMNS: &str = "m.user, m.rev, m.role, m.joined_at";

pub fn membership_in(row: &Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership {
        user: UserKey(Uuid::from_bytes(row.get(0)?)),
        rev: row.get::<_, i64>(1)? as u64,
        role: role_in(row, 2)?,
        joined_at: Timestamp(row.get(3)?),
    })
}

pub fn role_in(row: &Row<'_>, column: usize) -> rusqlite::Result<MemberRole> {
    // the schema allows no other roles
    Ok(MemberRole::parse(row.get_ref(column)?.as_str()?).unwrap_or(MemberRole::Member))
}

pub fn level_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Level> {
    // only levels are written
    Ok(Level::parse(row.get_ref(column)?.as_str()?).unwrap_or(Level::Mentions))
}

/// The mark in two columns.
pub fn mark_in(row: &Row<'_>, seq: usize, version: usize) -> rusqlite::Result<ReadMark> {
    Ok(ReadMark { seq: row.get::<_, i64>(seq)? as u64, version: row.get::<_, i64>(version)? as u64 })
}

pub fn membership(c: &Connection, room: i64, user: UserKey) -> rusqlite::Result<Option<Membership>> {
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM memberships m WHERE m.room = ?1 AND m.user = ?2"))?
        .query_row(params![room, user.0.as_bytes()], membership_in)
        .optional()
}

/// A membership with its read mark.
pub fn marked(c: &Connection, room: i64, user: UserKey) -> rusqlite::Result<Option<(Membership, ReadMark)>> {
    let read = "read_seq, m.read_version FROM memberships m WHERE m.room = ?1 AND m.user = ?2";
    c.prepare_cached(&format!("SELECT {COLUMNS}, m.{read}"))?
        .query_row(params![room, user.0.as_bytes()], |row| Ok((membership_in(row)?, mark_in(row, 4, 5)?)))
        .optional()
}

/// What a change of the user's membership reads of the members.
pub fn concerned(c: &Connection, room: i64, user: UserKey) -> rusqlite::Result<Concerned> {
    let successor = c
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM memberships m WHERE m.room = ?1 AND m.user <> ?2
             ORDER BY m.role DESC, m.joined_at, m.user LIMIT 1"
        ))?
        .query_row(params![room, user.0.as_bytes()], membership_in)
        .optional()?;
    Ok(Concerned { member: membership(c, room, user)?, successor })
}

/// The room's memberships, in the order in which they began.
pub fn members(c: &Connection, room: i64) -> rusqlite::Result<Vec<Membership>> {
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM memberships m WHERE m.room = ?1 ORDER BY m.joined_at, m.user"))?
        .query_map([room], membership_in)?
        .collect()
}

/// Adds a membership, or changes its role.
pub fn write(
    c: &Connection,
    room: i64,
    membership: &Membership,
    level: Level,
    starred: bool,
    mark: ReadMark,
) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO memberships (room, user, rev, role, level, starred, read_seq, read_version, joined_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET rev = excluded.rev, role = excluded.role, joined_at = excluded.joined_at",
    )?
    .execute(params![
        room,
        membership.user.0.as_bytes(),
        sql_integer(membership.rev),
        membership.role.as_str(),
        level.as_str(),
        starred,
        sql_integer(mark.seq),
        sql_integer(mark.version),
        membership.joined_at.0,
    ])?;
    Ok(())
}

pub fn delete(c: &Connection, room: i64, user: UserKey) -> rusqlite::Result<()> {
    let delete = "DELETE FROM memberships WHERE room = ?1 AND user = ?2";
    c.prepare_cached(delete)?.execute(params![room, user.0.as_bytes()])?;
    Ok(())
}

pub fn write_mark(c: &Connection, room: i64, user: UserKey, mark: ReadMark) -> rusqlite::Result<()> {
    c.prepare_cached("UPDATE memberships SET read_seq = ?3, read_version = ?4 WHERE room = ?1 AND user = ?2")?
        .execute(params![room, user.0.as_bytes(), sql_integer(mark.seq), sql_integer(mark.version)])?;
    Ok(())
}

/// The first `limit` memberships after the one of `user` in `room`, by room and user, as they are copied.
pub fn after(c: &Connection, room: &str, user: &[u8], limit: u32) -> rusqlite::Result<Vec<MemberRow>> {
    c.prepare_cached(&format!(
        "SELECT {COLUMNS}, r.room_id, m.level, m.starred, m.read_seq, m.read_version
         FROM rooms r JOIN memberships m ON m.room = r.id
         WHERE r.deleted = 0 AND r.room_id >= ?1 AND (r.room_id > ?1 OR m.user > ?2)
         ORDER BY r.room_id, m.user LIMIT ?3"
    ))?
    .query_map(params![room, user, limit], |row| {
        Ok(MemberRow {
            membership: membership_in(row)?,
            room: RoomId::named(row.get_ref(4)?.as_str()?),
            level: level_in(row, 5)?,
            starred: row.get(6)?,
            mark: mark_in(row, 7, 8)?,
        })
    })?
    .collect()
}
