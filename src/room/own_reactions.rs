//! Which reactions are a reader's own. A message's fragment is the same for all readers and has only the numbers of its
//! reactions; a live change says who gave or took back which. Who has missed changes is sent the own reactions of all
//! messages that changed meanwhile.

use serde_json::{Value, json};

use super::rooms::Rooms;
use crate::{
    domain::{Message, RoomId, UserKey},
    net::Frame,
    store::{self, Chunk},
};

/// Changes read at a time.
const PAGE: u32 = 500;

/// The frame with the user's reactions to the messages that changed after `after`, as of now.
pub(super) async fn own_reactions(rooms: &Rooms, room: &RoomId, user: UserKey, after: u64) -> store::Result<Frame> {
    let _permit = rooms.late_reads.acquire().await;
    let (mut own, mut read_to) = (Vec::new(), after);
    loop {
        let Chunk { messages, has_more } = rooms.store.changes(room, read_to, PAGE).await?;
        own.extend(
            messages.iter().filter(|message| !message.reactions.is_empty()).map(|message| own_of(message, user)),
        );
        read_to = messages.last().map_or(read_to, |message| message.rev);
        if !has_more || messages.is_empty() {
            let frame = json!({ "room": room.as_str(), "own": own }).to_string();
            return Ok(Frame::text(std::iter::once(frame.as_str())));
        }
    }
}

/// The message's `seq` and `rev`, and the emoji that the user gave to it.
fn own_of(message: &Message, user: UserKey) -> Value {
    let given = message.reactions.iter().filter(|reaction| reaction.users.contains(&user));
    let emoji: Vec<&str> = given.map(|reaction| reaction.emoji.as_str()).collect();
    json!([message.seq(), message.rev, emoji])
}
