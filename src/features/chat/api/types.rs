//! The JSON of messages.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Action, Content, Message, Notice, Timestamp, UserKey},
    store::Access,
    web::{AppState, Result, change::change, files::FileResponse},
};

#[derive(Serialize, ToSchema)]
pub struct MessageResponse {
    room: String,
    /// The message's position in the room, given when it was posted.
    seq: u64,
    /// The number of the message's latest change.
    rev: u64,
    /// The number of its post, or of its latest edit or deletion. An edit names the one that it is based on.
    #[serde(rename = "textRev")]
    text_rev: u64,
    /// `null` after the author's account was deleted.
    #[serde(rename = "userID")]
    user_id: Option<String>,
    name: Option<String>,
    /// The Markdown source. `null` after the message was deleted, and of a notice.
    message: Option<String>,
    /// The text as HTML. `null` where there is no text.
    html: Option<String>,
    /// There, and `true`, if the message is deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    deleted: bool,
    /// Of a notice, which reports a change of the room or of its members: what changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
    /// Of a notice about another user: who that is. Left out after the account was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectResponse>,
    #[serde(rename = "sentTime")]
    #[schema(format = DateTime)]
    sent_time: String,
    /// When the text was last edited, if it was.
    #[serde(rename = "editedTime", skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    edited_time: Option<String>,
    /// The `seq` of the message that this one replies to.
    #[serde(rename = "replyTo", skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    /// Of a reply: the `seq` of the first message of its thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<u64>,
    /// The replies in the thread that starts with this message, without deleted ones. Left out if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    replies: u64,
    /// In the order in which each emoji was first given.
    reactions: Vec<ReactionResponse>,
    /// The userIDs that it mentioned when its text was stored, and `room` or `here` if it mentions all members.
    mentions: Vec<String>,
    pinned: bool,
    files: Vec<FileResponse>,
}

#[derive(Serialize, ToSchema)]
pub struct SubjectResponse {
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
}

/// An emoji that users gave to a message.
#[derive(Serialize, ToSchema)]
pub struct ReactionResponse {
    emoji: String,
    /// The number of users who gave it.
    count: usize,
    /// Whether you are one of them.
    mine: bool,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl MessageResponse {
    /// The message as `reader` sees it.
    pub fn new(state: &AppState, message: Message, reader: UserKey) -> Self {
        let html = state.hub().texts().text(&message).map(|rendered| rendered.html.clone());
        let deleted = message.is_deleted();
        let everyone = message.mentions.everyone.map(|everyone| everyone.as_str().to_owned());
        let mentions = message.mentions.users.into_iter().map(|user| user.user_id).chain(everyone).collect();
        let (user_id, name) = message.author.map(|author| (author.user_id, author.name)).unzip();
        let reactions = message.reactions.into_iter().map(|reaction| ReactionResponse {
            emoji: reaction.emoji.as_str().to_owned(),
            count: reaction.users.len(),
            mine: reaction.users.contains(&reader),
        });
        let files = message.files.iter().map(|file| FileResponse::new(&message.id.room, file)).collect();
        let (text, notice) = match message.content {
            Content::Text(text) => (text, None),
            Content::Notice(notice) => (None, Some(notice_name(&notice))),
        };
        Self {
            room: message.id.room.as_str().to_owned(),
            seq: message.id.seq,
            rev: message.rev,
            text_rev: message.text_rev,
            user_id,
            name,
            message: text,
            html,
            deleted,
            notice,
            subject: message.subject.map(|subject| SubjectResponse { user_id: subject.user_id, name: subject.name }),
            sent_time: message.sent_at.rfc3339(),
            edited_time: message.edited_at.map(Timestamp::rfc3339),
            reply_to: message.reply_to,
            root: message.root,
            replies: message.replies,
            reactions: reactions.collect(),
            mentions,
            pinned: message.pinned_at.is_some(),
            files,
        }
    }

    /// The messages as `reader` sees them.
    pub fn list(state: &AppState, messages: Vec<Message>, reader: UserKey) -> Vec<Self> {
        messages.into_iter().map(|message| Self::new(state, message, reader)).collect()
    }
}

/// Gives a command about a message, and responds with the message after it.
///
/// # Errors
/// Those of [`change`].
pub async fn changed(state: &AppState, access: &Access, action: Action) -> Result<axum::Json<MessageResponse>> {
    let changed = change(state, access, action).await?;
    Ok(axum::Json(MessageResponse::new(state, changed.message, access.user())))
}

fn notice_name(notice: &Notice) -> &'static str {
    match notice {
        Notice::Added { .. } => "added",
        Notice::Removed { .. } => "removed",
        Notice::Left { .. } => "left",
        Notice::Role { .. } => "role",
        Notice::Renamed { .. } => "renamed",
        Notice::Topic { .. } => "topic",
        Notice::Opened => "opened",
        Notice::Closed => "closed",
        Notice::Archived => "archived",
        Notice::Unarchived => "unarchived",
        Notice::Everyone => "everyone",
        Notice::NotEveryone => "noteveryone",
        Notice::Deleted => "deleted",
    }
}
