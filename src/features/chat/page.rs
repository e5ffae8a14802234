//! The page of a room.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    fragments::{self, Marks, PAGE, Target},
    message_forms::{self, Refused},
};
use crate::{
    domain::{Fields, Message, Phrase, RoomId, User},
    render::Language,
    store::{Access, OwnMembership, Page, RoomSummary},
    web::{AppState, Error, InRoom, IsHttps, Query, Result, Shell, SignedIn, composer::Composer, sidebar::room_name},
};

/// The cookie with the id of the room that the browser opened last.
pub(super) const ROOM_COOKIE: &str = "room";

#[derive(Template, WebTemplate)]
#[template(path = "chat/room.html")]
pub(super) struct RoomPage {
    shell: Shell,
    summary: RoomSummary,
    is_admin: bool,
    name: String,
    /// Whether the address contains a token.
    pub(super) token_in_address: bool,
    messages: String,
    /// Whether a row has the focus: the line of what is new, or the message that the page is about.
    has_focused_row: bool,
    /// The room's latest `rev` on this page. The socket continues after it.
    head: u64,
    /// The `seq` of the first and the last message on this page.
    shown: Option<(u64, u64)>,
    has_older: bool,
    /// Whether this is the end of the log.
    is_latest: bool,
    /// Who is online, in the lobby.
    roster: Option<String>,
    pub(super) composer: Composer,
}

/// What a page of a room shows.
pub(super) enum View<'a> {
    Part(Part),
    /// The log around a message, with its forms below its row.
    Message {
        message: &'a Message,
        refused: Refused,
    },
}

/// Which part of the log a page shows. Without any: around the first unread message, or the end.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Part {
    before: Option<u64>,
    from: Option<u64>,
    at: Option<u64>,
}

impl RoomPage {
    /// # Errors
    /// The store's; 422 if more than one part is asked for.
    pub(super) async fn read(
        state: &AppState,
        language: Language,
        me: &User,
        access: &Access,
        view: View<'_>,
    ) -> Result<Self> {
        let shell = Shell::in_room(state, language, me, Some(access.room())).await?;
        let listed = shell.sidebar.as_ref().and_then(|sidebar| sidebar.summary(access.room())).cloned();
        let summary = match listed {
            Some(summary) => summary,
            None => state.store.summary(access).await?,
        };
        let (page, messages, has_focused_row) = match view {
            View::Part(part) => {
                let page = part.read(state, access, &summary).await?;
                let marks = Marks { unread: first_unread(&page, &summary, me), ..Marks::default() };
                let messages = fragments::page(state, access, &page, marks, language).await?;
                (page, messages, marks.unread.is_some())
            }
            View::Message { message, refused } => {
                let page = state.store.around(access, message.seq(), PAGE).await?;
                let forms = message_forms::forms(state, &shell, (me, access), &summary, message, refused).await?;
                let target = Target { seq: message.seq(), forms: &forms };
                let marks = Marks { target: Some(target), ..Marks::default() };
                let messages = fragments::page(state, access, &page, marks, language).await?;
                (page, messages, true)
            }
        };
        let is_lobby = *access.room() == RoomId::lobby();
        Ok(Self {
            name: room_name(&summary, me, language),
            is_admin: me.is_admin(),
            token_in_address: false,
            messages,
            has_focused_row,
            head: page.head,
            shown: page.messages.first().zip(page.messages.last()).map(|(first, last)| (first.seq(), last.seq())),
            has_older: page.has_older,
            is_latest: !page.has_newer,
            roster: is_lobby.then(|| state.hub().roster().inside.get(language).clone()),
            composer: Composer::default(),
            shell,
            summary,
        })
    }

    fn id(&self) -> &str {
        self.summary.room.id.as_str()
    }

    fn own(&self) -> Option<OwnMembership> {
        self.summary.own
    }

    /// Whether the user may delete the messages of others.
    fn manages(&self) -> bool {
        self.summary.room.is_managed_by(self.own().map(|own| own.role), self.is_admin)
    }

    fn is_muted(&self) -> bool {
        self.own().is_some_and(|own| own.level.is_muted())
    }

    /// The mark that makes all of this page unread: the `seq` before its first message.
    fn before_first(&self) -> Option<u64> {
        self.shown.map(|(first, _)| first - 1)
    }

    /// The mark that a post from this page sets: of its last message, if no unread message is before the page.
    fn read_by_post(&self) -> Option<(u64, u64)> {
        let (own, (first, last)) = (self.own()?, self.shown?);
        (!self.has_older || first <= own.mark.seq + 1).then_some((last, own.mark.version))
    }

    /// The mark that makes all of this page read, if something of it is unread.
    fn last_unread(&self) -> Option<u64> {
        let own = self.own()?;
        self.shown.map(|(_, last)| last).filter(|last| self.summary.unread > 0 && *last > own.mark.seq)
    }
}

impl Part {
    async fn read(self, state: &AppState, access: &Access, summary: &RoomSummary) -> Result<Page> {
        let store = &state.store;
        let mark = summary.own.filter(|_| summary.unread > 0).map(|own| own.mark.seq);
        let page = match (self.before, self.from, self.at, mark) {
            (None, None, None, Some(mark)) => store.around(access, mark + 1, PAGE).await?,
            (before, None, None, _) => store.before(access, before, PAGE, None).await?,
            (None, Some(from), None, _) => store.from(access, from, PAGE).await?,
            (None, None, Some(at), _) => store.around(access, at, PAGE).await?,
            _ => return Err(Error::invalid(Fields::one("at", Phrase::english("Use one of before, from and at.")))),
        };
        Ok(page)
    }
}

/// The `seq` of the first unread message, if it is on the page.
fn first_unread(page: &Page, summary: &RoomSummary, me: &User) -> Option<u64> {
    let mark = summary.own.filter(|_| summary.unread > 0)?.mark;
    let is_unread = |seq, author, is_text| seq > mark.seq && author != me.key && is_text;
    let index = page
        .messages
        .iter()
        .position(|message| is_unread(message.seq(), message.author_key, message.text().is_some()))?;
    // there may be an earlier one on the page before
    let is_first = !page.has_older || page.messages[0].seq() <= mark.seq + 1;
    is_first.then(|| page.messages[index].seq())
}

/// `?before=SEQ`, `?from=SEQ`, `?at=SEQ`: another part of the log.
pub(super) async fn show(
    State(state): State<AppState>,
    language: Language,
    headers: HeaderMap,
    Extension(is_https): Extension<IsHttps>,
    InRoom { caller: me, access }: InRoom<SignedIn>,
    Query(part): Query<Part>,
) -> Result<Response> {
    let page = RoomPage::read(&state, language, &me.user, &access, View::Part(part)).await?;
    let mut response = page.into_response();
    if last_room(&headers).as_ref() != Some(access.room()) {
        let (room, secure) = (access.room().as_str(), is_https.cookie_attribute());
        let cookie = format!("{ROOM_COOKIE}={room}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// The room that the browser opened last, according to its cookie. It may name no room.
pub(super) fn last_room(headers: &HeaderMap) -> Option<RoomId> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == ROOM_COOKIE).map(|(_, id)| RoomId::named(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_room_is_in_a_cookie() {
        let room = |cookies: &[&'static str]| {
            let headers = cookies.iter().map(|cookies| (header::COOKIE, HeaderValue::from_static(cookies)));
            last_room(&headers.collect())
        };
        assert_eq!(room(&[]), None);
        assert_eq!(room(&["id=room; room=abc; rooms=def"]), Some(RoomId::named("abc")));
        assert_eq!(room(&["id=1", "room=abc"]), Some(RoomId::named("abc")));
        assert_eq!(room(&["id=1; bedroom=abc"]), None);
    }
}
