//! The form of a new message: the browser sends it if JavaScript is off, or the conversation has no room yet.

use serde::Deserialize;

use super::{Error, change::Draft};
use crate::{domain::ClientId, render::Language};

/// The form as it was sent.
#[derive(Debug, Deserialize)]
pub struct MessageForm {
    #[serde(default)]
    pub message: String,
    #[serde(rename = "clientID", default)]
    client_id: String,
    /// The last `seq` on the page, and the version of the mark when it was read; not of a conversation that has no room
    /// yet.
    pub read: Option<u64>,
    pub version: Option<u64>,
}

impl MessageForm {
    pub fn draft(&self) -> Draft<'_> {
        Draft { message: &self.message, client_id: &self.client_id, reply_to: None }
    }
}

/// The form as a page shows it (`templates/_composer.html`).
#[derive(Debug)]
pub struct Composer {
    pub draft: String,
    pub client_id: String,
    /// Why the message was refused.
    pub alert: Option<String>,
}

impl Default for Composer {
    /// An empty form, for a new message.
    fn default() -> Self {
        Self { draft: String::new(), client_id: new_client_id(), alert: None }
    }
}

impl Composer {
    /// The form again, with the text still in it and the reason. The client id stays the one that was sent, because the
    /// message may be stored although the answer was an error; unless the error is about the id itself.
    pub fn refused(form: MessageForm, error: &Error, language: Language) -> Self {
        let reason = error.fields.get("message").map(|reason| language.phrase(reason));
        Self {
            draft: form.message,
            client_id: error.fields.get("clientID").map_or(form.client_id, |_| new_client_id()),
            alert: Some(reason.unwrap_or_else(|| error.summary(language)).into_owned()),
        }
    }
}

fn new_client_id() -> String {
    ClientId::generate().as_str().to_owned()
}
