//! The databases that are searched. Each is filled once and kept under `target/bench`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use natter::{
    domain::{Content, Mentions, Message, MessageId, RoomId, Timestamp, UserId, UserKey},
    store::{self, MessageRow, Row},
};
use natter_test_support::TemporaryDirectory;
use uuid::Uuid;

use super::{
    super::{store_trait::Store, stored_rooms},
    corpus::{Corpus, Mix},
};
use crate::{
    histories::{checkpoint, schema_version},
    natter::{Database, Natter},
    paths,
    run::Run,
};

pub const AUTHORS: usize = 50;
/// Who searches: a member of every fourth room, and no author.
pub const SEARCHER: usize = AUTHORS;
const USERS: usize = AUTHORS + 1;
const MEMBERS: usize = 20;
/// One of so many messages is pinned.
const PINNED: u64 = 997;
/// When the first message was posted: the start of 2024. The last ones were posted two years later.
const START: i64 = 1_704_067_200_000;
pub const DAYS: i64 = 730;
const DAY_MS: i64 = 86_400_000;
/// Rows in a transaction.
const BATCH: usize = 5000;

/// What is in a database.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub mix: Mix,
    pub rooms: usize,
    pub messages: usize,
}

impl Size {
    /// How many messages a room has: the first ones have the most.
    fn of_room(self, room: usize) -> u64 {
        let up_to = |room: usize| (self.messages as f64 * (room as f64 / self.rooms as f64).sqrt()).round() as u64;
        up_to(room + 1) - up_to(room)
    }
}

/// A copy of a database that has no index yet.
pub struct Filled {
    pub directory: TemporaryDirectory,
    pub rooms: Vec<FilledRoom>,
    pub size: Size,
    /// Bytes of all texts.
    pub text_bytes: u64,
}

pub struct FilledRoom {
    pub id: String,
    /// Its place in [`Filled::rooms`].
    pub number: usize,
    /// Its messages have the numbers from 1 on.
    pub messages: u64,
}

impl Filled {
    pub async fn copy(run: &Run, size: Size) -> Result<Self, String> {
        let (filled, directory) = (filled(run, size).await?, paths::temporary());
        fs::copy(filled.join("natter.db"), directory.path().join("natter.db")).map_err(|why| why.to_string())?;
        let text_bytes = text_bytes(directory.path()).map_err(|why| why.to_string())?;
        let ids = fs::read_to_string(filled.join("rooms")).map_err(|why| why.to_string())?;
        let room = |(number, id): (usize, &str)| FilledRoom { id: id.into(), number, messages: size.of_room(number) };
        Ok(Self { directory, rooms: ids.lines().enumerate().map(room).collect(), size, text_bytes })
    }

    pub fn database(&self) -> Database {
        Database::Embedded(self.directory.path().to_owned())
    }

    pub async fn sign_up(&self, run: &Run) -> Result<Vec<String>, String> {
        let tokens = Natter::sign_up_users(run, &self.database(), USERS).await?;
        // the natter of the sign-up began with the index
        for name in ["search.db", "search.db-wal", "search.db-shm"] {
            _ = fs::remove_file(self.directory.path().join(name));
        }
        Ok(tokens)
    }

    /// The rooms that the searcher may read.
    pub fn readable(&self) -> impl Iterator<Item = &FilledRoom> {
        self.rooms.iter().filter(|room| is_readable(room.number))
    }

    /// Bytes of the index, and of its write-ahead log.
    pub fn index_bytes(&self) -> Result<(u64, u64), String> {
        let size = |name: &str| fs::metadata(self.directory.path().join(name)).map(|file| file.len());
        Ok((size("search.db").map_err(|why| format!("search.db: {why}"))?, size("search.db-wal").unwrap_or_default()))
    }
}

fn is_readable(room: usize) -> bool {
    room.is_multiple_of(4)
}

fn text_bytes(directory: &Path) -> rusqlite::Result<u64> {
    let database = rusqlite::Connection::open(directory.join("natter.db"))?;
    let sum: i64 = database.query_row("SELECT sum(octet_length(text)) FROM messages", [], |row| row.get(0))?;
    Ok(sum as u64)
}

/// A directory with the database, and a file with the rooms' ids.
async fn filled(run: &Run, size: Size) -> Result<PathBuf, String> {
    let work = paths::temporary();
    let database = Database::Embedded(work.path().to_owned());
    drop(Natter::start_with_users(run, &database, Vec::new(), &[])?);
    let version = schema_version(work.path()).map_err(|why| why.to_string())?;
    let (Size { mix, rooms, messages }, corpus) = (size, Corpus::new());
    let directory = paths::kept().join(format!(
        "search-{}-{messages}-{:08x}-schema-{version}",
        mix.name(),
        corpus.fingerprint(mix)
    ));
    if directory.is_dir() {
        return Ok(directory);
    }
    eprintln!("bench: filling {rooms} rooms with {messages} messages ({}), once", mix.name());
    Natter::sign_up_users(run, &database, USERS).await?;
    let groups: Vec<Vec<usize>> = (0..rooms).map(members).collect();
    let ids = stored_rooms::prepare(work.path(), USERS, &groups).await?;
    write(work.path(), &corpus, size, &ids).await?;
    fs::create_dir(work.path().join("kept")).map_err(|why| why.to_string())?;
    checkpoint(work.path()).map_err(|why| why.to_string())?;
    let lines: String = ids.iter().map(|room| format!("{}\n", room.as_str())).collect();
    fs::write(work.path().join("kept/rooms"), lines).map_err(|why| why.to_string())?;
    fs::rename(work.path().join("natter.db"), work.path().join("kept/natter.db")).map_err(|why| why.to_string())?;
    fs::rename(work.path().join("kept"), &directory).map_err(|why| why.to_string())?;
    Ok(directory)
}

fn authors(room: usize) -> impl Iterator<Item = usize> {
    (0..MEMBERS).map(move |n| (room + n) % AUTHORS)
}

fn members(room: usize) -> Vec<usize> {
    authors(room).chain(is_readable(room).then_some(SEARCHER)).collect()
}

/// Writes the messages of all rooms.
async fn write(directory: &Path, corpus: &Corpus, size: Size, ids: &[RoomId]) -> Result<(), String> {
    let store: Store = store::open_embedded(directory).map_err(|why| why.to_string())?;
    let mut keys = Vec::with_capacity(AUTHORS);
    for n in 0..AUTHORS {
        let id = UserId::parse(&format!("user{n}")).map_err(|invalid| invalid.to_string())?;
        let user = store.user(&id).await.map_err(|why| why.to_string())?;
        keys.push(user.ok_or_else(|| format!("{id} did not sign up"))?.key);
    }
    for (number, id) in ids.iter().enumerate() {
        if store.head(id).await.map_err(|why| why.to_string())? > 0 {
            return Err(format!("room {number} has messages already"));
        }
        let authors: Vec<UserKey> = authors(number).map(|n| keys[n]).collect();
        let mut log = RoomLog { id, number, size, authors: &authors, rev: 0 };
        let mut rows = Vec::with_capacity(BATCH);
        for seq in 1..=size.of_room(number) {
            rows.push(log.message(corpus, seq));
            if rows.len() == BATCH {
                store.insert_rows(std::mem::take(&mut rows)).await.map_err(|why| why.to_string())?;
            }
        }
        store.insert_rows(rows).await.map_err(|why| why.to_string())?;
    }
    store.close().await;
    Ok(())
}

struct RoomLog<'a> {
    id: &'a RoomId,
    number: usize,
    size: Size,
    /// They write in turn.
    authors: &'a [UserKey],
    /// The latest number.
    rev: u64,
}

impl RoomLog<'_> {
    fn message(&mut self, corpus: &Corpus, seq: u64) -> Row {
        let (all, writers) = (self.size.of_room(self.number), self.authors.len() as u64);
        let sent_at = Timestamp(START + (DAYS * DAY_MS) * seq as i64 / all as i64);
        let (post_rev, is_pinned) = (self.rev + 1, (seq + self.number as u64).is_multiple_of(PINNED));
        self.rev = post_rev + u64::from(is_pinned);
        let message = Message {
            id: MessageId { room: self.id.clone(), seq },
            rev: self.rev,
            text_rev: post_rev,
            author_key: self.authors[(seq % writers) as usize],
            author: None,
            subject: None,
            sent_at,
            content: Content::Text(Some(corpus.text(self.size.mix, self.number, seq))),
            room_texts: seq,
            author_texts: seq.div_ceil(writers),
            reply_to: None,
            root: None,
            replies: 0,
            edited_at: None,
            pinned_at: is_pinned.then_some(sent_at),
            reactions: Vec::new(),
            files: Vec::new(),
            mentions: Mentions::default(),
            joins: false,
        };
        Row::Message(Box::new(MessageRow { message, post_rev, client: Uuid::now_v7().to_string() }))
    }
}

/// A day between the first message and the last one, as `before:` takes it.
pub fn day(number: i64) -> String {
    Timestamp(START + number % DAYS * DAY_MS).rfc3339().chars().take(10).collect()
}
