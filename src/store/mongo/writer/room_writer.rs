//! The state of a room's writer: the head of the log, and what it knows as of the head.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::sleep;

use super::{commands::Commands, jobs::Queued};
use crate::{
    domain::{
        Membership, Message, Room, RoomId, UserKey,
        rules::{Actor, Concerned, Head, State},
    },
    store::{
        Error, Result,
        mongo::{
            causal::CausalSession,
            collections::Collections,
            outbox::{Outbox, Seen},
            trim,
        },
        retry,
    },
};

/// The shortest delay between two reads of the head after a collision, if the tail does not report the other process's
/// change.
const HEAD_POLL_DELAY: Duration = Duration::from_millis(1);
/// The maximum number of these reads. After them the write is retried with the latest head.
const MAX_HEAD_POLLS: usize = 50;

pub struct RoomWriter {
    pub db: Collections,
    pub commands: Arc<Commands>,
    pub outbox: Arc<Outbox>,
    pub room: RoomId,
    /// The latest permanent numbers. `None`: unknown.
    head: Option<Head>,
    /// Whether the newest change is another process's, which may not be derived yet.
    is_unsettled: bool,
    /// The tail's place from which it is followed.
    place: u64,
    /// The room and the memberships as of the head. `None`: unknown.
    pub rights: Option<Rights>,
    /// The number of texts of authors, as of the head.
    texts: HashMap<UserKey, u64>,
}

pub struct Rights {
    pub room: Room,
    members: HashMap<UserKey, Option<Membership>>,
}

impl RoomWriter {
    pub fn new(db: Collections, commands: Arc<Commands>, outbox: Arc<Outbox>, room: RoomId) -> Self {
        let place = outbox.place();
        Self { db, commands, outbox, room, head: None, is_unsettled: false, place, rights: None, texts: HashMap::new() }
    }

    /// The head of the log. Everything up to it is permanent and derived.
    pub async fn settled_head(&mut self, session: &mut CausalSession) -> Result<Head> {
        // in this order: what is taken before a new place is noticed is connected to the old one
        let seen = self.outbox.take_seen(&self.room);
        let place = self.outbox.place();
        if std::mem::replace(&mut self.place, place) == place {
            seen.iter().for_each(|seen| self.observe(seen));
        } else {
            // the head may be old. A stray change (see `trim`) could then look like the next one
            self.forget_head();
        }
        match self.head {
            Some(head) if !self.is_unsettled => Ok(head),
            known => {
                let head = self.db.settled_head(&self.room, session).await?;
                if known != Some(head) {
                    (self.rights, self.texts) = (None, HashMap::new());
                }
                (self.head, self.is_unsettled) = (Some(head), false);
                Ok(head)
            }
        }
    }

    /// Follows a change that the tail has seen.
    fn observe(&mut self, seen: &Seen) {
        let Some(head) = self.head else { return };
        if seen.head.rev <= head.rev {
            return;
        }
        if seen.head.rev > head.rev + 1 {
            return self.forget_head();
        }
        self.head = Some(seen.head);
        self.is_unsettled = !seen.is_plain;
        if !seen.is_plain {
            self.rights = None;
        }
        if let Some((author, texts)) = seen.author_texts {
            self.texts.insert(author, texts);
        }
    }

    /// Drops what it knows, because the outcome of a write is unknown or another process wrote.
    pub fn forget_head(&mut self) {
        (self.head, self.rights, self.texts) = (None, None, HashMap::new());
    }

    /// Moves the head past own committed changes. Trims the log now and then.
    pub fn advance(&mut self, head: Head) {
        let before = self.head.replace(head);
        if before.is_some_and(|before| trim::is_due(before.rev, head.rev)) {
            let (db, room) = (self.db.clone(), self.room.clone());
            tokio::spawn(async move {
                match db.trim(&room).await {
                    Ok(()) | Err(Error::NoSuchRoom) => {}
                    Err(error) => tracing::warn!(room = room.as_str(), %error, "trimming failed"),
                }
            });
        }
    }

    pub fn set_texts(&mut self, author: UserKey, texts: u64) {
        self.texts.insert(author, texts);
    }

    /// Drops the numbers of texts, because some of the posts that they count were not written.
    pub fn forget_texts(&mut self) {
        self.texts.clear();
    }

    /// Drops the room and the memberships, because an own change touched them.
    pub fn forget_rights(&mut self) {
        self.rights = None;
    }

    /// Waits until the log has reached `rev`, which another process took first.
    pub async fn wait_for_rev(&mut self, rev: u64) {
        if self.outbox.wait_for_seen(&self.room, rev).await {
            return;
        }
        self.forget_head();
        for delay in retry::delays(HEAD_POLL_DELAY).take(MAX_HEAD_POLLS) {
            let Ok(mut session) = self.db.reads().await else { return };
            match self.settled_head(&mut session).await {
                Ok(head) if head.rev < rev => {
                    self.forget_head();
                    sleep(delay).await;
                }
                _ => return,
            }
        }
    }

    /// Reads the room, the memberships and the numbers of texts that the commands need. Called after the head is known:
    /// a commit under the next number then proves that they were current.
    pub async fn load_rights(&mut self, queued: &VecDeque<Queued>, session: &mut CausalSession) -> Result<()> {
        if self.rights.is_none() {
            let room = self.db.room(&self.room, session).await?;
            self.rights = Some(Rights { room, members: HashMap::new() });
        }
        if let Some(rights) = &mut self.rights {
            // a post to a room of every account needs no membership
            let is_needed = |queued: &&Queued| !queued.is_trusted && (!rights.room.everyone || queued.post().is_none());
            let users = queued.iter().filter(is_needed).map(|queued| queued.by);
            let unknown: HashSet<UserKey> = users.filter(|user| !rights.members.contains_key(user)).collect();
            if !unknown.is_empty() {
                let found = self.db.memberships_among(&self.room, unknown.iter().copied(), session).await?;
                rights.members.extend(unknown.into_iter().map(|user| (user, None)));
                rights.members.extend(found.into_iter().map(|membership| (membership.user, Some(membership))));
            }
        }
        let mut unknown: Vec<UserKey> = queued
            .iter()
            .filter(|queued| queued.adds_message() && !self.texts.contains_key(&queued.by))
            .map(|queued| queued.by)
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if !unknown.is_empty() {
            self.texts.extend(self.db.author_texts(&self.room, &unknown, session).await?);
        }
        Ok(())
    }

    /// Whether the command is a post that changes nothing else, after [`RoomWriter::load_rights`].
    pub fn is_plain_post(&self, queued: &Queued) -> bool {
        let joins = || {
            let rights = self.rights.as_ref();
            let is_member = |rights: &Rights| matches!(rights.members.get(&queued.by), Some(Some(_)));
            !queued.is_trusted && !rights.is_some_and(|rights| rights.room.everyone || is_member(rights))
        };
        queued.post().is_some_and(|post| post.reply_to.is_none()) && !joins()
    }

    /// The state that a command is applied to, after [`RoomWriter::load_rights`]. `pins` is read by a pin only.
    pub fn state<'a>(
        &'a self,
        head: Head,
        queued: &'a Queued,
        target: Option<&'a Message>,
        root: Option<&'a Message>,
        pins: u64,
        concerned: &'a Concerned,
    ) -> Option<State<'a>> {
        let rights = self.rights.as_ref()?;
        let actor = Actor {
            key: queued.by,
            is_admin: queued.is_admin,
            is_trusted: queued.is_trusted,
            membership: rights.members.get(&queued.by).and_then(Option::as_ref),
            texts: self.texts.get(&queued.by).copied().unwrap_or_default(),
        };
        Some(State {
            room: &rights.room,
            head,
            actor,
            target,
            root,
            mentioned: &queued.mentioned,
            uploads: &queued.uploads,
            pins,
            concerned,
        })
    }
}
