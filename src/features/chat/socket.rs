//! The WebSocket of the chat: opening it, moving it from room to room, ending it.
//!
//! Memory limits how many users one machine can serve, so the buffers are small: with the defaults (128 KiB, zeroed on
//! each read) an idle socket costs 135 KiB, with these some 4 KiB in all. With a write buffer of 0 the WebSocket
//! library writes whole frames, as [`crate::net::connection`] requires. Only the frames for this client alone go
//! through the library: replies, pings, the Close frame. The log's frames come from the fan-out.

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{FromRequestParts, OptionalFromRequestParts, State, WebSocketUpgrade, ws::WebSocket},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    closing::{RELOAD_DELAY, SocketEnd, close},
    exchange::{Step, exchange_frames, send},
    frames,
    session::{FrameLimits, SocketSession},
    subscribing::{follow, no_room, subscribe},
};
use crate::{
    domain::{Phrase, RoomId, Timestamp, User},
    net::Connection,
    render::Language,
    room::{
        PresenceGuard, Subscriber,
        registry::{Registration, TooManySockets},
        subscription::Subscription,
    },
    security::{Grant, sessions::SessionLifetime},
    web::{AppState, Bearer, Error, Query, Result, SignedIn, language, origin},
};

/// Largest frame accepted: 4,000 characters of four bytes, escaped as JSON, and the headers.
const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Most bytes of frames for this client alone that may wait to be written.
const MAX_WRITE_BUFFER: usize = 64 * 1024;

#[derive(Deserialize)]
pub struct SocketQuery {
    jwt: Option<String>,
    /// The userID that the page shows. If another user has signed in since in the same browser, the page must not go on
    /// as that user.
    user: Option<String>,
    /// The room to subscribe to; the lobby if the field is missing, none if it is empty.
    room: Option<String>,
    /// The latest `rev` of the room that the client has: the changes after it are sent first.
    after: Option<u64>,
    /// The client was connected before and lost the connection, which is not announced as an entrance.
    #[serde(default)]
    returning: bool,
}

/// The identity that a socket is opened with.
struct Identity {
    user: User,
    grant: Grant,
    /// When the socket is closed; `None` if the session is renewable.
    expires: Option<Timestamp>,
    /// A page; otherwise a script.
    is_page: bool,
}

/// What a handshake proves of its user.
pub struct Credentials {
    /// [`Registry::revocations`](crate::room::registry::Registry::revocations) before the grants were read.
    revocations: u64,
    bearer: Result<Option<Bearer>>,
    session: Result<Option<SignedIn>>,
}

impl FromRequestParts<AppState> for Credentials {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self {
            revocations: state.hub().registry.revocations(),
            bearer: <Bearer as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await,
            session: <SignedIn as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await,
        })
    }
}

pub async fn open(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(query): Query<SocketQuery>,
    credentials: Credentials,
    Extension(connection): Extension<Arc<Connection>>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let from_page = origin::is_ours(&headers, &state.settings.sites);
    if from_page == Some(false) {
        return Err(Error::forbidden("wrong-address"));
    }
    let revocations = credentials.revocations;
    let identity = identify(&state, &query, from_page.is_some(), credentials).await;
    let registered = identity.and_then(|identity| {
        let registration = state.hub().registry.register(identity.grant, state.settings.user_sockets, revocations)?;
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
            let SocketQuery { room, after, returning, .. } = query;
            // pages of earlier releases name no room, and do not understand today's fragments
            let is_outdated = identity.is_page && room.is_none();
            let room = room.as_deref().map_or_else(RoomId::lobby, RoomId::named);
            // a script gets the API's English
            let page_language = language::of(&headers, state.settings.language, Some(&identity.user));
            let language = if identity.is_page { page_language } else { Language::English };
            let opening =
                Box::new(OpeningSocket { state, connection, identity, room, after, returning, language, is_outdated });
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

async fn identify(state: &AppState, query: &SocketQuery, is_page: bool, credentials: Credentials) -> Result<Identity> {
    let bearer = match &query.jwt {
        Some(token) => Some(Bearer::of(state, token, None).await?),
        None => credentials.bearer?,
    };
    if let Some(Bearer { grant, user }) = bearer {
        return Ok(Identity { user, grant, expires: Some(grant.expires()), is_page });
    }
    let SignedIn { user, grant, lifetime, .. } = credentials.session?.ok_or_else(Error::bad_token)?;
    if query.user.as_deref().is_some_and(|shown| shown != user.user_id.as_str()) {
        return Err(Error::bad_token());
    }
    let expires = (lifetime == SessionLifetime::UntilTokenExpires).then(|| grant.expires());
    Ok(Identity { user, grant, expires, is_page })
}

/// The task of a socket, from the handshake to the close. It sleeps nearly always. The futures that it needs only to
/// open, to write and to close are boxed, because a future is as large as the largest future that it awaits. Not an
/// `async fn`, whose future has each argument twice.
#[expect(clippy::manual_async_fn, reason = "its future would be larger")]
fn serve(
    mut socket: WebSocket,
    mut registration: Registration,
    opening: Box<OpeningSocket>,
) -> impl Future<Output = ()> + Send {
    async move {
        let connection = Arc::clone(&opening.connection);
        let end = match Box::pin(opening.open(&mut socket, registration.is_current)).await {
            Ok(mut open) => {
                let expires = open.expires;
                let end = tokio::select! {
                    end = open.run(&mut socket) => end,
                    reason = &mut registration.close => reason.map_or(SocketEnd::Restart, SocketEnd::from),
                    () = expiry(expires) => SocketEnd::TokenExpired,
                };
                Box::pin(open.end_subscription()).await; // no frame may follow the Close frame
                end
            }
            Err(end) => end,
        };
        Box::pin(close(socket, &connection, end)).await;
    }
}

/// A socket before its first subscription.
struct OpeningSocket {
    state: AppState,
    connection: Arc<Connection>,
    identity: Identity,
    room: RoomId,
    /// The latest `rev` that the client has.
    after: Option<u64>,
    returning: bool,
    /// The language of the replies.
    language: Language,
    /// A page of an earlier release.
    is_outdated: bool,
}

struct OpenSocket {
    session: SocketSession,
    subscriber: Arc<Subscriber>,
    expires: Option<Timestamp>,
    /// `None` only while the socket moves and at its end.
    subscription: Option<Subscription>,
    limits: FrameLimits,
    presence: PresenceGuard,
}

impl OpeningSocket {
    /// `is_current`: no grant was revoked since the handshake read this one.
    async fn open(self: Box<Self>, socket: &mut WebSocket, is_current: bool) -> Result<Box<OpenSocket>, SocketEnd> {
        let Self { state, connection, identity, room, after, returning, language, is_outdated } = *self;
        let Identity { user, grant, expires, is_page } = identity;
        if is_outdated {
            // during a rolling upgrade, the page may come back as it is
            sleep(RELOAD_DELAY).await;
            return Err(SocketEnd::Reload);
        }
        let subscriber = state.hub().subscriber(user.key, Arc::clone(&connection));
        let listener = is_page.then(|| state.hub().listen(&subscriber));
        let access = Mutex::new(None);
        let session = SocketSession { state, connection, grant, room, access, is_page, language, listener };
        // a grant that is revoked after the socket was registered closes it
        let user = if is_current { user } else { session.user().await? };
        let subscription = Some(subscribe(&session, &subscriber, socket, &user, after).await?);
        // afterwards, so that the socket gets the notice of its own user
        let presence = session.state.hub().enter(&user, returning);
        let limits = FrameLimits::default();
        Ok(Box::new(OpenSocket { session, subscriber, expires, subscription, limits, presence }))
    }
}

impl OpenSocket {
    /// Exchanges frames with the client until the socket ends.
    async fn run(&mut self, socket: &mut WebSocket) -> SocketEnd {
        loop {
            let step = tokio::select! {
                step = exchange_frames(socket, &self.session, &mut self.limits, &mut self.presence) => step,
                end = follow(&self.session, &self.subscriber, &mut self.subscription) => Step::End(end),
            };
            let moved = match step {
                Step::End(end) => return end,
                Step::Move { room, after } => Box::pin(self.move_to(socket, room, after)).await,
            };
            if let Err(end) = moved {
                return end;
            }
        }
    }

    /// Ends the subscription, and subscribes to another room, or to none.
    async fn move_to(
        &mut self,
        socket: &mut WebSocket,
        room: Option<RoomId>,
        after: Option<u64>,
    ) -> Result<(), SocketEnd> {
        self.limits.wait().await;
        self.end_subscription().await;
        let user = self.session.user().await?;
        self.session.room = room.clone().unwrap_or_else(no_room);
        let subscription = subscribe(&self.session, &self.subscriber, socket, &user, after).await?;
        let rev = subscription.rev();
        self.subscription = Some(subscription);
        let is_gone = room.is_some() && self.session.access.lock().is_none();
        if is_gone { Ok(()) } else { send(socket, frames::moved(room.as_ref(), rev)).await }
    }

    async fn end_subscription(&mut self) {
        if let Some(subscription) = &mut self.subscription {
            subscription.end().await; // first, because this future may be dropped meanwhile
            self.subscription = None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Each byte of this future counts once for every open socket.
    #[test]
    fn the_future_of_a_socket_is_small() {
        assert!(size(serve) <= 1280, "{}", size(serve));
    }
}
