//! The socket: fragments out as the room's log grows, messages in.
//!
//! Memory is what limits how many people one machine can hold, so the buffers are small: with the
//! defaults (128 KiB, zeroed on each read) an idle socket costs 135 KiB, with these some 4 in all. A write buffer
//! of 0 hands each frame over whole, as [`crate::net::connection`] asks for. Only what concerns this client alone
//! goes through the WebSocket library: answers, pings, the close frame. The log comes by the fan-out.

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
    closing::{End, close},
    frames, post,
};
use crate::{
    domain::Phrase,
    render::Language,
    domain::{Timestamp, User},
    net::Connection,
    room::{
        PresenceGuard,
        registry::{Registration, TooManySockets},
        subscriber::{FollowError, Subscription},
    },
    security::{Grant, sessions::SessionLifetime},
    web::{AppState, Bearer, Error, Query, Result, SignedIn, origin},
};

/// Largest frame taken: 4,000 characters of four bytes, escaped as JSON, and the headers.
const FRAME_IN: usize = 64 * 1024;
/// Most of what concerns the client alone that may wait to be written.
const BUFFER_OUT: usize = 64 * 1024;
/// How often a page hears that its message is not stored yet. It takes a connection for dead on which it has heard
/// nothing for 10 s while a message waits; in a failover the database needs longer. A script only waits for the answer.
const PENDING: Duration = Duration::from_secs(3);
/// Proxies close what is silent for a minute, nginx for one.
const HEARTBEAT: Duration = Duration::from_secs(50);

/// A page that missed more changes than this loads anew, with the last of them, and the rest as one scrolls
/// back. Put into a page one by one, thousands of messages would hold up the browser.
const RELOAD: u64 = 1000;

#[derive(Deserialize)]
pub struct SocketQuery {
    jwt: Option<String>,
    /// Whom the page shows, by userID: a page of somebody who has been signed out meanwhile must not go on as
    /// whoever signed in.
    user: Option<String>,
    /// The latest `rev` the client has: what changed since comes first.
    after: Option<u64>,
    /// The client was connected before: coming back is no entrance.
    #[serde(default)]
    returning: bool,
}

/// Who opened a socket, and until when they may keep it.
struct Client {
    grant: Grant,
    until: Option<Timestamp>,
    /// Whether it is a page, and not a script.
    page: bool,
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
    let admitted = identify(&state, &query, from_page.is_some(), bearer, session).await.and_then(|client| {
        let registered = state.hub.registry.register(client.grant, state.settings.user_sockets)?;
        Ok((client, registered))
    });
    let upgrade = upgrade
        .max_frame_size(FRAME_IN)
        .max_message_size(FRAME_IN)
        .read_buffer_size(512)
        .write_buffer_size(0)
        .max_write_buffer_size(BUFFER_OUT);
    match admitted {
        Ok((client, registered)) => {
            let SocketQuery { after, returning, .. } = query;
            let visit = Box::new(Visit { state, connection, client, after, returning });
            Ok(upgrade.on_upgrade(move |socket| serve(socket, registered, visit)))
        }
        // a page cannot see the status of a refused handshake, only the code of a close
        Err(error) if from_page.is_some() && error.status.is_client_error() => {
            let end = if error.status == StatusCode::TOO_MANY_REQUESTS { End::TooMany } else { End::SignedOut };
            Ok(upgrade.on_upgrade(move |socket| async move { close(socket, &connection, end).await }).into_response())
        }
        Err(error) => Err(error),
    }
}

impl From<TooManySockets> for Error {
    fn from(TooManySockets { limit }: TooManySockets) -> Self {
        let message = format!("You have {limit} sockets open here, and may have no more. Close one and try again.");
        Self::later(StatusCode::TOO_MANY_REQUESTS, Phrase::english(message), Duration::from_secs(5))
    }
}

async fn identify(
    state: &AppState,
    query: &SocketQuery,
    page: bool,
    bearer: Result<Option<Bearer>>,
    session: Result<Option<SignedIn>>,
) -> Result<Client> {
    let bearer = match &query.jwt {
        Some(token) => Some(Bearer::of(state, token).await?),
        None => bearer?,
    };
    if let Some(Bearer { grant, .. }) = bearer {
        return Ok(Client { grant, until: Some(grant.expires()), page });
    }
    let SignedIn { user, grant, lifetime } = session?.ok_or_else(Error::bad_token)?;
    if query.user.as_deref().is_some_and(|shown| shown != user.user_id.as_str()) {
        return Err(Error::bad_token());
    }
    let until = (lifetime == SessionLifetime::UntilTokenExpires).then(|| grant.expires());
    Ok(Client { grant, until, page })
}

/// What a socket holds while it is open. Its task sleeps nearly always: what it needs only on its way in, while it
/// writes, and on its way out, is boxed, as a future is as large as the largest thing it ever waits for.
async fn serve(mut socket: WebSocket, mut registered: Registration, visit: Box<Visit>) {
    let connection = Arc::clone(&visit.connection);
    let end = match Box::pin(visit.come_in()).await {
        Ok(inside) => tokio::select! {
            end = converse(&mut socket, &inside) => end,
            lost = inside.reader.follow() => match lost {
                FollowError::Connection(_) => End::Gone,
                FollowError::Store(error) => {
                    tracing::warn!(%error, "a socket could not catch up");
                    End::Failed
                }
            },
            reason = &mut registered.close => reason.map_or(End::Restart, End::from),
            () = expiry(inside.until) => End::TokenExpired,
        },
        Err(end) => end,
    };
    Box::pin(close(socket, &connection, end)).await;
}

/// A socket on its way in.
struct Visit {
    state: AppState,
    connection: Arc<Connection>,
    client: Client,
    /// The latest `rev` the client has.
    after: Option<u64>,
    returning: bool,
}

/// A socket that is in.
struct Inside {
    state: AppState,
    user: User,
    until: Option<Timestamp>,
    /// Whether it is a page's, and not a script's.
    page: bool,
    reader: Subscription,
    _presence: PresenceGuard,
}

impl Visit {
    async fn come_in(self: Box<Self>) -> Result<Inside, End> {
        let Self { state, connection, client, after, returning } = *self;
        // a grant that was voided between the handshake and now missed its close reason
        let user = match state.logins.holder(&client.grant).await {
            Ok(Some(user)) => user,
            Ok(None) => return Err(End::SignedOut),
            Err(_) => return Err(End::Failed),
        };
        let room = state.hub.lobby();
        let Ok(reader) = room.reader(user.key, connection, after).await else { return Err(End::Failed) };
        if client.page && after.is_some_and(|after| room.head().saturating_sub(after) > RELOAD) {
            return Err(End::Reload);
        }
        let presence = room.enter(user.key, user.name.as_str(), returning);
        Ok(Inside { user, until: client.until, page: client.page, reader, _presence: presence, state })
    }
}

async fn expiry(until: Option<Timestamp>) {
    match until {
        Some(until) => {
            let left = Duration::from_millis((until.0 - Timestamp::now().0).max(0).unsigned_abs());
            sleep_until(Instant::now() + left).await;
        }
        None => std::future::pending().await,
    }
}

/// A client's message on its way into the log, with its client id.
type Sending<'a> = (String, Pin<Box<dyn Future<Output = String> + Send + 'a>>);

/// Carries the conversation until it ends.
async fn converse(socket: &mut WebSocket, inside: &Inside) -> End {
    let Inside { state, user, page, .. } = inside;
    let pending = if *page { PENDING } else { Duration::MAX };
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = true;
    // one message of a client is on its way to the log at a time, which keeps them in order
    let mut sending: Option<Sending<'_>> = None;
    loop {
        let written = tokio::select! {
            answer = async { timeout(pending, &mut sending.as_mut().expect("guarded").1).await }, if sending.is_some() => {
                let frame = match answer {
                    Ok(answer) => {
                        sending = None;
                        answer
                    }
                    Err(_) => frames::pending(&sending.as_ref().expect("guarded").0),
                };
                Box::pin(send(socket, frame.into())).await
            }
            received = socket.recv(), if sending.is_none() => {
                heard = true;
                match received {
                    Some(Ok(Message::Text(frame))) => {
                        sending = Some(begin(state, user, &frame));
                        Ok(())
                    }
                    Some(Ok(Message::Close(_))) => return End::Closed,
                    Some(Err(error)) => return error.into(),
                    None => return End::Gone,
                    Some(Ok(_)) => Ok(()), // pings are answered below us; nothing is sent as binary
                }
            }
            _ = heartbeat.tick() => {
                if !std::mem::replace(&mut heard, false) {
                    return End::Gone;
                }
                Box::pin(in_time(socket.send(Message::Ping(bytes::Bytes::new())))).await
            }
        };
        if written.is_err() {
            return End::Gone;
        }
    }
}

fn begin<'a>(state: &'a AppState, user: &'a User, frame: &Utf8Bytes) -> Sending<'a> {
    match frames::Send::parse(frame) {
        Ok(send) => {
            let client_id = send.client_id.clone();
            let answer = async move {
                let outcome = post::post(state, user, &send.message, &send.client_id).await;
                frames::answer(&send.client_id, &outcome)
            };
            (client_id, Box::pin(answer))
        }
        Err(error) => (String::new(), Box::pin(std::future::ready(frames::answer("", &Err(error))))),
    }
}

async fn send(socket: &mut WebSocket, frame: Utf8Bytes) -> Result<(), axum::Error> {
    in_time(socket.send(Message::Text(frame))).await
}

/// A client that takes nothing for two heartbeats is gone, or might as well be.
async fn in_time(sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), axum::Error> {
    match timeout(2 * HEARTBEAT, sending).await {
        Ok(sent) => sent,
        Err(late) => Err(axum::Error::new(late)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Every byte here is one for each socket, talking or not.
    #[test]
    fn an_idle_socket_is_small() {
        assert!(size(serve) <= 2048, "{}", size(serve));
    }
}
