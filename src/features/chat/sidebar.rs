//! The sidebar as a fragment, for a page whose list of rooms changed.

use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::RoomId,
    render::Language,
    web::{AppState, Query, Result, Sidebar, SignedIn},
};

#[derive(Deserialize)]
pub(super) struct SidebarQuery {
    /// The room that the page shows.
    room: Option<String>,
}

pub(super) async fn sidebar(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(query): Query<SidebarQuery>,
) -> Result<Html<String>> {
    let room = query.room.as_deref().map(RoomId::named);
    let sidebar = Sidebar::read(&state, language, &me.user, room.as_ref()).await?;
    Ok(Html(sidebar.to_string()))
}
