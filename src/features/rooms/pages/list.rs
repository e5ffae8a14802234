//! The list of rooms: one's own, then the open ones.

use std::collections::HashSet;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use serde::Deserialize;

use crate::{
    domain::{Level, RoomId, RoomKind, User, fold},
    features::rooms::{create::may_create, pagination::take_page},
    render::{Avatar, Language},
    store::{OpenRoom, RoomSummary},
    web::{
        AppState, Query, Result, Shell, SignedIn,
        sidebar::{room_name, rooms_of},
    },
};

/// Open rooms on a page.
const PAGE: u32 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "rooms/list.html")]
pub struct RoomsPage {
    shell: Shell,
    q: String,
    own: Vec<OwnRoom>,
    open: Vec<OpenRoom>,
    /// The address of more open rooms.
    next: Option<String>,
    may_create: bool,
    is_admin: bool,
    /// Whether this is not the first page of the open rooms: one's own are not on it.
    is_continued: bool,
}

/// A room that the user is a member of.
struct OwnRoom {
    summary: RoomSummary,
    /// Of a direct room: the names of the others.
    name: String,
    /// Of a direct room.
    avatar: Option<Avatar>,
}

impl OwnRoom {
    fn new(summary: RoomSummary, me: &User, language: Language) -> Self {
        let name = room_name(&summary, me, language);
        let first = summary.others.first();
        let avatar = first.map_or_else(|| Avatar::new(me.key, me.name.as_str()), |one| Avatar::new(one.key, &one.name));
        let avatar = (summary.room.kind == RoomKind::Direct).then_some(avatar);
        Self { summary, name, avatar }
    }

    fn id(&self) -> &str {
        self.summary.room.id.as_str()
    }

    fn is_starred(&self) -> bool {
        self.summary.own.is_some_and(|own| own.starred)
    }

    fn is_muted(&self) -> bool {
        self.summary.own.is_some_and(|own| own.level == Level::Nothing)
    }

    fn is_hidden(&self) -> bool {
        self.summary.own.is_some_and(|own| own.level == Level::Hidden)
    }

    /// The level that the button sets: nothing, or again that of a new member.
    fn other_level(&self) -> &'static str {
        match self.is_muted() || self.is_hidden() {
            true => Level::default_in(self.summary.room.kind).as_str(),
            false => Level::Nothing.as_str(),
        }
    }
}

#[derive(Deserialize)]
pub struct RoomsQuery {
    #[serde(default)]
    q: String,
    /// The folded name of the open room before the first one.
    after: Option<String>,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(RoomsQuery { q, after }): Query<RoomsQuery>,
) -> Result<RoomsPage> {
    let search = fold(q.trim());
    let rooms = rooms_of(state.store.as_ref(), &me.user).await?;
    let joined: HashSet<RoomId> = rooms.iter().map(|summary| summary.room.id.clone()).collect();
    let found = state.store.open_rooms(&search, after.as_deref(), PAGE + 1).await?;
    let (mut open, last) = take_page(found, PAGE);
    open.retain(|open| !joined.contains(&open.room.id));
    let mut own = Vec::new();
    if after.is_none() {
        own.extend(rooms.into_iter().map(|summary| OwnRoom::new(summary, &me.user, language)));
        own.retain(|room| fold(&room.name).contains(&search));
        own.sort_by_cached_key(|room| (!room.is_starred(), fold(&room.name)));
    }
    Ok(RoomsPage {
        shell: Shell::in_room(&state, language, &me.user, None).await?,
        own,
        open,
        next: last.map(|last| address(&q, &fold(&last.room.name))),
        q,
        may_create: may_create(&state, &me.user),
        is_admin: me.user.is_admin(),
        is_continued: after.is_some(),
    })
}

fn address(q: &str, after: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::from("/rooms?"));
    if !q.is_empty() {
        pairs.append_pair("q", q);
    }
    pairs.append_pair("after", after).finish()
}
