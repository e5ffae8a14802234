//! The server's task of a socket, as `features::chat::socket` has it: one task that follows the room and at the same
//! time exchanges frames with the client.

use crate::{
    domain::RoomId,
    log::AUTHOR,
    net::{Frame, Socket, sync::Arc},
    room::{
        hub::Hub,
        subscription::{Reader, Subscription},
    },
    runtime::{select, sync::mpsc},
    store::Access,
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
    hub: Arc<Hub>,
    mut socket: Socket,
    opening: Opening,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let Opening { room, after, reader } = opening;
    let mut subscription = subscribe(&hub, &socket, &room, after, reader).await;
    let mut is_open = subscription.is_some();
    while is_open {
        let command = select! {
            command = exchange(&mut socket, &mut commands) => command,
            () = follow(&mut subscription) => None,
        };
        let Some(command) = command else { break };
        if let Some(mut subscription) = subscription.take() {
            subscription.end().await;
        }
        is_open = match command {
            Command::Move { room, after } => match subscribe(&hub, &socket, &room, after, reader).await {
                None => false,
                Some(next) => {
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
    hub: &Hub,
    socket: &Socket,
    room: &RoomId,
    after: Option<u64>,
    reader: Reader,
) -> Option<Subscription> {
    let access = Access { room: room.clone(), user: *AUTHOR };
    hub.subscribe(&access, socket.connection(), reader, after).await.ok()
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

async fn follow(subscription: &mut Option<Subscription>) {
    match subscription {
        Some(subscription) => drop(subscription.follow().await),
        None => std::future::pending().await,
    }
}

fn frame(reply: &serde_json::Value) -> Frame {
    Frame::text(std::iter::once(reply.to_string().as_str()))
}
