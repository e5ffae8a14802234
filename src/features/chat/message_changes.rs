//! The forms of a message's page, but for editing and replying: deleting, reacting, pinning, saving.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    fragments::{self, Marks},
    message_forms::Refused,
    message_page,
    on_message::{OnMessage, no_such_message},
};
use crate::{
    domain::{Action, Emoji, Fields, Message, Right, rules::Refusal},
    web::{Error, Form, Result, Shell, change},
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/delete.html")]
struct DeletePage {
    shell: Shell,
    /// The address of the message.
    message: String,
    row: String,
}

/// Asks before a message is deleted.
pub async fn ask_delete(on: OnMessage) -> Result<Response> {
    let Some(message) = on.message().await? else { return on.missing(no_such_message()).await };
    let shell = Shell::in_room(&on.state, on.language, &on.me, Some(on.access.room())).await?;
    check_deletable(&on, &message).await?;
    let row = fragments::messages(&on.state, &on.access, &[message], Marks::default(), on.language).await?;
    Ok(DeletePage { shell, message: on.address(""), row }.into_response())
}

/// Checks before it asks what the rules check when the message is deleted.
async fn check_deletable(on: &OnMessage, message: &Message) -> Result<()> {
    let summary = on.state.store.summary(&on.access).await?;
    let manages = summary.room.is_managed_by(summary.own.map(|own| own.role), on.me.is_admin());
    if message.text().is_none() {
        return Err(Refusal::IsNotice.into());
    }
    if on.access.right() != Right::Write {
        return Err(Refusal::Archived.into());
    }
    if message.author_key != on.me.key && !manages {
        return Err(Refusal::NotAllowed.into());
    }
    Ok(())
}

/// Leads to the room at the place where the message was.
pub async fn delete(on: OnMessage) -> Result<Response> {
    let deleted = give(&on, Action::Delete { seq: on.seq }).await;
    let to = format!("{}?at={}", on.room_address(), on.seq);
    respond(&on, deleted, &to, "delete", String::new()).await
}

#[derive(Deserialize)]
pub struct EmojiForm {
    /// An emoji, or its `:shortcode:`.
    #[serde(default)]
    emoji: String,
}

pub async fn react(on: OnMessage, Form(EmojiForm { emoji }): Form<EmojiForm>) -> Result<Response> {
    let given = match parse(&emoji) {
        Ok(emoji) => give(&on, Action::React { seq: on.seq, emoji }).await,
        Err(error) => Err(error),
    };
    respond(&on, given, &on.address(""), "react", emoji).await
}

pub async fn unreact(on: OnMessage, Form(EmojiForm { emoji }): Form<EmojiForm>) -> Result<Response> {
    let taken_back = match parse(&emoji) {
        Ok(emoji) => give(&on, Action::Unreact { seq: on.seq, emoji }).await,
        Err(error) => Err(error),
    };
    respond(&on, taken_back, &on.address(""), "react", emoji).await
}

pub async fn pin(on: OnMessage) -> Result<Response> {
    let pinned = give(&on, Action::Pin { seq: on.seq }).await;
    respond(&on, pinned, &on.address(""), "pin", String::new()).await
}

pub async fn unpin(on: OnMessage) -> Result<Response> {
    let unpinned = give(&on, Action::Unpin { seq: on.seq }).await;
    respond(&on, unpinned, &on.address(""), "pin", String::new()).await
}

pub async fn save(on: OnMessage) -> Result<Response> {
    let saved = change::save(&on.state, &on.access, on.seq).await;
    respond(&on, saved, &on.address(""), "save", String::new()).await
}

pub async fn unsave(on: OnMessage) -> Result<Response> {
    let unsaved = change::unsave(&on.state, &on.access, on.seq).await;
    respond(&on, unsaved, &on.address(""), "save", String::new()).await
}

fn parse(emoji: &str) -> Result<Emoji> {
    Emoji::parse_typed(emoji).map_err(|invalid| Error::invalid(Fields::one("emoji", invalid)))
}

async fn give(on: &OnMessage, action: Action) -> Result<()> {
    change::change(&on.state, &on.access, action).await.map(drop)
}

/// Leads to `to` after a change. Shows the message's page with the reason beside the `form` if it was refused.
async fn respond(on: &OnMessage, changed: Result<()>, to: &str, form: &'static str, emoji: String) -> Result<Response> {
    match changed {
        Ok(()) => Ok(on.done(to)),
        Err(error) if on.is_from_htmx || error.status == StatusCode::UNAUTHORIZED => Err(error),
        Err(error) => {
            let reason = error.fields.get("emoji").map(|reason| on.language.phrase(reason));
            let reason = reason.unwrap_or_else(|| error.summary(on.language)).into_owned();
            message_page::refuse(on, error, Refused { form: Some((form, reason)), emoji, reply: None }).await
        }
    }
}
