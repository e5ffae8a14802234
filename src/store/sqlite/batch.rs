//! One transaction that several writes share.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::connection::sql_integer;
use crate::{
    domain::RoomId,
    store::{Error, Event, Result},
};

/// The latest numbers of a room's log, within a batch.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub room: i64,
    pub seq: u64,
    pub rev: u64,
}

pub struct Batch<'c> {
    pub connection: &'c Connection,
    heads: HashMap<RoomId, Head>,
    /// Sent after the commit.
    pub events: Vec<Event>,
}

impl<'c> Batch<'c> {
    pub fn new(connection: &'c Connection) -> Self {
        Self { connection, heads: HashMap::new(), events: Vec::new() }
    }

    /// Runs `work`. If it fails, rolls back everything that it did.
    pub fn atomically<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.connection.execute_batch("SAVEPOINT work")?;
        let (heads, events) = (self.heads.clone(), self.events.len());
        let out = work(self);
        if out.is_err() {
            self.connection.execute_batch("ROLLBACK TO work")?;
            self.heads = heads;
            self.events.truncate(events);
        }
        self.connection.execute_batch("RELEASE work")?;
        out
    }

    /// The room's latest numbers. They are read once per batch, and written back once before the commit.
    pub fn head(&mut self, room: &RoomId) -> Result<&mut Head> {
        if !self.heads.contains_key(room) {
            let head = self
                .connection
                .prepare_cached("SELECT id, last_seq, last_rev FROM rooms WHERE name = ?1")?
                .query_row([room.as_str()], |row| {
                    Ok(Head { room: row.get(0)?, seq: row.get::<_, i64>(1)? as u64, rev: row.get::<_, i64>(2)? as u64 })
                })
                .optional()?
                .ok_or(Error::NoSuchRoom)?;
            self.heads.insert(room.clone(), head);
        }
        self.heads.get_mut(room).ok_or(Error::NoSuchRoom)
    }

    /// Writes the rooms' latest numbers back.
    pub fn write_heads(&self) -> Result<()> {
        let mut update =
            self.connection.prepare_cached("UPDATE rooms SET last_seq = ?2, last_rev = ?3 WHERE id = ?1")?;
        for head in self.heads.values() {
            update.execute(params![head.room, sql_integer(head.seq), sql_integer(head.rev)])?;
        }
        Ok(())
    }
}
