//! A room as the fold of commands by the rules.

use natter::domain::{
    Command, Membership, MentionedUser, Message, Room, UserId, UserKey,
    rules::{self, Actor, Change, Concerned, Head, Refusal, State},
};

/// A room, its members and its messages, in memory.
pub struct Fold {
    pub room: Room,
    pub members: Vec<Membership>,
    /// In order of `seq`, without the authors' names.
    pub messages: Vec<Message>,
    /// All accounts.
    accounts: Vec<MentionedUser>,
    rev: u64,
}

impl Fold {
    /// A room with an empty log.
    pub fn new(room: Room, members: Vec<Membership>, accounts: Vec<MentionedUser>) -> Self {
        Self { room, members, messages: Vec::new(), accounts, rev: 0 }
    }

    /// The members among the names that the command addresses.
    fn mentioned(&self, command: &Command) -> Vec<MentionedUser> {
        let names: Vec<UserId> = command.action.addressed().collect();
        let is_mentioned = |account: &&MentionedUser| {
            self.members.iter().any(|member| member.user == account.key)
                && names.iter().any(|name| name.as_str().eq_ignore_ascii_case(&account.user_id))
        };
        self.accounts.iter().filter(is_mentioned).cloned().collect()
    }

    fn message(&self, seq: Option<u64>) -> Option<&Message> {
        self.messages.get(usize::try_from(seq?.checked_sub(1)?).ok()?)
    }

    /// Applies a command, and keeps the change.
    pub fn apply(&mut self, key: UserKey, is_admin: bool, command: &Command) -> Result<Option<Change>, Refusal> {
        let membership = self.members.iter().find(|member| member.user == key);
        let target = self.message(command.action.target());
        let last = self.messages.last();
        let mut texts = self.messages.iter().rev().filter(|message| message.author_key == key);
        let concerned =
            command.action.member(key).map(|user| Concerned::among(&self.members, user)).unwrap_or_default();
        let state = State {
            room: &self.room,
            head: Head {
                seq: self.messages.len() as u64,
                rev: self.rev,
                texts: last.map_or(0, |message| message.room_texts),
            },
            actor: Actor {
                key,
                is_admin,
                is_trusted: false,
                membership,
                texts: texts.next().map_or(0, |message| message.author_texts),
            },
            target,
            root: self.message(target.and_then(|target| target.root)),
            mentioned: &self.mentioned(command),
            uploads: &[],
            pins: self.messages.iter().filter(|message| message.pinned_at.is_some()).count() as u64,
            concerned: &concerned,
        };
        let change = rules::apply(&state, command)?;
        if let Some(change) = &change {
            self.keep(change);
        }
        Ok(change)
    }

    fn keep(&mut self, change: &Change) {
        self.rev = change.message.rev;
        if change.is_new {
            assert_eq!(change.message.id.seq, self.messages.len() as u64 + 1);
            self.messages.push(change.message.clone());
        }
        for message in [&change.message].into_iter().chain(&change.root) {
            self.messages[message.id.seq as usize - 1] = message.clone();
        }
        self.room = change.room.clone().unwrap_or_else(|| self.room.clone());
        for (user, membership) in &change.members {
            self.members.retain(|member| member.user != *user);
            self.members.extend(membership.clone());
        }
    }
}
