//! [`Memberships`] for the embedded database.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::{
    batch::Batch,
    database::Sqlite,
    member_rows::role_in,
    room_rows::present_number,
    summaries::{Summaries, person_in},
};
use crate::{
    domain::{Level, Person, ReadMark, Reading, RoomId, Timestamp, User, UserKey, fold, rules::Refusal},
    store::{Access, Error, Member, Memberships, Result, RoomSummary},
};

/// A query of the rows that [`member_in`] reads, up to the end of its `WHERE`.
const MEMBERS: &str =
    "SELECT u.key, u.user_id, u.name, u.avatar, m.role, iif(u.shows_last_seen, u.last_seen, NULL), u.disabled
    FROM memberships m JOIN users u ON u.key = m.user WHERE m.room = ?1";

fn member_in(row: &Row<'_>) -> rusqlite::Result<Member> {
    let last_seen = row.get::<_, Option<i64>>(5)?.map(Timestamp);
    Ok(Member { person: person_in(row)?, role: role_in(row, 4)?, last_seen, disabled: row.get(6)? })
}

#[async_trait]
impl Memberships for Sqlite {
    async fn rooms_of(&self, user: &User, after: Option<&RoomId>, limit: u32) -> Result<Vec<RoomSummary>> {
        let list = self.list_of(user.key).await?;
        let first = after.map_or(0, |after| list.partition_point(|summary| summary.room.id.as_str() <= after.as_str()));
        Ok(list[first..].iter().take(limit as usize).cloned().collect())
    }

    async fn summaries(&self, user: &User, rooms: &[RoomId]) -> Result<Vec<RoomSummary>> {
        let (user, rooms) = (user.key, rooms.to_vec());
        self.read(move |c| some(c, user, &rooms)).await
    }

    async fn summary(&self, access: &Access) -> Result<RoomSummary> {
        let (room, user) = (access.room().clone(), access.user());
        self.read(move |c| Summaries::of(c, user)?.read(present_number(c, &room)?)?.ok_or(Error::NoSuchRoom)).await
    }

    async fn read(&self, access: &Access, reading: Reading) -> Result<ReadMark> {
        let (room, user) = (access.room().clone(), access.user());
        self.writer.run(move |batch| batch.read(&room, user, reading)).await
    }

    async fn read_all(&self, user: UserKey) -> Result<()> {
        let read_all = move |batch: &mut Batch<'_>| {
            let rooms = batch.rooms_of(user, "true")?;
            let to_end = Reading::Read { seq: u64::MAX, version: None };
            rooms.iter().try_for_each(|room| batch.read(room, user, to_end).map(drop))
        };
        self.writer.run(move |batch| batch.atomically(read_all)).await
    }

    async fn set_level(&self, access: &Access, level: Level) -> Result<()> {
        let (room, user) = (access.room().clone(), access.user());
        self.writer.run(move |batch| batch.set(&room, user, "level", level.as_str())).await
    }

    async fn set_starred(&self, access: &Access, starred: bool) -> Result<()> {
        let (room, user) = (access.room().clone(), access.user());
        self.writer.run(move |batch| batch.set(&room, user, "starred", starred)).await
    }

    async fn members_after(&self, access: &Access, after: Option<UserKey>, limit: u32) -> Result<Vec<Member>> {
        let room = access.room().clone();
        self.read(move |c| -> Result<_> {
            // an empty key is less than every key
            let after = after.map_or_else(Vec::new, |key| key.0.as_bytes().to_vec());
            let mut members = c.prepare_cached(&format!("{MEMBERS} AND m.user > ?2 ORDER BY m.user LIMIT ?3"))?;
            let found = members.query_map(params![present_number(c, &room)?, after, limit], member_in)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn members_among(&self, access: &Access, users: &[UserKey]) -> Result<Vec<Member>> {
        let (room, users) = (access.room().clone(), users.to_vec());
        self.read(move |c| -> Result<_> {
            let number = present_number(c, &room)?;
            let mut member = c.prepare_cached(&format!("{MEMBERS} AND m.user = ?2"))?;
            let mut found = Vec::new();
            for user in users {
                found.extend(member.query_map(params![number, user.0.as_bytes()], member_in)?.next().transpose()?);
            }
            Ok(found)
        })
        .await
    }

    async fn members_named(&self, access: &Access, text: &str, limit: u32) -> Result<Vec<Person>> {
        let (room, text) = (access.room().clone(), fold(text));
        self.read(move |c| -> Result<_> {
            let mut named = c.prepare_cached(
                "SELECT u.key, u.user_id, u.name, u.avatar FROM memberships m JOIN users u ON u.key = m.user
                 WHERE m.room = ?1 AND u.disabled = 0 AND (instr(fold(u.user_id), ?2) OR instr(fold(u.name), ?2))
                 ORDER BY fold(u.user_id) <> ?2,
                     instr(fold(u.user_id), ?2) <> 1 AND instr(' ' || fold(u.name), ' ' || ?2) = 0,
                     fold(u.name), u.key LIMIT ?3",
            )?;
            let found = named.query_map(params![present_number(c, &room)?, text, limit], person_in)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn member_count(&self, access: &Access) -> Result<u64> {
        let room = access.room().clone();
        self.read(move |c| -> Result<_> {
            let count = "SELECT count(*) FROM memberships WHERE room = ?1";
            let members: i64 = c.prepare_cached(count)?.query_row([present_number(c, &room)?], |row| row.get(0))?;
            Ok(members as u64)
        })
        .await
    }

    async fn room_counts(&self, users: &[UserKey]) -> Result<Vec<u64>> {
        let users = users.to_vec();
        self.read(move |c| {
            let mut count = c.prepare_cached(
                "SELECT count(*) FROM memberships m JOIN rooms r ON r.id = m.room WHERE m.user = ?1 AND r.deleted = 0",
            )?;
            let mut count = |user: &UserKey| count.query_row([user.0.as_bytes()], |row| row.get::<_, i64>(0));
            users.iter().map(|user| count(user).map(|rooms| rooms as u64)).collect()
        })
        .await
    }
}

impl Sqlite {
    /// All rooms of the user, in order of their ids.
    async fn list_of(&self, user: UserKey) -> Result<Arc<[RoomSummary]>> {
        let lookup = self.summaries.lookup(user);
        let list = match &lookup.list {
            Some(list) if lookup.changed.is_empty() => return Ok(Arc::clone(list)),
            Some(list) => {
                let (list, changed) = (Arc::clone(list), lookup.changed.clone());
                self.read(move |c| with_changed(c, user, &list, &changed)).await?
            }
            None => match self.read(move |c| if_complete(c, user)).await? {
                Some(list) => list,
                None => {
                    self.writer.run(move |batch| batch.atomically(|batch| batch.join_rooms_of_everyone(user))).await?;
                    // another room may be given to everyone by now: it comes with an event
                    self.read(move |c| all(c, user)).await?
                }
            },
        };
        Ok(self.summaries.keep(user, &lookup, list))
    }
}

/// All rooms of the user; `None` if the user has no membership of a room that has every account.
fn if_complete(c: &Connection, user: UserKey) -> Result<Option<Vec<RoomSummary>>> {
    if lacks_rooms(c, user)? { Ok(None) } else { all(c, user).map(Some) }
}

fn all(c: &Connection, user: UserKey) -> Result<Vec<RoomSummary>> {
    let mut numbers = c.prepare_cached(
        "SELECT r.id FROM memberships m JOIN rooms r ON r.id = m.room
         WHERE m.user = ?1 AND r.deleted = 0 ORDER BY r.room_id",
    )?;
    let mut summaries = Summaries::of(c, user)?;
    let numbers = numbers.query_map([user.0.as_bytes()], |row| row.get(0))?;
    let found = numbers.map(|number| number.map_err(Error::from).and_then(|number| summaries.read(number)));
    found.filter_map(Result::transpose).collect()
}

/// The list with the present state of the rooms that have changed.
fn with_changed(c: &Connection, user: UserKey, list: &[RoomSummary], changed: &[RoomId]) -> Result<Vec<RoomSummary>> {
    let is_changed: HashSet<&RoomId> = changed.iter().collect();
    let kept = list.iter().filter(|summary| !is_changed.contains(&summary.room.id)).cloned();
    let mut list: Vec<RoomSummary> = kept.chain(some(c, user, changed)?).collect();
    list.sort_unstable_by(|a, b| a.room.id.as_str().cmp(b.room.id.as_str()));
    Ok(list)
}

/// Those of the rooms that the user is a member of.
fn some(c: &Connection, user: UserKey, rooms: &[RoomId]) -> Result<Vec<RoomSummary>> {
    let mut summaries = Summaries::of(c, user)?;
    let mut found = Vec::with_capacity(rooms.len());
    for room in rooms {
        let summary = match present_number(c, room) {
            Err(Error::NoSuchRoom) => None,
            number => summaries.read(number?)?,
        };
        found.extend(summary.filter(|summary| summary.own.is_some()));
    }
    Ok(found)
}

/// Whether the user has no membership of a room that has every account. Sign-up writes them; a copy may come from a
/// database where that was interrupted.
fn lacks_rooms(c: &Connection, user: UserKey) -> rusqlite::Result<bool> {
    c.prepare_cached(
        "SELECT 1 FROM rooms r WHERE r.everyone = 1 AND r.deleted = 0
         AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.room = r.id AND m.user = ?1)",
    )?
    .exists([user.0.as_bytes()])
}

impl Batch<'_> {
    /// Changes a read mark.
    fn read(&mut self, room: &RoomId, user: UserKey, reading: Reading) -> Result<ReadMark> {
        let loaded = self.room(room)?;
        let (_, mark) = self.member(loaded.number, user)?.ok_or(Error::Refused(Refusal::NoSuchMember))?;
        let changed = mark.apply(reading, loaded.head.seq);
        if changed != mark {
            self.write_mark(&loaded, user, changed)?;
            self.announce_membership(room, user);
        }
        Ok(changed)
    }

    /// Sets a column of a membership that only the member sees.
    fn set(&mut self, room: &RoomId, user: UserKey, column: &str, value: impl rusqlite::ToSql) -> Result<()> {
        let number = self.room(room)?.number;
        let set = format!("UPDATE memberships SET {column} = ?3 WHERE room = ?1 AND user = ?2");
        if self.connection.prepare_cached(&set)?.execute(params![number, user.0.as_bytes(), value])? == 0 {
            return Err(Error::Refused(Refusal::NoSuchMember));
        }
        self.announce_membership(room, user);
        Ok(())
    }
}
