//! Extractors. A handler's signature shows who may call it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    RequestExt,
    body::HttpBody,
    extract::{
        ConnectInfo, FromRequest, FromRequestParts, OptionalFromRequest, OptionalFromRequestParts, Request,
        rejection::{BytesRejection, FormRejection},
    },
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use tower_sessions::Session;

use super::{AppState, Error, NavSlot, Sites, page::is_from_htmx, sites::without_token, user_reads::ReadSlot};
use crate::{
    domain::{Device, Fields, Phrase, Timestamp, User},
    net::address,
    security::{
        Grant,
        sessions::{self, SessionLifetime, Visit},
    },
};

/// A browser with a valid session. Without one it is redirected to the login page, which leads back.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user: User,
    pub grant: Grant,
    pub lifetime: SessionLifetime,
    /// The id under which the session is stored; `None` if it is not stored yet.
    pub session: Option<[u8; 32]>,
}

/// Who a request's session belongs to. An extension that the first extraction leaves for the others, which then do not
/// read the store again, nor wait for one that does not answer.
#[derive(Debug, Clone)]
struct CheckedSession(Result<Option<SignedIn>, Error>);

impl OptionalFromRequestParts<AppState> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Error> {
        if let Some(CheckedSession(found)) = parts.extensions.get() {
            return found.clone();
        }
        let found = Self::of_session(parts, state).await;
        parts.extensions.insert(CheckedSession(found.clone()));
        found
    }
}

impl SignedIn {
    async fn of_session(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Error> {
        let Some(session) = parts.extensions.get::<Session>().cloned() else { return Ok(None) };
        let Some(current) = sessions::current(&session).await? else { return Ok(None) };
        if let Some(slot) = parts.extensions.get::<ReadSlot>() {
            slot.begin(&state.reads, current.grant.user()).await; // before it is checked: it may be revoked meanwhile
        }
        let Some(user) = state.logins.user_of(&current.grant).await? else { return Ok(None) };
        if sessions::record_visit(&session, &current, visit(parts, state).await).await? {
            // a page without the script has no socket that shows when the user was here
            state.store.record_seen(&[user.key], Timestamp::now()).await?;
        }
        if let Some(slot) = parts.extensions.get::<NavSlot>() {
            slot.fill(&user);
        }
        Ok(Some(Self {
            user,
            grant: current.grant,
            lifetime: current.lifetime,
            session: sessions::stored_id(&session),
        }))
    }
}

async fn visit(parts: &mut Parts, state: &AppState) -> Visit {
    let Ok(ClientAddr(address)) = ClientAddr::from_request_parts(parts, state).await;
    let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Visit { device: Device::of(user_agent.unwrap_or_default()), address, at: Timestamp::now().as_secs() }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        match <Self as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await {
            Ok(Some(signed_in)) => Ok(signed_in),
            Ok(None) if is_from_htmx(&parts.headers) => {
                Err(Error::new(StatusCode::UNAUTHORIZED, Phrase::new("signed-out")).into_response())
            }
            Ok(None) => Err(to_login(parts, &state.settings.sites)),
            Err(error) => Err(error.into_response()),
        }
    }
}

/// The public address of the server that a router belongs to. An extension of the routes.
#[derive(Debug, Clone)]
pub struct ServerOrigin(pub String);

fn to_login(parts: &Parts, sites: &Sites) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let origin = parts.extensions.get::<ServerOrigin>().map_or("", |origin| origin.0.as_str());
    if parts.method.is_safe()
        && let Some(path) = parts.uri.path_and_query().map(axum::http::uri::PathAndQuery::as_str)
        && path != "/"
    {
        // a token that was not accepted is not passed on
        query.append_pair("next", &format!("{origin}{}", without_token(path)));
    }
    let query = query.finish();
    let login = format!("{}/login", sites.auth);
    Redirect::to(&if query.is_empty() { login } else { format!("{login}?{query}") }).into_response()
}

/// A signed-in admin. Members get 403.
#[derive(Debug, Clone)]
pub struct Admin(pub SignedIn);

impl FromRequestParts<AppState> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let signed_in = <SignedIn as FromRequestParts<_>>::from_request_parts(parts, state).await?;
        if signed_in.user.is_admin() {
            Ok(Self(signed_in))
        } else {
            Err(Error::forbidden("admins-only").into_response())
        }
    }
}

/// A script with a valid token in `Authorization: Bearer`.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub user: User,
    pub grant: Grant,
}

impl Bearer {
    /// The user of `token`, however it was sent. `slot`: that of a GET request, which waits for its turn. The token is checked
    /// afterwards, because it may be revoked meanwhile.
    ///
    /// # Errors
    /// 401 if the token is not valid.
    pub async fn of(state: &AppState, token: &str, slot: Option<&ReadSlot>) -> Result<Self, Error> {
        let grant = state.logins.tokens.read(token).map_err(|_| Error::bad_token())?;
        if let Some(slot) = slot {
            slot.begin(&state.reads, grant.user()).await;
        }
        let user = state.logins.user_of(&grant).await?.ok_or_else(Error::bad_token)?;
        Ok(Self { user, grant })
    }
}

impl OptionalFromRequestParts<AppState> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Error> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let value = value.to_str().unwrap_or_default();
        let token = match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return Err(Error::bad_token()),
        };
        Self::of(state, token, parts.extensions.get()).await.map(Some)
    }
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let found = <Self as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await?;
        found.ok_or_else(|| {
            let hint = "Send a token: Authorization: Bearer TOKEN. POST /api/login gives one.";
            Error::new(StatusCode::UNAUTHORIZED, Phrase::english(hint))
        })
    }
}

/// A script with an admin's valid token. Others get 403.
#[derive(Debug, Clone)]
pub struct AdminBearer(pub Bearer);

impl FromRequestParts<AppState> for AdminBearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let bearer = <Bearer as FromRequestParts<_>>::from_request_parts(parts, state).await?;
        if bearer.user.is_admin() { Ok(Self(bearer)) } else { Err(Error::forbidden("admins-only")) }
    }
}

/// The client's address: the peer's, or the one that the configured number of proxies report.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddr(pub IpAddr);

impl FromRequestParts<AppState> for ClientAddr {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Self(address::client(&parts.headers, peer, state.settings.proxies)))
    }
}

/// `axum::Json` with errors that name the field.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !(media_type.eq_ignore_ascii_case("application/json") || media_type.ends_with("+json")) {
            let message = "Send JSON, with Content-Type: application/json.";
            return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Phrase::english(message)));
        }
        let body = Bytes::from_request(request, state).await.map_err(body_error)?;
        let mut deserializer = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| json_error(&e))?;
        deserializer.end().map_err(|error| not_json(&error))?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Error;

    /// `None` if the request has no body.
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Error> {
        if request.headers().get(header::CONTENT_TYPE).is_none() && request.body().is_end_stream() {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::new(StatusCode::BAD_REQUEST, Phrase::english(format!("The body is not JSON: {error}.")))
}

fn json_error(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    if !error.inner().is_data() {
        return not_json(error.inner());
    }
    // "unknown field `x`, expected …", "missing field `x`", "invalid type: …" at a path
    let text = error.inner().to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let quoted = text.split('`').nth(1).filter(|_| text.contains(" field `"));
    let path = error.path().to_string();
    let field = quoted.map_or(path.as_str(), |field| field);
    Error::invalid(Fields::one(if field == "." { "body" } else { field }, Phrase::english(format!("{text}."))))
}

fn body_error(rejection: BytesRejection) -> Error {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(StatusCode::PAYLOAD_TOO_LARGE, Phrase::new("body-too-large")),
        status => Error::new(status, Phrase::english(rejection.body_text())),
    }
}

/// `axum::Form` with [`Error`]s.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        match request.extract::<axum::Form<T>, _>().await {
            Ok(axum::Form(value)) => Ok(Self(value)),
            Err(FormRejection::BytesRejection(rejection)) => Err(body_error(rejection)),
            Err(rejection) => Err(Error::new(rejection.status(), Phrase::english(rejection.body_text()))),
        }
    }
}

/// `axum::extract::Query` with [`Error`]s.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|error| {
            // "Failed to deserialize query string: limit: invalid digit found in string"
            let text = error.body_text();
            let field = text.split(": ").nth(1).filter(|name| !name.contains(' ')).unwrap_or("?").to_owned();
            let message = Phrase::new("query-refused").arg("field", field);
            Error {
                fields: Fields::one("query", Phrase::english(text)),
                ..Error::new(StatusCode::BAD_REQUEST, message)
            }
        })
    }
}

/// `axum::extract::Path` with [`Error`]s. A path that does not parse is a page that does not exist.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Error::not_found("no-such-page"))
    }
}
