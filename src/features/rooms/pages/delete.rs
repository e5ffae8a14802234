//! The page that asks before a room is deleted.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::context::RoomContext;
use crate::{
    domain::{RoomAction, RoomId, rules::Refusal},
    render::Language,
    web::{AppState, Error, InRoom, Result, Shell, SignedIn, change::command},
};

#[derive(Template, WebTemplate)]
#[template(path = "rooms/delete.html")]
struct DeletePage {
    shell: Shell,
    room: RoomContext,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    InRoom { caller: me, access }: InRoom<SignedIn>,
) -> Result<Response> {
    let (shell, room) = RoomContext::load(&state, language, &me.user, &access).await?;
    if !room.manages {
        return Err(Error::forbidden("change-not-allowed"));
    }
    if room.summary.room.id == RoomId::lobby() {
        return Err(Refusal::IsLobby.into());
    }
    Ok(DeletePage { shell, room }.into_response())
}

pub async fn submit(State(state): State<AppState>, InRoom { access, .. }: InRoom<SignedIn>) -> Result<Redirect> {
    command(&state, &access, RoomAction::Delete).await?;
    Ok(Redirect::to("/rooms"))
}
