//! The head of a room's log, and finishing its newest change.
//!
//! A change is committed by its own document. What it changes is derived from it, in the same command, but a process
//! or a primary can end in between. Nothing is committed on top of a change that is not derived, so only the newest one
//! can be unfinished. Whoever reads the head finishes it.

use std::time::Duration;

use mongodb::bson::{self, Document, doc};
use tokio::time::sleep;

use super::{
    bson_values::user_key,
    causal::CausalSession,
    collections::Collections,
    log_documents::{ChangeDoc, MessageDoc, Op},
    log_queries::revs_between,
    statements::{Failure, Ran, Statements},
};
use crate::{
    domain::{
        Message, Room, RoomId,
        rules::{Actor, Concerned, Head, State, apply, count_reply},
    },
    store::{Error, Result},
};

/// The delay between two checks whether another process has derived its change. It usually has within a millisecond.
const DERIVATION_POLL: Duration = Duration::from_millis(3);
/// The number of these checks. After them this process derives the change.
const DERIVATION_POLLS: u32 = 5;

/// The newest document of a room's log.
pub enum Newest {
    Nothing,
    Message(Box<MessageDoc>),
    Change(Box<ChangeDoc>),
}

impl Newest {
    fn parse(document: Option<Document>) -> Result<Self> {
        let invalid = |error: bson::error::Error| Error::Failed(error.to_string());
        Ok(match document {
            None => Self::Nothing,
            Some(document) if document.contains_key("of") => {
                Self::Change(Box::new(bson::deserialize_from_document(document).map_err(invalid)?))
            }
            Some(document) => Self::Message(Box::new(bson::deserialize_from_document(document).map_err(invalid)?)),
        })
    }

    pub fn head(&self) -> Head {
        match self {
            Self::Nothing => Head::default(),
            Self::Message(message) => message.head(),
            Self::Change(change) => change.head(),
        }
    }
}

impl Collections {
    /// The room's latest numbers. Everything up to them is derived.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`] if there is no such room, or if it is deleted; the database's errors.
    pub async fn settled_head(&self, room: &RoomId, session: &mut CausalSession) -> Result<Head> {
        let newest = self.newest(room, session).await?;
        if matches!(newest, Newest::Nothing) {
            self.room(room, session).await?; // an error if there is no such room
        }
        let mut polls = 0;
        while !self.is_derived(room, &newest, session).await? {
            if polls == DERIVATION_POLLS {
                tracing::info!(room = room.as_str(), rev = newest.head().rev, "unfinished change derived");
                self.finish(room, &newest, session).await?;
                break;
            }
            polls += 1;
            sleep(DERIVATION_POLL).await;
        }
        match &newest {
            Newest::Message(message) if message.deletes_room() => Err(Error::NoSuchRoom),
            newest => Ok(newest.head()),
        }
    }

    async fn newest(&self, room: &RoomId, session: &mut CausalSession) -> Result<Newest> {
        let filter = doc! { "_id": revs_between(room, 0, u64::MAX) };
        let newest = self.find_log(filter, doc! { "_id": -1 }, 1, session).await?;
        Newest::parse(newest.into_iter().next())
    }

    /// Whether everything in the room's log is derived.
    pub async fn is_settled(&self, room: &RoomId, session: &mut CausalSession) -> Result<bool> {
        let newest = self.newest(room, session).await?;
        self.is_derived(room, &newest, session).await
    }

    async fn is_derived(&self, room: &RoomId, newest: &Newest, session: &mut CausalSession) -> Result<bool> {
        let rev = newest.head().rev;
        let touched = match newest {
            Newest::Nothing => return Ok(true),
            Newest::Message(message) if message.is_plain() => return Ok(true),
            Newest::Message(message) => match message.root {
                _ if !self.is_room_derived(message, session).await? => return Ok(false),
                Some(root) => vec![root],
                None => return Ok(true),
            },
            Newest::Change(change) => {
                let changed = self.message_doc(room, change.seq as u64, session).await?;
                let changed = changed.ok_or_else(missing)?;
                let root = changed.root.filter(|_| matches!(change.op, Op::Delete));
                if changed.rev() < rev {
                    return Ok(false);
                }
                root.into_iter().collect()
            }
        };
        for seq in touched {
            if self.message_doc(room, seq as u64, session).await?.ok_or_else(missing)?.rev() < rev {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Derives what the newest document changes. Every write is guarded by `rev`, so any number of processes may do it,
    /// at any time.
    async fn finish(&self, room: &RoomId, newest: &Newest, session: &mut CausalSession) -> Result<()> {
        let rev = newest.head().rev;
        let mut statements = Statements::default();
        match newest {
            Newest::Nothing => {}
            Newest::Message(message) => {
                self.derive_room(message, session).await?;
                if let Some(root) = message.root {
                    let root = self.message_doc(room, root as u64, session).await?.ok_or_else(missing)?;
                    recount(&mut statements, root, rev, 1)?;
                }
            }
            Newest::Change(change) => {
                let target = self.message_doc(room, change.seq as u64, session).await?.ok_or_else(missing)?;
                if let (Op::Delete, Some(root)) = (&change.op, target.root) {
                    let root = self.message_doc(room, root as u64, session).await?.ok_or_else(missing)?;
                    recount(&mut statements, root, rev, -1)?;
                }
                if target.rev() < rev {
                    derive_change(&mut statements, room, change, target)?;
                }
            }
        }
        if statements.is_empty() {
            return Ok(());
        }
        match statements.run(self, session).await {
            Ran::All => Ok(()),
            Ran::Until { failure: Failure::Taken(reason) | Failure::Refused(reason), .. } => Err(Error::Failed(reason)),
            Ran::Unknown(error) => Err(error),
        }
    }
}

/// Derives a change of a message from its document and the message's state before it.
fn derive_change(statements: &mut Statements, room: &RoomId, change: &ChangeDoc, target: MessageDoc) -> Result<()> {
    let command = change.command().ok_or_else(missing)?;
    let (post_rev, client) = (target.key.rev as u64, target.client.clone());
    let before = target.into_message();
    let mentioned = change.mentioned();
    let state = State {
        // the rules read nothing of the room but its id if the actor is trusted
        room: &Room { id: room.clone(), ..Room::lobby() },
        head: Head { rev: change.head().rev - 1, ..change.head() },
        actor: Actor { key: user_key(change.by), is_admin: false, is_trusted: true, membership: None, texts: 0 },
        target: Some(&before),
        root: None,
        mentioned: &mentioned,
        uploads: &[],
        pins: 0,
        concerned: &Concerned::default(),
    };
    let derived = apply(&state, &command).map_err(|refusal| Error::Failed(format!("log: {refusal}")))?;
    let Some(derived) = derived else { return Ok(()) };
    derive(statements, room, &before, &derived.message, post_rev, &client)
}

/// The statements that give a message its state after a change: the text of the edit before it is removed first, so
/// that a message in the new state has no old text left.
pub fn derive(
    statements: &mut Statements,
    room: &RoomId,
    before: &Message,
    after: &Message,
    post_rev: u64,
    client: &str,
) -> Result<()> {
    let sets_text = after.text_rev != before.text_rev;
    if sets_text && before.text_rev != post_rev {
        statements.scrub(room, after.id.seq, after.rev);
    }
    statements.derive(&MessageDoc::new(after, post_rev, client), sets_text)
}

fn recount(statements: &mut Statements, root: MessageDoc, rev: u64, difference: i64) -> Result<()> {
    if root.rev() >= rev {
        return Ok(());
    }
    let (post_rev, client) = (root.key.rev as u64, root.client.clone());
    let root = count_reply(&root.into_message(), rev, difference);
    statements.derive(&MessageDoc::new(&root, post_rev, &client), false)
}

fn missing() -> Error {
    Error::Failed("the log lacks a message that a change refers to".into())
}
