//! One transaction that several writes share.

use std::{collections::HashMap, sync::Arc};

use rusqlite::Connection;

use super::{head, member_rows, position::last_position, room_rows};
use crate::{
    domain::{Level, Membership, ReadMark, Room, RoomId, UserKey, rules::Head},
    store::{Event, Result},
};

/// The number of memberships, or of authors, that are kept at most.
const MAX_KNOWN: usize = 50_000;

/// A room within a batch.
#[derive(Debug, Clone)]
pub struct LoadedRoom {
    /// The high bits of its messages' positions.
    pub number: i64,
    pub room: Arc<Room>,
    pub head: Head,
}

/// What the writer has read and written of rooms, each read once. It stays current from batch to batch for as long as no
/// other connection writes to the database.
#[derive(Default)]
pub struct KnownRooms {
    /// SQLite's `data_version` as of which it is current.
    version: Option<i64>,
    rooms: HashMap<RoomId, LoadedRoom>,
    members: HashMap<(i64, UserKey), Option<(Membership, ReadMark)>>,
    author_texts: HashMap<(i64, UserKey), u64>,
}

impl KnownRooms {
    /// Forgets everything if another connection has written since the last call. Called at the start of a transaction,
    /// which keeps others from writing.
    pub fn refresh(&mut self, connection: &Connection) -> Result<()> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if self.version != Some(version) || self.members.len().max(self.author_texts.len()) > MAX_KNOWN {
            self.clear();
        }
        self.version = Some(version);
        Ok(())
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

pub struct Batch<'c> {
    pub connection: &'c Connection,
    known: &'c mut KnownRooms,
    /// Sent after the commit.
    pub events: Vec<Event>,
    /// Whether the change of a room is to be finished by later commits, because it concerns many rows.
    pub is_unfinished: bool,
}

impl<'c> Batch<'c> {
    pub fn new(connection: &'c Connection, known: &'c mut KnownRooms) -> Self {
        Self { connection, known, events: Vec::new(), is_unfinished: false }
    }

    /// Runs `work`. If it fails, rolls back everything that it did.
    pub fn atomically<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.execute("SAVEPOINT work")?;
        let events = self.events.len();
        let out = work(self);
        if out.is_err() {
            self.forget_rooms();
            self.events.truncate(events);
            // on a full disk SQLite has rolled back the whole transaction already
            if self.execute("ROLLBACK TO work").is_err() {
                return out;
            }
        }
        self.execute("RELEASE work")?;
        out
    }

    fn execute(&self, statement: &str) -> Result<()> {
        self.connection.prepare_cached(statement)?.execute([])?;
        Ok(())
    }

    /// Forgets all rooms and members, after a write or rollback that did not go through this batch's methods.
    pub fn forget_rooms(&mut self) {
        self.known.clear();
    }

    /// The room, if it is not deleted.
    pub fn room(&mut self, id: &RoomId) -> Result<LoadedRoom> {
        if let Some(loaded) = self.known.rooms.get(id) {
            return Ok(loaded.clone());
        }
        let (number, room) = room_rows::room(self.connection, id)?;
        let loaded = LoadedRoom { number, room: Arc::new(room), head: head::head(self.connection, number)? };
        self.known.rooms.insert(id.clone(), loaded.clone());
        Ok(loaded)
    }

    /// Keeps the room's new state, which was written.
    pub fn keep_room(&mut self, loaded: LoadedRoom) {
        match loaded.room.deleted {
            true => self.known.rooms.remove(&loaded.room.id),
            false => self.known.rooms.insert(loaded.room.id.clone(), loaded),
        };
    }

    /// The user's membership of the room with this number, and the read mark.
    pub fn member(&mut self, room: i64, user: UserKey) -> Result<Option<(Membership, ReadMark)>> {
        if let Some(member) = self.known.members.get(&(room, user)) {
            return Ok(member.clone());
        }
        let member = member_rows::marked(self.connection, room, user)?;
        self.known.members.insert((room, user), member.clone());
        Ok(member)
    }

    /// Forgets a membership, after a write that did not go through this batch's methods.
    pub fn forget_member(&mut self, room: i64, user: UserKey) {
        self.known.members.remove(&(room, user));
    }

    /// Adds or changes a membership. A new one is read up to `read`.
    pub fn write_membership(&mut self, loaded: &LoadedRoom, membership: &Membership, read: u64) -> Result<()> {
        let mark = ReadMark::of_new(read, membership.rev);
        let level = Level::default_in(loaded.room.kind);
        member_rows::write(self.connection, loaded.number, membership, level, false, mark)?;
        self.forget_member(loaded.number, membership.user);
        self.announce_membership(&loaded.room.id, membership.user);
        Ok(())
    }

    pub fn end_membership(&mut self, loaded: &LoadedRoom, user: UserKey) -> Result<()> {
        member_rows::delete(self.connection, loaded.number, user)?;
        self.forget_member(loaded.number, user);
        self.announce_membership(&loaded.room.id, user);
        Ok(())
    }

    /// Announces nothing: see [`Event::MembershipChanged`].
    pub fn write_mark(&mut self, loaded: &LoadedRoom, user: UserKey, mark: ReadMark) -> Result<()> {
        member_rows::write_mark(self.connection, loaded.number, user, mark)?;
        if let Some(Some((_, known))) = self.known.members.get_mut(&(loaded.number, user)) {
            *known = mark;
        }
        Ok(())
    }

    pub fn announce_membership(&mut self, room: &RoomId, user: UserKey) {
        self.events.push(Event::MembershipChanged { room: room.clone(), user });
    }

    /// The texts that the user has posted in the room, deleted ones included.
    pub fn author_texts(&mut self, room: i64, user: UserKey) -> Result<u64> {
        if let Some(texts) = self.known.author_texts.get(&(room, user)) {
            return Ok(*texts);
        }
        let texts = head::author_texts(self.connection, room, user, last_position(room))?;
        self.known.author_texts.insert((room, user), texts);
        Ok(texts)
    }

    /// Keeps the number of the user's texts in the room, after a message with it was written.
    pub fn keep_author_texts(&mut self, room: i64, user: UserKey, texts: u64) {
        self.known.author_texts.insert((room, user), texts);
    }
}
