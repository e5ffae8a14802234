//! The layers around all routes.

use std::{any::Any, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::{CsrfLayer, ProtectionError},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::TraceLayer,
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};
use tracing::Span;

use crate::{
    domain::Phrase,
    net::address::{self, AddressSlot},
    security::sessions::{self, SessionTable},
    web::{
        AppState, Error, IsHttps, Result, SignedIn, Sites, assets,
        error_page::{self, ErrorPages},
        origin, user_reads,
    },
};

/// Largest request body: a message of 4,000 characters, escaped.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Longest time for a request; longer than the wait in the queue of password checks.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time for a request with files, whose sender may have a slow line. A pause in between ends it earlier
/// ([`crate::web::receiver`]).
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(3600);

/// No inline script, no inline style, no eval, nothing from other sites. `connect-src 'self'` covers the WebSocket.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    media-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy with the addresses of the three servers, because browsers check the redirect after a form against
/// `form-action`.
fn policy(sites: &Sites) -> HeaderValue {
    let others = if sites.are_apart() { sites.trusted.as_slice() } else { &[] };
    let to = others.iter().fold("form-action 'self'".to_owned(), |to, origin| format!("{to} {origin}"));
    let policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", &to);
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// What other sites get to know about the page with the link: nothing if the three servers have one address. If they
/// are apart, the origin, by which they recognize each other's pages ([`crate::web::token_login`]). Never the path or a
/// token.
fn referrer_policy(sites: &Sites) -> &'static str {
    if sites.are_apart() { "origin" } else { "same-origin" }
}

/// Puts the layers around `pages`, and adds the assets. `secure`: browsers use https.
pub(super) fn wrap(pages: Router<AppState>, state: &AppState, secure: bool) -> Router {
    let sessions = SessionManagerLayer::new(SessionTable(Arc::clone(&state.store)))
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
        // these extract the user for the error page's head; `Result`, because a store error must not change the
        // response
        .fallback(async |_: Result<Option<SignedIn>>| Error::not_found("no-such-page"))
        .method_not_allowed_fallback(async |_: Result<Option<SignedIn>>| Error::method_not_allowed())
        .layer(sessions)
        .layer(Extension(IsHttps(secure)))
        // outside the session layer, so this error page does not show the signed-in user
        .layer(csrf.with_rejection_response(|_: ProtectionError| Error::forbidden("other-site").into_response()))
        .layer(from_fn_with_state(state.sites(), refuse_other_sites))
        .layer(from_fn(user_reads::limit))
        .layer(from_fn(limit_time))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // pages contain private data; the assets are not inside this layer and set their own caching
        .layer(if_absent(header::CACHE_CONTROL, "no-store"));
    let error_pages = ErrorPages { sites: state.sites(), language: state.settings.language };
    let id = HeaderName::from_static("x-request-id");
    let outside = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(id.clone(), MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(id))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(log_response).on_failure(()))
        .layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy(&state.settings.sites)))
        .layer(if_absent(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(if_absent(header::X_FRAME_OPTIONS, "DENY"))
        .layer(if_absent(header::REFERRER_POLICY, referrer_policy(&state.settings.sites)))
        .layer(if_absent(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(if_absent(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"))
        .option_layer(secure.then(|| if_absent(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")))
        .layer(from_fn_with_state(error_pages, error_page::render))
        .layer(CatchPanicLayer::custom(panicked))
        .option_layer((state.settings.proxies > 0).then(|| from_fn_with_state(state.clone(), count_client)));
    pages.with_state(state.clone()).merge(assets::router()).layer(outside)
}

fn if_absent(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Logs the path and never the query, because the chat's address may contain a token.
fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!("request", method = %request.method(), path = logged_path(request.uri().path()), id)
}

/// A path without the name of a file at its end: names can tell what a closed room is about.
fn logged_path(path: &str) -> &str {
    const FILES: &str = "/files/";
    let Some(start) = path.find(FILES).map(|at| at + FILES.len()) else { return path };
    path[start..].find('/').map_or(path, |end| &path[..start + end])
}

fn log_response<B>(response: &Response<B>, latency: Duration, _: &Span) {
    let (status, ms) = (response.status().as_u16(), latency.as_secs_f64() * 1000.0);
    metrics::histogram!("natter_request_seconds").record(latency.as_secs_f64());
    // a 503 is logged where its cause was found, and there may be many
    if response.status().is_server_error() && response.status() != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(status, ms, "response sent");
    } else {
        tracing::debug!(status, ms, "response sent");
    }
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let reason = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(reason, "handler panicked");
    Error::new(StatusCode::INTERNAL_SERVER_ERROR, Phrase::new("server-error")).into_response()
}

/// Ends a request after [`REQUEST_TIMEOUT`], or one with files after [`UPLOAD_TIMEOUT`].
async fn limit_time(request: Request, next: Next) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let path = request.uri().path();
    let has_files = path.starts_with("/api/uploads")
        || path.ends_with("/avatar")
        || content_type.is_some_and(|content_type| content_type.starts_with("multipart/form-data"));
    let limit = if has_files { UPLOAD_TIMEOUT } else { REQUEST_TIMEOUT };
    match timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Refuses changes from pages of other sites that the CSRF layer does not recognize.
async fn refuse_other_sites(State(sites): State<Arc<Sites>>, request: Request, next: Next) -> Response {
    if !request.method().is_safe() && origin::is_foreign(request.headers(), &sites) {
        return Error::forbidden("other-site").into_response();
    }
    next.run(request).await
}

/// Counts a connection behind a proxy under the client address of its latest request.
async fn count_client(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (peer, slot) =
        (request.extensions().get::<ConnectInfo<SocketAddr>>(), request.extensions().get::<Arc<AddressSlot>>());
    if let (Some(ConnectInfo(peer)), Some(slot)) = (peer, slot) {
        let client = address::client(request.headers(), peer.ip(), state.settings.proxies);
        if slot.count_under(client).is_err() {
            let error = Error::later(
                StatusCode::TOO_MANY_REQUESTS,
                Phrase::new("too-many-connections"),
                Duration::from_secs(5),
            );
            let mut response = error.into_response();
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use axum::{body::Body, body::to_bytes, routing::get};
    use tokio::{sync::Semaphore, task::JoinSet, time::sleep};
    use tower::ServiceExt;

    use super::*;
    use crate::{
        domain::{Email, Name, Phone, UserId},
        security::{Grant, limits::RateLimits, login::LoginService, passwords::Passwords, tokens::Tokens},
        store::{self, Location, NewUser, PasswordHash},
        web::{
            Bearer,
            state::{FileSettings, RoomSettings, Settings},
        },
    };

    async fn state(dir: &tempfile::TempDir) -> AppState {
        let store = store::open(&Location::Embedded(dir.path().into())).await.unwrap();
        let logins = LoginService {
            store: store.clone(),
            passwords: Arc::new(Passwords::new(4)),
            tokens: Arc::new(Tokens::new(&"a secret of thirty-two bytes, or more".to_owned().into())),
            limits: Arc::new(RateLimits::new(None)),
        };
        let settings = Settings {
            signup_open: true,
            sites: Arc::default(),
            language: None,
            proxies: 0,
            metrics_token: None,
            user_sockets: None,
            files: FileSettings { max_file: 1, quota: store::Quota { user: 1, server: 1 } },
            rooms: RoomSettings { only_admins_create: false, max_rooms: 1, max_members: 1, max_rooms_of_user: 1 },
        };
        AppState::new(store, logins, None, None, settings)
    }

    #[tokio::test]
    async fn a_panic_has_a_response_like_every_other_error() {
        let dir = tempfile::tempdir().unwrap();
        let panics = || get(async || -> &'static str { panic!("on purpose") });
        let routes = Router::new().route("/", panics()).route("/api/panics", panics());
        let app = wrap(routes, &state(&dir).await, true);
        let message = "Something went wrong here. Try again; if it happens again, tell the operator of this server.";
        for (path, header, value, content_type, shape) in [
            ("/", "accept", "text/html", "text/html; charset=utf-8", "<h1"),
            ("/", "hx-request", "true", "text/html; charset=utf-8", "<hx-partial hx-target=\"#alert\""),
            ("/", "accept", "*/*", "application/json", "{\"message\":"),
            ("/api/panics", "accept", "text/html", "application/json", "{\"message\":"),
        ] {
            let request = Request::get(path).header(header, value).body(Body::empty()).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let headers = response.headers().clone();
            let body = String::from_utf8(to_bytes(response.into_body(), 100_000).await.unwrap().into()).unwrap();
            assert!(body.contains(shape) && body.contains(message), "{path} with {header}: {body}");
            assert_eq!(headers["content-type"], content_type, "{path} with {header}");
            assert_eq!(headers["cache-control"], "no-store");
            for name in [
                "content-security-policy",
                "x-content-type-options",
                "x-frame-options",
                "referrer-policy",
                "cross-origin-opener-policy",
                "permissions-policy",
                "strict-transport-security",
                "x-request-id",
            ] {
                assert!(headers.contains_key(name), "no {name} in {headers:?}");
            }
        }
    }

    async fn token_of(state: &AppState, user_id: &str) -> (String, Grant) {
        let user = NewUser {
            user_id: UserId::parse(user_id).unwrap(),
            name: Name::parse(user_id).unwrap(),
            email: Email::parse(&format!("{user_id}@example.org")).unwrap(),
            phone: Phone::default(),
            password: PasswordHash("none".to_owned()),
            role: None,
            entry: None,
        };
        state.logins.tokens.issue(&state.store.create_user(user).await.unwrap())
    }

    #[tokio::test]
    async fn reads_of_one_user_beyond_the_limit_wait_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(&dir).await;
        let ((ada, grant), (bob, _)) = (token_of(&state, "ada").await, token_of(&state, "bob").await);
        let (begun, permits) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (counter, ends) = (Arc::clone(&begun), Arc::clone(&permits));
        let handler = async move |_: Bearer| {
            counter.fetch_add(1, Relaxed);
            ends.acquire().await.unwrap().forget();
        };
        let routes =
            Router::new().route("/api/waits", get(handler.clone()).post(handler.clone())).route("/ws", get(handler));
        let app = wrap(routes, &state, false);
        let mut requests = JoinSet::new();
        let mut send = |request: axum::http::request::Builder, token: &str| {
            let request = request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
            requests.spawn(app.clone().oneshot(request));
        };
        let has_begun = async |count: usize| {
            let all = async {
                while begun.load(Relaxed) < count {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(Duration::from_secs(20), all).await.expect("requests begin");
            sleep(Duration::from_millis(50)).await;
            assert_eq!(begun.load(Relaxed), count);
        };
        for _ in 0..user_reads::MAX_READS + 2 {
            send(Request::get("/api/waits"), &ada);
        }
        has_begun(user_reads::MAX_READS).await;
        send(Request::get("/api/waits"), &bob);
        send(Request::post("/api/waits"), &ada);
        send(Request::get("/ws"), &ada);
        has_begun(user_reads::MAX_READS + 3).await;
        // a token that is revoked is of no use to requests that wait
        state.logins.revoke(&grant).await.unwrap();
        permits.add_permits(user_reads::MAX_READS + 5);
        let responses = requests.join_all().await;
        let refused =
            responses.iter().filter(|response| response.as_ref().unwrap().status() == StatusCode::UNAUTHORIZED);
        assert_eq!((refused.count(), begun.load(Relaxed)), (2, user_reads::MAX_READS + 3));
    }
}
