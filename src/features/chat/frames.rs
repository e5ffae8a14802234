//! The frames that a socket's client sends, and the replies to them.

use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::{
    domain::{Phrase, Reading, RoomId},
    render::Language,
    web::{Error, Result, files::SentFile, typed::Sent},
};

/// A frame of a client. Fields that are not listed are ignored, such as the `headers` of the htmx WebSocket extension.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ClientFrame {
    /// A message to post. Without a room: to the one that the socket is subscribed to.
    Send(SendFrame),
    /// Ends the subscription, and subscribes to the changes of this room after `after`, or (null) from now on. Without a
    /// room, it only ends the subscription.
    Move { room: Option<RoomId>, after: Option<u64> },
    /// The user types in this room.
    Typing { room: RoomId },
    /// Changes how far the user has read the room.
    Read { room: RoomId, reading: Reading },
    /// Asks for the numbers of these rooms; `None`: of all rooms of the user.
    Rooms(Option<Vec<RoomId>>),
    /// There was no input for some time, or there is input again.
    Idle(bool),
}

/// What was typed into a page, or the message of a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SendFrame {
    pub room: Option<RoomId>,
    pub message: String,
    pub client_id: String,
    /// The `seq` of the message that it replies to.
    pub reply_to: Option<u64>,
    /// Whether it may mention any number of people.
    pub is_confirmed: bool,
    pub files: Vec<SentFile>,
}

/// Most rooms whose numbers a frame asks for.
const MAX_ROOMS: usize = 100;

#[derive(Deserialize)]
struct Fields {
    /// `Some(None)` is an explicit null, as in the fields below.
    #[serde(default, deserialize_with = "present")]
    room: Option<Option<String>>,
    message: Option<String>,
    #[serde(rename = "clientID")]
    client_id: Option<String>,
    #[serde(rename = "replyTo")]
    reply_to: Option<u64>,
    #[serde(default)]
    confirmed: bool,
    #[serde(default)]
    files: Vec<SentFile>,
    #[serde(default, deserialize_with = "present")]
    after: Option<Option<u64>>,
    typing: Option<bool>,
    read: Option<u64>,
    version: Option<u64>,
    unread: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    rooms: Option<Option<Vec<String>>>,
    idle: Option<bool>,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
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
        let has_room_field = fields.room.is_some();
        let room = fields.room.as_ref().and_then(Option::as_deref).map(RoomId::named);
        if fields.message.is_some() || fields.client_id.is_some() {
            let (message, client_id) = (fields.message.unwrap_or_default(), fields.client_id.unwrap_or_default());
            let (reply_to, is_confirmed, files) = (fields.reply_to, fields.confirmed, fields.files);
            return Ok(Self::Send(SendFrame { room, message, client_id, reply_to, is_confirmed, files }));
        }
        if let Some(rooms) = fields.rooms {
            if rooms.as_ref().is_some_and(|rooms| rooms.len() > MAX_ROOMS) {
                return Err(refuse(format!("these are more than {MAX_ROOMS} rooms")));
            }
            return Ok(Self::Rooms(rooms.map(|rooms| rooms.iter().map(|room| RoomId::named(room)).collect())));
        }
        Ok(match (fields, room) {
            (Fields { typing: Some(true), .. }, Some(room)) => Self::Typing { room },
            (Fields { read: Some(seq), version, .. }, Some(room)) => {
                Self::Read { room, reading: Reading::Read { seq, version } }
            }
            (Fields { unread: Some(seq), version, .. }, Some(room)) => {
                Self::Read { room, reading: Reading::Unread { seq, version } }
            }
            (Fields { after: Some(after), .. }, room) if has_room_field => Self::Move { room, after },
            (Fields { idle: Some(idle), .. }, _) => Self::Idle(idle),
            _ => return Err(refuse("this is none of them".into())),
        })
    }
}

/// The reply to a send: an acknowledgement of `clientID` with `seq` and `rev`; `done` if it was a command, and the address
/// to `go` to if it has one; or a refusal with `error`. The extension does not swap JSON without `content`. After a `status` of 500 or more it is unknown whether the message was stored:
/// the client finds out by the same send again.
pub(super) fn reply(room: &RoomId, client_id: &str, outcome: &Result<Sent>, language: Language) -> String {
    let room = room.as_str();
    match outcome {
        Ok(Sent::Posted(posted)) => {
            let message = &posted.message;
            json!({ "room": room, "clientID": client_id, "seq": message.seq(), "rev": message.rev })
        }
        Ok(Sent::Done { go: None }) => json!({ "room": room, "clientID": client_id, "done": true }),
        Ok(Sent::Done { go: Some(go) }) => json!({ "room": room, "clientID": client_id, "done": true, "go": go }),
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

/// The refusal of a frame that is not a send.
pub(super) fn refusal(room: &RoomId, error: &Error, language: Language) -> String {
    let (status, error_json) = (error.status.as_u16(), error.json(language));
    json!({ "room": room.as_str(), "status": status, "error": error_json }).to_string()
}

/// Reports to a page that its message still waits for the database, and that the connection works. It has no
/// `clientID`, because older pages would take it for the acknowledgement.
pub(super) fn pending(room: &RoomId, client_id: &str) -> String {
    json!({ "room": room.as_str(), "pending": client_id }).to_string()
}

/// The answer to a move: the changes of this room after `after` follow. Without a room, nothing follows.
pub(super) fn moved(room: Option<&RoomId>, after: u64) -> String {
    json!({ "room": room.map(RoomId::as_str), "after": room.map(|_| after) }).to_string()
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
        let send_of = |room, reply_to, is_confirmed| {
            let (message, client_id) = ("hi".into(), "1".into());
            ClientFrame::Send(SendFrame { room, message, client_id, reply_to, is_confirmed, files: Vec::new() })
        };
        let send = |room| send_of(room, None, false);
        assert_eq!(ClientFrame::parse(htmx).unwrap(), send(None));
        let lobby = RoomId::lobby;
        let read = |reading| ClientFrame::Read { room: lobby(), reading };
        for (frame, expected) in [
            (r#"{"room":"lobby","message":"hi","clientID":"1"}"#, send(Some(lobby()))),
            (r#"{"message":"hi","clientID":"1","replyTo":7,"confirmed":true}"#, send_of(None, Some(7), true)),
            (r#"{"room":"lobby","after":7}"#, ClientFrame::Move { room: Some(lobby()), after: Some(7) }),
            (r#"{"room":"lobby","after":null}"#, ClientFrame::Move { room: Some(lobby()), after: None }),
            (r#"{"room":null,"after":null}"#, ClientFrame::Move { room: None, after: None }),
            (r#"{"room":"lobby","typing":true}"#, ClientFrame::Typing { room: lobby() }),
            (r#"{"room":"lobby","read":7,"version":2}"#, read(Reading::Read { seq: 7, version: Some(2) })),
            (r#"{"room":"lobby","read":7}"#, read(Reading::Read { seq: 7, version: None })),
            (r#"{"room":"lobby","unread":7}"#, read(Reading::Unread { seq: 7, version: None })),
            (r#"{"rooms":["lobby"]}"#, ClientFrame::Rooms(Some(vec![lobby()]))),
            (r#"{"rooms":null}"#, ClientFrame::Rooms(None)),
            (r#"{"idle":true}"#, ClientFrame::Idle(true)),
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
            r#"{"read":1}"#,
            r#"{"room":"lobby","read":-1}"#,
            r#"{"rooms":"lobby"}"#,
        ] {
            assert!(ClientFrame::parse(invalid).is_err(), "{invalid}");
        }
    }
}
