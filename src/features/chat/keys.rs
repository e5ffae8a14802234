//! The keys of the chat: a page, and a fragment for the dialog of a page's script.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    render::Language,
    web::{AppState, Query, Result, Shell, SignedIn},
};

#[derive(Template, askama_web::WebTemplate)]
#[template(path = "chat/keys.html")]
struct KeysPage {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "chat/_keys_part.html")]
struct KeysPart<'a> {
    shell: &'a Shell,
}

#[derive(Deserialize)]
pub(super) struct KeysQuery {
    /// Whether the table alone is asked for.
    #[serde(default)]
    part: bool,
}

pub(super) async fn keys(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(KeysQuery { part }): Query<KeysQuery>,
) -> Result<Response> {
    if part {
        let shell = Shell::new(&state, language, None);
        return Ok(Html(KeysPart { shell: &shell }.render().unwrap_or_default()).into_response());
    }
    let shell = Shell::in_room(&state, language, &me.user, None).await?;
    Ok(KeysPage { shell }.into_response())
}
