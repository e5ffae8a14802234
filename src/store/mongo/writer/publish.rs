//! Announcing committed changes, and answering their commands.

use std::collections::{HashMap, VecDeque};

use mongodb::bson::doc;

use super::{jobs::Queued, room_writer::RoomWriter};
use crate::{
    domain::{Action, Command, FileId, Message, UserKey},
    store::{
        Conflict, Error, Event, Result,
        mongo::{
            authors::{named_users, read_authors, with_names},
            causal::CausalSession,
            driver::with_timeout,
            log_documents::{MessageDoc, log_key},
        },
    },
};

/// A committed change.
pub struct Committed {
    pub queued: Queued,
    pub message: Message,
    pub root: Option<Message>,
    /// The files that the message had before, and not any more.
    pub removed_files: Vec<FileId>,
}

impl RoomWriter {
    /// Sends the events of committed changes, and answers their commands. Returns the commands that delete the messages
    /// of authors without an account.
    pub async fn publish(&self, committed: Vec<Committed>) -> Vec<Queued> {
        let keys = committed.iter().flat_map(|done| [Some(&done.message), done.root.as_ref()]).flatten();
        let keys: Vec<UserKey> = keys.flat_map(named_users).collect();
        // If an author's account was deleted since it was looked up, the deletion of their messages may have run before
        // this message was stored. If the account still exists here, a later deletion includes this message.
        let accounts = match self.commands.accounts(keys).await {
            Ok(accounts) => accounts,
            // the changes are durable, but their authors cannot be looked up; a repeat of the command finds the change
            Err(error) => {
                let error = Error::Failed(error.to_string());
                if let Some(last) = committed.last() {
                    let (room, rev) = (self.room.clone(), last.message.rev);
                    self.outbox.send(vec![Event::Advanced { room, rev }]).await;
                }
                committed.into_iter().for_each(|done| done.queued.fail(&error));
                return Vec::new();
            }
        };
        let named = |message| with_names(message, &accounts.authors);
        let committed: Vec<Committed> = committed
            .into_iter()
            .map(|done| Committed { message: named(done.message), root: done.root.map(named), ..done })
            .collect();
        let event = |done: &Committed| Event::Changed {
            message: Box::new(done.message.clone()),
            root: done.root.clone().map(Box::new),
            reaction: done.queued.command.action.reaction(done.queued.by),
        };
        self.outbox.send(committed.iter().map(event).collect()).await;
        self.record_files(&committed).await;
        let mut deletions = Vec::new();
        for Committed { queued, message, .. } in committed {
            let is_post = queued.post().is_some();
            if is_post && message.author.is_some() {
                self.commands.own_posts.posted(&message.id, message.author_key);
            }
            if message.author.is_none() && is_post {
                deletions.push(deletion(&message));
                queued.fail(&Error::NotFound);
            } else {
                queued.succeed(&message, false);
            }
        }
        deletions
    }

    /// Answers the command if it is stored already. Otherwise returns it: with the error of the look-up, or with `None`
    /// if it is not stored or a majority does not have it yet.
    pub async fn answer_stored(
        &self,
        queued: Queued,
        session: &mut CausalSession,
    ) -> std::result::Result<(), (Queued, Option<Error>)> {
        let stored = match queued.adds_message() {
            true => self.stored_message(&queued, session).await,
            false => match self.db.floor(&self.room, session).await {
                Err(error) => Err(error),
                // its document may be trimmed, or it is of a number that was trimmed before
                Ok(floor) if queued.attempts.iter().any(|rev| *rev <= floor) => {
                    queued.fail(&Error::Failed("the outcome of a change cannot be known any more".into()));
                    return Ok(());
                }
                Ok(_) => self.stored_change(&queued, session).await,
            },
        };
        match stored {
            Ok(Some((message, repeat))) => queued.succeed(&message, repeat),
            Ok(None) => return Err((queued, None)),
            // another room has the client id
            Err(error @ Error::Conflict(_)) => queued.fail(&error),
            Err(error) => return Err((queued, Some(error))),
        }
        Ok(())
    }

    /// Fails a command that the rules refuse. One that is stored already is answered with the stored message: it may be
    /// refused because it was committed, or because its user has lost the right since.
    pub async fn refuse(&self, queued: Queued, error: Error, session: &mut CausalSession) {
        let stored = match queued.post() {
            Some(_) => self.stored_message(&queued, session).await,
            None => self.stored_change(&queued, session).await,
        };
        match stored {
            Ok(Some((message, repeat))) => queued.succeed(&message, repeat),
            Ok(None) => queued.fail(&error),
            Err(error) => queued.fail(&error),
        }
    }

    /// The stored message with the client id of a post or a notice, and whether another call stored it.
    pub async fn stored_message(
        &self,
        queued: &Queued,
        session: &mut CausalSession,
    ) -> Result<Option<(Message, bool)>> {
        let found = self.db.messages.find_one(queued.client_filter()).session(&mut **session);
        let Some(found) = with_timeout(found).await? else { return Ok(None) };
        if found.room() != self.room {
            return Err(Conflict::ClientIdReused.into());
        }
        let repeat = !queued.attempts.contains(&(found.key.rev as u64));
        Ok(Some((self.named(found).await?, repeat)))
    }

    /// The message that an earlier attempt of the command changed.
    async fn stored_change(&self, queued: &Queued, session: &mut CausalSession) -> Result<Option<(Message, bool)>> {
        if queued.attempts.is_empty() {
            return Ok(None);
        }
        let Some(seq) = queued.command.action.target() else { return Ok(None) };
        let keys = queued.attempts.iter().map(|rev| doc! { "_id": log_key(&self.room, *rev) });
        let own = doc! { "$or": keys.collect::<Vec<_>>(), "command": queued.id };
        if with_timeout(self.db.log.find_one(own).session(&mut **session)).await?.is_none() {
            return Ok(None);
        }
        let message = self.db.message_doc(&self.room, seq, session).await?;
        match message {
            Some(message) => Ok(Some((self.named(message).await?, false))),
            None => Ok(None),
        }
    }

    async fn named(&self, found: MessageDoc) -> Result<Message> {
        self.with_author(found.into_message()).await
    }

    /// The message with the names of its users, as far as they have accounts.
    pub async fn with_author(&self, message: Message) -> Result<Message> {
        let authors = read_authors(&self.db.users, named_users(&message)).await?;
        Ok(with_names(message, &authors))
    }
}

/// The command of natter itself that deletes a message of an author without an account.
pub fn deletion(message: &Message) -> Queued {
    let command = Command::new(Action::Delete { seq: message.id.seq });
    Queued { is_trusted: true, ..Queued::new(message.author_key, command) }
}

/// Merges the repeats of a post into one, and drops commands that no caller waits for any more.
pub fn merge_repeats(commands: VecDeque<Queued>) -> VecDeque<Queued> {
    let mut waiting: VecDeque<Queued> = VecDeque::with_capacity(commands.len());
    let mut indexes = HashMap::new();
    for queued in commands {
        if queued.is_abandoned() {
            continue;
        }
        if queued.post().is_some() {
            let index = *indexes.entry((queued.by, queued.client.clone())).or_insert(waiting.len());
            if let Some(first) = waiting.get_mut(index) {
                first.answers.extend(queued.answers);
                continue;
            }
        }
        waiting.push_back(queued);
    }
    waiting
}

/// Fails every command.
pub fn fail_all(waiting: impl IntoIterator<Item = Queued>, error: &Error) {
    waiting.into_iter().for_each(|queued| queued.fail(error));
}
