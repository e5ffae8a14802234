//! The server's task of a socket, as `features::chat::socket` has it: one task that follows the room and at the same
//! time exchanges frames with the client.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use serde_json::json;

use crate::{
    check::note,
    domain::RoomId,
    log::READER,
    net::{Connection, Frame, Socket, sync::Arc},
    room::{
        Subscriber, Wanted,
        hub::Hub,
        listener::Listener,
        subscription::{FollowError, Reader, Subscription},
    },
    runtime::{select, sync::mpsc},
    store::{Error, RoomSummary},
    world::World,
};

/// What a client sends.
pub enum Command {
    /// Asks for a reply, which has this number.
    Reply(u64),
    Move {
        room: RoomId,
        after: Option<u64>,
    },
    /// Ends the subscription, as for a room that the user may no longer see.
    Leave,
    /// Asks for the numbers of rooms of the sidebar.
    Rooms(Vec<RoomId>),
}

/// How a socket is opened.
pub struct Opening {
    pub room: RoomId,
    pub after: Option<u64>,
    pub reader: Reader,
}

/// Serves until the client has gone, the connection fails, or the store does not answer.
pub async fn serve(
    world: Arc<World>,
    hub: Arc<Hub>,
    mut socket: Socket,
    opening: Opening,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let Opening { room, after, reader } = opening;
    let connection = socket.connection();
    let subscriber = hub.subscriber(*READER, Arc::clone(&connection));
    let listener = (world.profile.sidebars && reader == Reader::Page).then(|| hub.listen(&subscriber));
    let mut subscription = None;
    let mut is_open = match subscribe(&world, &hub, &subscriber, &room, after, reader).await {
        Ok(subscribed) => {
            subscription = Some(subscribed);
            true
        }
        Err(Error::NoSuchRoom) => {
            subscription = Some(hub.without_room(&subscriber, reader));
            socket.send(&gone(&room)).await
        }
        Err(_) => false,
    };
    while is_open {
        let command = select! {
            command = exchange(&world, &mut socket, listener.as_ref(), &mut commands) => command,
            () = follow(&world, &hub, &connection, &subscriber, &mut subscription) => None,
        };
        let Some(command) = command else { break };
        if let Some(mut subscription) = subscription.take() {
            subscription.end().await;
        }
        is_open = match command {
            Command::Move { room, after } => match subscribe(&world, &hub, &subscriber, &room, after, reader).await {
                Err(Error::NoSuchRoom) => {
                    subscription = Some(hub.without_room(&subscriber, reader));
                    socket.send(&frame(&json!({ "room": room.as_str(), "refused": true }))).await
                }
                Err(_) => false,
                Ok(next) => {
                    let moved = json!({ "room": room.as_str(), "after": next.rev() });
                    subscription = Some(next);
                    socket.send(&frame(&moved)).await
                }
            },
            _ => {
                subscription = Some(hub.without_room(&subscriber, reader));
                socket.send(&frame(&json!({ "ended": true }))).await
            }
        };
    }
    if let Some(mut subscription) = subscription.take() {
        subscription.end().await;
    }
    socket.close();
}

async fn subscribe(
    world: &World,
    hub: &Hub,
    subscriber: &Arc<Subscriber>,
    room: &RoomId,
    after: Option<u64>,
    reader: Reader,
) -> Result<Subscription, Error> {
    let known = hub.known(room);
    let access = world.logs.access(room).await?;
    hub.subscribe(&access, known, subscriber, reader, after).await
}

/// Sends replies, and the numbers of the sidebar, until the client asks for something else or has gone.
async fn exchange(
    world: &World,
    socket: &mut Socket,
    listener: Option<&Listener>,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) -> Option<Command> {
    let connection = socket.connection();
    let mut numbers: Option<Numbers<'_>> = None;
    loop {
        select! {
            is_open = async { numbers.as_mut().expect("guarded").await }, if numbers.is_some() => {
                numbers = None;
                if !is_open {
                    return None;
                }
            }
            listener = due(listener), if numbers.is_none() => {
                numbers = Some(Box::pin(send_numbers(world, &connection, listener)));
            }
            command = commands.recv() => match command? {
                Command::Reply(number) => {
                    if !socket.send(&frame(&json!({ "reply": number }))).await {
                        return None;
                    }
                }
                Command::Rooms(rooms) => {
                    if let Some(listener) = listener {
                        listener.want(Some(rooms).into());
                    }
                }
                command => return Some(command),
            },
        }
    }
}

type Numbers<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Waits until numbers of the sidebar are to be read.
fn due(listener: Option<&Listener>) -> impl Future<Output = &Listener> {
    poll_fn(move |cx| match listener {
        Some(listener) => listener.poll_due(cx).map(|()| listener),
        None => Poll::Pending,
    })
}

/// As `features::chat::numbers`. Returns whether the connection still works.
async fn send_numbers(world: &World, connection: &Connection, listener: &Listener) -> bool {
    let Some(reading) = listener.take() else { return true };
    let Ok(summaries) = world.logs.summaries(&reading.wanted).await else { return true };
    if listener.listen(&reading.wanted, &summaries).await.is_err() {
        return true;
    }
    note("numbers of a sidebar");
    let rooms = summaries.iter().map(|RoomSummary { room, head, unread, .. }| {
        json!({
            "room": room.id.as_str(), "rev": head.rev, "seq": head.seq, "texts": head.texts, "own": 0, "unread": unread,
            "mentions": 0, "readSeq": 0, "readVersion": 0, "level": "mentions", "starred": false,
        })
    });
    let numbers = json!({ "rooms": rooms.collect::<Vec<_>>(), "complete": reading.wanted == Wanted::All });
    let is_written = connection.write_own(&frame(&numbers)).await.is_ok();
    if is_written {
        reading.done();
    }
    is_written
}

/// Follows the room until something fails. When the right to read it is lost, the socket follows no room.
async fn follow(
    world: &World,
    hub: &Hub,
    connection: &Connection,
    subscriber: &Arc<Subscriber>,
    following: &mut Option<Subscription>,
) {
    loop {
        let Some(subscription) = following else { return std::future::pending().await };
        let FollowError::Unverified = subscription.follow().await else { return };
        let (room, known) = (subscription.room().clone(), subscription.known());
        match world.logs.access(&room).await {
            Ok(_) => {
                note("a right kept");
                subscription.set_verified(known);
            }
            Err(Error::NoSuchRoom) => {
                note("a removal noticed");
                if connection.write_own(&gone(&room)).await.is_err() {
                    return;
                }
                *following = Some(hub.without_room(subscriber, subscription.reader()));
            }
            Err(_) => return,
        }
    }
}

fn gone(room: &RoomId) -> Frame {
    frame(&json!({ "room": room.as_str(), "gone": true }))
}

fn frame(reply: &serde_json::Value) -> Frame {
    Frame::text(std::iter::once(reply.to_string().as_str()))
}
