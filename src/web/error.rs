//! One error type, and the one place that turns it into a page, a fragment or JSON.
//!
//! A handler does not know who asks. It returns an [`Error`], which travels as an extension of an empty
//! answer to [`render`], a middleware around all routes, which does know.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Nav, NavSlot, SharedSites, page::accepts_html};
use crate::{
    domain::Fields,
    security::{accounts::AccountError, limits::RateLimited, login::LoginError, passwords::Busy},
    store::{self, Conflict},
};

/// Why a request was not served, in words for whoever sent it.
#[derive(Debug, Clone)]
pub struct Error {
    pub status: StatusCode,
    pub message: String,
    pub fields: Fields,
    pub retry_after: Option<Duration>,
}

impl Error {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), fields: Fields::default(), retry_after: None }
    }

    /// Input that was understood and cannot be taken; the fields tell why.
    pub fn invalid(fields: Fields) -> Self {
        let message = match fields.iter().collect::<Vec<_>>()[..] {
            [(field, why)] => format!("{field}: {why}"),
            _ => "Some fields need another look.".to_owned(),
        };
        Self { fields, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, message) }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    pub fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "This address does not take that method.")
    }

    /// No token, or none that holds.
    pub fn bad_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Token didn't match")
    }

    /// A refusal that ends by itself: 429 or 503, with when to come back.
    pub fn later(status: StatusCode, message: &str, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(status, message) }
    }

    fn busy() -> Self {
        let message = "The server is busy. Nothing was changed; try again in a moment.";
        Self::later(StatusCode::SERVICE_UNAVAILABLE, message, Duration::from_secs(5))
    }

    fn unanswered() -> Self {
        let message = "The database does not answer. Try again in a moment.";
        Self::later(StatusCode::SERVICE_UNAVAILABLE, message, Duration::from_secs(5))
    }

    /// Answers with `page`, which shows the error itself, beside what was typed.
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

    /// The body that scripts get.
    pub fn json(&self) -> serde_json::Value {
        let mut body = json!({ "message": self.message });
        if !self.fields.is_empty() {
            body["fields"] = self.fields.iter().map(|(field, why)| (field.to_owned(), Value::from(why))).collect();
        }
        body
    }

    /// Whole seconds, and never 0: that would be an invitation.
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_millis().div_ceil(1000).max(1) as u64)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound => Self::not_found("user"),
            store::Error::NoSuchRoom => Self::not_found("room"),
            store::Error::Conflict(conflict) => conflict.into(),
            store::Error::Busy => Self::busy(),
            store::Error::Failed(reason) => {
                tracing::error!(reason, "the store failed");
                Self::unanswered()
            }
        }
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        let fields = match conflict {
            Conflict::UserIdTaken => Fields::one("userID", conflict.to_string()),
            Conflict::EmailTaken => Fields::one("email", conflict.to_string()),
            Conflict::LastAdmin => Fields::one("role", conflict.to_string()),
        };
        Self { fields, ..Self::new(StatusCode::CONFLICT, conflict.to_string()) }
    }
}

impl From<RateLimited> for Error {
    fn from(RateLimited { retry_after }: RateLimited) -> Self {
        let secs = retry_after.as_millis().div_ceil(1000);
        let wait = if secs > 90 { format!("{} minutes", secs.div_ceil(60)) } else { format!("{secs} seconds") };
        let message = format!("Too many attempts. Try again in {wait}.");
        Self::later(StatusCode::TOO_MANY_REQUESTS, &message, retry_after)
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
            LoginError::WrongPassword => Self::new(StatusCode::UNAUTHORIZED, error.to_string()),
            LoginError::RateLimited(too_many) => too_many.into(),
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

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    sites: SharedSites,
    nav: Option<Nav>,
    status: StatusCode,
    message: &'a str,
}

#[derive(Template)]
#[template(path = "_alert.html")]
struct AlertFragment<'a> {
    message: &'a str,
}

/// Gives an [`Error`] the form that the client can read. Goes around all routes.
pub async fn render(State(sites): State<SharedSites>, mut request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let form = Form::wanted(request.headers(), api);
    let signed_in = NavSlot::default();
    request.extensions_mut().insert(signed_in.clone());
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<Error>() {
        Some(error) => error,
        // a session that could not be saved, and a request that took too long, come without a word
        None if response.status().is_server_error() && !response.headers().contains_key(header::CONTENT_TYPE) => {
            Error::unanswered()
        }
        None => return response,
    };
    *response.status_mut() = error.status;
    if let Some(secs) = error.retry_after_secs() {
        response.headers_mut().insert(header::RETRY_AFTER, secs.into());
    }
    let body = match form {
        Form::Json => axum::Json(error.json()).into_response(),
        Form::Fragment => html(&AlertFragment { message: &error.message }),
        Form::Page => html(&ErrorPage { sites, nav: signed_in.get(), status: error.status, message: &error.message }),
    };
    let (parts, body) = body.into_parts();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}

enum Form {
    Json,
    Fragment,
    Page,
}

impl Form {
    fn wanted(headers: &HeaderMap, api: bool) -> Self {
        match () {
            () if api => Self::Json,
            () if headers.contains_key("hx-request") => Self::Fragment,
            () if accepts_html(headers) => Self::Page,
            () => Self::Json,
        }
    }
}

fn html(template: &impl Template) -> Response {
    Html(template.render().unwrap_or_default()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::web::Sites;

    #[test]
    fn a_room_that_does_not_exist_is_told() {
        let error = Error::from(store::Error::NoSuchRoom);
        assert_eq!((error.status, error.message.as_str()), (StatusCode::NOT_FOUND, "There is no such room."));
    }

    #[tokio::test]
    async fn what_a_layer_failed_at_without_a_word_is_a_503_that_says_when_to_come_back() {
        let sites: SharedSites = std::sync::Arc::new(Sites::default());
        let routes = Router::new()
            .route("/api/unsaved", get(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route("/readyz", get(async || (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")))
            .layer(from_fn_with_state(sites, render));
        let ask =
            async |path: &str| routes.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let unsaved = ask("/api/unsaved").await;
        assert_eq!(
            (unsaved.status(), &unsaved.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
        );
        let text = axum::body::to_bytes(unsaved.into_body(), 1000).await.unwrap();
        assert!(text.starts_with(b"{\"message\":\"The database does not answer"), "{text:?}");
        let own = axum::body::to_bytes(ask("/readyz").await.into_body(), 1000).await.unwrap();
        assert_eq!(own, "stopping\n");
    }
}
