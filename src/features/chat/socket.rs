//! The WebSocket of the chat: the log's fragments out, messages in.
//!
//! Memory limits how many users one machine can serve, so the buffers are small: with the defaults (128 KiB, zeroed on
//! each read) an idle socket costs 135 KiB, with these some 4 KiB in all. With a write buffer of 0 the WebSocket
//! library writes whole frames, as [`crate::net::connection`] requires. Only the frames for this client alone go
//! through the library: replies, pings, the Close frame. The log's frames come from the fan-out.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::{
    change::{self, Draft},
    closing::{SocketEnd, close},
    frames,
};
use crate::{
    domain::{Phrase, RoomId, Timestamp},
    net::Connection,
    render::Language,
    room::{
        PresenceGuard,
        registry::{Registration, TooManySockets},
        subscription::{FollowError, Subscription},
    },
    security::{Grant, sessions::SessionLifetime},
    store::{self, Access},
    web::{AppState, Bearer, Error, Query, Result, SignedIn, language, origin},
};

/// Largest frame accepted: 4,000 characters of four bytes, escaped as JSON, and the headers.
const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Most bytes of frames for this client alone that may wait to be written.
const MAX_WRITE_BUFFER: usize = 64 * 1024;
/// How often a page gets a frame that says that its message is not stored yet. While a message waits, a page considers
/// a connection broken on which it received nothing for 10 s; in a failover the database needs longer. A script gets
/// only the reply.
const PENDING_INTERVAL: Duration = Duration::from_secs(3);
/// How often a ping is sent. Proxies such as nginx close a connection that is silent for a minute.
const PING_INTERVAL: Duration = Duration::from_secs(50);

/// Most changes that a page catches up with. A page that missed more reloads and shows the last of them; the others
/// are loaded by scrolling back. To insert thousands of messages one by one would block the browser.
const MAX_CATCH_UP: u64 = 1000;

#[derive(Deserialize)]
pub struct SocketQuery {
    jwt: Option<String>,
    /// The userID that the page shows. If another user has signed in since in the same browser, the page must not go on
    /// as that user.
    user: Option<String>,
    /// The latest `rev` that the client has: the changes after it are sent first.
    after: Option<u64>,
    /// The client was connected before and lost the connection, which is not announced as an entrance.
    #[serde(default)]
    returning: bool,
}

/// The identity that a socket is opened with.
struct Identity {
    grant: Grant,
    /// When the socket is closed; `None` if the session is renewable.
    expires: Option<Timestamp>,
    /// A page; otherwise a script.
    is_page: bool,
}

pub async fn open(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(query): Query<SocketQuery>,
    bearer: Result<Option<Bearer>, Error>,
    session: Result<Option<SignedIn>, Error>,
    Extension(connection): Extension<Arc<Connection>>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let from_page = origin::is_ours(&headers, &state.settings.sites);
    if from_page == Some(false) {
        return Err(Error::forbidden("wrong-address"));
    }
    let identity = identify(&state, &query, from_page.is_some(), bearer, session).await;
    let registered = identity.and_then(|identity| {
        let registration = state.hub.registry.register(identity.grant, state.settings.user_sockets)?;
        Ok((identity, registration))
    });
    let upgrade = upgrade
        .max_frame_size(MAX_FRAME_BYTES)
        .max_message_size(MAX_FRAME_BYTES)
        .read_buffer_size(512)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER);
    match registered {
        Ok((identity, registration)) => {
            let SocketQuery { after, returning, .. } = query;
            // a script gets the API's English
            let page_language = language::of(&headers, state.settings.language);
            let language = if identity.is_page { page_language } else { Language::English };
            let opening = Box::new(OpeningSocket { state, connection, identity, after, returning, language });
            Ok(upgrade.on_upgrade(move |socket| serve(socket, registration, opening)))
        }
        // a page cannot read the status of a refused handshake, only the code of a Close frame
        Err(error) if from_page.is_some() && error.status.is_client_error() => {
            let too_many = error.status == StatusCode::TOO_MANY_REQUESTS;
            let end = if too_many { SocketEnd::TooManySockets } else { SocketEnd::SignedOut };
            Ok(upgrade.on_upgrade(move |socket| async move { close(socket, &connection, end).await }).into_response())
        }
        Err(error) => Err(error),
    }
}

impl From<TooManySockets> for Error {
    fn from(TooManySockets { limit }: TooManySockets) -> Self {
        let message = format!("You have {limit} open sockets, which is the limit. Close one and try again.");
        Self::later(StatusCode::TOO_MANY_REQUESTS, Phrase::english(message), Duration::from_secs(5))
    }
}

async fn identify(
    state: &AppState,
    query: &SocketQuery,
    is_page: bool,
    bearer: Result<Option<Bearer>>,
    session: Result<Option<SignedIn>>,
) -> Result<Identity> {
    let bearer = match &query.jwt {
        Some(token) => Some(Bearer::of(state, token).await?),
        None => bearer?,
    };
    if let Some(Bearer { grant, .. }) = bearer {
        return Ok(Identity { grant, expires: Some(grant.expires()), is_page });
    }
    let SignedIn { user, grant, lifetime } = session?.ok_or_else(Error::bad_token)?;
    if query.user.as_deref().is_some_and(|shown| shown != user.user_id.as_str()) {
        return Err(Error::bad_token());
    }
    let expires = (lifetime == SessionLifetime::UntilTokenExpires).then(|| grant.expires());
    Ok(Identity { grant, expires, is_page })
}

/// The task of a socket, from the handshake to the close. It sleeps nearly always. The futures that it needs only to
/// open, to write and to close are boxed, because a future is as large as the largest future that it awaits.
async fn serve(mut socket: WebSocket, mut registration: Registration, opening: Box<OpeningSocket>) {
    let connection = Arc::clone(&opening.connection);
    let end = match Box::pin(opening.subscribe()).await {
        Ok(open) => tokio::select! {
            end = exchange_frames(&mut socket, &open) => end,
            error = open.subscription.follow() => match error {
                FollowError::Connection(_) => SocketEnd::Lost,
                FollowError::Store(error) => {
                    tracing::warn!(user = %open.access.user().0, %error, "socket catch-up failed");
                    SocketEnd::Failed
                }
            },
            reason = &mut registration.close => reason.map_or(SocketEnd::Restart, SocketEnd::from),
            () = expiry(open.expires) => SocketEnd::TokenExpired,
        },
        Err(end) => end,
    };
    Box::pin(close(socket, &connection, end)).await;
}

/// A socket that has no subscription yet.
struct OpeningSocket {
    state: AppState,
    connection: Arc<Connection>,
    identity: Identity,
    /// The latest `rev` that the client has.
    after: Option<u64>,
    returning: bool,
    /// The language of the replies.
    language: Language,
}

/// A socket with a subscription.
struct OpenSocket {
    state: AppState,
    access: Access,
    expires: Option<Timestamp>,
    is_page: bool,
    language: Language,
    subscription: Subscription,
    _presence: PresenceGuard,
}

impl OpeningSocket {
    async fn subscribe(self: Box<Self>) -> Result<OpenSocket, SocketEnd> {
        let Self { state, connection, identity: Identity { grant, expires, is_page }, after, returning, language } =
            *self;
        // again, because the grant may have been revoked after the handshake read it and before the socket was
        // registered
        let user = match state.logins.user_of(&grant).await {
            Ok(Some(user)) => user,
            Ok(None) => return Err(SocketEnd::SignedOut),
            Err(_) => return Err(SocketEnd::Failed),
        };
        let access = match state.store.access(&user, &RoomId::lobby()).await {
            Ok(access) => access,
            Err(store::Error::NoSuchRoom) => return Err(SocketEnd::SignedOut),
            Err(_) => return Err(SocketEnd::Failed),
        };
        let room = state.hub.lobby();
        let subscribed = room.subscribe(user.key, connection, after).await;
        let subscription = subscribed.map_err(|_| SocketEnd::Failed)?;
        if is_page && after.is_some_and(|after| room.head().saturating_sub(after) > MAX_CATCH_UP) {
            return Err(SocketEnd::Reload);
        }
        let presence = room.enter(user.key, user.name.as_str(), returning);
        Ok(OpenSocket { access, expires, is_page, language, subscription, _presence: presence, state })
    }
}

/// Waits until the given time; never returns if there is none.
async fn expiry(expires: Option<Timestamp>) {
    match expires {
        Some(expires) => {
            let left = Duration::from_millis((expires.0 - Timestamp::now().0).max(0).unsigned_abs());
            sleep_until(Instant::now() + left).await;
        }
        None => std::future::pending().await,
    }
}

/// A client's message that is being posted, with its client id. Resolves to the reply.
type Posting<'a> = (String, Pin<Box<dyn Future<Output = String> + Send + 'a>>);

/// Posts the client's messages and sends the replies, until the socket ends.
async fn exchange_frames(socket: &mut WebSocket, open: &OpenSocket) -> SocketEnd {
    let OpenSocket { state, access, is_page, language, .. } = open;
    let pending_interval = if *is_page { PENDING_INTERVAL } else { Duration::MAX };
    let mut ping = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut received_since_ping = true;
    // one message of a client is posted at a time, which keeps them in order
    let mut posting: Option<Posting<'_>> = None;
    loop {
        let written = tokio::select! {
            reply = async { timeout(pending_interval, &mut posting.as_mut().expect("guarded").1).await },
                if posting.is_some() =>
            {
                let frame = match reply {
                    Ok(reply) => {
                        posting = None;
                        reply
                    }
                    Err(_) => frames::pending(&posting.as_ref().expect("guarded").0),
                };
                Box::pin(send(socket, frame.into())).await
            }
            received = socket.recv(), if posting.is_none() => {
                received_since_ping = true;
                match received {
                    Some(Ok(Message::Text(frame))) => {
                        posting = Some(start_post(state, access, &frame, *language));
                        Ok(())
                    }
                    Some(Ok(Message::Close(_))) => return SocketEnd::ClosedByClient,
                    Some(Err(error)) => return error.into(),
                    None => return SocketEnd::Lost,
                    Some(Ok(_)) => Ok(()), // the library answers pings; binary frames are ignored
                }
            }
            _ = ping.tick() => {
                if !std::mem::replace(&mut received_since_ping, false) {
                    return SocketEnd::Lost;
                }
                Box::pin(with_timeout(socket.send(Message::Ping(bytes::Bytes::new())))).await
            }
        };
        if written.is_err() {
            return SocketEnd::Lost;
        }
    }
}

fn start_post<'a>(state: &'a AppState, access: &'a Access, frame: &Utf8Bytes, language: Language) -> Posting<'a> {
    match frames::SendFrame::parse(frame) {
        Ok(send) => {
            let client_id = send.client_id.clone();
            let reply = async move {
                let draft = Draft { message: &send.message, client_id: &send.client_id, reply_to: None };
                let outcome = change::post(state, access, draft).await;
                frames::reply(&send.client_id, &outcome, language)
            };
            (client_id, Box::pin(reply))
        }
        Err(error) => (String::new(), Box::pin(std::future::ready(frames::reply("", &Err(error), language)))),
    }
}

async fn send(socket: &mut WebSocket, frame: Utf8Bytes) -> Result<(), axum::Error> {
    with_timeout(socket.send(Message::Text(frame))).await
}

/// Fails if the client reads nothing for two ping intervals.
async fn with_timeout(sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), axum::Error> {
    match timeout(2 * PING_INTERVAL, sending).await {
        Ok(sent) => sent,
        Err(elapsed) => Err(axum::Error::new(elapsed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Each byte of this future counts once for every open socket.
    #[test]
    fn the_future_of_a_socket_is_small() {
        assert!(size(serve) <= 2048, "{}", size(serve));
    }
}
