//! Whole rows, as `natter copy` copies them between stores and `natter import` adds them.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Changed, LoginLink, PasswordHash, Result, SessionRow, rooms::direct_members, stored_file::StoredFile};
use crate::domain::{
    AuditEntry, Content, FileId, Level, Membership, Message, MessageId, Post, ReadMark, Room, RoomId, Timestamp,
    TokenId, User, UserKey,
};

/// The error for a store that an unfinished copy left.
pub(super) const UNFINISHED_COPY: &str =
    "a natter copy or restore into it was not finished; run the same command again to start over";

/// The tables of a store, in the order in which they are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Accounts,
    Rooms,
    Members,
    /// The logs of all rooms.
    Messages,
    /// What users have saved.
    Saved,
    Sessions,
    /// Tokens that were voided before they expired.
    Revocations,
    /// What admins did.
    Audit,
}

impl Table {
    pub const ALL: [Self; 8] = [
        Self::Accounts,
        Self::Rooms,
        Self::Members,
        Self::Messages,
        Self::Saved,
        Self::Sessions,
        Self::Revocations,
        Self::Audit,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Rooms => "rooms",
            Self::Members => "memberships",
            Self::Messages => "messages",
            Self::Saved => "saved messages",
            Self::Sessions => "sessions",
            Self::Revocations => "voided tokens",
            Self::Audit => "audit entries",
        }
    }
}

/// A user with the hash of their password.
#[derive(Clone)]
pub struct Account {
    pub user: User,
    pub password: PasswordHash,
    pub last_seen: Option<Timestamp>,
    pub link: Option<LoginLink>,
}

/// A membership with every stored field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    pub room: RoomId,
    pub membership: Membership,
    pub level: Level,
    pub starred: bool,
    pub mark: ReadMark,
}

/// A room, and the users whom a direct room is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRow {
    pub room: Room,
    /// The [`direct_key`](super::rooms::direct_key) of a direct room. It also has users whose account is deleted.
    pub direct_key: Option<String>,
}

impl RoomRow {
    /// The users whom a direct room is of; none of another room.
    pub fn direct_members(&self) -> impl Iterator<Item = UserKey> {
        direct_members(self.direct_key.as_deref().unwrap_or_default())
    }
}

/// A message with every stored field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The latest state, without the names of users.
    pub message: Message,
    /// The number of its post.
    pub post_rev: u64,
    pub client: String,
}

/// A message that a user has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRow {
    pub user: UserKey,
    pub message: MessageId,
    pub at: Timestamp,
}

/// A post of an import.
#[derive(Debug, Clone)]
pub struct AuthoredPost {
    pub author: UserKey,
    pub at: Timestamp,
    pub post: Post,
}

/// A voided token, and when it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    pub token: TokenId,
    pub expires: Timestamp,
}

#[derive(Clone)]
pub enum Row {
    Account(Account),
    Room(RoomRow),
    Member(MemberRow),
    Message(Box<MessageRow>),
    Saved(SavedRow),
    Session(SessionRow),
    Revocation(Revocation),
    Audit(AuditEntry),
}

impl Row {
    pub fn table(&self) -> Table {
        match self {
            Self::Account(_) => Table::Accounts,
            Self::Room(_) => Table::Rooms,
            Self::Member(_) => Table::Members,
            Self::Message(_) => Table::Messages,
            Self::Saved(_) => Table::Saved,
            Self::Session(_) => Table::Sessions,
            Self::Revocation(_) => Table::Revocations,
            Self::Audit(_) => Table::Audit,
        }
    }

    /// The row in a form that does not depend on the store: a JSON array on its own line.
    pub fn canonical(&self) -> String {
        let value = match self {
            Self::Account(Account { user: u, password, last_seen, link }) => json!([
                "account",
                u.key.0,
                u.user_id.as_str(),
                u.name.as_str(),
                u.email.as_str(),
                u.phone.as_str(),
                password.0,
                u.role.as_str(),
                u.version,
                u.created_at.0,
                u.about.as_str(),
                u.shows_last_seen,
                u.settings,
                last_seen.map(|at| at.0),
                u.disabled,
                link.map(|link| (link.hash, link.expires.0)),
                u.avatar.map(|id| id.to_string())
            ]),
            Self::Room(RoomRow { room: r, direct_key }) => json!([
                "room",
                r.id.as_str(),
                r.rev,
                r.kind.as_str(),
                r.name,
                r.topic,
                r.archived,
                r.everyone,
                r.created_at.0,
                direct_key
            ]),
            Self::Member(MemberRow { room, membership: m, level, starred, mark }) => json!([
                "membership",
                room.as_str(),
                m.user.0,
                m.rev,
                m.role.as_str(),
                m.joined_at.0,
                level.as_str(),
                starred,
                mark.seq,
                mark.version
            ]),
            Self::Message(row) => message_json(row),
            Self::Saved(SavedRow { user, message, at }) => {
                json!(["saved message", user.0, message.room.as_str(), message.seq, at.0])
            }
            Self::Session(s) => json!(["session", s.id, s.data, s.expires.0, s.user]),
            Self::Revocation(r) => json!(["voided token", r.token.0, r.expires.0]),
            Self::Audit(e) => json!(["audit entry", e.id.0, e.admin, e.action.as_str(), e.subject, e.detail]),
        };
        format!("{value}\n")
    }
}

fn message_json(MessageRow { message: m, post_rev, client }: &MessageRow) -> Value {
    let content = match &m.content {
        Content::Text(text) => json!({ "text": text }),
        Content::Notice(notice) => json!({ "notice": notice }),
    };
    let reactions: Vec<Value> =
        m.reactions.iter().map(|reaction| json!([reaction.emoji.as_str(), reaction.users])).collect();
    let files: Vec<StoredFile> = m.files.iter().map(StoredFile::from).collect();
    json!([
        "message",
        m.id.room.as_str(),
        m.id.seq,
        m.rev,
        post_rev,
        m.text_rev,
        m.author_key.0,
        client,
        m.sent_at.0,
        content,
        m.room_texts,
        m.author_texts,
        m.reply_to,
        m.root,
        m.replies,
        m.edited_at.map(|at| at.0),
        m.pinned_at.map(|at| at.0),
        reactions,
        m.mentions,
        m.joins,
        files
    ])
}

/// What an upload is without its message. Copies make it from the files of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadRow {
    pub id: FileId,
    pub owner: UserKey,
    /// In bytes.
    pub size: u64,
    /// Whether a message has it.
    pub is_taken: bool,
}

/// Reading whole tables: those of a store, which change meanwhile, or those of a [`Snapshot`].
#[async_trait]
pub trait RowReader: Send + Sync {
    async fn count(&self, table: Table) -> Result<u64>;
    /// The first `limit` rows after `after`, in order of their key: messages by room and `seq`, memberships by room and
    /// user, saved messages by user, room and `seq`. Deleted rooms, and what is left of them, are left out here and in [`RowReader::count`].
    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>>;
    /// The first `limit` uploads after `after`, those that are files of messages too, in order of their ids.
    async fn uploads_after(&self, after: Option<FileId>, limit: u32) -> Result<Vec<UploadRow>>;
}

/// All rows as they were at one moment, while the store goes on changing. In each room's log this is everything up to one
/// `rev`, with all that follows from it. The objects are not part of it.
pub type Snapshot = Box<dyn RowReader>;

#[async_trait]
pub trait Transfer: RowReader {
    /// Finishes now what deletions of accounts have left to be removed. Rows do not say that: a copy would keep it.
    async fn finish_removals(&self) -> Result<()>;
    /// The rows as they are now. It should be read soon: until it is dropped, SQLite's WAL grows. MongoDB keeps the rows
    /// for five minutes by default.
    ///
    /// # Errors
    /// [`Error::Failed`](super::Error::Failed) also if the store changes so fast that no moment is found at which all
    /// is derived.
    async fn snapshot(&self) -> Result<Snapshot>;
    /// As [`Transfer::snapshot`], of a moment at which deletions of accounts have nothing left to remove. What they had
    /// left is removed.
    ///
    /// # Errors
    /// As [`Transfer::snapshot`].
    async fn snapshot_without_removals(&self) -> Result<Snapshot>;
    async fn has_account(&self, key: UserKey) -> Result<bool>;
    /// Adds an account unchanged. `false` if an account with its key exists.
    ///
    /// # Errors
    /// [`Error::Conflict`](super::Error::Conflict) if the userID or the e-mail address is taken.
    async fn add_account(&self, account: &Account) -> Result<bool>;
    /// Appends many messages to the lobby's log, in this order. `None` in place of a message whose author's account is
    /// deleted.
    ///
    /// # Errors
    /// [`Error::Busy`](super::Error::Busy) or [`Error::Failed`](super::Error::Failed) if the database fails. Any of
    /// the messages may be stored then. A repeat stores none of them twice.
    async fn post_all(&self, posts: Vec<AuthoredPost>) -> Result<Vec<Option<Changed>>>;
    /// Whether a copy into this store was started and not finished. Such a store opens only as the target of a copy.
    async fn is_unfinished(&self) -> Result<bool>;
    /// Starts a copy: marks the store as unfinished, and removes the rows and the objects of an earlier unfinished copy.
    async fn begin_copy(&self) -> Result<()>;
    /// Adds rows of one table, in the order of [`RowReader::rows`]. The files of a message are added as uploads that it
    /// has; their objects are not.
    ///
    /// # Errors
    /// [`Error::Busy`](super::Error::Busy) or [`Error::Failed`](super::Error::Failed) if not all rows were added.
    async fn insert_rows(&self, rows: Vec<Row>) -> Result<()>;
    /// Finishes a copy: removes the mark.
    async fn finish_copy(&self) -> Result<()>;
}
