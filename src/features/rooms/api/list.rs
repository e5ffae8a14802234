//! The list of one's own rooms, and of the open ones.

use std::collections::HashMap;

use axum::extract::State;

use super::types::{RoomResponse, RoomsQuery, RoomsResponse, check_limit};
use crate::{
    domain::{Fields, Phrase, RoomId, fold},
    features::rooms::pagination::take_page,
    web::{AppState, Bearer, Error, Query, Result},
};

/// List the rooms that you are in, in order of their ids; or, with `browse=true`, the open ones.
#[utoipa::path(
    get, path = "/api/rooms", operation_id = "list_rooms", tag = "rooms", params(RoomsQuery),
    security(("jwt" = [])),
    responses((status = 200, body = RoomsResponse))
)]
pub async fn list(
    State(state): State<AppState>,
    bearer: Bearer,
    Query(query): Query<RoomsQuery>,
) -> Result<axum::Json<RoomsResponse>> {
    check_limit(query.limit)?;
    if !query.browse && !query.q.is_empty() {
        return Err(Error::invalid(Fields::one("q", Phrase::english("Use it with browse=true."))));
    }
    let response =
        if query.browse { browse(&state, &bearer, &query).await? } else { own(&state, &bearer, &query).await? };
    Ok(axum::Json(response))
}

async fn own(state: &AppState, Bearer { user, .. }: &Bearer, query: &RoomsQuery) -> Result<RoomsResponse> {
    let after = query.after.as_deref().map(RoomId::named);
    let found = state.store.rooms_of(user, after.as_ref(), query.limit + 1).await?;
    let (found, last) = take_page(found, query.limit);
    let next = last.map(|last| format!("/api/rooms?after={}&limit={}", last.room.id.as_str(), query.limit));
    Ok(RoomsResponse { next, rooms: found.into_iter().map(RoomResponse::from).collect() })
}

async fn browse(state: &AppState, Bearer { user, .. }: &Bearer, query: &RoomsQuery) -> Result<RoomsResponse> {
    let after = query.after.as_deref().map(fold);
    let found = state.store.open_rooms(&fold(&query.q), after.as_deref(), query.limit + 1).await?;
    let (found, last) = take_page(found, query.limit);
    let next = last.map(|last| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::from("/api/rooms?browse=true"));
        if !query.q.is_empty() {
            pairs.append_pair("q", &query.q);
        }
        pairs.append_pair("after", &fold(&last.room.name)).append_pair("limit", &query.limit.to_string());
        pairs.finish()
    });
    let ids: Vec<RoomId> = found.iter().map(|open| open.room.id.clone()).collect();
    let summaries = state.store.summaries(user, &ids).await?;
    let mut summaries: HashMap<_, _> = summaries.into_iter().map(|own| (own.room.id.clone(), own)).collect();
    let rooms = found.into_iter().map(|open| {
        let summary = summaries.remove(&open.room.id);
        RoomResponse::browsed(open, summary)
    });
    Ok(RoomsResponse { next, rooms: rooms.collect() })
}
