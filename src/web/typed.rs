//! Sends what is typed into the message box of a page: a text, or a slash command.

use super::{
    AppState, Error, Result,
    change::{self, Draft, command},
    direct, members,
    named_users::find_all,
};
use crate::{
    domain::{ClientId, Fields, Invalid, Phrase, RoomAction, SlashCommand, Topic, Typed, User, rules::Refusal},
    store::{Access, Changed},
};

/// What became of it.
#[derive(Debug)]
pub enum Sent {
    Posted(Box<Changed>),
    /// The command was obeyed. `go`: the address where its effect is; without one, the room.
    Done {
        go: Option<String>,
    },
}

/// Sends the draft to a room, or obeys its command. `user` resolves to the author; it is needed for commands only. A repeat
/// of the same client id does it once.
///
/// # Errors
/// 422 if it is invalid or there is no such command, 409 with the field `confirmed` if it mentions many people and that is
/// not confirmed, and those of [`change::post`] and of the commands. The reason is at the field `message` where it is
/// about what was typed.
pub async fn send(
    state: &AppState,
    access: &Access,
    draft: Draft<'_>,
    user: impl Future<Output = Result<User>>,
) -> Result<Sent> {
    match typed_with(&draft)? {
        Typed::Text(text) => {
            let posted = change::post(state, access, Draft { message: &text, ..draft }).await?;
            Ok(Sent::Posted(Box::new(posted)))
        }
        Typed::Command(command) => {
            ClientId::parse(draft.client_id).map_err(|invalid| Error::invalid(Fields::one("clientID", invalid)))?;
            // boxed: most of what is sent is a text, whose future stays small
            let obeyed = Box::pin(async { obey(state, &user.await?, access, command, draft.client_id).await });
            Ok(Sent::Done { go: obeyed.await.map_err(about_text)? })
        }
    }
}

/// The same in a direct room that may not exist yet. Returns the address to go to.
///
/// # Errors
/// As [`send`]. What is refused creates no room.
pub async fn send_direct(state: &AppState, user: &User, others: &[User], draft: Draft<'_>) -> Result<String> {
    match typed_with(&draft)? {
        Typed::Text(text) => direct::post(state, user, others, Draft { message: &text, ..draft }).await,
        Typed::Command(SlashCommand::Message { user_id, text }) => {
            message(state, user, user_id, Draft { message: &text, ..draft }).await.map_err(about_text)
        }
        Typed::Command(_) => Err(Refusal::IsDirect.into()),
    }
}

/// Only texts have files.
fn typed_with(draft: &Draft<'_>) -> Result<Typed> {
    match Typed::parse(draft.message).map_err(refuse)? {
        Typed::Command(_) if !draft.files.is_empty() => Err(refuse(Invalid::new("slash-with-files"))),
        typed => Ok(typed),
    }
}

fn refuse(invalid: Invalid) -> Error {
    Error::invalid(Fields::one("message", invalid))
}

/// Moves the reason of a refused field, such as an unknown user, to the text that has all of them.
fn about_text(error: Error) -> Error {
    let reason = error.fields.iter().find(|(field, _)| *field != "clientID").map(|(_, reason)| Phrase::clone(reason));
    match reason {
        Some(reason) => Error { fields: Fields::one("message", reason), ..error },
        None => error,
    }
}

async fn obey(
    state: &AppState,
    user: &User,
    access: &Access,
    typed: SlashCommand,
    client_id: &str,
) -> Result<Option<String>> {
    match typed {
        SlashCommand::Topic(topic) => {
            let topic = Topic::parse(&topic).map_err(refuse)?;
            command(state, access, RoomAction::SetTopic(topic)).await?;
            Ok(None)
        }
        SlashCommand::Invite(user_ids) => {
            let users = find_all(state, &user_ids).await?;
            members::add(state, access, &users).await?;
            Ok(None)
        }
        SlashCommand::Leave => {
            members::remove(state, access, user).await?;
            Ok(Some("/rooms".to_owned()))
        }
        SlashCommand::Message { user_id, text } => {
            let draft = Draft { message: &text, client_id, reply_to: None, is_confirmed: true, files: &[] };
            message(state, user, user_id, draft).await.map(Some)
        }
    }
}

async fn message(state: &AppState, user: &User, to: String, draft: Draft<'_>) -> Result<String> {
    let others = find_all(state, &[to]).await?;
    direct::post(state, user, &others, draft).await
}
