//! Changes a room for a request that came from the socket, a page's form or the API.

use super::{AppState, Error, Result, ask_first::ask_first, room_audit, room_limits};
use crate::{
    domain::{
        Action, Attachment, ClientId, Command, Fields, FileId, Message, Phrase, Post, RoomAction, Text, Timestamp,
        UserKey,
    },
    security::limits::RateLimited,
    store::{self, Access, Changed},
};

/// Largest body of a form with a message, in bytes. It is larger than any message, so that a text that is far too long
/// comes back in the form with the reason, instead of being lost to an error page.
pub const FORM_MAX: usize = 256 * 1024;

/// A message to post, as it was received.
pub struct Draft<'a> {
    pub message: &'a str,
    pub client_id: &'a str,
    /// The `seq` of the message that it replies to.
    pub reply_to: Option<u64>,
    /// Whether it may mention any number of people.
    pub is_confirmed: bool,
    /// With one, the message needs no text.
    pub files: &'a [Attachment],
}

/// A message whose fields are valid.
pub struct CheckedDraft {
    text: Text,
    client: ClientId,
    files: Vec<Attachment>,
}

impl Draft<'_> {
    /// Checks the fields.
    ///
    /// # Errors
    /// 422 if a field is invalid.
    pub fn check(&self) -> Result<CheckedDraft> {
        let mut fields = Fields::default();
        let text = if self.files.is_empty() { Text::parse(self.message) } else { Text::caption(self.message) };
        let text = fields.keep("message", text);
        let client = fields.keep("clientID", ClientId::parse(self.client_id));
        let files = self.files.to_vec();
        text.zip(client)
            .map(|(text, client)| CheckedDraft { text, client, files })
            .ok_or_else(|| Error::invalid(fields))
    }
}

/// Posts a message. It is durable when this returns. A repeat of the same client id returns the stored message.
///
/// # Errors
/// 422 if a field is invalid, 409 if the client id was used for another message, a limit of members is reached or it
/// mentions many people ([`ask_first`]), and those of [`change`].
pub async fn post(state: &AppState, access: &Access, draft: Draft<'_>) -> Result<Changed> {
    let checked = draft.check()?;
    if !draft.is_confirmed {
        ask_first(state, access, &checked.text).await?;
    }
    count(state, access.user())?;
    post_counted(state, access, checked, draft.reply_to).await
}

/// The same of a message that [`Draft::check`] and [`count`] have let through.
///
/// # Errors
/// The others of [`post`].
pub async fn post_counted(
    state: &AppState,
    access: &Access,
    CheckedDraft { text, client, files }: CheckedDraft,
    reply_to: Option<u64>,
) -> Result<Changed> {
    let ids: Vec<FileId> = files.iter().map(|file| file.id).collect();
    let post = Post { client, text: text.clone(), reply_to, files };
    room_limits::check_post(state, access).await?;
    let posted = state.store.change(access, Command::new(Action::Post(post))).await.map_err(refused)?;
    let message = &posted.message;
    // an edited text differs from the one that was posted, and so do files of which some were removed
    let is_other = message.edited_at.is_none() && message.text().is_some_and(|stored| stored != text.as_str());
    if posted.repeat
        && (is_other || message.reply_to != reply_to || !repeats_files(state, access.user(), message, &ids).await?)
    {
        // to treat it as a repeat would lose this text silently
        return Err(store::Conflict::ClientIdReused.into());
    }
    let result = if posted.repeat { "repeat" } else { "new" };
    metrics::counter!("natter_messages_total", "result" => result).increment(1);
    Ok(posted)
}

/// Whether these uploads are the files of `message`, or the same files again: a form without a script that is sent twice
/// uploads them twice. Those are not kept.
async fn repeats_files(state: &AppState, user: UserKey, message: &Message, ids: &[FileId]) -> Result<bool> {
    if message.edited_at.is_some() || message.text().is_none() {
        return Ok(true);
    }
    if message.files.len() != ids.len() {
        return Ok(false);
    }
    for (file, id) in message.files.iter().zip(ids).filter(|(file, id)| file.id != **id) {
        let upload = state.store.upload(user, *id, Timestamp::now()).await?;
        if upload
            .and_then(|upload| upload.file())
            .is_none_or(|other| other.sha256 != file.sha256 || other.name != file.name)
        {
            return Ok(false);
        }
        state.store.end_upload(user, *id).await?;
    }
    Ok(true)
}

/// Changes the room. The change is durable when this returns.
///
/// # Errors
/// 429 if the user sends too fast, and those of [`refused`].
pub async fn change(state: &AppState, access: &Access, action: Action) -> Result<Changed> {
    count(state, access.user())?;
    room_audit::change(state, access, action).await.map_err(refused)
}

/// Gives a command to the room, which counts as a message. `None`: the room is like that already.
///
/// # Errors
/// 429 if the user sends too fast, and those of [`give`].
pub async fn command(state: &AppState, access: &Access, action: RoomAction) -> Result<Option<Changed>> {
    count(state, access.user())?;
    give(state, access, action).await
}

/// The same of a command that a rate of its own limits.
///
/// # Errors
/// Those of the rules.
pub async fn give(state: &AppState, access: &Access, action: RoomAction) -> Result<Option<Changed>> {
    match room_audit::change(state, access, Action::Room(action)).await {
        Ok(changed) => Ok(Some(changed)),
        Err(store::Error::Unchanged) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

/// Saves a message for the user, which counts as a message.
///
/// # Errors
/// 429 if the user sends too fast, and those of [`Personal::save`](store::Personal::save).
pub async fn save(state: &AppState, access: &Access, seq: u64) -> Result<()> {
    count(state, access.user())?;
    state.store.save(access, seq).await.map_err(refused)
}

/// Takes a message from those that the user has saved, which counts as a message.
///
/// # Errors
/// 429 if the user sends too fast.
pub async fn unsave(state: &AppState, access: &Access, seq: u64) -> Result<()> {
    count(state, access.user())?;
    state.store.unsave(access, seq).await.map_err(refused)
}

/// Counts a change against the user's message rate.
///
/// # Errors
/// 429 if the user sends too fast.
pub fn count(state: &AppState, user: UserKey) -> Result<()> {
    let too_fast = |limit: RateLimited| Error { message: Phrase::new("too-many-messages"), ..limit.into() };
    state.logins.limits.message(user).map_err(too_fast)
}

/// The error of a change that the store refused: 401 if the account is deleted, the rules' refusals, and the store's
/// errors.
pub fn refused(error: store::Error) -> Error {
    match error {
        store::Error::NotFound => Error::bad_token(), // deleted after the request was authenticated
        other => other.into(),
    }
}
