//! The one error type of handlers. [`super::error_page`] turns it into a page, a fragment or JSON.
//!
//! A handler does not know the form that the client reads. It returns an [`Error`], which travels to that middleware
//! as an extension of an empty response.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    domain::{Fields, Phrase, rules::Refusal},
    media::Unavailable,
    render::Language,
    security::{accounts::AccountError, limits::RateLimited, login::LoginError, passwords::Busy},
    store::{self, Conflict},
};

/// Why a request was refused or failed, for the client that sent it.
#[derive(Debug, Clone)]
pub struct Error {
    pub status: StatusCode,
    pub message: Phrase,
    pub fields: Fields,
    pub retry_after: Option<Duration>,
}

impl Error {
    pub fn new(status: StatusCode, message: Phrase) -> Self {
        Self { status, message, fields: Fields::default(), retry_after: None }
    }

    /// Input that was understood and refused. `fields` has the reasons.
    pub fn invalid(fields: Fields) -> Self {
        Self { fields, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, Phrase::new("fields-refused")) }
    }

    /// 404. `key` is the text that says what does not exist.
    pub fn not_found(key: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, Phrase::new(key))
    }

    /// 403. `key` is the text that says why.
    pub fn forbidden(key: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, Phrase::new(key))
    }

    /// 409: the state of things does not allow it.
    pub fn conflict(message: Phrase) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Phrase::new("method-not-allowed"))
    }

    /// 401: no token, or one that is not valid.
    pub fn bad_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Phrase::new("token-mismatch"))
    }

    /// A refusal that ends by itself: 429 or 503, with the time to wait.
    pub fn later(status: StatusCode, message: Phrase, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(status, message) }
    }

    fn busy() -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, Phrase::new("server-busy"), Duration::from_secs(5))
    }

    pub(super) fn database_down() -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, Phrase::new("database-down"), Duration::from_secs(5))
    }

    /// Responds with `page`, which shows the error itself, beside what was typed.
    pub fn on_page(self, page: impl IntoResponse) -> Response {
        let mut response = self.status_and_headers();
        let (parts, body) = page.into_response().into_parts();
        response.headers_mut().extend(parts.headers);
        *response.body_mut() = body;
        response
    }

    fn status_and_headers(&self) -> Response {
        let mut response = self.status.into_response();
        if let Some(secs) = self.retry_after_secs() {
            response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// The whole error in one sentence, for places that do not show the fields.
    pub fn summary(&self, language: Language) -> Cow<'static, str> {
        match self.fields.iter().collect::<Vec<_>>()[..] {
            [(field, reason)] if self.message.key == "fields-refused" => {
                let reason = language.phrase(reason);
                language.with("field-refused", [("field", field.into()), ("reason", reason.into())])
            }
            _ => language.phrase(&self.message),
        }
    }

    /// The sentence above a form that shows the reason beside each field.
    pub fn alert(&self, language: Language) -> String {
        language.phrase(&self.message).into_owned()
    }

    /// The refused fields, worded for a form.
    pub fn field_texts(&self, language: Language) -> FieldTexts {
        let texts = self.fields.iter().map(|(field, reason)| (field.to_owned(), language.phrase(reason).into_owned()));
        FieldTexts(texts.collect())
    }

    /// The JSON body. The API's is English.
    pub fn json(&self, language: Language) -> Value {
        let mut body = json!({ "message": self.summary(language) });
        if !self.fields.is_empty() {
            body["fields"] = self.field_texts(language).0.into_iter().collect();
        }
        body
    }

    /// Whole seconds, at least 1: a client that reads 0 would retry at once.
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_millis().div_ceil(1000).max(1) as u64)
    }
}

/// The fields that take the focus when they are refused, in the order in which forms have them.
const FORM_ORDER: [&str; 9] =
    ["userID", "name", "email", "phone", "topic", "members", "currentPassword", "password", "deletePassword"];

/// The reason beside each refused field of a form.
#[derive(Debug, Clone, Default)]
pub struct FieldTexts(BTreeMap<String, String>);

impl FieldTexts {
    /// Whether `field` is the first refused one of its form: it takes the focus.
    pub fn is_first(&self, field: &str) -> bool {
        FORM_ORDER.iter().find(|name| self.0.contains_key(**name)).is_some_and(|first| *first == field)
    }

    /// Whether no field was refused.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reason for `field`, or an empty text.
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound => Self::not_found("no-such-user"),
            store::Error::NoSuchRoom => Self::not_found("no-such-room"),
            store::Error::Conflict(conflict) => conflict.into(),
            store::Error::Refused(refusal) => refusal.into(),
            store::Error::Unchanged => Self::conflict(Phrase::new("room-unchanged")),
            store::Error::Busy => Self::busy(),
            store::Error::Full => {
                tracing::error!("no space left");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, Phrase::new("storage-full"))
            }
            store::Error::Failed(reason) => {
                tracing::error!(reason, "store request failed");
                Self::database_down()
            }
        }
    }
}

impl From<Unavailable> for Error {
    fn from(_: Unavailable) -> Self {
        Self::busy()
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        let (field, reason) = match conflict {
            Conflict::UserIdTaken => ("userID", Phrase::new("user-id-taken")),
            Conflict::EmailTaken => ("email", Phrase::new("email-taken")),
            Conflict::LastAdmin => ("role", Phrase::new("last-admin")),
            Conflict::RoomNameTaken => ("name", Phrase::new("room-name-taken")),
            Conflict::QuotaOfUser => ("file", Phrase::new("quota-of-user")),
            Conflict::QuotaOfServer => ("file", Phrase::new("quota-of-server")),
            Conflict::ClientIdReused => ("clientID", Phrase::new("client-id-reused")),
        };
        Self { fields: Fields::one(field, reason.clone()), ..Self::conflict(reason) }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let field = match refusal {
            Refusal::Empty => Some("message"),
            Refusal::TooManyFiles | Refusal::NoSuchUpload => Some("file"),
            _ => None,
        };
        if let Some(field) = field {
            return Self::invalid(Fields::one(field, refusal.phrase()));
        }
        let status = match refusal {
            Refusal::NoSuchRoom | Refusal::NoSuchMessage | Refusal::NoSuchMember => StatusCode::NOT_FOUND,
            Refusal::Deleted => StatusCode::GONE,
            Refusal::NotJoined | Refusal::NotAllowed | Refusal::IsNotice => StatusCode::FORBIDDEN,
            Refusal::Empty | Refusal::TooManyFiles | Refusal::NoSuchUpload => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Stale(_)
            | Refusal::TooManyEmoji
            | Refusal::TooManyPins
            | Refusal::Archived
            | Refusal::IsDirect
            | Refusal::HasEveryone
            | Refusal::LastOwner
            | Refusal::IsLobby
            | Refusal::NotOpen => StatusCode::CONFLICT,
        };
        Self::new(status, refusal.phrase())
    }
}

impl From<RateLimited> for Error {
    fn from(RateLimited { retry_after, .. }: RateLimited) -> Self {
        let seconds = retry_after.as_millis().div_ceil(1000).max(1) as u64;
        let message = if seconds > 90 {
            Phrase::new("too-many-attempts-minutes").arg("minutes", seconds.div_ceil(60))
        } else {
            Phrase::new("too-many-attempts-seconds").arg("seconds", seconds)
        };
        Self::later(StatusCode::TOO_MANY_REQUESTS, message, retry_after)
    }
}

impl From<Busy> for Error {
    fn from(_: Busy) -> Self {
        Self::busy()
    }
}

impl From<AccountError> for Error {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invalid(fields) => Self::invalid(fields),
            AccountError::Busy(busy) => busy.into(),
            AccountError::Store(store) => store.into(),
        }
    }
}

impl From<LoginError> for Error {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::WrongPassword => Self::new(StatusCode::UNAUTHORIZED, Phrase::new("wrong-login")),
            LoginError::Disabled => Self::forbidden("account-disabled"),
            LoginError::RateLimited(limited) => limited.into(),
            LoginError::Busy(busy) => busy.into(),
            LoginError::Store(store) => store.into(),
        }
    }
}

impl From<tower_sessions::session::Error> for Error {
    fn from(error: tower_sessions::session::Error) -> Self {
        store::Error::Failed(error.to_string()).into()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status_and_headers();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_refused_field_stands_in_the_summary() {
        let one = Error::invalid(Fields::one("name", Phrase::new("name-invisible")));
        let expected = json!({
            "message": "name: Use at least one visible character.",
            "fields": { "name": "Use at least one visible character." },
        });
        assert_eq!(one.json(Language::English), expected);
        assert_eq!(one.alert(Language::German), "Einige Felder brauchen eine Korrektur.");
    }

    #[test]
    fn a_room_that_does_not_exist_is_not_found() {
        let error = Error::from(store::Error::NoSuchRoom);
        assert_eq!(error.status, StatusCode::NOT_FOUND);
        assert_eq!(error.summary(Language::English), "There is no such room.");
    }
}
