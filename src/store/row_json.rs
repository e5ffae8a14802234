//! Rows as JSON, as a backup has them: one object for each row, with every stored field under its name. A field that is
//! missing has its default, so that later fields do not make earlier backups unreadable.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Account, LoginLink, MemberRow, MessageRow, PasswordHash, Revocation, RoomRow, Row, SavedRow, SessionRow,
    stored_file::StoredFile,
};
use crate::domain::{
    About, AuditAction, AuditEntry, AuditId, Content, Email, Emoji, FileId, Level, MemberRole, Membership, Mentions,
    Message, MessageId, Name, Notice, Phone, Reaction, ReadMark, Role, Room, RoomId, RoomKind, Settings, Timestamp,
    TokenId, User, UserId, UserKey,
};

/// The version of the form. It is raised with every new field that an earlier natter would lose.
pub const ROW_FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "camelCase")]
enum JsonRow {
    Account(JsonAccount),
    Room(JsonRoom),
    Membership(JsonMember),
    Message(Box<JsonMessage>),
    Saved(JsonSaved),
    Session(JsonSession),
    VoidedToken(JsonToken),
    AuditEntry(JsonAudit),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonAccount {
    key: UserKey,
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    email: String,
    phone: String,
    /// The hash.
    password: String,
    role: String,
    version: i64,
    created_at: i64,
    about: String,
    shows_last_seen: bool,
    #[serde(default, skip_serializing_if = "Settings::is_default")]
    settings: Settings,
    disabled: bool,
    last_seen: Option<i64>,
    /// The hash in hexadecimal digits, and when it expires.
    login_link: Option<(String, i64)>,
    /// The id of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonRoom {
    id: String,
    rev: u64,
    kind: RoomKind,
    name: String,
    topic: String,
    archived: bool,
    everyone: bool,
    created_at: i64,
    direct_key: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonMember {
    room: String,
    user: UserKey,
    rev: u64,
    role: MemberRole,
    joined_at: i64,
    level: Level,
    starred: bool,
    read_seq: u64,
    read_version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonMessage {
    room: String,
    seq: u64,
    rev: u64,
    post_rev: u64,
    text_rev: u64,
    author: UserKey,
    client: String,
    sent_at: i64,
    /// Missing in a notice, and in a deleted message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notice: Option<Notice>,
    room_texts: u64,
    author_texts: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root: Option<u64>,
    #[serde(default)]
    replies: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<(String, Vec<UserKey>)>,
    #[serde(default, skip_serializing_if = "Mentions::is_empty")]
    mentions: Mentions,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    joins: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<StoredFile>,
}

#[derive(Serialize, Deserialize)]
struct JsonSaved {
    user: UserKey,
    room: String,
    seq: u64,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct JsonSession {
    /// Hexadecimal digits, as `data`.
    id: String,
    data: String,
    expires: i64,
    user: Option<UserKey>,
}

#[derive(Serialize, Deserialize)]
struct JsonToken {
    token: Uuid,
    expires: i64,
}

#[derive(Serialize, Deserialize)]
struct JsonAudit {
    id: Uuid,
    admin: String,
    action: String,
    subject: String,
    detail: String,
}

impl Row {
    /// The row as JSON on one line.
    ///
    /// # Errors
    /// None for a row of a store: it has no map with other keys than strings.
    pub fn to_json(&self) -> Result<String, String> {
        serde_json::to_string(&JsonRow::from(self)).map_err(|error| error.to_string())
    }

    /// A row of [`Row::to_json`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice::<JsonRow>(json).map_err(|error| error.to_string())?.try_into()
    }
}

impl From<&Row> for JsonRow {
    fn from(row: &Row) -> Self {
        match row {
            Row::Account(Account { user: u, password, last_seen, link }) => Self::Account(JsonAccount {
                key: u.key,
                user_id: u.user_id.to_string(),
                name: u.name.to_string(),
                email: u.email.to_string(),
                phone: u.phone.to_string(),
                password: password.0.clone(),
                role: u.role.as_str().to_owned(),
                version: u.version,
                created_at: u.created_at.0,
                about: u.about.to_string(),
                shows_last_seen: u.shows_last_seen,
                settings: u.settings,
                disabled: u.disabled,
                last_seen: last_seen.map(|at| at.0),
                login_link: link.map(|link| (hex::encode(link.hash), link.expires.0)),
                avatar: u.avatar.map(|id| id.to_string()),
            }),
            Row::Room(RoomRow { room: r, direct_key }) => Self::Room(JsonRoom {
                id: r.id.as_str().to_owned(),
                rev: r.rev,
                kind: r.kind,
                name: r.name.clone(),
                topic: r.topic.clone(),
                archived: r.archived,
                everyone: r.everyone,
                created_at: r.created_at.0,
                direct_key: direct_key.clone(),
            }),
            Row::Member(MemberRow { room, membership: m, level, starred, mark }) => Self::Membership(JsonMember {
                room: room.as_str().to_owned(),
                user: m.user,
                rev: m.rev,
                role: m.role,
                joined_at: m.joined_at.0,
                level: *level,
                starred: *starred,
                read_seq: mark.seq,
                read_version: mark.version,
            }),
            Row::Message(row) => Self::Message(Box::new(JsonMessage::from(row.as_ref()))),
            Row::Saved(SavedRow { user, message, at }) => Self::Saved(JsonSaved {
                user: *user,
                room: message.room.as_str().to_owned(),
                seq: message.seq,
                at: at.0,
            }),
            Row::Session(s) => Self::Session(JsonSession {
                id: hex::encode(s.id),
                data: hex::encode(&s.data),
                expires: s.expires.0,
                user: s.user,
            }),
            Row::Revocation(r) => Self::VoidedToken(JsonToken { token: r.token.0, expires: r.expires.0 }),
            Row::Audit(e) => Self::AuditEntry(JsonAudit {
                id: e.id.0,
                admin: e.admin.clone(),
                action: e.action.as_str().to_owned(),
                subject: e.subject.clone(),
                detail: e.detail.clone(),
            }),
        }
    }
}

impl From<&MessageRow> for JsonMessage {
    fn from(MessageRow { message: m, post_rev, client }: &MessageRow) -> Self {
        let (text, notice) = match &m.content {
            Content::Text(text) => (text.clone(), None),
            Content::Notice(notice) => (None, Some(notice.clone())),
        };
        let reactions = m.reactions.iter();
        Self {
            room: m.id.room.as_str().to_owned(),
            seq: m.id.seq,
            rev: m.rev,
            post_rev: *post_rev,
            text_rev: m.text_rev,
            author: m.author_key,
            client: client.clone(),
            sent_at: m.sent_at.0,
            text,
            notice,
            room_texts: m.room_texts,
            author_texts: m.author_texts,
            reply_to: m.reply_to,
            root: m.root,
            replies: m.replies,
            edited_at: m.edited_at.map(|at| at.0),
            pinned_at: m.pinned_at.map(|at| at.0),
            reactions: reactions.map(|given| (given.emoji.as_str().to_owned(), given.users.clone())).collect(),
            mentions: m.mentions.clone(),
            joins: m.joins,
            files: m.files.iter().map(StoredFile::from).collect(),
        }
    }
}

impl TryFrom<JsonRow> for Row {
    type Error = String;

    fn try_from(row: JsonRow) -> Result<Self, String> {
        Ok(match row {
            JsonRow::Account(row) => Self::Account(row.account()?),
            JsonRow::Room(r) => Self::Room(RoomRow {
                room: Room {
                    id: RoomId::named(&r.id),
                    rev: r.rev,
                    kind: r.kind,
                    name: r.name,
                    topic: r.topic,
                    archived: r.archived,
                    everyone: r.everyone,
                    deleted: false,
                    created_at: Timestamp(r.created_at),
                },
                direct_key: r.direct_key,
            }),
            JsonRow::Membership(m) => Self::Member(MemberRow {
                room: RoomId::named(&m.room),
                membership: Membership { user: m.user, rev: m.rev, role: m.role, joined_at: Timestamp(m.joined_at) },
                level: m.level,
                starred: m.starred,
                mark: ReadMark { seq: m.read_seq, version: m.read_version },
            }),
            JsonRow::Message(row) => Self::Message(Box::new(row.message_row()?)),
            JsonRow::Saved(s) => Self::Saved(SavedRow {
                user: s.user,
                message: MessageId { room: RoomId::named(&s.room), seq: s.seq },
                at: Timestamp(s.at),
            }),
            JsonRow::Session(s) => Self::Session(SessionRow {
                id: bytes32(&s.id)?,
                data: hex::decode(&s.data).map_err(|error| error.to_string())?,
                expires: Timestamp(s.expires),
                user: s.user,
            }),
            JsonRow::VoidedToken(r) => {
                Self::Revocation(Revocation { token: TokenId(r.token), expires: Timestamp(r.expires) })
            }
            JsonRow::AuditEntry(e) => Self::Audit(AuditEntry {
                id: AuditId(e.id),
                admin: e.admin,
                action: AuditAction::stored(&e.action),
                subject: e.subject,
                detail: e.detail,
            }),
        })
    }
}

impl JsonAccount {
    fn account(self) -> Result<Account, String> {
        let link = self
            .login_link
            .map(|(hash, expires)| Ok::<_, String>(LoginLink { hash: bytes32(&hash)?, expires: Timestamp(expires) }));
        Ok(Account {
            user: User {
                key: self.key,
                user_id: UserId::stored(self.user_id),
                name: Name::stored(self.name),
                email: Email::stored(self.email),
                phone: Phone::stored(self.phone),
                about: About::stored(self.about),
                shows_last_seen: self.shows_last_seen,
                settings: self.settings,
                role: Role::parse(&self.role).map_err(|_| format!("there is no role {}", self.role))?,
                disabled: self.disabled,
                version: self.version,
                created_at: Timestamp(self.created_at),
                avatar: self.avatar.map(|id| FileId::parse(&id).ok_or("an avatar is malformed")).transpose()?,
            },
            password: PasswordHash(self.password),
            last_seen: self.last_seen.map(Timestamp),
            link: link.transpose()?,
        })
    }
}

impl JsonMessage {
    fn message_row(self) -> Result<MessageRow, String> {
        let files = self.files.into_iter().map(|file| file.file().ok_or("a file is malformed"));
        let reactions = self.reactions.into_iter();
        let message = Message {
            id: MessageId { room: RoomId::named(&self.room), seq: self.seq },
            rev: self.rev,
            text_rev: self.text_rev,
            author_key: self.author,
            author: None,
            subject: None,
            sent_at: Timestamp(self.sent_at),
            content: self.notice.map_or(Content::Text(self.text), Content::Notice),
            room_texts: self.room_texts,
            author_texts: self.author_texts,
            reply_to: self.reply_to,
            root: self.root,
            replies: self.replies,
            edited_at: self.edited_at.map(Timestamp),
            pinned_at: self.pinned_at.map(Timestamp),
            reactions: reactions.map(|(emoji, users)| Reaction { emoji: Emoji::stored(emoji), users }).collect(),
            files: files.collect::<Result<_, _>>()?,
            mentions: self.mentions,
            joins: self.joins,
        };
        Ok(MessageRow { message, post_rev: self.post_rev, client: self.client })
    }
}

fn bytes32(digits: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
    bytes.try_into().map_err(|_| "a hash does not have 32 bytes".to_owned())
}
