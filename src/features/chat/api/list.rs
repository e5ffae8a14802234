//! Reading a room's messages.

use axum::{
    extract::{OriginalUri, State},
    http::Uri,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::types::MessageResponse;
use crate::{
    domain::{Fields, Message, Phrase},
    store::{Access, Chunk, Page},
    web::{AppState, Bearer, Error, InRoom, Query, Result},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// Paging back: the latest messages before this `seq`.
    before: Option<u64>,
    /// Paging forward: the first messages from this `seq` on.
    from: Option<u64>,
    /// The messages around this `seq`, half of them before it.
    around: Option<u64>,
    /// Catching up: all messages that changed after this `rev`, in order of `rev`, deleted ones included. A change that
    /// touched several messages is never divided, so there can be some more than `limit`.
    after: Option<u64>,
    /// At most this many, 1–500. A response has at most 256 KiB of Markdown, so there can be fewer: `next` leads on.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: u32,
    /// Only messages of this user, by userID; alone or with `before`.
    #[param(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$")]
    author: Option<String>,
    /// Only the replies of the thread that starts with the message of this `seq`, or that has it; alone or with `before`.
    thread: Option<u64>,
    /// Only pinned messages, all of them, those first that were pinned last; alone.
    #[serde(default)]
    #[param(default = false)]
    pinned: bool,
}

pub(super) fn fifty() -> u32 {
    50
}

#[derive(Serialize, ToSchema)]
pub struct MessagesResponse {
    messages: Vec<MessageResponse>,
    /// The room's latest `rev` when this was read, or the last one of these where there are more after it:
    /// the next `after`.
    rev: u64,
    /// The address of older messages, if there are any; with `from`, of newer ones; with `after`, of the next changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// With `around`: the address of newer messages, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    newer: Option<String>,
}

/// Where a request reads.
enum Position {
    Before(Option<u64>),
    Thread { seq: u64, before: Option<u64> },
    Pinned,
    From(u64),
    Around(u64),
    After(u64),
}

impl MessagesQuery {
    fn position(&self) -> Result<Position> {
        if !(1..=500).contains(&self.limit) {
            return Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 500."))));
        }
        let (field, position) = match (self.before, self.from, self.around, self.after) {
            (before, None, None, None) => ("before", Position::Before(before)),
            (None, Some(from), None, None) => ("from", Position::From(from)),
            (None, None, Some(around), None) => ("around", Position::Around(around)),
            (None, None, None, Some(after)) => ("after", Position::After(after)),
            _ => {
                let reason = Phrase::english("Use one of before, from, around and after.");
                let given = [("after", self.after), ("around", self.around), ("from", self.from)];
                let field = given.iter().find(|(_, value)| value.is_some()).map_or("before", |(field, _)| field);
                return Err(Error::invalid(Fields::one(field, reason)));
            }
        };
        let (field, other) = match (position, &self.author, self.thread, self.pinned) {
            (position, None, None, false) => return Ok(position),
            (position @ Position::Before(_), Some(_), None, false) => return Ok(position),
            (Position::Before(before), None, Some(seq), false) => return Ok(Position::Thread { seq, before }),
            (Position::Before(None), None, None, true) => return Ok(Position::Pinned),
            (_, _, Some(_), true) => ("thread", "pinned"),
            (_, Some(_), Some(_), _) => ("thread", "author"),
            (Position::Before(None), Some(_), ..) => ("author", "pinned"),
            (_, _, _, true) => (field, "pinned"),
            (_, Some(_), ..) => (field, "author"),
            _ => (field, "thread"),
        };
        Err(Error::invalid(Fields::one(field, Phrase::english(format!("Use it without {other}.")))))
    }
}

/// Read a room's messages: the latest, those before, from or around a `seq`, all that changed after a `rev`, the replies
/// of a thread, or the pinned ones.
#[utoipa::path(
    get, path = "/api/rooms/{room}/messages", operation_id = "list_messages", tag = "chat",
    params(("room" = String, Path), MessagesQuery), security(("jwt" = [])),
    responses(
        (status = 200, body = MessagesResponse),
        (status = 404, description = "There is no such room for you, the author is unknown, or there is no such thread"),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    InRoom { access, .. }: InRoom<Bearer>,
    Query(query): Query<MessagesQuery>,
) -> Result<axum::Json<MessagesResponse>> {
    let limit = query.limit;
    let position = query.position()?;
    let request = Request { state: &state, uri: &uri, access: &access, limit };
    let response = match position {
        Position::Before(before) => request.before(before, query.author.as_deref()).await?,
        Position::Thread { seq, before } => request.thread(seq, before).await?,
        Position::Pinned => {
            let page = state.store.pinned(&access).await?;
            request.respond(page.messages, page.head, None)
        }
        Position::From(seq) => {
            let page = state.store.from(&access, seq, limit).await?;
            let next = request.newer(&page);
            request.respond(page.messages, page.head, next)
        }
        Position::Around(seq) => {
            let page = state.store.around(&access, seq, limit).await?;
            let (next, newer) = (request.older(&page, ""), request.newer(&page));
            MessagesResponse { newer, ..request.respond(page.messages, page.head, next) }
        }
        Position::After(rev) => {
            let Chunk { messages, has_more } = state.store.after(&access, rev, limit).await?;
            let rev = messages.last().map_or(rev, |last| last.rev);
            let next = has_more.then(|| request.address(&format!("after={rev}")));
            request.respond(messages, rev, next)
        }
    };
    Ok(axum::Json(response))
}

struct Request<'a> {
    state: &'a AppState,
    uri: &'a Uri,
    access: &'a Access,
    limit: u32,
}

impl Request<'_> {
    async fn before(&self, seq: Option<u64>, author: Option<&str>) -> Result<MessagesResponse> {
        let author = match author {
            None => None,
            Some(author) => Some(self.state.find_user(author).await?),
        };
        let key = author.as_ref().map(|author| author.key);
        let page = self.state.store.before(self.access, seq, self.limit, key).await?;
        let author = author.map_or(String::new(), |author| format!("author={}&", author.user_id));
        let next = self.older(&page, &author);
        Ok(self.respond(page.messages, page.head, next))
    }

    /// The thread of the message `seq`.
    async fn thread(&self, seq: u64, before: Option<u64>) -> Result<MessagesResponse> {
        let store = &self.state.store;
        let found = store.message(self.access, seq).await?.ok_or_else(|| Error::not_found("no-such-message"))?;
        let root = found.root.unwrap_or(seq);
        let page = store.thread(self.access, root, before, self.limit).await?;
        let next = self.older(&page, &format!("thread={root}&"));
        Ok(self.respond(page.messages, page.head, next))
    }

    /// `filter`: the other part of the query, with `&` after it.
    fn older(&self, page: &Page, filter: &str) -> Option<String> {
        let first = page.messages.first().filter(|_| page.has_older)?;
        Some(self.address(&format!("{filter}before={}", first.seq())))
    }

    fn newer(&self, page: &Page) -> Option<String> {
        let last = page.messages.last().filter(|_| page.has_newer)?;
        Some(self.address(&format!("from={}", last.seq() + 1)))
    }

    fn address(&self, query: &str) -> String {
        format!("{}?{query}&limit={}", self.uri.path(), self.limit)
    }

    fn respond(&self, messages: Vec<Message>, rev: u64, next: Option<String>) -> MessagesResponse {
        let messages = MessageResponse::list(self.state, messages, self.access.user());
        MessagesResponse { messages, rev, next, newer: None }
    }
}
