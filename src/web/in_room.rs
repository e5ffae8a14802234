//! The extractor of handlers that read or write a room.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
    response::{IntoResponse, Response},
};

use super::{AppState, Bearer, Error, SignedIn};
use crate::{
    domain::{RoomId, User},
    store::Access,
};

/// A caller who may read the room that the path names as `{room}`, or the lobby if it names none. Everybody else gets
/// 404.
#[derive(Debug, Clone)]
pub struct InRoom<C> {
    pub caller: C,
    pub access: Access,
}

/// A request's sender.
pub trait Caller {
    fn user(&self) -> &User;
}

impl Caller for Bearer {
    fn user(&self) -> &User {
        &self.user
    }
}

impl Caller for SignedIn {
    fn user(&self) -> &User {
        &self.user
    }
}

impl<C: Caller + FromRequestParts<AppState> + Send> FromRequestParts<AppState> for InRoom<C> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let caller = C::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let room = room(parts, state).await.map_err(IntoResponse::into_response)?;
        let access = state.store.access(caller.user(), &room).await;
        let access = access.map_err(|error| Error::from(error).into_response())?;
        Ok(Self { caller, access })
    }
}

async fn room(parts: &mut Parts, state: &AppState) -> Result<RoomId, Error> {
    let path = RawPathParams::from_request_parts(parts, state).await;
    let path = path.map_err(|_| Error::not_found("no-such-page"))?;
    let named = path.iter().find(|(name, _)| *name == "room");
    Ok(named.map_or_else(RoomId::lobby, |(_, id)| RoomId::named(id)))
}
