//! The frames outside the log, as JSON. They may be lost, except that each page that is connected gets every new name.

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
