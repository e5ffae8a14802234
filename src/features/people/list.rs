//! The list of people.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use serde::Deserialize;

use crate::{
    domain::{User, UserKey},
    render::{Avatar, Language},
    room::Presence,
    store::{Searched, SortUsersBy, UserSearch},
    web::{AppState, Query, Result, Shell, SignedIn},
};

/// People on a page.
const PAGE: u32 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "people/list.html")]
pub struct PeoplePage {
    shell: Shell,
    q: String,
    rows: Vec<(User, Presence)>,
    /// The address of the next page.
    next: Option<String>,
}

impl PeoplePage {
    fn avatar(&self, user: &User) -> Avatar {
        user.into()
    }
}

#[derive(Deserialize)]
pub struct PeopleQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: u32,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(PeopleQuery { q, page }): Query<PeopleQuery>,
) -> Result<PeoplePage> {
    let offset = page.saturating_mul(PAGE);
    let search = UserSearch {
        text: q.trim().to_owned(),
        fields: Searched::Names,
        sort: SortUsersBy::Name,
        descending: false,
        offset,
        limit: PAGE,
    };
    let (users, total) = state.store.search_users(&search).await?;
    let keys: Vec<UserKey> = users.iter().map(|user| user.key).collect();
    let has_more = u64::from(offset) + (users.len() as u64) < total;
    Ok(PeoplePage {
        shell: Shell::in_room(&state, language, &me.user, None).await?,
        next: has_more.then(|| address(&q, page.saturating_add(1))),
        q,
        rows: users.into_iter().zip(state.presence_of(&keys)).collect(),
    })
}

fn address(q: &str, page: u32) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::from("/people?"));
    if !q.is_empty() {
        pairs.append_pair("q", q);
    }
    pairs.append_pair("page", &page.to_string()).finish()
}
