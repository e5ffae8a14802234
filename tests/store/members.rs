//! A user in a room, for short tests.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use natter::{
    domain::{Action, ClientId, Command, Emoji, Message, Post, RoomAction, RoomId, RoomKind, User, rules::Refusal},
    store::{Access, Changed, Chunk, Database, Error, NewRoom, Result},
};

use crate::support::{TestDatabase, add, lobby, log_of, text};

/// A user in a room.
#[derive(Clone)]
pub struct Member {
    pub store: Arc<dyn Database>,
    pub user: User,
    pub access: Access,
}

/// New users in the lobby of a new database. The first is an admin.
pub async fn in_lobby<const N: usize>(database: &TestDatabase, names: [&str; N]) -> [Member; N] {
    let store = database.open().await;
    let mut members = Vec::new();
    for name in names {
        let user = add(store.as_ref(), name).await;
        let access = lobby(store.as_ref(), &user).await;
        members.push(Member { store: Arc::clone(&store), user, access });
    }
    members.try_into().ok().unwrap()
}

impl Member {
    /// The same user in a new room. The user is its owner, and `members` its other members.
    pub async fn create(&self, kind: RoomKind, members: &[&Self]) -> Self {
        let members = members.iter().map(|member| member.user.key).collect();
        static OPEN_ROOMS: AtomicU32 = AtomicU32::new(1);
        // the names of open rooms are unique
        let name = match kind {
            RoomKind::Open => format!("Attic {}", OPEN_ROOMS.fetch_add(1, Ordering::Relaxed)),
            RoomKind::Closed | RoomKind::Direct => "Attic".to_owned(),
        };
        let topic = "Old things".to_owned();
        let new = NewRoom { kind, name, topic, owner: self.user.key, members };
        let room = self.store.create_room(new).await.unwrap();
        self.enter(&room.id).await.unwrap()
    }

    /// The same user in another room.
    pub async fn enter(&self, room: &RoomId) -> Result<Self> {
        let access = self.store.access(&self.user, room).await?;
        Ok(Self { access, ..self.clone() })
    }

    pub fn room(&self) -> &RoomId {
        self.access.room()
    }

    /// Gives a command.
    pub async fn give(&self, action: Action) -> Result<Changed> {
        self.store.change(&self.access, Command::new(action)).await
    }

    /// Gives a command that changes something; returns the message.
    pub async fn change(&self, action: Action) -> Message {
        let changed = self.give(action).await.unwrap();
        assert!(!changed.repeat);
        changed.message
    }

    /// Gives a command that changes nothing, and takes no number.
    pub async fn repeat(&self, action: Action) -> Message {
        let before = self.head().await;
        let changed = self.give(action).await.unwrap();
        assert!(changed.repeat);
        assert_eq!(self.head().await, before, "a repeat takes no rev");
        changed.message
    }

    /// Gives a command that is refused, and takes no number.
    pub async fn refused(&self, action: Action) -> Refusal {
        let before = self.head().await;
        let Err(Error::Refused(refusal)) = self.give(action).await else { panic!("not refused") };
        assert_eq!(self.head().await, before, "a refused command takes no rev");
        refusal
    }

    pub async fn post(&self, what: &str) -> Message {
        self.change(new_post(what, None)).await
    }

    pub async fn reply(&self, to: &Message, what: &str) -> Message {
        self.change(new_post(what, Some(to.id.seq))).await
    }

    pub async fn edit(&self, message: &Message, what: &str) -> Message {
        self.change(edit(message, what)).await
    }

    pub async fn manage(&self, action: RoomAction) -> Message {
        self.change(Action::Room(action)).await
    }

    /// The message as it is now.
    pub async fn read(&self, seq: u64) -> Message {
        self.store.message(&self.access, seq).await.unwrap().unwrap()
    }

    pub async fn after(&self, rev: u64, limit: u32) -> Chunk {
        self.store.after(&self.access, rev, limit).await.unwrap()
    }

    pub async fn head(&self) -> u64 {
        self.store.head(self.room()).await.unwrap()
    }

    /// The room's whole log.
    pub async fn log(&self) -> Vec<Message> {
        log_of(self.store.as_ref(), self.room()).await
    }
}

pub fn new_post(what: &str, reply_to: Option<u64>) -> Action {
    Action::Post(Post { client: ClientId::generate(), text: text(what), reply_to, files: Vec::new() })
}

pub fn edit(message: &Message, what: &str) -> Action {
    Action::Edit { seq: message.id.seq, text_rev: message.text_rev, text: text(what) }
}

pub fn emoji(emoji: &str) -> Emoji {
    Emoji::parse(emoji).unwrap()
}

pub fn react(message: &Message, given: &str) -> Action {
    Action::React { seq: message.id.seq, emoji: emoji(given) }
}

pub fn unreact(message: &Message, given: &str) -> Action {
    Action::Unreact { seq: message.id.seq, emoji: emoji(given) }
}
