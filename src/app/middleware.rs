//! What every request goes through, from the outside in.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::{CsrfLayer, ProtectionError},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};
use tracing::Span;

use crate::{
    security::sessions::{self, SessionTable},
    web::{AppState, Error, Sites, assets, error},
};

/// Largest body taken. The largest there is: a message of 4,000 characters, escaped.
const BODY: usize = 64 * 1024;
/// Longest a request may take; the queue of password checks is shorter.
const PATIENCE: Duration = Duration::from_secs(30);

/// No inline script, no inline style, no eval, nothing from elsewhere. `connect-src 'self'` covers the socket.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy, with the three servers' addresses: browsers hold the redirect after a form against `form-action`.
fn policy(sites: &Sites) -> HeaderValue {
    let others = if sites.are_apart() { sites.trusted.as_slice() } else { &[] };
    let to = others.iter().fold("form-action 'self'".to_owned(), |to, origin| format!("{to} {origin}"));
    let policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", &to);
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// What other sites learn of the page that a link was followed from: nothing, or the server's address, by which our
/// servers know each other's pages where they are apart ([`crate::web::arrival`]). A path, or a token, never.
fn referrer_policy(sites: &Sites) -> &'static str {
    if sites.are_apart() { "origin" } else { "same-origin" }
}

/// Puts the layers around `pages`, and the assets beside them. `secure`: people come by https.
pub(super) fn wrap(pages: Router<AppState>, state: &AppState, secure: bool) -> Router {
    let sessions = SessionManagerLayer::new(SessionTable(std::sync::Arc::clone(&state.store)))
        .with_name("natter")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure)
        .with_expiry(Expiry::OnInactivity(sessions::LIFETIME));
    let mut csrf = CsrfLayer::new();
    for origin in &state.settings.sites.trusted {
        csrf = csrf.add_trusted_origin(origin).unwrap_or_default();
    }
    let pages = pages
        .fallback(|| async { Error::not_found("page") })
        .layer(sessions)
        .layer(csrf.with_rejection_response(|_: ProtectionError| {
            Error::forbidden("This request came from another site.").into_response()
        }))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(axum::middleware::from_fn_with_state(state.sites(), error::render))
        // pages show what only their reader may see; assets, beside this, say for themselves how long they keep
        .layer(if_absent(header::CACHE_CONTROL, "no-store"));
    let id = HeaderName::from_static("x-request-id");
    let outside = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(id.clone(), MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(id))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(log_response).on_failure(()))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy(&state.settings.sites)))
        .layer(if_absent(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(if_absent(header::X_FRAME_OPTIONS, "DENY"))
        .layer(if_absent(header::REFERRER_POLICY, referrer_policy(&state.settings.sites)))
        .layer(if_absent(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(if_absent(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"))
        .option_layer(secure.then(|| if_absent(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")));
    pages.with_state(state.clone()).merge(assets::router()).layer(outside)
}

fn if_absent(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Names the path and never the query: the chat's address carries a token.
fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

fn log_response<B>(response: &Response<B>, latency: Duration, _: &Span) {
    let (status, ms) = (response.status().as_u16(), latency.as_secs_f64() * 1000.0);
    metrics::histogram!("natter_request_seconds").record(latency.as_secs_f64());
    // 503 asks to come back later; why has been said where it was found out, and many may be asked
    if response.status().is_server_error() && response.status() != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(status, ms, "answered");
    } else {
        tracing::debug!(status, ms, "answered");
    }
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let reason = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(reason, "a handler panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(Error::new(StatusCode::OK, "Something went wrong here.").json()))
        .into_response()
}
