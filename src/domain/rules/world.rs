//! A room in memory, for the tests of the rules.

use uuid::Uuid;

use super::{Actor, Change, Concerned, Head, Refusal, State, Upload, apply};
use crate::domain::{
    Action, ClientId, Command, Emoji, MemberRole, Membership, MentionedUser, Message, Post, Room, RoomAction, RoomId,
    RoomKind, Text, Timestamp, UserId, UserKey,
};

/// A room, its members and its messages. User 0 is an admin of natter, and user 1 the owner of a new room.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub room: Room,
    pub members: Vec<Membership>,
    /// Whether it ever had no members.
    pub was_empty: bool,
    /// In order of `seq`.
    pub messages: Vec<Message>,
    pub uploads: Vec<Upload>,
    pub rev: u64,
}

pub const ADMIN: u128 = 0;
pub const OWNER: u128 = 1;

pub fn user(n: u128) -> UserKey {
    UserKey(Uuid::from_u128(n))
}

impl World {
    /// A new room with the owner and the users 2 and 3.
    pub fn new(kind: RoomKind) -> Self {
        let member = |n| {
            let role = if n == OWNER { MemberRole::Owner } else { MemberRole::Member };
            Membership { user: user(n), rev: 0, role, joined_at: Timestamp(0) }
        };
        let room = Room { id: RoomId::named("room"), kind, everyone: false, ..Room::lobby() };
        Self {
            room,
            members: (1..=3).map(member).collect(),
            was_empty: false,
            messages: Vec::new(),
            uploads: Vec::new(),
            rev: 0,
        }
    }

    pub fn lobby() -> Self {
        let mut lobby = Self { room: Room::lobby(), ..Self::new(RoomKind::Open) };
        lobby.members.iter_mut().for_each(|member| member.role = MemberRole::Member);
        lobby
    }

    pub fn message(&self, seq: u64) -> Option<&Message> {
        self.messages.get(usize::try_from(seq.checked_sub(1)?).ok()?)
    }

    /// What the rules make of a command, without keeping it.
    pub fn ask(&self, by: u128, action: &Action, is_trusted: bool) -> Result<Option<Change>, Refusal> {
        let key = user(by);
        let last_of_user = self.messages.iter().rfind(|message| message.author_key == key);
        let target = action.target().and_then(|seq| self.message(seq));
        let concerned = action.member(key).map(|user| Concerned::among(&self.members, user)).unwrap_or_default();
        let mentioned = self.mentioned(action);
        let state = State {
            room: &self.room,
            head: Head {
                seq: self.messages.len() as u64,
                rev: self.rev,
                texts: self.messages.last().map_or(0, |message| message.room_texts),
            },
            actor: Actor {
                key,
                is_admin: by == ADMIN,
                is_trusted,
                membership: self.members.iter().find(|member| member.user == key),
                texts: last_of_user.map_or(0, |message| message.author_texts),
            },
            target,
            root: target.and_then(|target| self.message(target.root?)),
            mentioned: &mentioned,
            uploads: &self.uploads,
            pins: self.messages.iter().filter(|message| message.pinned_at.is_some()).count() as u64,
            concerned: &concerned,
        };
        // the time grows with each change
        apply(&state, &Command { at: Timestamp(self.rev as i64 + 1), action: action.clone() })
    }

    /// The members among the names that the command addresses. The userID of user 2 is `user2`.
    fn mentioned(&self, action: &Action) -> Vec<MentionedUser> {
        let of_name = |name: UserId| {
            let key = user(name.as_str().strip_prefix("user")?.parse().ok()?);
            self.members
                .iter()
                .any(|member| member.user == key)
                .then(|| MentionedUser { key, user_id: name.to_string() })
        };
        action.addressed().filter_map(of_name).collect()
    }

    /// Gives a command, and keeps what it changes.
    pub fn give(&mut self, by: u128, action: Action) -> Result<Option<Change>, Refusal> {
        let change = self.ask(by, &action, false)?;
        if let Some(change) = &change {
            self.keep(change);
        }
        Ok(change)
    }

    /// As [`World::give`], for a command that changes something. Returns the message.
    pub fn change(&mut self, by: u128, action: Action) -> Message {
        self.give(by, action).unwrap().expect("a change").message
    }

    /// As [`World::change`], for one's own text.
    pub fn post(&mut self, by: u128) -> Message {
        self.change(by, post(None))
    }

    pub fn keep(&mut self, change: &Change) {
        self.rev = change.message.rev;
        if change.is_new {
            self.messages.push(change.message.clone());
        }
        for upload in &mut self.uploads {
            upload.is_taken |= change.message.files.iter().any(|file| file.id == upload.file.id);
        }
        for message in [&change.message].into_iter().chain(&change.root) {
            self.messages[message.id.seq as usize - 1] = message.clone();
        }
        self.room = change.room.clone().unwrap_or_else(|| self.room.clone());
        for (user, membership) in &change.members {
            self.members.retain(|member| member.user != *user);
            self.members.extend(membership.clone());
        }
        self.was_empty |= self.members.is_empty();
    }
}

pub fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub fn post(reply_to: Option<u64>) -> Action {
    Action::Post(Post { client: ClientId::generate(), text: text("hello"), reply_to, files: Vec::new() })
}

pub fn edit(message: &Message, what: &str) -> Action {
    Action::Edit { seq: message.id.seq, text_rev: message.text_rev, text: text(what) }
}

pub fn emoji(emoji: &str) -> Emoji {
    Emoji::parse(emoji).unwrap()
}

pub fn react(seq: u64, given: &str) -> Action {
    Action::React { seq, emoji: emoji(given) }
}

pub fn room(action: RoomAction) -> Action {
    Action::Room(action)
}
