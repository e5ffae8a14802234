//! The frames of a socket other than fragments: sends, and the replies to them.

use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::{
    domain::{Phrase, RoomId},
    render::Language,
    store::Changed,
    web::{Error, Result},
};

/// A frame of a client. Fields that are not listed are ignored, such as the `headers` of the htmx WebSocket extension.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ClientFrame {
    /// A message to post. Without a room: to the one that the socket is subscribed to.
    Send { room: Option<RoomId>, message: String, client_id: String },
    /// Ends the subscription, and subscribes to the changes of this room after `after`, or (null) from now on.
    Move { room: RoomId, after: Option<u64> },
    /// The user types in this room.
    Typing { room: RoomId },
}

#[derive(Deserialize)]
struct Fields {
    room: Option<String>,
    message: Option<String>,
    #[serde(rename = "clientID")]
    client_id: Option<String>,
    /// `Some(None)` is an explicit null.
    #[serde(default, deserialize_with = "present")]
    after: Option<Option<u64>>,
    typing: Option<bool>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ClientFrame {
    pub(super) fn parse(frame: &str) -> Result<Self> {
        let hint = "Send JSON like {\"room\": \"lobby\", \"message\": \"Hello\", \"clientID\": \"a fresh id\"}, \
                    {\"room\": \"lobby\", \"after\": 0} or {\"room\": \"lobby\", \"typing\": true}";
        let refuse = |why: String| Error::new(StatusCode::BAD_REQUEST, Phrase::english(format!("{hint} ({why}).")));
        if !frame.starts_with('{') {
            return Err(refuse("this is not an object".into())); // serde would accept an array of the fields
        }
        let fields: Fields = serde_json::from_str(frame).map_err(|error| refuse(error.to_string()))?;
        let room = fields.room.as_deref().map(RoomId::named);
        Ok(match (fields, room) {
            (Fields { message: None, client_id: None, typing: Some(true), .. }, Some(room)) => Self::Typing { room },
            (Fields { message: None, client_id: None, after: Some(after), .. }, Some(room)) => {
                Self::Move { room, after }
            }
            (Fields { message: None, client_id: None, .. }, _) => return Err(refuse("this is none of them".into())),
            (Fields { message, client_id, .. }, room) => {
                Self::Send { room, message: message.unwrap_or_default(), client_id: client_id.unwrap_or_default() }
            }
        })
    }
}

/// The reply to a send: an acknowledgement of `clientID` with `seq` and `rev`, or a refusal with `error`. The extension
/// does not swap JSON without `content`. After a `status` of 500 or more it is unknown whether the message was stored:
/// the client finds out by the same send again.
pub(super) fn reply(room: &RoomId, client_id: &str, outcome: &Result<Changed>, language: Language) -> String {
    let room = room.as_str();
    match outcome {
        Ok(Changed { message, .. }) => {
            json!({ "room": room, "clientID": client_id, "seq": message.seq(), "rev": message.rev })
        }
        Err(error) => {
            let (status, error_json) = (error.status.as_u16(), error.json(language));
            let mut reply = json!({ "room": room, "clientID": client_id, "status": status, "error": error_json });
            if let Some(secs) = error.retry_after_secs() {
                reply["retryAfter"] = secs.into();
            }
            reply
        }
    }
    .to_string()
}

/// Reports to a page that its message still waits for the database, and that the connection works. It has no
/// `clientID`, because older pages would take it for the acknowledgement.
pub(super) fn pending(room: &RoomId, client_id: &str) -> String {
    json!({ "room": room.as_str(), "pending": client_id }).to_string()
}

/// The answer to a move: the changes of this room after `after` follow.
pub(super) fn moved(room: &RoomId, after: u64) -> String {
    json!({ "room": room.as_str(), "after": after }).to_string()
}

/// The room does not exist for this user. The socket has no subscription.
pub(super) fn gone(room: &RoomId) -> String {
    json!({ "room": room.as_str(), "gone": true }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_recognized_by_its_fields() {
        let htmx = r##"{"message":"hi","clientID":"1","headers":{"HX-Request":"true","HX-Target":"#messages"}}"##;
        let send = |room| ClientFrame::Send { room, message: "hi".into(), client_id: "1".into() };
        assert_eq!(ClientFrame::parse(htmx).unwrap(), send(None));
        let lobby = RoomId::lobby;
        for (frame, expected) in [
            (r#"{"room":"lobby","message":"hi","clientID":"1"}"#, send(Some(lobby()))),
            (r#"{"room":"lobby","after":7}"#, ClientFrame::Move { room: lobby(), after: Some(7) }),
            (r#"{"room":"lobby","after":null}"#, ClientFrame::Move { room: lobby(), after: None }),
            (r#"{"room":"lobby","typing":true}"#, ClientFrame::Typing { room: lobby() }),
        ] {
            assert_eq!(ClientFrame::parse(frame).unwrap(), expected);
        }
        for invalid in [
            "",
            "[]",
            "{}",
            "hello",
            r#"{"message":["a","b"]}"#,
            r#"{"room":"lobby"}"#,
            r#"{"room":"lobby","after":-1}"#,
            r#"{"room":"lobby","typing":false}"#,
            r#"{"after":1}"#,
        ] {
            assert!(ClientFrame::parse(invalid).is_err(), "{invalid}");
        }
    }
}
