//! The extractor of the pages and forms of one message.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use super::no_message::NoMessagePage;
use crate::{
    domain::{Message, User},
    render::Language,
    store::Access,
    web::{AppState, Error, InRoom, Path, Result, SignedIn, page::is_from_htmx},
};

/// A request about the message `{seq}` of the room that the path names as `{room}`, by a user who may read the room.
/// Whether there is such a message is not known yet.
pub struct OnMessage {
    pub state: AppState,
    pub language: Language,
    pub me: User,
    pub access: Access,
    pub seq: u64,
    /// Whether it is a request of a page's script. The page shows by itself what changes.
    pub is_from_htmx: bool,
}

impl FromRequestParts<AppState> for OnMessage {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let InRoom { caller, access } = InRoom::<SignedIn>::from_request_parts(parts, state).await?;
        let seq = Path::<(String, u64)>::from_request_parts(parts, state).await;
        let Path((_, seq)) = seq.map_err(IntoResponse::into_response)?;
        let Ok(language) = Language::from_request_parts(parts, state).await;
        let is_from_htmx = is_from_htmx(&parts.headers);
        Ok(Self { state: state.clone(), language, me: caller.user, access, seq, is_from_htmx })
    }
}

impl OnMessage {
    /// The address of the room.
    pub(super) fn room_address(&self) -> String {
        format!("/rooms/{}", self.access.room().as_str())
    }

    /// The address of the message, or of a page below it.
    pub(super) fn address(&self, page: &str) -> String {
        format!("{}/{}{page}", self.room_address(), self.seq)
    }

    /// The message; `None` if there is none, or if it is deleted.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn message(&self) -> Result<Option<Message>> {
        let message = self.state.store.message(&self.access, self.seq).await?;
        Ok(message.filter(|message| !message.is_deleted()))
    }

    /// The page that leads back to the room, with the status of `error`.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn missing(&self, error: Error) -> Result<Response> {
        let page = NoMessagePage::load(&self.state, self.language, &self.me, &self.access, self.seq).await?;
        Ok(error.on_page(page))
    }

    /// The answer to a form that changed something: to `to`, or nothing for a page's script.
    pub(super) fn done(&self, to: &str) -> Response {
        match self.is_from_htmx {
            true => StatusCode::NO_CONTENT.into_response(),
            false => Redirect::to(to).into_response(),
        }
    }
}

/// The error for a message that is deleted, or never was.
pub(super) fn no_such_message() -> Error {
    Error::not_found("no-such-message")
}
