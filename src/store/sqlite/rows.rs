//! Messages as rows.

use rusqlite::{
    Connection, Row, ToSql, params,
    types::{FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef},
};
use uuid::Uuid;

use super::{
    connection::sql_integer,
    file_ids::file_id_or_none,
    position::{number_of, position},
};
use crate::{
    domain::{Author, Content, Emoji, File, Mentions, Message, MessageId, Reaction, RoomId, Timestamp, UserKey},
    store::stored_file::StoredFile,
};

/// A query of the rows that [`message`] reads, up to its `WHERE`.
pub const SELECT: &str = "SELECT m.id, m.post_rev, m.changed, m.text_rev, m.author, m.sent_at, m.text, m.notice,
    m.room_texts, m.author_texts, m.reply_to, m.root, m.replies, m.edited_at, m.pinned_at, m.reactions, m.joins,
    u.user_id, u.name, m.client_id, s.user_id, s.name, m.mentions, m.files,
    u.avatar, s.avatar FROM messages m LEFT JOIN users u ON u.key = m.author
    LEFT JOIN users s ON s.key = unhex(coalesce(m.notice ->> 'user', m.notice ->> 'heir'), '-')";

/// The message in a row of [`SELECT`].
pub fn message(room: &RoomId, row: &Row<'_>) -> rusqlite::Result<Message> {
    let number = |column| row.get::<_, i64>(column).map(|n| n as u64);
    let seq_or_none = |column| row.get::<_, Option<i64>>(column).map(|seq| seq.map(|seq| seq as u64));
    let time_or_none = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(Timestamp));
    let changed: Option<i64> = row.get(2)?;
    let person = |user_id, name, picture| -> rusqlite::Result<_> {
        let (user_id, name): (Option<String>, Option<String>) = (row.get(user_id)?, row.get(name)?);
        let avatar = file_id_or_none(row, picture)?;
        Ok(user_id.zip(name).map(|(user_id, name)| Author { user_id, name, avatar }))
    };
    Ok(Message {
        id: MessageId { room: room.clone(), seq: number_of(row.get(0)?) },
        rev: changed.map_or_else(|| number(1), |changed| Ok(number_of(changed)))?,
        text_rev: number(3)?,
        author_key: UserKey(Uuid::from_bytes(row.get(4)?)),
        author: person(17, 18, 24)?,
        subject: person(20, 21, 25)?,
        sent_at: Timestamp(row.get(5)?),
        content: match row.get_ref(7)? {
            ValueRef::Null => Content::Text(row.get(6)?),
            notice => Content::Notice(from_json(notice)?),
        },
        room_texts: number(8)?,
        author_texts: number(9)?,
        reply_to: seq_or_none(10)?,
        root: seq_or_none(11)?,
        replies: number(12)?,
        edited_at: time_or_none(13)?,
        pinned_at: time_or_none(14)?,
        reactions: reactions(row.get_ref(15)?)?,
        mentions: mentions(row.get_ref(22)?)?,
        files: files(row.get_ref(23)?)?,
        joins: row.get(16)?,
    })
}

/// The number of the post in a row of [`SELECT`].
pub fn post_rev(row: &Row<'_>) -> rusqlite::Result<u64> {
    row.get::<_, i64>(1).map(|rev| rev as u64)
}

/// Whether the message in a row of [`SELECT`] was changed since it was posted.
pub fn is_changed(row: &Row<'_>) -> rusqlite::Result<bool> {
    Ok(row.get_ref(2)? != ValueRef::Null)
}

/// The client id in a row of [`SELECT`].
pub fn client_id(row: &Row<'_>) -> rusqlite::Result<String> {
    Ok(match row.get_ref(19)? {
        ValueRef::Blob(bytes) => Uuid::from_slice(bytes).map_err(FromSqlError::other)?.hyphenated().to_string(),
        text => text.as_str()?.to_owned(),
    })
}

/// A client id as it is stored: a UUID in its usual spelling as its 16 bytes, which makes the largest index almost half
/// as large, and everything else as it is.
pub struct StoredClientId<'a>(pub &'a str);

impl ToSql for StoredClientId<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let uuid = Uuid::try_parse(self.0).ok();
        let usual = uuid.filter(|uuid| *uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == *self.0);
        Ok(match usual {
            Some(uuid) => ToSqlOutput::Owned(Value::Blob(uuid.as_bytes().to_vec())),
            None => ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_bytes())),
        })
    }
}

/// Inserts a message. `post_rev` is the number of its post; a message with another `rev` was changed since. `false` if its
/// author has another message with this client id: nothing is inserted then.
pub fn insert(
    connection: &Connection,
    room: i64,
    message: &Message,
    post_rev: u64,
    client: &str,
) -> rusqlite::Result<bool> {
    let notice = match &message.content {
        Content::Notice(notice) => Some(to_json(notice)?),
        Content::Text(_) => None,
    };
    connection
        .prepare_cached(
            "INSERT INTO messages (id, post_rev, changed, text_rev, author, client_id, sent_at, text, notice, deleted,
                room_texts, author_texts, reply_to, root, replies, edited_at, pinned_at, reactions, joins, mentions,
                files)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
             ON CONFLICT (author, client_id) DO NOTHING",
        )?
        .execute(params![
            position(room, message.id.seq),
            sql_integer(post_rev),
            (message.rev != post_rev).then(|| position(room, message.rev)),
            sql_integer(message.text_rev),
            message.author_key.0.as_bytes(),
            StoredClientId(client),
            message.sent_at.0,
            message.text(),
            notice,
            message.is_deleted(),
            sql_integer(message.room_texts),
            sql_integer(message.author_texts),
            message.reply_to.map(sql_integer),
            message.root.map(sql_integer),
            sql_integer(message.replies),
            message.edited_at.map(|at| at.0),
            message.pinned_at.map(|at| at.0),
            reactions_json(&message.reactions)?,
            message.joins,
            mentions_json(&message.mentions)?,
            files_json(&message.files)?,
        ])
        .map(|inserted| inserted == 1)
}

/// Stores the new state of a message that was `before`.
pub fn update(connection: &Connection, room: i64, before: &Message, message: &Message) -> rusqlite::Result<()> {
    // SQLite rewrites the entries of every index with a column in SET, even if the value stays
    let deleted = if message.is_deleted() { ", deleted = 1" } else { "" };
    let pinned = if message.pinned_at == before.pinned_at { "" } else { ", pinned_at = ?6" };
    connection
        .prepare_cached(&format!(
            "UPDATE messages SET changed = ?2, text_rev = ?3, text = ?4, edited_at = ?5, reactions = ?7, mentions = ?8,
                files = ?9
                {deleted} {pinned} WHERE id = ?1"
        ))?
        .execute(params![
            position(room, message.id.seq),
            position(room, message.rev),
            sql_integer(message.text_rev),
            message.text(),
            message.edited_at.map(|at| at.0),
            message.pinned_at.map(|at| at.0),
            reactions_json(&message.reactions)?,
            mentions_json(&message.mentions)?,
            files_json(&message.files)?,
        ])?;
    Ok(())
}

/// Stores the new number of a root's replies.
pub fn update_replies(connection: &Connection, room: i64, root: &Message) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE messages SET changed = ?2, replies = ?3 WHERE id = ?1")?.execute(params![
        position(room, root.id.seq),
        position(room, root.rev),
        sql_integer(root.replies),
    ])?;
    Ok(())
}

fn from_json<T: serde::de::DeserializeOwned>(value: ValueRef<'_>) -> FromSqlResult<T> {
    serde_json::from_str(value.as_str()?).map_err(FromSqlError::other)
}

fn to_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn reactions(value: ValueRef<'_>) -> FromSqlResult<Vec<Reaction>> {
    if value == ValueRef::Null {
        return Ok(Vec::new());
    }
    let stored: Vec<(String, Vec<UserKey>)> = from_json(value)?;
    Ok(stored.into_iter().map(|(emoji, users)| Reaction { emoji: Emoji::stored(emoji), users }).collect())
}

/// `None` if there are none.
fn reactions_json(reactions: &[Reaction]) -> rusqlite::Result<Option<String>> {
    if reactions.is_empty() {
        return Ok(None);
    }
    let stored: Vec<_> = reactions.iter().map(|reaction| (reaction.emoji.as_str(), &reaction.users)).collect();
    to_json(&stored).map(Some)
}

/// The files in a column of messages.
pub fn files(value: ValueRef<'_>) -> FromSqlResult<Vec<File>> {
    if value == ValueRef::Null {
        return Ok(Vec::new());
    }
    let stored: Vec<StoredFile> = from_json(value)?;
    Ok(stored.into_iter().filter_map(StoredFile::file).collect())
}

/// `None` if there are none.
pub fn files_json(files: &[File]) -> rusqlite::Result<Option<String>> {
    let stored = || files.iter().map(StoredFile::from).collect::<Vec<_>>();
    (!files.is_empty()).then(|| to_json(&stored())).transpose()
}

/// The mentions in a column of messages.
pub fn mentions(value: ValueRef<'_>) -> FromSqlResult<Mentions> {
    if value == ValueRef::Null { Ok(Mentions::default()) } else { from_json(value) }
}

/// `None` if there are none.
fn mentions_json(mentions: &Mentions) -> rusqlite::Result<Option<String>> {
    if mentions.is_empty() { Ok(None) } else { to_json(mentions).map(Some) }
}
