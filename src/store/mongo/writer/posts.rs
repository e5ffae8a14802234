//! Appends posts that change nothing else, with one insert.

use std::collections::VecDeque;

use mongodb::error::{ErrorKind, IndexedWriteError, InsertManyError};

use super::{
    jobs::Queued,
    publish::Committed,
    room_writer::RoomWriter,
    write::{Rest, Stop},
};
use crate::{
    domain::rules::{Head, apply},
    store::{
        Error,
        mongo::{
            causal::CausalSession,
            driver::with_timeout_raw,
            log_documents::MessageDoc,
            unique_index::{CLIENT_INDEX, DUPLICATE_KEY, index_in_message},
        },
    },
};

impl RoomWriter {
    /// Inserts the posts under the numbers after `head`, in order.
    pub async fn insert_posts(&mut self, head: Head, posts: VecDeque<Queued>, session: &mut CausalSession) -> Rest {
        let (mut planned, mut at) = (Vec::with_capacity(posts.len()), head);
        for queued in posts {
            let applied = match self.state(at, &queued, None, None, &[]) {
                Some(state) => apply(&state, &queued.command),
                None => continue,
            };
            match applied {
                Ok(Some(change)) => {
                    let message = change.message;
                    at = Head { seq: message.id.seq, rev: message.rev, texts: message.room_texts };
                    self.set_texts(queued.by, message.author_texts);
                    planned.push(Committed { queued, message, root: None });
                }
                Ok(None) => {}
                Err(refusal) => self.refuse(queued, refusal.into(), session).await,
            }
        }
        if planned.is_empty() {
            return Rest { commands: VecDeque::new(), stop: None };
        }
        let document = |done: &Committed| MessageDoc::new(&done.message, done.message.rev, done.queued.client.as_str());
        let documents: Vec<MessageDoc> = planned.iter().map(document).collect();
        let insert = self.db.messages.insert_many(&documents).ordered(true).session(&mut **session);
        let (written, stop) = match with_timeout_raw(insert).await {
            Ok(_) => (planned.len(), None),
            Err(error) => match failed_write(error.kind.as_ref()) {
                None => (0, Some(Stop::Unknown(error.into()))),
                Some(failed) => (failed.index, Some(stop(failed, head.rev + 1 + failed.index as u64))),
            },
        };
        let is_unknown = matches!(stop, Some(Stop::Unknown(_)));
        let unwritten = planned.split_off(written);
        if let Some(last) = planned.last() {
            let last = &last.message;
            self.advance(Head { seq: last.id.seq, rev: last.rev, texts: last.room_texts });
        }
        if stop.is_some() {
            self.forget_texts();
        }
        let deletions = self.publish(planned).await;
        let unwritten = unwritten.into_iter().map(|Committed { mut queued, message, .. }| {
            if is_unknown {
                queued.attempts.push(message.rev);
            }
            queued
        });
        Rest { commands: unwritten.chain(deletions).collect(), stop }
    }
}

fn stop(failed: &IndexedWriteError, rev: u64) -> Stop {
    match failed.code {
        DUPLICATE_KEY if index_in_message(&failed.message) == CLIENT_INDEX => Stop::Repeat,
        DUPLICATE_KEY => Stop::Collision { rev },
        _ => Stop::Refused(Error::Failed(failed.message.clone())),
    }
}

/// The failed write of an ordered insert: all documents before it are durable. `None` if the outcome is unknown.
fn failed_write(kind: &ErrorKind) -> Option<&IndexedWriteError> {
    match kind {
        ErrorKind::InsertMany(InsertManyError { write_errors: Some(errors), write_concern_error: None, .. }) => {
            errors.first()
        }
        _ => None,
    }
}
