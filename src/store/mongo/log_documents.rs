//! The documents of the log, as `migrations-notes/mongodb.md` describes them.

use mongodb::bson::{self, DateTime, Document, doc, oid::ObjectId};
use serde::{Deserialize, Serialize};

use super::{
    bson_values::{bson_date, bson_int, bson_uuid, timestamp, user_key},
    mention_documents::{MentionDoc, mention_docs, mentions},
};
use crate::domain::{
    Action, Command, Content, Emoji, FileId, MentionedUser, Message, MessageId, Notice, Reaction, ReactionChange,
    RoomId, Text, UserKey,
    rules::{Change, Head},
};
use crate::store::{Error, Result, stored_file::StoredFile};

/// The key of a document of the log: the unique index of `_id` lets one document take a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogKey {
    pub room: String,
    pub rev: i64,
}

/// The key's BSON. The order of its fields matters: MongoDB compares embedded documents field by field.
pub fn log_key(room: &RoomId, rev: u64) -> Document {
    doc! { "room": room.as_str(), "rev": bson_int(rev) }
}

/// A message: the document of its post, and its latest state. Never removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageDoc {
    #[serde(rename = "_id")]
    pub key: LogKey,
    pub seq: i64,
    pub author: bson::Uuid,
    #[serde(rename = "clientID")]
    pub client: String,
    #[serde(rename = "sentTime")]
    pub sent_at: DateTime,
    /// Missing once the message is deleted, and in a notice.
    #[serde(rename = "message", skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// The notice as JSON.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice: Option<String>,
    /// The room's and the author's running numbers of texts.
    pub texts: i64,
    #[serde(rename = "authorTexts")]
    pub author_texts: i64,
    #[serde(rename = "replyTo", skip_serializing_if = "Option::is_none", default)]
    pub reply_to: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub root: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub joins: Option<bool>,
    // The state, which changes set. Every field but the last is missing until then.
    /// The number of the latest change after the post.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub changed: Option<i64>,
    #[serde(rename = "textRev", skip_serializing_if = "Option::is_none", default)]
    pub text_rev: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deleted: Option<bool>,
    #[serde(rename = "editedTime", skip_serializing_if = "Option::is_none", default)]
    pub edited_at: Option<DateTime>,
    #[serde(rename = "pinnedTime", skip_serializing_if = "Option::is_none", default)]
    pub pinned_at: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub replies: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reactions: Option<Vec<ReactionDoc>>,
    /// A post can have them from the beginning.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mentions: Option<Vec<MentionDoc>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub files: Option<Vec<StoredFile>>,
}

/// The names of the fields of the state.
const STATE: [&str; 8] =
    ["changed", "textRev", "deleted", "editedTime", "pinnedTime", "replies", "reactions", "mentions"];

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReactionDoc {
    pub emoji: String,
    pub users: Vec<bson::Uuid>,
}

/// A change of a message after its post. Removed when it is trimmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeDoc {
    #[serde(rename = "_id")]
    pub key: LogKey,
    /// The `seq` of the changed message.
    #[serde(rename = "of")]
    pub seq: i64,
    pub by: bson::Uuid,
    pub at: DateTime,
    /// The id of the command, by which its process recognizes the document after an unknown outcome.
    pub command: ObjectId,
    #[serde(flatten)]
    pub op: Op,
    /// The room's latest `seq`, and its number of texts, so that the head needs no second read.
    #[serde(rename = "headSeq")]
    pub head_seq: i64,
    #[serde(rename = "headTexts")]
    pub head_texts: i64,
}

/// What a change does. An edit's `message` and `mentioned` are removed by the next edit or deletion.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Op {
    Edit {
        #[serde(rename = "textRev")]
        text_rev: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whom the text mentions. Who is a member is known at the commit only. The indexes over `mentions` are of
        /// messages, so it has another name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mentioned: Option<Vec<MentionDoc>>,
    },
    Delete,
    React {
        emoji: String,
    },
    Unreact {
        emoji: String,
    },
    Pin,
    Unpin,
    RemoveFile {
        file: String,
    },
    Forget,
    /// Stands for the changes up to its number, which a copy or a migration did not carry.
    Carried,
}

impl Op {
    /// What `action` does, if it changes a message to `after`. `None` of a post and of a room's command: those are
    /// messages.
    fn new(action: &Action, after: &Message) -> Option<Self> {
        Some(match action {
            Action::Post(_) | Action::Room(_) => return None,
            Action::Edit { text_rev, text, .. } => Self::Edit {
                text_rev: bson_int(*text_rev),
                message: Some(text.as_str().to_owned()),
                mentioned: mention_docs(&after.mentions),
            },
            Action::Delete { .. } => Self::Delete,
            Action::React { emoji, .. } => Self::React { emoji: emoji.as_str().to_owned() },
            Action::Unreact { emoji, .. } => Self::Unreact { emoji: emoji.as_str().to_owned() },
            Action::Pin { .. } => Self::Pin,
            Action::Unpin { .. } => Self::Unpin,
            Action::RemoveFile { file, .. } => Self::RemoveFile { file: file.to_string() },
            Action::Forget { .. } => Self::Forget,
        })
    }
}

impl ChangeDoc {
    /// The document of a change of a message; `None` if the change is a message itself.
    pub fn new(id: ObjectId, command: &Command, by: UserKey, change: &Change, head: Head) -> Option<Self> {
        let MessageId { room, seq } = &change.message.id;
        Some(Self {
            key: LogKey { room: room.as_str().to_owned(), rev: bson_int(change.message.rev) },
            seq: bson_int(*seq),
            by: bson_uuid(by),
            at: bson_date(command.at),
            command: id,
            op: Op::new(&command.action, &change.message)?,
            head_seq: bson_int(head.seq),
            head_texts: bson_int(head.texts),
        })
    }

    /// The room's numbers after the change.
    pub fn head(&self) -> Head {
        Head { seq: self.head_seq as u64, rev: self.key.rev as u64, texts: self.head_texts as u64 }
    }

    /// The document of a room's latest number, if changes are carried over without their documents. `message` has that
    /// number, and `last` is the room's last message.
    pub fn carried(message: &MessageDoc, last: &MessageDoc) -> Self {
        Self {
            key: LogKey { room: message.key.room.clone(), rev: message.rev() as i64 },
            seq: message.seq,
            by: message.author,
            at: message.sent_at,
            command: ObjectId::new(),
            op: Op::Carried,
            head_seq: last.seq,
            head_texts: last.texts,
        }
    }

    /// The command that made the change. `None` of an edit that a later one followed: its text is removed.
    pub fn command(&self) -> Option<Command> {
        let seq = self.seq as u64;
        let emoji = |emoji: &String| Emoji::stored(emoji.clone());
        let action = match &self.op {
            Op::Edit { text_rev, message, .. } => {
                Action::Edit { seq, text_rev: *text_rev as u64, text: Text::stored(message.clone()?) }
            }
            Op::Delete => Action::Delete { seq },
            Op::React { emoji: given } => Action::React { seq, emoji: emoji(given) },
            Op::Unreact { emoji: given } => Action::Unreact { seq, emoji: emoji(given) },
            Op::Pin => Action::Pin { seq },
            Op::Unpin => Action::Unpin { seq },
            Op::RemoveFile { file } => Action::RemoveFile { seq, file: FileId::parse(file)? },
            Op::Forget => Action::Forget { seq },
            Op::Carried => return None,
        };
        Some(Command { at: timestamp(self.at), action })
    }

    /// The members whom the text of an edit mentions.
    pub fn mentioned(&self) -> Vec<MentionedUser> {
        match &self.op {
            Op::Edit { mentioned: Some(entries), .. } => mentions(entries).users,
            _ => Vec::new(),
        }
    }

    /// The reaction that the change gave or took back.
    pub fn reaction(&self) -> Option<ReactionChange> {
        self.command()?.action.reaction(user_key(self.by))
    }
}

impl MessageDoc {
    pub fn new(message: &Message, post_rev: u64, client: &str) -> Self {
        let (text, notice) = match &message.content {
            Content::Text(text) => (text.clone(), None),
            // serializing it cannot fail: it has no map with other keys than strings
            Content::Notice(notice) => (None, serde_json::to_string(notice).ok()),
        };
        Self {
            key: LogKey { room: message.id.room.as_str().to_owned(), rev: bson_int(post_rev) },
            seq: bson_int(message.id.seq),
            author: bson_uuid(message.author_key),
            client: client.to_owned(),
            sent_at: bson_date(message.sent_at),
            text,
            notice,
            texts: bson_int(message.room_texts),
            author_texts: bson_int(message.author_texts),
            reply_to: message.reply_to.map(bson_int),
            root: message.root.map(bson_int),
            joins: message.joins.then_some(true),
            changed: (message.rev != post_rev).then(|| bson_int(message.rev)),
            text_rev: (message.text_rev != post_rev).then(|| bson_int(message.text_rev)),
            deleted: message.is_deleted().then_some(true),
            edited_at: message.edited_at.map(bson_date),
            pinned_at: message.pinned_at.map(bson_date),
            replies: (message.replies > 0).then(|| bson_int(message.replies)),
            reactions: (!message.reactions.is_empty())
                .then(|| message.reactions.iter().map(ReactionDoc::from).collect()),
            mentions: mention_docs(&message.mentions),
            files: (!message.files.is_empty()).then(|| message.files.iter().map(StoredFile::from).collect()),
        }
    }

    /// The update that gives a stored message this state. The text is left alone unless `sets_text`.
    pub fn state_update(&self, sets_text: bool) -> Result<Document> {
        let all = bson::serialize_to_document(self).map_err(|error| Error::Failed(error.to_string()))?;
        let (mut set, mut unset) = (Document::new(), Document::new());
        for field in STATE.into_iter().chain(sets_text.then_some(["message", "files"]).into_iter().flatten()) {
            match all.get(field) {
                Some(value) => set.insert(field, value.clone()),
                None => unset.insert(field, ""),
            };
        }
        Ok(if unset.is_empty() {
            doc! { "$set": set }
        } else {
            doc! { "$set": set, "$unset": unset }
        })
    }

    pub fn room(&self) -> RoomId {
        RoomId::named(&self.key.room)
    }

    pub fn id(&self) -> MessageId {
        MessageId { room: self.room(), seq: self.seq as u64 }
    }

    /// The number of the message's latest change.
    pub fn rev(&self) -> u64 {
        self.changed.unwrap_or(self.key.rev) as u64
    }

    /// The room's numbers at the post.
    pub fn head(&self) -> Head {
        Head { seq: self.seq as u64, rev: self.key.rev as u64, texts: self.texts as u64 }
    }

    /// The users whose names the message shows.
    pub fn named_users(&self) -> impl Iterator<Item = UserKey> + use<> {
        let subject = self.notice().and_then(|notice| notice.subject());
        std::iter::once(user_key(self.author)).chain(subject)
    }

    /// The notice; `None` of a text.
    pub fn notice(&self) -> Option<Notice> {
        serde_json::from_str(self.notice.as_deref()?).ok()
    }

    /// Whether the post changes nothing else: no thread's root, no room and no membership.
    pub fn is_plain(&self) -> bool {
        self.root.is_none() && self.notice.is_none() && self.joins.is_none()
    }

    /// The message without the names of users.
    pub fn into_message(self) -> Message {
        let (author_key, notice, rev) = (user_key(self.author), self.notice(), self.rev());
        let reaction = |reaction: ReactionDoc| Reaction {
            emoji: Emoji::stored(reaction.emoji),
            users: reaction.users.into_iter().map(user_key).collect(),
        };
        Message {
            subject: None,
            id: self.id(),
            rev,
            text_rev: self.text_rev.unwrap_or(self.key.rev) as u64,
            author_key,
            author: None,
            sent_at: timestamp(self.sent_at),
            content: notice.map_or(Content::Text(self.text), Content::Notice),
            room_texts: self.texts as u64,
            author_texts: self.author_texts as u64,
            reply_to: self.reply_to.map(|seq| seq as u64),
            root: self.root.map(|seq| seq as u64),
            replies: self.replies.unwrap_or_default() as u64,
            edited_at: self.edited_at.map(timestamp),
            pinned_at: self.pinned_at.map(timestamp),
            reactions: self.reactions.unwrap_or_default().into_iter().map(reaction).collect(),
            files: self.files.unwrap_or_default().into_iter().filter_map(StoredFile::file).collect(),
            mentions: self.mentions.as_deref().map(mentions).unwrap_or_default(),
            joins: self.joins.unwrap_or_default(),
        }
    }
}

impl From<&Reaction> for ReactionDoc {
    fn from(reaction: &Reaction) -> Self {
        Self {
            emoji: reaction.emoji.as_str().to_owned(),
            users: reaction.users.iter().copied().map(bson_uuid).collect(),
        }
    }
}
