//! Which reactions are a reader's own. A message's fragment is the same for all readers and has only the numbers of its
//! reactions; a live change says who gave or took back which. Who has missed changes is sent the own reactions of all
//! messages that changed meanwhile.

use serde_json::{Value, json};

use super::{room::Room, rooms::Rooms};
use crate::{
    domain::{Message, UserKey},
    net::Frame,
    store::{self, Chunk},
};

/// Changes read at a time.
const PAGE: u32 = 500;

/// A user's own reactions.
pub(super) struct OwnReactions {
    pub frame: Frame,
    /// The `rev` that they are as of, at least.
    pub as_of: u64,
}

/// The user's reactions to the messages that changed after `after`.
pub(super) async fn own_reactions(
    rooms: &Rooms,
    room: &Room,
    user: UserKey,
    after: u64,
) -> store::Result<OwnReactions> {
    let _permit = rooms.late_reads.acquire().await;
    let (mut own, mut as_of) = (Vec::new(), after);
    loop {
        let Chunk { messages, has_more } = rooms.store.changes(&room.id, as_of, PAGE).await?;
        own.extend(
            messages.iter().filter(|message| !message.reactions.is_empty()).map(|message| own_of(message, user)),
        );
        as_of = messages.last().map_or(as_of, |message| message.rev);
        if !has_more || messages.is_empty() {
            let frame = json!({ "room": room.id.as_str(), "own": own }).to_string();
            return Ok(OwnReactions { frame: Frame::text(std::iter::once(frame.as_str())), as_of });
        }
    }
}

/// The message's `seq` and `rev`, and the emoji that the user gave to it.
fn own_of(message: &Message, user: UserKey) -> Value {
    let given = message.reactions.iter().filter(|reaction| reaction.users.contains(&user));
    let emoji: Vec<&str> = given.map(|reaction| reaction.emoji.as_str()).collect();
    json!([message.seq(), message.rev, emoji])
}
