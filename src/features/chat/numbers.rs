//! The numbers of a page's sidebar: read from the store when they may have changed in a way that the room's news does not
//! say, and sent to this page alone.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
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
fn presence(state: &AppState, summaries: &[RoomSummary]) -> BTreeMap<String, &'static str> {
    let others: Vec<UserKey> = summaries.iter().filter_map(counterpart).collect();
    let presence = state.hub().presence_of(&others);
    others.iter().zip(presence).map(|(user, presence)| (user.tag(), presence.as_str())).collect()
}

#[derive(Serialize)]
struct NumbersFrame<'a> {
    rooms: Vec<Item<'a>>,
    /// Whether the user has no other rooms.
    complete: bool,
    /// By tag.
    presence: BTreeMap<String, &'static str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Numbers(Numbers<'a>),
    /// The user is not a member of the room, or it does not exist.
    Gone {
        room: &'a str,
        gone: bool,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Numbers<'a> {
    room: &'a str,
    kind: &'static str,
    rev: u64,
    seq: u64,
    texts: u64,
    own: u64,
    unread: u64,
    mentions: u64,
    read_seq: u64,
    read_version: u64,
    level: &'static str,
    starred: bool,
    at: i64,
}

fn encode(wanted: &Wanted, summaries: &[RoomSummary], presence: BTreeMap<String, &'static str>) -> Frame {
    let mut rooms: Vec<Item<'_>> = summaries.iter().filter_map(numbers).collect();
    if let Wanted::Rooms(wanted) = wanted {
        let is_found = |room: &&RoomId| summaries.iter().any(|summary| summary.room.id == **room);
        rooms.extend(
            wanted.iter().filter(|room| !is_found(room)).map(|room| Item::Gone { room: room.as_str(), gone: true }),
        );
    }
    let numbers = NumbersFrame { rooms, complete: *wanted == Wanted::All, presence };
    let json = serde_json::to_string(&numbers).expect("its keys are strings");
    Frame::text(std::iter::once(json.as_str()))
}

/// `None` of a room that the user is no member of.
fn numbers(summary: &RoomSummary) -> Option<Item<'_>> {
    let RoomSummary { room, head, latest_at, own, own_texts, unread, mentions, .. } = summary;
    let own = own.as_ref()?;
    Some(Item::Numbers(Numbers {
        room: room.id.as_str(),
        kind: room.kind.as_str(),
        rev: head.rev,
        seq: head.seq,
        texts: head.texts,
        own: *own_texts,
        unread: *unread,
        mentions: *mentions,
        read_seq: own.mark.seq,
        read_version: own.mark.version,
        level: own.level.as_str(),
        starred: own.starred,
        at: latest_at.0,
    }))
}
