//! What goes over the socket besides fragments: sends, and the answers to them.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::{
    domain::Phrase,
    render::Language,
    store::Posted,
    web::{Error, Result},
};

/// What a client sends: the form's fields, as the htmx WebSocket extension puts them. The extension's
/// `headers` and whatever else a later version may add are not looked at.
#[derive(Debug, Deserialize)]
pub(super) struct Send {
    #[serde(default)]
    pub message: String,
    #[serde(rename = "clientID", default)]
    pub client_id: String,
}

impl Send {
    pub(super) fn parse(frame: &str) -> Result<Self> {
        let hint = "Send JSON like {\"message\": \"Hello\", \"clientID\": \"a fresh id\"}";
        let refuse = |why: String| Error::new(StatusCode::BAD_REQUEST, Phrase::english(format!("{hint} ({why}).")));
        if !frame.starts_with('{') {
            return Err(refuse("this is no object".into())); // serde would take an array's items for the fields
        }
        serde_json::from_str(frame).map_err(|error| refuse(error.to_string()))
    }
}

/// The answer to a send. The extension does not swap JSON without `content`; the page's script and other
/// clients take it as the acknowledgement (`seq`, `rev`) or the refusal (`error`) of `clientID`. With a `status`
/// of 500 and more it is not known whether the message was taken: the same send again tells.
pub(super) fn answer(client_id: &str, outcome: &Result<Posted>, language: Language) -> String {
    match outcome {
        Ok(Posted { message, .. }) => json!({ "clientID": client_id, "seq": message.seq, "rev": message.rev }),
        Err(error) => {
            let status = error.status.as_u16();
            let mut answer = json!({ "clientID": client_id, "status": status, "error": error.json(language) });
            if let Some(secs) = error.retry_after_secs() {
                answer["retryAfter"] = secs.into();
            }
            answer
        }
    }
    .to_string()
}

/// Tells a page that its message still waits for the database, and the connection works. Without `clientID`, which pages
/// of before this frame take for the acknowledgement.
pub(super) fn pending(client_id: &str) -> String {
    json!({ "pending": client_id }).to_string()
}

/// Asks a page to load anew.
pub(super) fn reload() -> String {
    json!({ "reload": true }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_the_htmx_extension_is_understood() {
        let frame = r##"{"message":"hi","clientID":"1","headers":{"HX-Request":"true","HX-Target":"#messages"}}"##;
        let send = Send::parse(frame).unwrap();
        assert_eq!((send.message.as_str(), send.client_id.as_str()), ("hi", "1"));
        for rubbish in ["", "[]", "hello", r#"{"message":["a","b"]}"#] {
            assert!(Send::parse(rubbish).is_err(), "{rubbish}");
        }
    }
}
