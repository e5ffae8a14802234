//! The page with the open rooms.

use std::borrow::Cow;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use serde::Deserialize;

use crate::{
    domain::{Timestamp, fold},
    render::Language,
    store::{MAX_COUNTED_MEMBERS, RoomLine},
    web::{Admin, AppState, Query, Result, Shell},
};

/// Rooms on a page.
const ROWS: u32 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "admin/rooms.html")]
pub struct RoomsPage {
    shell: Shell,
    q: String,
    rows: Vec<RoomLine>,
    /// The address of the next page.
    next: Option<String>,
}

#[derive(Deserialize)]
pub struct RoomsQuery {
    #[serde(default)]
    q: String,
    after: Option<String>,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Query(RoomsQuery { q, after }): Query<RoomsQuery>,
) -> Result<RoomsPage> {
    let mut rows = state.store.room_table(q.trim(), after.as_deref().map(fold).as_deref(), ROWS + 1).await?;
    let has_more = rows.len() > ROWS as usize;
    rows.truncate(ROWS as usize);
    let next = rows.last().filter(|_| has_more).map(|last| page(&q, &fold(&last.room.name)));
    Ok(RoomsPage { shell: Shell::new(&state, language, Some(&admin.0.user)), q, rows, next })
}

fn page(q: &str, after: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::from("/admin/rooms?"));
    if !q.is_empty() {
        pairs.append_pair("q", q);
    }
    pairs.append_pair("after", after).finish()
}

impl RoomsPage {
    fn address(&self, row: &RoomLine) -> String {
        format!("{}/rooms/{}", self.shell.sites.chat, row.room.id.as_str())
    }

    fn members(&self, row: &RoomLine) -> String {
        if row.members < MAX_COUNTED_MEMBERS { row.members.to_string() } else { format!("{MAX_COUNTED_MEMBERS}+") }
    }

    /// The day of a time; of the lobby, which was never created, a dash.
    fn day(&self, at: &Timestamp) -> Cow<'static, str> {
        if at.0 > 0 { self.shell.language.day(*at) } else { "–".into() }
    }
}
