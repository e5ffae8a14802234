//! The frames that a socket's client sends, and the replies to them.

use std::{future::Future, pin::Pin, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::{
    change::{self, Draft},
    closing::SocketEnd,
    frames::{self, ClientFrame},
};
use crate::{
    domain::{RoomId, User},
    render::Language,
    security::Grant,
    store::{Access, Changed},
    web::{AppState, Error, Result},
};

/// How often a page gets a frame that says that its message is not stored yet. While a message waits, a page considers
/// a connection broken on which it received nothing for 10 s; in a failover the database needs longer. A script gets
/// only the reply.
const PENDING_INTERVAL: Duration = Duration::from_secs(3);
/// How often a ping is sent. Proxies such as nginx close a connection that is silent for a minute.
const PING_INTERVAL: Duration = Duration::from_secs(50);
/// Shortest time between two frames of a socket that say that its user types. Others in between are ignored.
const TYPING_INTERVAL: Duration = Duration::from_secs(1);
/// Shortest time between two moves of a socket: each reads the room from the store. A faster client waits.
const MOVE_INTERVAL: Duration = Duration::from_millis(100);

/// What a socket's client may do.
pub(super) struct SocketSession {
    pub state: AppState,
    pub grant: Grant,
    /// The room that the client named last.
    pub room: RoomId,
    /// `None` if it does not exist for the user: the socket has no subscription.
    pub access: Option<Access>,
    /// A page; otherwise a script.
    pub is_page: bool,
    /// The language of the replies.
    pub language: Language,
}

/// When a socket's client last did what it may not do too often.
#[derive(Default)]
pub(super) struct FrameLimits {
    typed: Option<Instant>,
    moved: Option<Instant>,
}

impl FrameLimits {
    /// Waits until the socket may move again.
    pub(super) async fn move_due(&mut self) {
        if let Some(moved) = self.moved {
            sleep_until(moved + MOVE_INTERVAL).await;
        }
        self.moved = Some(Instant::now());
    }
}

/// What comes after an exchange of frames.
pub(super) enum Step {
    End(SocketEnd),
    Move { room: RoomId, after: Option<u64> },
}

/// A client's message that is being posted.
struct Posting<'a> {
    room: RoomId,
    client_id: String,
    /// Resolves to the reply.
    reply: Pin<Box<dyn Future<Output = String> + Send + 'a>>,
}

impl SocketSession {
    /// The user, if the grant is still valid.
    pub(super) async fn user(&self) -> Result<User, SocketEnd> {
        match self.state.logins.user_of(&self.grant).await {
            Ok(Some(user)) => Ok(user),
            Ok(None) => Err(SocketEnd::SignedOut),
            Err(_) => Err(SocketEnd::Failed),
        }
    }

    /// Starts to post a message.
    fn post(&self, room: Option<RoomId>, message: String, client_id: String) -> Posting<'_> {
        let room = room.unwrap_or_else(|| self.room.clone());
        let reply = {
            let (room, client_id) = (room.clone(), client_id.clone());
            async move {
                let draft = Draft { message: &message, client_id: &client_id, reply_to: None };
                let outcome = self.post_to(&room, draft).await;
                frames::reply(&room, &client_id, &outcome, self.language)
            }
        };
        Posting { room, client_id, reply: Box::pin(reply) }
    }

    async fn post_to(&self, room: &RoomId, draft: Draft<'_>) -> Result<Changed> {
        if let Some(access) = self.access.as_ref().filter(|access| access.room() == room) {
            return change::post(&self.state, access, draft).await;
        }
        // a message that was written before the move to the present room
        let user = self.state.logins.user_of(&self.grant).await?.ok_or_else(Error::bad_token)?;
        let access = self.state.store.access(&user, room).await?;
        change::post(&self.state, &access, draft).await
    }

    /// The reply to a frame that is invalid.
    fn refuse(&self, error: Error) -> Posting<'_> {
        let reply = frames::reply(&self.room, "", &Err(error), self.language);
        Posting { room: self.room.clone(), client_id: String::new(), reply: Box::pin(std::future::ready(reply)) }
    }

    /// Reports that the user types, unless that was reported just now.
    fn types(&self, room: &RoomId, limits: &mut FrameLimits) {
        if let Some(access) = self.access.as_ref().filter(|access| access.room() == room)
            && limits.typed.is_none_or(|typed| typed.elapsed() >= TYPING_INTERVAL)
        {
            limits.typed = Some(Instant::now());
            self.state.hub().typing(access);
        }
    }
}

/// Posts the client's messages and sends the replies, until the socket ends or moves to another room.
pub(super) async fn exchange_frames(socket: &mut WebSocket, session: &SocketSession, limits: &mut FrameLimits) -> Step {
    let pending_interval = if session.is_page { PENDING_INTERVAL } else { Duration::MAX };
    let mut ping = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut received_since_ping = true;
    // one message of a client is posted at a time, which keeps them in order
    let mut posting: Option<Posting<'_>> = None;
    loop {
        let written = tokio::select! {
            reply = async { timeout(pending_interval, &mut posting.as_mut().expect("guarded").reply).await },
                if posting.is_some() =>
            {
                let frame = match reply {
                    Ok(reply) => {
                        posting = None;
                        reply
                    }
                    Err(_) => {
                        let Posting { room, client_id, .. } = posting.as_ref().expect("guarded");
                        frames::pending(room, client_id)
                    }
                };
                Box::pin(send(socket, frame)).await
            }
            received = socket.recv(), if posting.is_none() => {
                received_since_ping = true;
                match received {
                    Some(Ok(Message::Text(frame))) => {
                        match ClientFrame::parse(&frame) {
                            Ok(ClientFrame::Send { room, message, client_id }) => {
                                posting = Some(session.post(room, message, client_id));
                            }
                            Ok(ClientFrame::Move { room, after }) => return Step::Move { room, after },
                            Ok(ClientFrame::Typing { room }) => session.types(&room, limits),
                            Err(error) => posting = Some(session.refuse(error)),
                        }
                        Ok(())
                    }
                    Some(Ok(Message::Close(_))) => return Step::End(SocketEnd::ClosedByClient),
                    Some(Err(error)) => return Step::End(error.into()),
                    None => return Step::End(SocketEnd::Lost),
                    Some(Ok(_)) => Ok(()), // the library answers pings; binary frames are ignored
                }
            }
            _ = ping.tick() => {
                if !std::mem::replace(&mut received_since_ping, false) {
                    return Step::End(SocketEnd::Lost);
                }
                Box::pin(with_timeout(socket.send(Message::Ping(bytes::Bytes::new())))).await
            }
        };
        if let Err(end) = written {
            return Step::End(end);
        }
    }
}

/// Sends a text frame.
pub(super) async fn send(socket: &mut WebSocket, frame: String) -> Result<(), SocketEnd> {
    with_timeout(socket.send(Message::Text(frame.into()))).await
}

/// Fails if the client reads nothing for two ping intervals.
async fn with_timeout(sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), SocketEnd> {
    match timeout(2 * PING_INTERVAL, sending).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(SocketEnd::Lost),
    }
}
