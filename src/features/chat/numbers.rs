//! The numbers of a page's sidebar: read from the store when they may have changed in a way that the room's news does not
//! say, and sent to this page alone.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::{closing::SocketEnd, session::SocketSession};
use crate::{
    domain::{RoomId, User, UserKey},
    net::Frame,
    room::{Wanted, listener::Listener},
    store::{self, RoomSummary, Store},
    web::{
        AppState,
        sidebar::{counterpart, rooms_of},
    },
};

/// Longest wait for a client that does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(100);

/// Reads the numbers that are wanted, listens to these rooms, and sends the numbers. If the store does not answer, they
/// stay wanted.
pub(super) async fn send(session: &SocketSession, listener: &Listener) -> Result<(), SocketEnd> {
    let Some(reading) = listener.take() else { return Ok(()) };
    let user = match session.user().await {
        Ok(user) => user,
        Err(SocketEnd::Failed) => return Ok(()),
        Err(end) => return Err(end),
    };
    let store = session.state.store.as_ref();
    let read = async {
        let summaries = read(store, &user, &reading.wanted).await?;
        listener.listen(&reading.wanted, &summaries).await?;
        Ok::<_, store::Error>(summaries)
    };
    match read.await {
        Ok(summaries) => {
            let frame = encode(&reading.wanted, &summaries, presence(&session.state, &summaries));
            let written = timeout(WRITE_TIMEOUT, session.connection.write_own(&frame)).await;
            written.map_err(|_| SocketEnd::Lost)?.map_err(|_| SocketEnd::Lost)?;
            // last: if the client moves to another room while it is written, it is dropped, and has to be read again
            reading.done();
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%error, "rooms of a sidebar not read");
            Ok(())
        }
    }
}

async fn read(store: &dyn Store, user: &User, wanted: &Wanted) -> store::Result<Vec<RoomSummary>> {
    match wanted {
        Wanted::All => rooms_of(store, user).await,
        Wanted::Rooms(rooms) => {
            let rooms: Vec<RoomId> = rooms.iter().cloned().collect();
            store.summaries(user, &rooms).await
        }
    }
}

/// The presence of the members that stand for direct rooms, by tag: the page does not get changes of it from before the
/// fan-out writes to its socket.
fn presence(state: &AppState, summaries: &[RoomSummary]) -> Map<String, Value> {
    let others: Vec<UserKey> = summaries.iter().filter_map(counterpart).collect();
    let presence = state.hub().presence_of(&others);
    others.iter().zip(presence).map(|(user, presence)| (user.tag(), presence.as_str().into())).collect()
}

fn encode(wanted: &Wanted, summaries: &[RoomSummary], presence: Map<String, Value>) -> Frame {
    let mut rooms: Vec<Value> = summaries.iter().filter_map(numbers).collect();
    if let Wanted::Rooms(wanted) = wanted {
        let is_found = |room: &&RoomId| summaries.iter().any(|summary| summary.room.id == **room);
        rooms.extend(wanted.iter().filter(|room| !is_found(room)).map(gone));
    }
    let frame = json!({ "rooms": rooms, "complete": *wanted == Wanted::All, "presence": presence }).to_string();
    Frame::text(std::iter::once(frame.as_str()))
}

/// `None` of a room that the user is no member of.
fn numbers(summary: &RoomSummary) -> Option<Value> {
    let RoomSummary { room, head, latest_at, own, own_texts, unread, mentions, .. } = summary;
    let own = own.as_ref()?;
    Some(json!({
        "room": room.id.as_str(),
        "kind": room.kind.as_str(),
        "rev": head.rev,
        "seq": head.seq,
        "texts": head.texts,
        "own": own_texts,
        "unread": unread,
        "mentions": mentions,
        "readSeq": own.mark.seq,
        "readVersion": own.mark.version,
        "level": own.level.as_str(),
        "starred": own.starred,
        "at": latest_at.0,
    }))
}

/// The user is not a member of the room, or it does not exist.
fn gone(room: &RoomId) -> Value {
    json!({ "room": room.as_str(), "gone": true })
}
