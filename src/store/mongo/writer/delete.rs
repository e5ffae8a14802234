//! Deletions: each is a change under the next `rev`, and the message keeps its `seq`.

use std::time::{Duration, Instant};

use mongodb::bson::{Bson, Document, doc};

use super::log_writer::LogWriter;
use crate::{
    domain::{RoomId, UserKey},
    store::{
        Error, Event, Result,
        mongo::{
            authors::read_authors,
            bson_values::{bson_uuid, user_key},
            documents::MessageDoc,
            driver::with_timeout_raw,
            unique_index::DUPLICATE_KEY,
        },
    },
};

/// The number of messages deleted by one command.
const DELETE_CHUNK: u32 = 200;
/// The maximum time that a chunk is retried while other processes take its numbers first.
const COLLISION_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum wait for a majority to have the deletions, in milliseconds.
const MAJORITY_TIMEOUT_MS: i32 = 7000;

impl LogWriter {
    /// Deletes some of the author's messages. Returns whether there may be more. After a chunk that is not full it
    /// returns `false`, because otherwise the removal of an author who continues to post would never end.
    pub async fn delete_some(&mut self, room: &RoomId, author: UserKey) -> Result<bool> {
        let filter = doc! { "author": bson_uuid(author), "room": room.as_str(), "message": { "$exists": true } };
        let found = self.db.find_messages(filter, doc! { "seq": 1 }, DELETE_CHUNK).await?;
        let is_full = found.len() == DELETE_CHUNK as usize;
        self.delete(room, found).await?;
        Ok(is_full)
    }

    /// Deletes the messages in order, each under the next number.
    pub async fn delete(&mut self, room: &RoomId, mut messages: Vec<MessageDoc>) -> Result<()> {
        let started = Instant::now();
        while !messages.is_empty() {
            let first = self.head(room).await?.rev + 1;
            let updates: Vec<Bson> =
                (first..).zip(&messages).map(|(rev, message)| deletion(message, rev).into()).collect();
            let command = doc! {
                "update": self.db.messages.name(), "updates": updates, "ordered": true,
                "writeConcern": { "w": "majority", "j": true, "wtimeout": MAJORITY_TIMEOUT_MS },
            };
            let reply = with_timeout_raw(self.db.database.run_command(command)).await;
            let (done, collided) = match reply.map_err(Error::from).and_then(|reply| outcome(&reply, messages.len())) {
                Ok(outcome) => outcome,
                Err(error) => {
                    self.forget_head(room);
                    return Err(error);
                }
            };
            self.advance_head(room, 0, done);
            let deleted: Vec<MessageDoc> = messages
                .drain(..done)
                .zip(first..)
                .map(|(message, rev)| MessageDoc { rev, text: None, ..message })
                .collect();
            let next = first + deleted.len() as i64;
            self.send_deleted(room, deleted).await;
            if collided {
                self.wait_for_rev(room, next).await;
                if started.elapsed() > COLLISION_TIMEOUT {
                    return Err(Error::Busy);
                }
            }
        }
        Ok(())
    }

    async fn send_deleted(&self, room: &RoomId, deleted: Vec<MessageDoc>) {
        let keys = deleted.iter().map(|message| user_key(message.author));
        // sent even if the names cannot be read, because a deleted message shows no name
        let authors = read_authors(&self.db.users, keys).await.unwrap_or_default();
        let changed = deleted.into_iter().map(|message| message.into_message(&authors));
        self.outbox.send(changed.map(|message| Event::Changed(room.clone(), message)).collect()).await;
    }
}

/// Also matches a message that another process deleted in the meantime, because a skipped number would be a gap.
fn deletion(message: &MessageDoc, rev: i64) -> Document {
    doc! {
        "q": { "room": &message.room, "seq": message.seq },
        "u": { "$set": { "rev": rev }, "$push": { "revs": rev }, "$unset": { "message": "" } },
    }
}

/// The number of updates that were done, and whether the next one failed because another process took its number.
fn outcome(reply: &Document, all: usize) -> Result<(usize, bool)> {
    if let Ok(error) = reply.get_document("writeConcernError") {
        return Err(Error::Failed(format!("the deletion is not majority-committed yet: {error}")));
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
