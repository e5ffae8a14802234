//! [`Log`] for the embedded database.

use async_trait::async_trait;
use rusqlite::Connection;

use super::{
    database::Sqlite,
    head::head,
    room_log::{Of, RoomLog},
    room_rows,
};
use crate::{
    domain::{Command, Message, RoomId, UserKey},
    store::{Access, Changed, Chunk, Error, Log, LogReader, LoggedReaction, Page, Result},
};

impl Sqlite {
    pub(super) async fn read_log<T, F>(&self, room: &RoomId, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(RoomLog<'_>) -> Result<T> + Send + 'static,
    {
        let room = room.clone();
        self.read(move |c: &Connection| read(RoomLog::open(c, &room)?)).await
    }
}

#[async_trait]
impl Log for Sqlite {
    async fn change(&self, access: &Access, command: Command) -> Result<Changed> {
        let (room, user) = (access.room().clone(), access.user());
        self.writer.run(move |batch| batch.change(&room, user, command)).await
    }

    async fn message(&self, access: &Access, seq: u64) -> Result<Option<Message>> {
        self.read_log(access.room(), move |log| log.message(seq)).await
    }

    async fn before(&self, access: &Access, seq: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page> {
        self.read_log(access.room(), move |log| log.before(seq, limit, author.map_or(Of::All, Of::Author))).await
    }

    async fn from(&self, access: &Access, seq: u64, limit: u32) -> Result<Page> {
        self.read_log(access.room(), move |log| log.from(seq, limit)).await
    }

    async fn around(&self, access: &Access, seq: u64, limit: u32) -> Result<Page> {
        self.read_log(access.room(), move |log| log.around(seq, limit)).await
    }

    async fn after(&self, access: &Access, rev: u64, limit: u32) -> Result<Chunk> {
        self.read_log(access.room(), move |log| log.after(rev, limit)).await
    }

    async fn thread(&self, access: &Access, root: u64, seq: Option<u64>, limit: u32) -> Result<Page> {
        self.read_log(access.room(), move |log| log.before(seq, limit, Of::Thread(root))).await
    }

    async fn pinned(&self, access: &Access) -> Result<Page> {
        self.read_log(access.room(), |log| log.pinned()).await
    }

    async fn latest(&self, access: &Access, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>> {
        let authors = authors.to_vec();
        self.read_log(access.room(), move |log| log.latest(&authors, limit)).await
    }
}

#[async_trait]
impl LogReader for Sqlite {
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk> {
        let room = room.clone();
        self.read(move |c| {
            let number = room_rows::present_number(c, &room)?;
            RoomLog::of(c, &room, number).after(after, limit)
        })
        .await
    }

    async fn reactions(&self, _room: &RoomId, _after: u64, _up_to: u64) -> Result<Option<Vec<LoggedReaction>>> {
        Ok(None)
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Option<u64>>> {
        let rooms = rooms.to_vec();
        self.read(move |c| {
            let rev = |room: &RoomId| match room_rows::present_number(c, room) {
                Err(Error::NoSuchRoom) => Ok(None),
                number => Ok(Some(head(c, number?)?.rev)),
            };
            rooms.iter().map(rev).collect::<Result<_>>()
        })
        .await
    }
}
