//! The form of a new message: the browser sends it if JavaScript is off, or the conversation has no room yet.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use super::{Error, change::Draft};
use crate::{domain::ClientId, render::Language};

/// The form as it was sent.
#[derive(Debug, Deserialize)]
pub struct MessageForm {
    #[serde(default)]
    pub message: String,
    #[serde(rename = "clientID", default)]
    client_id: String,
    /// The `seq` of the message that it replies to.
    #[serde(rename = "replyTo", default, deserialize_with = "empty_as_none")]
    pub reply_to: Option<u64>,
    /// The `seq` of the root, if the form is on the page of a thread.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub thread: Option<u64>,
    /// Whether it may mention any number of people.
    #[serde(default)]
    confirmed: bool,
    /// The last `seq` on the page, and the version of the mark when it was read; not of a conversation that has no room
    /// yet.
    pub read: Option<u64>,
    pub version: Option<u64>,
}

/// A field that is there and empty is as one that is not there: a page's script fills it when it is needed.
fn empty_as_none<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = String::deserialize(deserializer)?;
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| de::Error::custom("not a number"))
}

impl MessageForm {
    pub fn draft(&self) -> Draft<'_> {
        Draft {
            message: &self.message,
            client_id: &self.client_id,
            reply_to: self.reply_to,
            is_confirmed: self.confirmed,
        }
    }
}

/// The form as a page shows it (`templates/_composer.html`).
#[derive(Debug)]
pub struct Composer {
    pub draft: String,
    pub client_id: String,
    /// The `seq` of the message that it replies to.
    pub reply_to: Option<u64>,
    /// The `seq` of the root, on the page of a thread.
    pub thread: Option<u64>,
    /// Whether many people would be mentioned: the user has to confirm that.
    pub asks: bool,
    /// Whether the user has confirmed that.
    pub is_confirmed: bool,
    /// Why the message was refused.
    pub alert: Option<String>,
}

impl Default for Composer {
    /// An empty form, for a new message.
    fn default() -> Self {
        Self {
            draft: String::new(),
            client_id: new_client_id(),
            reply_to: None,
            thread: None,
            asks: false,
            is_confirmed: false,
            alert: None,
        }
    }
}

impl Composer {
    /// An empty form for a reply.
    pub fn reply(to: u64) -> Self {
        Self { reply_to: Some(to), ..Self::default() }
    }

    /// The form again, with all that was in it.
    pub fn kept(form: MessageForm) -> Self {
        Self {
            draft: form.message,
            client_id: form.client_id,
            reply_to: form.reply_to,
            thread: form.thread,
            asks: form.confirmed,
            is_confirmed: form.confirmed,
            alert: None,
        }
    }

    /// The form again, with all that was in it and the reason. The client id stays the one that was sent, because the
    /// message may be stored although the answer was an error; unless the error is about the id itself.
    pub fn refused(form: MessageForm, error: &Error, language: Language) -> Self {
        let reason = error.fields.get("message").map(|reason| language.phrase(reason));
        let mut composer = Self::kept(form);
        if error.fields.get("clientID").is_some() {
            composer.client_id = new_client_id();
        }
        composer.asks |= error.fields.get("confirmed").is_some();
        composer.alert = Some(reason.unwrap_or_else(|| error.summary(language)).into_owned());
        composer
    }
}

fn new_client_id() -> String {
    ClientId::generate().as_str().to_owned()
}
