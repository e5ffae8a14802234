//! Removing from a room what a deleted account has left in it.

use std::collections::VecDeque;

use mongodb::bson::{Document, doc};
use tokio::sync::oneshot;

use super::{
    jobs::{Queued, Removed},
    publish::deletion,
    room_writer::RoomWriter,
};
use crate::{
    domain::{Action, Command, UserKey},
    store::{
        Result,
        mongo::{bson_values::bson_uuid, log_documents::MessageDoc},
    },
};

/// The number of messages that a removal changes in one round.
const CHUNK: u32 = 200;

impl Removed {
    /// The filters for the messages with something to remove, in any room. Each is one of an index.
    pub fn filters(self, user: UserKey) -> Vec<Document> {
        let user = bson_uuid(user);
        match self {
            Self::Messages => vec![doc! { "author": user, "message": { "$exists": true }, "seq": { "$gte": 0_i64 } }],
            Self::Traces => ["mentions.user", "reactions.users"].map(|field| doc! { field: user }).into(),
        }
    }

    /// The command of natter itself that removes it from a message.
    fn command(self, message: MessageDoc, user: UserKey) -> Queued {
        let message = message.into_message();
        match self {
            Self::Messages => deletion(&message),
            Self::Traces => {
                let forget = Command::new(Action::Forget { seq: message.id.seq });
                Queued { is_trusted: true, ..Queued::new(user, forget) }
            }
        }
    }
}

impl RoomWriter {
    /// Changes some of the messages. Returns whether there may be more. After a chunk that is not full it returns
    /// `false`, because otherwise the removal of an author who continues to post would never end.
    pub async fn remove_some(&mut self, user: UserKey, what: Removed) -> Result<bool> {
        let mut session = self.db.reads().await?;
        let in_room = what.filters(user).into_iter().map(|mut filter| {
            filter.insert("_id.room", self.room.as_str());
            filter
        });
        let any = doc! { "$or": in_room.collect::<Vec<_>>() };
        let found: Vec<MessageDoc> = self.db.find_log(any, doc! { "seq": 1 }, CHUNK, &mut session).await?;
        drop(session);
        let is_full = found.len() == CHUNK as usize;
        let (mut waiting, mut outcomes) = (VecDeque::new(), Vec::new());
        for message in found {
            let mut queued = what.command(message, user);
            let (answer, answered) = oneshot::channel();
            queued.answers.push(answer);
            outcomes.push(answered);
            waiting.push_back(queued);
        }
        while !waiting.is_empty() {
            waiting = self.write(waiting).await;
        }
        for outcome in outcomes {
            if let Ok(Err(error)) = outcome.await {
                return Err(error);
            }
        }
        Ok(is_full)
    }
}
