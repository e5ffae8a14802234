//! The server's task of a socket, as `features::chat::socket` has it: one task that follows the room and at the same
//! time exchanges frames with the client.

use crate::{
    check::note,
    domain::RoomId,
    log::READER,
    net::{Connection, Frame, Socket, sync::Arc},
    room::{
        Subscriber,
        subscription::{FollowError, Reader, Subscription},
    },
    runtime::{select, sync::mpsc},
    store::Error,
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
    mut socket: Socket,
    opening: Opening,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let Opening { room, after, reader } = opening;
    let connection = socket.connection();
    let subscriber = world.hub.subscriber(*READER, Arc::clone(&connection));
    let mut subscription = None;
    let mut is_open = match subscribe(&world, &subscriber, &room, after, reader).await {
        Ok(subscribed) => {
            subscription = Some(subscribed);
            true
        }
        Err(Error::NoSuchRoom) => socket.send(&gone(&room)).await,
        Err(_) => false,
    };
    while is_open {
        let command = select! {
            command = exchange(&mut socket, &mut commands) => command,
            () = follow(&world, &connection, &subscriber, &mut subscription) => None,
        };
        let Some(command) = command else { break };
        if let Some(mut subscription) = subscription.take() {
            subscription.end().await;
        }
        is_open = match command {
            Command::Move { room, after } => match subscribe(&world, &subscriber, &room, after, reader).await {
                Err(Error::NoSuchRoom) => {
                    subscription = Some(world.hub.without_room(&subscriber, reader));
                    socket.send(&frame(&serde_json::json!({ "room": room.as_str(), "refused": true }))).await
                }
                Err(_) => false,
                Ok(next) => {
                    let moved = serde_json::json!({ "room": room.as_str(), "after": next.rev() });
                    subscription = Some(next);
                    socket.send(&frame(&moved)).await
                }
            },
            _ => socket.send(&frame(&serde_json::json!({ "ended": true }))).await,
        };
    }
    if let Some(mut subscription) = subscription.take() {
        subscription.end().await;
    }
    socket.close();
}

async fn subscribe(
    world: &World,
    subscriber: &Arc<Subscriber>,
    room: &RoomId,
    after: Option<u64>,
    reader: Reader,
) -> Result<Subscription, Error> {
    let known = world.hub.known(room);
    let access = world.logs.access(room).await?;
    world.hub.subscribe(&access, known, subscriber, reader, after).await
}

/// Sends replies until the client asks for something else or has gone.
async fn exchange(socket: &mut Socket, commands: &mut mpsc::UnboundedReceiver<Command>) -> Option<Command> {
    loop {
        match commands.recv().await? {
            Command::Reply(number) => {
                if !socket.send(&frame(&serde_json::json!({ "reply": number }))).await {
                    return None;
                }
            }
            command => return Some(command),
        }
    }
}

/// Follows the room until something fails. When the right to read it is lost, the socket follows no room.
async fn follow(
    world: &World,
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
                *following = Some(world.hub.without_room(subscriber, subscription.reader()));
            }
            Err(_) => return,
        }
    }
}

fn gone(room: &RoomId) -> Frame {
    frame(&serde_json::json!({ "room": room.as_str(), "gone": true }))
}

fn frame(reply: &serde_json::Value) -> Frame {
    Frame::text(std::iter::once(reply.to_string().as_str()))
}
