//! Frames of sockets and cursors in addresses. Both are private in natter, so their sources are included.

#[allow(dead_code)] // what only natter uses
#[path = "../../../src/features/chat/cursor.rs"]
mod cursors;
#[allow(dead_code)]
#[path = "../../../src/features/chat/frames.rs"]
mod frames;

use axum::http::StatusCode;
use natter::{
    domain::{MessageId, Reading, RoomId, Timestamp, Typed},
    render::Language,
    store::ListCursor,
    web::{change::Draft, files::attachments},
};
use serde_json::{Value, json};

use self::frames::{ClientFrame, SendFrame};

/// A text frame is understood or refused with a text. One that is understood is the same when it is written anew.
pub fn frame(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return }; // the WebSocket refuses it
    match ClientFrame::parse(text) {
        Ok(frame) => {
            assert_eq!(ClientFrame::parse(&written(&frame)).as_ref().ok(), Some(&frame));
            match frame {
                ClientFrame::Send(send) => send_is_checked(&send),
                ClientFrame::Rooms(Some(rooms)) => assert!(rooms.len() <= 100, "{} rooms", rooms.len()),
                _ => {}
            }
        }
        Err(error) => {
            assert_eq!(error.status, StatusCode::BAD_REQUEST);
            let refusal = read(&frames::refusal(&RoomId::named(text), &error, Language::English));
            assert_eq!(refusal["room"], text);
            assert!(refusal["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{refusal}");
        }
    }
}

/// The frame as a client would write it.
fn written(frame: &ClientFrame) -> String {
    let name = |room: &Option<RoomId>| room.as_ref().map(|room| room.as_str().to_owned());
    match frame {
        ClientFrame::Send(SendFrame { room, message, client_id, reply_to, is_confirmed, files }) => {
            let files: Vec<_> = files.iter().map(|file| json!({ "id": file.id, "alt": file.alt })).collect();
            json!({
                "room": name(room), "message": message, "clientID": client_id, "replyTo": reply_to,
                "confirmed": is_confirmed, "files": files,
            })
        }
        ClientFrame::Move { room, after } => json!({ "room": name(room), "after": after }),
        ClientFrame::Typing { room } => json!({ "room": room.as_str(), "typing": true }),
        ClientFrame::Read { room, reading: Reading::Read { seq, version } } => {
            json!({ "room": room.as_str(), "read": seq, "version": version })
        }
        ClientFrame::Read { room, reading: Reading::Unread { seq, version } } => {
            json!({ "room": room.as_str(), "unread": seq, "version": version })
        }
        ClientFrame::Rooms(rooms) => {
            let ids = rooms.as_ref().map(|rooms| rooms.iter().map(RoomId::as_str).collect::<Vec<_>>());
            json!({ "rooms": ids })
        }
        ClientFrame::Idle(is_idle) => json!({ "idle": is_idle }),
    }
    .to_string()
}

/// What a frame sends is valid within limits, or refused; each reply is JSON with the client's id as it came.
fn send_is_checked(send: &SendFrame) {
    let room = send.room.clone().unwrap_or_else(RoomId::lobby);
    assert_eq!(read(&frames::pending(&room, &send.client_id))["pending"], send.client_id);
    if let Ok(Typed::Text(text)) = Typed::parse(&send.message) {
        assert!(text.chars().count() <= send.message.chars().count() + 30, "{text}");
    }
    let files = attachments(&send.files);
    if let Ok(files) = &files {
        assert!(files.iter().all(|file| file.alt.as_str().chars().count() <= 500));
    }
    let draft = Draft {
        message: &send.message,
        client_id: &send.client_id,
        reply_to: send.reply_to,
        is_confirmed: send.is_confirmed,
        files: files.as_deref().unwrap_or_default(),
    };
    if let Err(error) = draft.check() {
        assert_eq!(error.status, StatusCode::UNPROCESSABLE_ENTITY);
        let reply = read(&frames::reply(&room, &send.client_id, &Err(error), Language::English));
        assert_eq!((&reply["room"], &reply["clientID"]), (&json!(room.as_str()), &json!(send.client_id)));
        assert!(reply["error"]["fields"].is_object(), "{reply}");
    }
}

fn read(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap_or_else(|error| panic!("{error} in {frame}"))
}

/// A cursor is read as it was written, and text that is none is refused at its field.
pub fn cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match cursors::parse(&text) {
        Ok(cursor) => assert_is_kept(&cursor),
        Err(error) => {
            assert_eq!(error.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(error.json(Language::English)["fields"]["before"].is_string());
        }
    }
    // any place, in a room with any name
    if let Some((at, rest)) = data.split_first_chunk()
        && let Some((seq, room)) = rest.split_first_chunk()
    {
        let id = MessageId { room: RoomId::named(&String::from_utf8_lossy(room)), seq: u64::from_le_bytes(*seq) };
        assert_is_kept(&ListCursor { at: Timestamp(i64::from_le_bytes(*at)), id });
    }
}

fn assert_is_kept(cursor: &ListCursor) {
    let written = cursors::encode(cursor);
    assert_eq!(cursors::parse(&written).as_ref().ok(), Some(cursor), "{written}");
}
