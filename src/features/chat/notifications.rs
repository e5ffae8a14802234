//! The page on which a browser's notifications are turned on. It is the chat server's and not a part of the account's
//! page: a browser keeps the permission, and what is chosen, for the address of the pages that notify.

use axum::extract::State;

use crate::{
    render::Language,
    web::{AppState, Result, Shell, SignedIn},
};

#[derive(askama::Template, askama_web::WebTemplate)]
#[template(path = "chat/notifications.html")]
pub(super) struct NotificationsPage {
    shell: Shell,
}

pub(super) async fn show(State(state): State<AppState>, language: Language, me: SignedIn) -> Result<NotificationsPage> {
    Ok(NotificationsPage { shell: Shell::in_room(&state, language, &me.user, None).await? })
}
