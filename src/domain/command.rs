//! Commands: what a user wants to change in a room.

use super::{
    AltText, ClientId, Emoji, FileId, MemberRole, ReactionChange, RoomName, Text, Timestamp, Topic, UserId, UserKey,
};

/// A command to a room. It makes one change of the room's log, or none.
#[derive(Debug, Clone)]
pub struct Command {
    pub at: Timestamp,
    pub action: Action,
}

#[derive(Debug, Clone)]
pub enum Action {
    Post(Post),
    /// Replaces one's own text. `text_rev` is the [`text_rev`](super::Message::text_rev) of the text that was edited.
    Edit {
        seq: u64,
        text_rev: u64,
        text: Text,
    },
    Delete {
        seq: u64,
    },
    /// Removes a file from one's own message.
    RemoveFile {
        seq: u64,
        file: FileId,
    },
    React {
        seq: u64,
        emoji: Emoji,
    },
    Unreact {
        seq: u64,
        emoji: Emoji,
    },
    Pin {
        seq: u64,
    },
    Unpin {
        seq: u64,
    },
    /// Takes back the reactions of the one who gives the command, and ends the mention of them: natter itself does it when
    /// an account is deleted.
    Forget {
        seq: u64,
    },
    Room(RoomAction),
}

/// A message that is not in a room's log yet.
#[derive(Debug, Clone)]
pub struct Post {
    pub client: ClientId,
    pub text: Text,
    /// The `seq` of the message that it replies to.
    pub reply_to: Option<u64>,
    /// In the order in which they are shown.
    pub files: Vec<Attachment>,
}

/// An upload that becomes a file of a message.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: FileId,
    pub alt: AltText,
}

/// A command that changes the room itself or its members.
#[derive(Debug, Clone)]
pub enum RoomAction {
    /// Adds a member. Everybody may add themselves to an open room.
    Add(UserKey),
    Remove(UserKey),
    Leave,
    SetRole(UserKey, MemberRole),
    Rename(RoomName),
    SetTopic(Topic),
    /// Lets every account read the room.
    Open,
    /// Hides the room from all but its members.
    Close,
    Archive,
    Unarchive,
    /// Makes every account a member, present and future ones, or ends that.
    SetEveryone(bool),
    /// Deletes the room with all that is in it.
    Delete,
}

impl Command {
    pub fn new(action: Action) -> Self {
        Self { at: Timestamp::now(), action }
    }

    pub fn post(client: ClientId, text: Text) -> Self {
        Self::new(Action::Post(Post { client, text, reply_to: None, files: Vec::new() }))
    }
}

impl Action {
    /// Whose membership it changes, if `actor` gives it.
    pub fn member(&self, actor: UserKey) -> Option<UserKey> {
        match self {
            Self::Room(RoomAction::Add(user) | RoomAction::Remove(user) | RoomAction::SetRole(user, _)) => Some(*user),
            Self::Room(RoomAction::Leave) => Some(actor),
            _ => None,
        }
    }

    /// The userIDs that the text of a post or an edit may address.
    pub fn addressed(&self) -> impl Iterator<Item = UserId> {
        let text = match self {
            Self::Post(Post { text, .. }) | Self::Edit { text, .. } => Some(text),
            _ => None,
        };
        text.into_iter().flat_map(|text| text.names().user_ids())
    }

    /// The uploads that a post makes its files.
    pub fn uploads(&self) -> impl Iterator<Item = FileId> {
        let files = if let Self::Post(post) = self { post.files.as_slice() } else { &[] };
        files.iter().map(|file| file.id)
    }

    /// The reaction that it changes, if `actor` gives it.
    pub fn reaction(&self, actor: UserKey) -> Option<ReactionChange> {
        let change = |emoji: &Emoji, is_given| Some(ReactionChange { user: actor, emoji: emoji.clone(), is_given });
        match self {
            Self::React { emoji, .. } => change(emoji, true),
            Self::Unreact { emoji, .. } => change(emoji, false),
            _ => None,
        }
    }

    /// The `seq` of the message that the command is about: the changed one, or the one that a post replies to.
    pub fn target(&self) -> Option<u64> {
        match self {
            Self::Post(post) => post.reply_to,
            Self::Edit { seq, .. }
            | Self::Delete { seq }
            | Self::RemoveFile { seq, .. }
            | Self::React { seq, .. }
            | Self::Unreact { seq, .. }
            | Self::Pin { seq }
            | Self::Unpin { seq }
            | Self::Forget { seq } => Some(*seq),
            Self::Room(_) => None,
        }
    }
}
