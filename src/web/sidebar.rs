//! The list of a user's rooms beside every page of the chat server.

use std::borrow::Cow;

use askama::Template;

use super::{AppState, Result, SharedSites, room_limits::may_create_rooms};
use crate::{
    domain::{Level, RoomId, RoomKind, User, UserKey, fold},
    render::{Avatar, Language, pending_row, script_words, words::Html},
    room::Presence,
    store::{self, RoomSummary, Store},
};

/// Rooms in each read of the store.
const CHUNK: u32 = 500;

#[derive(Debug, Clone, Template)]
#[template(path = "_sidebar.html")]
pub struct Sidebar {
    language: Language,
    sites: SharedSites,
    /// The signed-in user.
    pub user: Viewer,
    may_create: bool,
    /// Open and closed rooms by name, starred ones first.
    rooms: Vec<Item>,
    /// Direct rooms, the one with the latest message first, starred ones before them.
    direct: Vec<Item>,
    /// The room that the page shows.
    current: Option<RoomId>,
}

/// The user as the page's script needs it.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub user_id: String,
    /// The tag of the user's key.
    pub tag: String,
    pub name: String,
    pub is_admin: bool,
    pub avatar: Avatar,
}

/// A room in the list.
#[derive(Debug, Clone)]
struct Item {
    summary: RoomSummary,
    name: String,
    /// Of a direct room: of the member that stands for it.
    avatar: Option<Avatar>,
    /// Of a direct room with one other member.
    presence: Option<DirectPresence>,
}

/// The presence of a direct room's other member.
#[derive(Debug, Clone)]
struct DirectPresence {
    tag: String,
    presence: Presence,
}

impl Sidebar {
    /// # Errors
    /// The store's.
    pub async fn read(state: &AppState, language: Language, user: &User, current: Option<&RoomId>) -> Result<Self> {
        let rooms = rooms_of(state.store.as_ref(), user).await?;
        Ok(Self::new(state, language, user, current, rooms))
    }

    /// `rooms`: all rooms of the user.
    pub fn new(
        state: &AppState,
        language: Language,
        user: &User,
        current: Option<&RoomId>,
        rooms: Vec<RoomSummary>,
    ) -> Self {
        let shown = rooms.into_iter().filter(is_listed);
        let (direct, rooms) = shown.partition(|summary| summary.room.kind == RoomKind::Direct);
        Self {
            may_create: may_create_rooms(state, user),
            language,
            sites: state.sites(),
            user: Viewer::from(user),
            rooms: by_name(items(state, rooms, user, language)),
            direct: by_latest(items(state, direct, user, language)),
            current: current.cloned(),
        }
    }

    /// A room of the list.
    pub fn summary(&self, room: &RoomId) -> Option<&RoomSummary> {
        let mut items = self.rooms.iter().chain(&self.direct).map(|item| &item.summary);
        items.find(|summary| summary.room.id == *room)
    }

    /// The texts of the page's scripts.
    pub fn script_words(&self) -> &'static Html {
        script_words(self.language)
    }

    /// What the page's script fills for a message of the user that is on its way.
    pub fn pending_row(&self) -> String {
        pending_row(&self.user.tag, &self.user.avatar, self.language)
    }

    fn text(&self, key: &str) -> Cow<'static, str> {
        self.language.text(key)
    }

    fn is_current(&self, item: &Item) -> bool {
        self.current.as_ref() == Some(&item.summary.room.id)
    }
}

impl From<&User> for Viewer {
    fn from(user: &User) -> Self {
        let name = user.name.to_string();
        Self {
            user_id: user.user_id.to_string(),
            tag: user.key.tag(),
            avatar: user.into(),
            name,
            is_admin: user.is_admin(),
        }
    }
}

impl Item {
    fn is_starred(&self) -> bool {
        self.summary.own.is_some_and(|own| own.starred)
    }
}

/// The name of a room as `user` sees it: of a direct room, the names of its other members.
pub fn room_name(summary: &RoomSummary, user: &User, language: Language) -> String {
    if summary.room.kind != RoomKind::Direct {
        return summary.room.name.clone();
    }
    let names: Vec<_> = summary.others.iter().map(|person| person.name.as_str()).collect();
    match &*names {
        [] if summary.is_with_oneself => user.name.to_string(),
        [] => language.text("deleted-user").into_owned(),
        names => names.join(", "),
    }
}

/// The other member of a direct room of two, whose presence the list shows.
pub fn counterpart(summary: &RoomSummary) -> Option<UserKey> {
    match &*summary.others {
        [one] => Some(one.key),
        _ => None,
    }
}

/// All rooms of the user, in order of their ids.
///
/// # Errors
/// The store's.
pub async fn rooms_of(store: &dyn Store, user: &User) -> store::Result<Vec<RoomSummary>> {
    let mut all = store.rooms_of(user, None, CHUNK).await?;
    let mut read = all.len();
    while read == CHUNK as usize {
        let after = all.last().map(|summary| summary.room.id.clone());
        let next = store.rooms_of(user, after.as_ref(), CHUNK).await?;
        read = next.len();
        all.extend(next);
    }
    Ok(all)
}

fn is_listed(summary: &RoomSummary) -> bool {
    let is_hidden = summary.own.is_some_and(|own| own.level == Level::Hidden);
    !is_hidden || (summary.room.kind == RoomKind::Direct && summary.unread > 0)
}

fn items(state: &AppState, summaries: Vec<RoomSummary>, user: &User, language: Language) -> Vec<Item> {
    let item = |summary: RoomSummary| {
        let name = room_name(&summary, user, language);
        let is_direct = summary.room.kind == RoomKind::Direct;
        let avatar = is_direct.then(|| summary.others.first().map_or_else(|| user.into(), Avatar::from));
        let presence =
            counterpart(&summary).map(|user| DirectPresence { tag: user.tag(), presence: presence(state, user) });
        Item { name, avatar, presence, summary }
    };
    summaries.into_iter().map(item).collect()
}

fn presence(state: &AppState, user: UserKey) -> Presence {
    let found = state.hub().presence_of(&[user]);
    found.first().copied().unwrap_or(Presence::Offline)
}

fn by_name(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by_cached_key(|item| (!item.is_starred(), fold(&item.name)));
    items
}

fn by_latest(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by_key(|item| (!item.is_starred(), std::cmp::Reverse(item.summary.latest_at.0)));
    items
}
