//! The frames that a socket's client sends, and the replies to them.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};

use super::{
    closing::SocketEnd,
    frames::{self, ClientFrame, SendFrame},
    numbers,
    session::{FrameLimits, SocketSession},
};
use crate::{
    domain::{Reading, RoomId},
    net::connection::PING_INTERVAL,
    room::{PresenceGuard, listener::Listener},
    web::{Error, change::Draft, files::attachments},
};

/// How often a page gets a frame that says that its message is not stored yet. While a message waits, a page considers
/// a connection broken on which it received nothing for 10 s; in a failover the database needs longer. A script gets
/// only the reply.
const PENDING_INTERVAL: Duration = Duration::from_secs(3);

/// The shortest delay of a frame that comes after too many. A socket beyond the limit of its user sends two a second.
const SHORTEST_DELAY: Duration = Duration::from_millis(500);

/// Reads and sends the numbers of a sidebar.
type Numbers<'a> = Pin<Box<dyn Future<Output = Result<(), SocketEnd>> + Send + 'a>>;

/// What comes after an exchange of frames.
pub(super) enum Step {
    End(SocketEnd),
    /// To a room, or to none.
    Move {
        room: Option<RoomId>,
        after: Option<u64>,
    },
}

/// A client's frame that is being obeyed. Boxed, because most sockets only ever wait.
struct Working<'a> {
    /// Resolves to the reply, if there is one.
    reply: Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>>,
    /// Of a message that is being posted: its room and its client id.
    posting: Option<(RoomId, String)>,
}

impl<'a> Working<'a> {
    /// Sends what was typed.
    fn send(session: &'a SocketSession, send: SendFrame) -> Box<Self> {
        let SendFrame { room, message, client_id, reply_to, is_confirmed, files } = send;
        let room = room.unwrap_or_else(|| session.room.clone());
        let posting = Some((room.clone(), client_id.clone()));
        let reply = async move {
            let outcome = match attachments(&files) {
                Ok(files) => {
                    let (message, client_id) = (message.as_str(), client_id.as_str());
                    session.send(&room, Draft { message, client_id, reply_to, is_confirmed, files: &files }).await
                }
                Err(error) => Err(error),
            };
            Some(frames::reply(&room, &client_id, &outcome, session.language))
        };
        Box::new(Self { reply: Box::pin(reply), posting })
    }

    /// Changes a read mark, not before it is `due`.
    fn read(session: &'a SocketSession, room: RoomId, reading: Reading, due: Instant) -> Box<Self> {
        let reply = async move {
            sleep_until(due).await;
            let refused = session.read(&room, reading).await.err();
            refused.map(|error| frames::refusal(&room, &error, session.language))
        };
        Box::new(Self { reply: Box::pin(reply), posting: None })
    }

    /// Obeys a frame later, if there is one to obey. Until then no further frame is read: the client has sent too many.
    fn delay(working: Option<Box<Self>>, time: Duration) -> Box<Self> {
        let (reply, posting) = working.map_or((None, None), |working| (Some(working.reply), working.posting));
        let reply = async move {
            sleep(time).await;
            reply?.await
        };
        Box::new(Self { reply: Box::pin(reply), posting })
    }

    /// Refuses a frame that is invalid.
    fn refuse(session: &'a SocketSession, error: Error) -> Box<Self> {
        let reply = frames::reply(&session.room, "", &Err(error), session.language);
        Box::new(Self { reply: Box::pin(std::future::ready(Some(reply))), posting: None })
    }
}

/// Obeys the client's frames and sends the replies, and the numbers of its sidebar, until the socket ends or moves to
/// another room.
pub(super) async fn exchange_frames(
    socket: &mut WebSocket,
    session: &SocketSession,
    limits: &mut FrameLimits,
    presence: &mut PresenceGuard,
) -> Step {
    let pending_interval = if session.is_page { PENDING_INTERVAL } else { Duration::MAX };
    let ping_interval = session.connection.ping_interval();
    let mut ping = interval_at(Instant::now() + ping_interval, ping_interval);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut received_since_ping = true;
    // one frame of a client is obeyed at a time, which keeps its messages in order
    let mut working: Option<Box<Working<'_>>> = None;
    let mut numbers: Option<Numbers<'_>> = None;
    loop {
        let written = tokio::select! {
            reply = async { timeout(pending_interval, &mut working.as_mut().expect("guarded").reply).await },
                if working.is_some() =>
            {
                let frame = match reply {
                    Ok(reply) => {
                        working = None;
                        reply
                    }
                    Err(_) => {
                        let posting = working.as_ref().and_then(|working| working.posting.as_ref());
                        posting.map(|(room, client_id)| frames::pending(room, client_id))
                    }
                };
                match frame {
                    Some(frame) => Box::pin(send(socket, frame)).await,
                    None => Ok(()),
                }
            }
            sent = async { numbers.as_mut().expect("guarded").await }, if numbers.is_some() => {
                numbers = None;
                sent
            }
            listener = numbers_due(session), if numbers.is_none() => {
                numbers = Some(Box::pin(numbers::send(session, listener)));
                Ok(())
            }
            received = socket.recv(), if working.is_none() => {
                received_since_ping = true;
                let limited = session.state.logins.limits.frame(session.grant.user());
                let written = match received {
                    Some(Ok(Message::Text(frame))) => {
                        match ClientFrame::parse(&frame) {
                            Ok(ClientFrame::Send(send)) => working = Some(Working::send(session, send)),
                            Ok(ClientFrame::Read { room, reading }) => {
                                working = Some(Working::read(session, room, reading, limits.due()));
                            }
                            Ok(ClientFrame::Move { room, after }) => {
                                if let Err(limited) = limited {
                                    Box::pin(sleep(limited.retry_after.max(SHORTEST_DELAY))).await;
                                }
                                return Step::Move { room, after };
                            }
                            Ok(ClientFrame::Typing { room }) => session.types(&room, limits),
                            Ok(ClientFrame::Rooms(rooms)) => {
                                if let Some(listener) = &session.listener {
                                    listener.want(rooms.into());
                                }
                            }
                            // however often: others are notified once a second
                            Ok(ClientFrame::Idle(idle)) => presence.set_idle(idle),
                            Err(error) => working = Some(Working::refuse(session, error)),
                        }
                        Ok(())
                    }
                    Some(Ok(Message::Close(_))) => return Step::End(SocketEnd::ClosedByClient),
                    Some(Err(error)) => return Step::End(error.into()),
                    None => return Step::End(SocketEnd::Lost),
                    Some(Ok(_)) => Ok(()), // the library answers pings; binary frames are ignored
                };
                if let Err(limited) = limited {
                    working = Some(Working::delay(working, limited.retry_after.max(SHORTEST_DELAY)));
                }
                written
            }
            _ = ping.tick() => {
                if !std::mem::replace(&mut received_since_ping, false) {
                    return Step::End(SocketEnd::Lost);
                }
                // until the next ping is due: a client that is gone may leave no room for this one
                let sending = socket.send(Message::Ping(bytes::Bytes::new()));
                Box::pin(with_timeout(ping.period(), sending)).await
            }
        };
        if let Err(end) = written {
            return Step::End(end);
        }
    }
}

/// Waits until numbers of the sidebar are to be read.
fn numbers_due(session: &SocketSession) -> impl Future<Output = &Listener> {
    poll_fn(|cx| match &session.listener {
        Some(listener) => listener.poll_due(cx).map(|()| listener),
        None => Poll::Pending,
    })
}

/// Sends a text frame. Fails if there is no room for it for two ping intervals.
pub(super) async fn send(socket: &mut WebSocket, frame: String) -> Result<(), SocketEnd> {
    with_timeout(2 * PING_INTERVAL, socket.send(Message::Text(frame.into()))).await
}

/// Fails if the client does not make room for what is sent within `limit`.
async fn with_timeout(
    limit: Duration,
    sending: impl Future<Output = Result<(), axum::Error>>,
) -> Result<(), SocketEnd> {
    match timeout(limit, sending).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(SocketEnd::Lost),
    }
}
