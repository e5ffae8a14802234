//! The page of a message: the room's page with the log around it, and its forms below its row.

use axum::response::{IntoResponse, Response};

use super::{
    message_forms::Refused,
    on_message::{OnMessage, no_such_message},
    page::{RoomPage, View},
};
use crate::web::{Error, Result};

pub async fn show(on: OnMessage) -> Result<Response> {
    match read(&on, Refused::default()).await? {
        Some(page) => Ok(page.into_response()),
        None => on.missing(no_such_message()).await,
    }
}

/// The page with a form that was refused. If the message is gone, the page that says so.
///
/// # Errors
/// The store's.
pub(super) async fn refuse(on: &OnMessage, error: Error, refused: Refused) -> Result<Response> {
    match read(on, refused).await? {
        Some(page) => Ok(error.on_page(page)),
        None => on.missing(error).await,
    }
}

async fn read(on: &OnMessage, refused: Refused) -> Result<Option<RoomPage>> {
    let Some(message) = on.message().await? else { return Ok(None) };
    let view = View::Message { message: &message, refused };
    RoomPage::read(&on.state, on.language, &on.me, &on.access, view).await.map(Some)
}
