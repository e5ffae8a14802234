//! One ordered command with the statements of several changes.
//!
//! The server runs the statements in order and stops at the first that fails, so a later one has run only if all before
//! it have. They reach the members of the replica set in the same order: whatever a majority keeps is a prefix.

use mongodb::bson::{Bson, Document, doc};

use super::{
    bson_values::bson_int,
    causal::CausalSession,
    collections::Collections,
    driver::with_timeout,
    log_documents::{MessageDoc, log_key},
    unique_index::{DUPLICATE_KEY, index_in_message},
};
use crate::{
    domain::RoomId,
    store::{Error, Result},
};

/// The maximum wait for a majority to have the changes, in milliseconds.
const MAJORITY_TIMEOUT_MS: i32 = 7000;

/// The statements of an ordered command on the log.
#[derive(Default)]
pub struct Statements(Vec<Bson>);

/// How a command ended.
pub enum Ran {
    /// All statements ran, and a majority has them.
    All,
    /// The statement with this index failed, and the ones before it ran: a majority has them.
    Until { index: usize, failure: Failure },
    /// Whether the statements ran is unknown.
    Unknown(Error),
}

pub enum Failure {
    /// The statement broke this unique index.
    Taken(String),
    Refused(String),
}

impl Statements {
    pub fn new(statements: Vec<Bson>) -> Self {
        Self(statements)
    }

    pub fn into_inner(self) -> Vec<Bson> {
        self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Inserts a document of the log. Fails if its number is taken.
    pub fn insert(&mut self, document: Document) {
        let key = document.get("_id").cloned().unwrap_or(Bson::Null);
        // no document of a log matches: messages have a `seq`, changes an `of`. So the key alone decides, and the server
        // does not retry the statement as an update
        let nothing = doc! { "_id": key, "seq": { "$exists": false }, "of": { "$exists": false } };
        self.0.push(doc! { "q": nothing, "u": document, "upsert": true }.into());
    }

    /// The fence: fails if changes up to `rev` may have been trimmed. It stands after the insert of a change: a process
    /// that was suspended for long may have inserted it under a number that was taken, used and trimmed in the
    /// meantime.
    pub fn fence(&mut self, room: &RoomId, rev: u64) {
        let below = doc! { "_id": log_key(room, 0), "floor": { "$not": { "$gte": bson_int(rev) } } };
        // an update that changes nothing
        self.0.push(doc! { "q": below, "u": { "$unset": { "fence": "" } }, "upsert": true }.into());
    }

    /// Removes the text, and whom it mentions, from the edits of a message before the number `rev`.
    pub fn scrub(&mut self, room: &RoomId, seq: u64, rev: u64) {
        let edits = doc! {
            "_id.room": room.as_str(), "of": bson_int(seq), "_id": { "$lt": log_key(room, rev) },
            "message": { "$exists": true },
        };
        self.0.push(doc! { "q": edits, "u": { "$unset": { "message": "", "mentioned": "" } }, "multi": true }.into());
    }

    /// Gives a stored message its new state, unless it has a later one.
    pub fn derive(&mut self, message: &MessageDoc, sets_text: bool) -> Result<()> {
        let older = doc! {
            "_id": { "room": &message.key.room, "rev": message.key.rev },
            "changed": { "$not": { "$gte": message.rev() as i64 } },
        };
        self.0.push(doc! { "q": older, "u": message.state_update(sets_text)? }.into());
        Ok(())
    }

    /// Runs the statements, and waits until a majority has them.
    pub async fn run(self, db: &Collections, session: &mut CausalSession) -> Ran {
        let count = self.len();
        let command = doc! {
            "update": db.log.name(), "updates": self.0, "ordered": true,
            "writeConcern": { "w": "majority", "j": true, "wtimeout": MAJORITY_TIMEOUT_MS },
        };
        match with_timeout(db.database.run_command(command).session(&mut **session)).await {
            Ok(reply) => outcome(&reply, count),
            Err(error) => Ran::Unknown(error),
        }
    }
}

fn outcome(reply: &Document, count: usize) -> Ran {
    if let Ok(error) = reply.get_document("writeConcernError") {
        return Ran::Unknown(Error::Failed(format!("the change is not majority-committed yet: {error}")));
    }
    let errors = reply.get_array("writeErrors").ok();
    let Some(error) = errors.and_then(|errors| errors.first()).and_then(Bson::as_document) else {
        return Ran::All;
    };
    let index = error.get_i32("index").ok().and_then(|index| usize::try_from(index).ok());
    let text = error.get_str("errmsg").unwrap_or("an update failed");
    match (index, error.get_i32("code")) {
        (Some(index), Ok(DUPLICATE_KEY)) if index < count => {
            let broken = index_in_message(text).to_owned();
            Ran::Until { index, failure: Failure::Taken(broken) }
        }
        (Some(index), _) if index < count => Ran::Until { index, failure: Failure::Refused(text.to_owned()) },
        _ => Ran::Unknown(Error::Failed(text.to_owned())),
    }
}
