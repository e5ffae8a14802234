//! Posting a message.

use axum::{
    RequestExt,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::types::MessageResponse;
use crate::{
    domain::{ClientId, Fields},
    web::{
        AppState, Bearer, Error, InRoom, Json, Result,
        change::{self, Draft},
        files::{SentFile, attachments},
        message_form::{self, MessageForm},
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostRequest {
    /// 1–4,000 characters, at least one of them visible. With a file it may be empty.
    #[serde(default)]
    #[schema(max_length = 4000)]
    message: String,
    /// A fresh id for each message, 1–64 letters, digits, `_ -`. A repeat of it does not post again, so a
    /// send whose answer was lost can simply be tried again. Left out, nothing guards against a repeat.
    #[serde(rename = "clientID")]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    client_id: Option<String>,
    /// The `seq` of the message that this one replies to.
    #[serde(rename = "replyTo")]
    reply_to: Option<u64>,
    /// Complete uploads of yours that become its files, up to 10, in this order. With one, the text may be empty.
    #[serde(default)]
    #[schema(required = false, max_items = 10)]
    files: Vec<SentFile>,
}

impl PostRequest {
    fn form(self) -> Result<MessageForm> {
        let Self { message, client_id, reply_to, files } = self;
        // an empty id is refused, and not replaced
        let client_id = match client_id {
            Some(given) if given.is_empty() => ClientId::parse(&given).map(|_| given),
            given => Ok(given.unwrap_or_default()),
        };
        let client_id = client_id.map_err(|invalid| Error::invalid(Fields::one("clientID", invalid)))?;
        Ok(MessageForm { message, client_id, reply_to, files: attachments(&files)?, ..MessageForm::default() })
    }
}

/// The same as a form, with the files themselves.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form only")]
pub struct PostFormRequest {
    message: Option<String>,
    #[schema(rename = "clientID")]
    client_id: Option<String>,
    #[schema(rename = "replyTo")]
    reply_to: Option<u64>,
    /// Up to 10 files.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
    /// What the pictures show, in the order of the files.
    alt: Vec<String>,
}

/// Post a message to a room. Durable when the answer comes.
#[utoipa::path(
    post, path = "/api/rooms/{room}/messages", operation_id = "post_message", tag = "chat",
    params(("room" = String, Path)),
    request_body(content((PostRequest = "application/json"), (PostFormRequest = "multipart/form-data"))), security(("jwt" = [])),
    responses(
        (status = 201, description = "Posted", body = MessageResponse),
        (status = 200, description = "A repeat: the message that is there already", body = MessageResponse),
        (status = 403, description = "The message that it replies to is a notice"),
        (status = 404, description = "There is no such room for you, or no message to reply to"),
        (status = 409, description = "This clientID was used for another message, the room is archived, or it has as many members as it may have"),
        (status = 410, description = "The message that it replies to is deleted"),
        (status = 413, description = "A file is larger than files may be"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn post(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    request: Request,
) -> Result<Response> {
    let form = match message_form::is_multipart(&request) {
        true => {
            let (form, refused) = message_form::read(&state, Some(access.user()), request).await?;
            match refused {
                Some(error) => return Err(error),
                None => form,
            }
        }
        false => request.extract::<Json<PostRequest>, _>().await?.0.form()?,
    };
    let draft = Draft { is_confirmed: true, ..form.draft() };
    let fresh = ClientId::generate();
    let client_id = if form.client_id.is_empty() { fresh.as_str() } else { draft.client_id };
    let posted = change::post(&state, &access, Draft { client_id, ..draft }).await?;
    let status = if posted.repeat { StatusCode::OK } else { StatusCode::CREATED };
    let json = axum::Json(MessageResponse::new(&state, posted.message, access.user()));
    Ok((status, [(header::CACHE_CONTROL, "no-store")], json).into_response())
}
