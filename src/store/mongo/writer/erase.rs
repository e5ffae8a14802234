//! Deletions: each a change under the next `rev`, the message's place stays.

use std::time::{Duration, Instant};

use mongodb::bson::{Bson, Document, doc};

use super::Task;
use crate::{
    domain::{RoomId, UserKey},
    store::{
        Error, Event, Result,
        mongo::{
            DUPLICATE_KEY,
            documents::{MessageDoc, authors, key, user_key},
            timed,
        },
    },
};

/// Messages deleted in one command.
const CHUNK: u32 = 200;
/// Longest that one chunk is tried while other processes are first to its numbers.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait for a majority to have it.
const DURABLE_MS: i32 = 7000;

impl Task {
    /// Deletes some of the author's messages. Returns whether to look for more: not after fewer than a chunk, or an author
    /// who goes on posting could not be removed.
    pub(super) async fn erase_some(&mut self, room: &RoomId, author: UserKey) -> Result<bool> {
        let left = doc! { "author": key(author), "room": room.as_str(), "message": { "$exists": true } };
        let found = self.db.find(left, doc! { "seq": 1 }, CHUNK).await?;
        let full = found.len() == CHUNK as usize;
        self.erase(room, found).await?;
        Ok(full)
    }

    /// Deletes the messages, in order, each under the next number.
    pub(super) async fn erase(&mut self, room: &RoomId, mut messages: Vec<MessageDoc>) -> Result<()> {
        let started = Instant::now();
        while !messages.is_empty() {
            let first = self.head(room).await?.rev + 1;
            let updates: Vec<Bson> =
                (first..).zip(&messages).map(|(rev, message)| update(message, rev).into()).collect();
            let command = doc! {
                "update": self.db.messages.name(), "updates": updates, "ordered": true,
                "writeConcern": { "w": "majority", "j": true, "wtimeout": DURABLE_MS },
            };
            let reply = timed(self.db.database.run_command(command)).await;
            let (done, taken) = match reply.map_err(Error::from).and_then(|reply| outcome(&reply, messages.len())) {
                Ok(outcome) => outcome,
                Err(error) => {
                    self.heads.remove(room);
                    return Err(error);
                }
            };
            self.advance(room, 0, done);
            let done =
                messages.drain(..done).zip(first..).map(|(message, rev)| MessageDoc { rev, text: None, ..message });
            let done: Vec<MessageDoc> = done.collect();
            let rev = first + done.len() as i64;
            self.tell(room, done).await;
            if taken {
                self.wait_past(room, rev).await;
                if started.elapsed() > PATIENCE {
                    return Err(Error::Busy);
                }
            }
        }
        Ok(())
    }

    async fn tell(&self, room: &RoomId, erased: Vec<MessageDoc>) {
        let keys = erased.iter().map(|message| user_key(message.author));
        // where the names cannot be read the deletion is told all the same: it shows no name
        let authors = authors(&self.db.users, keys).await.unwrap_or_default();
        let changed = erased.into_iter().map(|message| message.into_message(&authors));
        self.outbox.send(changed.map(|message| Event::Changed(room.clone(), message)).collect()).await;
    }
}

/// Always matches, also what somebody else deleted meanwhile: a number that is skipped would be a gap.
fn update(message: &MessageDoc, rev: i64) -> Document {
    doc! {
        "q": { "room": &message.room, "seq": message.seq },
        "u": { "$set": { "rev": rev }, "$push": { "revs": rev }, "$unset": { "message": "" } },
    }
}

/// How many updates were done, and whether the next one's number was another process's.
fn outcome(reply: &Document, all: usize) -> Result<(usize, bool)> {
    if let Ok(error) = reply.get_document("writeConcernError") {
        return Err(Error::Failed(format!("not with a majority yet: {error}")));
    }
    let errors = reply.get_array("writeErrors").ok();
    let Some(error) = errors.and_then(|errors| errors.first()).and_then(Bson::as_document) else {
        return Ok((all, false));
    };
    let index = error.get_i32("index").ok().and_then(|index| usize::try_from(index).ok());
    match (index, error.get_i32("code")) {
        (Some(done), Ok(DUPLICATE_KEY)) => Ok((done, true)),
        _ => Err(Error::Failed(error.get_str("errmsg").unwrap_or("an update failed").to_owned())),
    }
}
