//! The signals in JSON. Signals are the frames outside the log. They are lost when a connection is.

use serde_json::json;

use crate::{
    domain::{RoomId, UserKey},
    net::Frame,
};

/// Asks a page to fetch its room anew, because it missed too many changes.
pub(super) fn refetch(room: &RoomId) -> Frame {
    encode(&json!({ "room": room.as_str(), "refetch": true }))
}

/// Users type in the room. It holds for a few seconds.
pub(super) fn typing(room: &RoomId, user: UserKey, name: &str) -> Frame {
    encode(&json!({ "room": room.as_str(), "typing": { "key": user.tag(), "name": name } }))
}

/// A user has a new name.
pub(super) fn renamed(user: UserKey, name: &str) -> Frame {
    encode(&json!({ "renamed": { "key": user.tag(), "name": name } }))
}

fn encode(signal: &serde_json::Value) -> Frame {
    Frame::text(std::iter::once(signal.to_string().as_str()))
}
