//! The search as JSON.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    find::{Sort, find},
    read::FoundMessage,
};
use crate::{
    domain::{Fields, Phrase},
    search::{Piece, Query as SearchQuery, hits, snippet},
    web::{AppState, Bearer, Error, Query, Result},
};

/// Characters of a snippet.
pub const SNIPPET_CHARS: usize = 200;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParameters {
    /// Words, of which the last one may be a beginning; `"phrases"`; and `from:`, `in:`, `before:`, `after:`,
    /// `has:file|image|link|code`, `is:pinned|mine|reply`.
    #[serde(default)]
    q: String,
    /// `newest` first, or the `best` of the newest 10,000.
    #[serde(default)]
    sort: Sort,
    /// At most this many hits, 1–100.
    #[serde(default = "twenty")]
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: usize,
    /// Where the page begins: as in the `next` of the page before.
    after: Option<i64>,
}

fn twenty() -> usize {
    20
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchResponse {
    hits: Vec<HitResponse>,
    /// The address of the next page, if there can be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The share of all messages that can be found, in percent: below 100 while an index is made.
    indexed: u8,
    /// Whether the search took too long, so that hits may be missing. Not there if it did not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    timed_out: bool,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HitResponse {
    room: String,
    seq: u64,
    /// `null` after the author's account was deleted.
    #[serde(rename = "userID")]
    user_id: Option<String>,
    name: Option<String>,
    message: String,
    /// A part of the message around what was found.
    snippet: Vec<SnippetPiece>,
    #[schema(format = DateTime)]
    sent_time: String,
    url: String,
}

/// A part of a snippet.
#[derive(Serialize, ToSchema)]
pub struct SnippetPiece {
    text: String,
    /// Whether it is what was searched for.
    hit: bool,
}

/// Search the messages of all rooms that you may read.
#[utoipa::path(
    get, path = "/api/search", operation_id = "search", tag = "search", params(SearchParameters), security(("jwt" = [])),
    responses((status = 200, body = SearchResponse), (status = 422, description = "The limit is out of range"))
)]
pub async fn search(
    State(state): State<AppState>,
    bearer: Bearer,
    Query(SearchParameters { q, sort, limit, after }): Query<SearchParameters>,
) -> Result<axum::Json<SearchResponse>> {
    if !(1..=100).contains(&limit) {
        return Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 100."))));
    }
    let query = SearchQuery::parse(&q);
    let results = find(&state, &bearer.user, &query, sort, after, limit).await?;
    let next = results.next.map(|after| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::from("/api/search?"));
        pairs.append_pair("q", &q).append_pair("after", &after.to_string()).append_pair("limit", &limit.to_string());
        if sort == Sort::Best {
            pairs.append_pair("sort", "best");
        }
        pairs.finish()
    });
    let hits = results.hits.iter().map(|hit| HitResponse::new(hit, &query)).collect();
    Ok(axum::Json(SearchResponse { hits, next, indexed: results.indexed, timed_out: results.timed_out }))
}

impl HitResponse {
    fn new(found: &FoundMessage, query: &SearchQuery) -> Self {
        let FoundMessage { message, text, .. } = found;
        let pieces = snippet(text, &hits(text, query), SNIPPET_CHARS);
        let room = message.id.room.as_str();
        Self {
            room: room.to_owned(),
            seq: message.seq(),
            user_id: message.author.as_ref().map(|author| author.user_id.clone()),
            name: message.author.as_ref().map(|author| author.name.clone()),
            message: message.text().unwrap_or_default().to_owned(),
            snippet: pieces.into_iter().map(|Piece { text, is_hit }| SnippetPiece { text, hit: is_hit }).collect(),
            sent_time: message.sent_at.rfc3339(),
            url: format!("/rooms/{room}/{}", message.seq()),
        }
    }
}
