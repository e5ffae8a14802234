//! Appends posts that change nothing else, with one insert.

use std::collections::VecDeque;

use super::{
    jobs::Queued,
    publish::Committed,
    room_writer::RoomWriter,
    write::{Rest, Stop},
};
use crate::{
    domain::rules::{Concerned, Head, apply},
    store::{
        Error,
        mongo::{
            causal::CausalSession,
            log_documents::MessageDoc,
            statements::{Failure, Ran},
            unique_index::{CLIENT_INDEX, FILE_INDEX},
        },
    },
};

impl RoomWriter {
    /// Inserts the posts under the numbers after `head`, in order.
    pub async fn insert_posts(&mut self, head: Head, posts: VecDeque<Queued>, session: &mut CausalSession) -> Rest {
        let (mut planned, mut at) = (Vec::with_capacity(posts.len()), head);
        for queued in posts {
            let applied = match self.state(at, &queued, None, None, 0, &Concerned::default()) {
                Some(state) => apply(&state, &queued.command),
                None => continue,
            };
            match applied {
                Ok(Some(change)) => {
                    let message = change.message;
                    at = Head { seq: message.id.seq, rev: message.rev, texts: message.room_texts };
                    self.set_texts(queued.by, message.author_texts);
                    planned.push(Committed { queued, message, root: None, removed_files: Vec::new() });
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
        let (written, stop) = match self.commands.insert(documents).await {
            Ran::All => (planned.len(), None),
            Ran::Until { index, failure } => (index, Some(stop(failure, head.rev + 1 + index as u64))),
            Ran::Unknown(error) => (0, Some(Stop::Unknown(error))),
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

fn stop(failure: Failure, rev: u64) -> Stop {
    match failure {
        Failure::Taken(index) if index == CLIENT_INDEX => Stop::Repeat,
        Failure::Taken(index) if index == FILE_INDEX => Stop::FileTaken,
        Failure::Taken(_) => Stop::Collision { rev },
        Failure::Refused(reason) => Stop::Refused(Error::Failed(reason)),
    }
}
