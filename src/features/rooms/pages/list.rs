//! The list of rooms: one's own, then the open ones.

use std::collections::HashSet;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use serde::Deserialize;

use crate::{
    domain::{Level, RoomId, RoomKind, User, fold},
    features::rooms::pagination::take_page,
    render::{Avatar, Language},
    store::{self, OpenRoom, RoomSummary, Store},
    web::{
        AppState, Query, Result, Shell, SignedIn,
        room_limits::may_create_rooms,
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
    /// The name as the user sees it: of a direct room, those of the others.
    name: String,
    /// Of a direct room.
    avatar: Option<Avatar>,
}

impl OwnRoom {
    fn new(summary: RoomSummary, me: &User, language: Language) -> Self {
        let name = room_name(&summary, me, language);
        let first = summary.others.first();
        let avatar = first.map_or_else(|| me.into(), Avatar::from);
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
        self.level().is_muted()
    }

    fn is_hidden(&self) -> bool {
        self.level() == Level::Hidden
    }

    /// The level that the button sets.
    fn other_level(&self) -> &'static str {
        self.level().toggled(self.summary.room.kind).as_str()
    }

    fn level(&self) -> Level {
        self.summary.own.map_or(Level::default_in(self.summary.room.kind), |own| own.level)
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
    let (open, last) = open_rooms(state.store.as_ref(), &search, after.clone(), &joined).await?;
    let shell = Shell::with_rooms(&state, language, &me.user, rooms.clone());
    let mut own = Vec::new();
    if after.is_none() {
        own.extend(rooms.into_iter().map(|summary| OwnRoom::new(summary, &me.user, language)));
        own.retain(|room| fold(&room.name).contains(&search));
        own.sort_by_cached_key(|room| (!room.is_starred(), fold(&room.name)));
    }
    Ok(RoomsPage {
        shell,
        own,
        open,
        next: last.map(|last| address(&q, &fold(&last.room.name))),
        q,
        may_create: may_create_rooms(&state, &me.user),
        is_admin: me.user.is_admin(),
        is_continued: after.is_some(),
    })
}

/// The first page of the open rooms after the folded name `after` that the user has not joined; and the last of them if
/// there are more.
async fn open_rooms(
    store: &dyn Store,
    search: &str,
    mut after: Option<String>,
    joined: &HashSet<RoomId>,
) -> store::Result<(Vec<OpenRoom>, Option<OpenRoom>)> {
    let mut found = Vec::new();
    loop {
        let read = store.open_rooms(search, after.as_deref(), PAGE + 1).await?;
        let is_end = read.len() <= PAGE as usize;
        after = read.last().map(|open| fold(&open.room.name));
        found.extend(read.into_iter().filter(|open| !joined.contains(&open.room.id)));
        if is_end || found.len() > PAGE as usize {
            return Ok(take_page(found, PAGE));
        }
    }
}

fn address(q: &str, after: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::from("/rooms?"));
    if !q.is_empty() {
        pairs.append_pair("q", q);
    }
    pairs.append_pair("after", after).finish()
}
