//! Editing one's own message without JavaScript. A page's script reads the source of a text from here.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    edit_form::EditForm,
    on_message::{OnMessage, no_such_message},
};
use crate::{
    domain::{Action, Command, Content, Fields, Phrase, Right, Text, rules::Refusal},
    store,
    web::{
        Error, Form, Result, Shell,
        ask_first::ask_first,
        change::{count, refused},
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/edit.html")]
struct EditPage {
    shell: Shell,
    edit: EditForm,
    /// The present text, if it is another one than the edit is based on.
    present: Option<String>,
    alert: Option<String>,
}

/// The form alone.
pub async fn show(on: OnMessage) -> Result<Response> {
    let Some(message) = on.message().await? else { return on.missing(no_such_message()).await };
    if let Content::Notice(_) = message.content {
        return Err(Refusal::IsNotice.into());
    }
    if message.author_key != on.me.key {
        return Err(Refusal::NotAllowed.into());
    }
    if on.access.right() != Right::Write {
        return Err(Refusal::Archived.into());
    }
    let shell = Shell::in_room(&on.state, on.language, &on.me, Some(on.access.room())).await?;
    Ok(EditPage { shell, edit: EditForm::of(&message), present: None, alert: None }.into_response())
}

#[derive(Deserialize)]
pub struct EditFields {
    #[serde(default)]
    message: String,
    #[serde(rename = "textRev")]
    text_rev: u64,
    /// Whether it may mention any number of people.
    #[serde(default)]
    confirmed: bool,
}

/// Why an edit was refused.
enum Refused {
    /// The text was changed meanwhile: the present one, and its number.
    Stale(String, u64),
    Other(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// A refused text comes back in the form; if another text has replaced the one that it is based on, with that one and
/// its number, so that sending it again replaces it knowingly.
pub async fn submit(on: OnMessage, Form(fields): Form<EditFields>) -> Result<Response> {
    let Err(why) = edit(&on, &fields).await else { return Ok(on.done(&on.address(""))) };
    let (error, present, text_rev) = match why {
        Refused::Stale(text, rev) => (Error::conflict(Phrase::new("edit-stale")), Some(text), rev),
        Refused::Other(error) if error.status == StatusCode::UNAUTHORIZED => return Err(error),
        Refused::Other(error) if error.status == StatusCode::NOT_FOUND => return on.missing(error).await,
        Refused::Other(error) => (error, None, fields.text_rev),
    };
    let shell = Shell::in_room(&on.state, on.language, &on.me, Some(on.access.room())).await?;
    let reason = error.fields.get("message").map(|reason| on.language.phrase(reason));
    let alert = Some(reason.unwrap_or_else(|| error.summary(on.language)).into_owned());
    let edit = EditForm {
        message: on.address(""),
        text: fields.message,
        text_rev,
        asks: fields.confirmed || error.fields.get("confirmed").is_some(),
        is_confirmed: fields.confirmed,
    };
    Ok(error.on_page(EditPage { shell, edit, present, alert }))
}

async fn edit(on: &OnMessage, fields: &EditFields) -> Result<(), Refused> {
    let (state, access) = (&on.state, &on.access);
    let text = Text::caption(&fields.message).map_err(|invalid| Error::invalid(Fields::one("message", invalid)))?;
    if !fields.confirmed {
        let before = on.message().await?;
        // who was mentioned before is not notified again
        if before.is_none_or(|message| message.mentions.everyone.is_none()) {
            ask_first(state, access, &text).await?;
        }
    }
    count(state, access.user())?;
    let action = Action::Edit { seq: on.seq, text_rev: fields.text_rev, text };
    match state.store.change(access, Command::new(action)).await {
        Ok(_) => Ok(()),
        Err(store::Error::Refused(Refusal::Stale(now))) => {
            Err(Refused::Stale(now.text().unwrap_or_default().to_owned(), now.text_rev))
        }
        Err(error) => Err(refused(error).into()),
    }
}
