//! The frames of a socket other than fragments: sends, and the replies to them.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::{
    domain::Phrase,
    render::Language,
    store::Changed,
    web::{Error, Result},
};

/// A message that a client sends: the fields of the form, in the format of the htmx WebSocket extension. Other fields
/// are ignored, such as the extension's `headers`.
#[derive(Debug, Deserialize)]
pub(super) struct SendFrame {
    #[serde(default)]
    pub message: String,
    #[serde(rename = "clientID", default)]
    pub client_id: String,
}

impl SendFrame {
    pub(super) fn parse(frame: &str) -> Result<Self> {
        let hint = "Send JSON like {\"message\": \"Hello\", \"clientID\": \"a fresh id\"}";
        let refuse = |why: String| Error::new(StatusCode::BAD_REQUEST, Phrase::english(format!("{hint} ({why}).")));
        if !frame.starts_with('{') {
            return Err(refuse("this is not an object".into())); // serde would accept an array of the fields
        }
        serde_json::from_str(frame).map_err(|error| refuse(error.to_string()))
    }
}

/// The reply to a send: an acknowledgement of `clientID` with `seq` and `rev`, or a refusal with `error`. The extension
/// does not swap JSON without `content`. After a `status` of 500 or more it is unknown whether the message was stored:
/// the client finds out by the same send again.
pub(super) fn reply(client_id: &str, outcome: &Result<Changed>, language: Language) -> String {
    match outcome {
        Ok(Changed { message, .. }) => json!({ "clientID": client_id, "seq": message.seq(), "rev": message.rev }),
        Err(error) => {
            let status = error.status.as_u16();
            let mut reply = json!({ "clientID": client_id, "status": status, "error": error.json(language) });
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
pub(super) fn pending(client_id: &str) -> String {
    json!({ "pending": client_id }).to_string()
}

/// Asks a page to reload.
pub(super) fn reload() -> String {
    json!({ "reload": true }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_the_htmx_extension_is_parsed() {
        let frame = r##"{"message":"hi","clientID":"1","headers":{"HX-Request":"true","HX-Target":"#messages"}}"##;
        let send = SendFrame::parse(frame).unwrap();
        assert_eq!((send.message.as_str(), send.client_id.as_str()), ("hi", "1"));
        for invalid in ["", "[]", "hello", r#"{"message":["a","b"]}"#] {
            assert!(SendFrame::parse(invalid).is_err(), "{invalid}");
        }
    }
}
