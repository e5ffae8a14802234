//! What the socket of a user follows: a room, for as long as the user may read it.

use std::sync::Arc;

use axum::extract::ws::WebSocket;
use tokio::time::sleep;

use super::{
    closing::{RELOAD_DELAY, SocketEnd},
    exchange::send,
    frames,
    session::SocketSession,
};
use crate::{
    domain::{RoomId, User},
    net::Frame,
    room::{
        Subscriber,
        subscription::{FollowError, Reader, Subscription},
    },
    store::{self, Access},
};

/// Subscribes to the session's room. If it does not exist for the user, answers the client, and subscribes to no room.
pub(super) async fn subscribe(
    session: &SocketSession,
    subscriber: &Arc<Subscriber>,
    socket: &mut WebSocket,
    user: &User,
    after: Option<u64>,
) -> Result<Subscription, SocketEnd> {
    let (hub, room) = (session.state.hub(), &session.room);
    let reader = if session.is_page { Reader::Page } else { Reader::Script };
    *session.access.lock() = None;
    if *room == no_room() {
        return Ok(hub.without_room(subscriber, reader));
    }
    let known = hub.known(room); // before the access is read
    if let Some(access) = access(session, user, room).await? {
        let is_ahead = |subscription: &Subscription| session.is_page && after > Some(subscription.rev());
        let mut subscription = hub.subscribe(&access, known, subscriber, reader, after).await;
        if subscription.as_ref().is_ok_and(is_ahead) {
            // a new primary of MongoDB may lack for a moment what the page got from another natter
            sleep(RELOAD_DELAY).await;
            subscription = hub.subscribe(&access, known, subscriber, reader, after).await;
        }
        match subscription {
            // an earlier backup was restored: the page shows messages that there are no more, and would miss others. Once
            // others have written as many, nobody notices it.
            Ok(subscription) if is_ahead(&subscription) => return Err(SocketEnd::Reload),
            Ok(subscription) => {
                *session.access.lock() = Some(access);
                return Ok(subscription);
            }
            Err(store::Error::NoSuchRoom) => {}
            Err(_) => return Err(SocketEnd::Failed),
        }
    }
    send(socket, frames::gone(room)).await?;
    Ok(hub.without_room(subscriber, reader))
}

/// The name of a room that a socket without a room follows.
pub(super) fn no_room() -> RoomId {
    RoomId::named("")
}

/// The user's access to a room; `None` if it does not exist for the user.
async fn access(session: &SocketSession, user: &User, room: &RoomId) -> Result<Option<Access>, SocketEnd> {
    match session.state.store.access(user, room).await {
        Ok(access) => Ok(Some(access)),
        Err(store::Error::NoSuchRoom) => Ok(None),
        Err(_) => Err(SocketEnd::Failed),
    }
}

/// Sends the log for as long as the future is polled. When the user loses the right to read the room, the client is
/// notified, and the socket follows no room.
pub(super) async fn follow(
    session: &SocketSession,
    subscriber: &Arc<Subscriber>,
    following: &mut Option<Subscription>,
) -> SocketEnd {
    loop {
        let Some(subscription) = following else { return std::future::pending().await };
        // what a future keeps while it waits costs memory in each socket: not the error
        let ended = end_of(subscription.follow().await);
        if let Some(end) = ended {
            return end;
        }
        match Box::pin(verify(session, subscription)).await {
            Ok(true) => {}
            Ok(false) => *following = Some(session.state.hub().without_room(subscriber, subscription.reader())),
            Err(end) => return end,
        }
    }
}

/// The end of a socket that can no longer follow the log; `None` if the user's right is to be verified.
fn end_of(error: FollowError) -> Option<SocketEnd> {
    match error {
        FollowError::Connection(_) => Some(SocketEnd::Lost),
        FollowError::Store(error) => {
            tracing::warn!(%error, "socket catch-up failed");
            Some(SocketEnd::Failed)
        }
        FollowError::Unverified => None,
    }
}

/// Reads the right to the subscription's room again. Returns whether the user still has it.
async fn verify(session: &SocketSession, subscription: &mut Subscription) -> Result<bool, SocketEnd> {
    let (room, known) = (subscription.room().clone(), subscription.known()); // before the right is read
    let user = session.user().await?;
    if access(session, &user, &room).await?.is_some() {
        subscription.set_verified(known);
        return Ok(true);
    }
    *session.access.lock() = None;
    let gone = frames::gone(&room);
    let gone = session.connection.write_own(&Frame::text(std::iter::once(gone.as_str()))).await;
    gone.map(|()| false).map_err(|_| SocketEnd::Lost)
}
