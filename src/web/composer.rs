//! The form of a new message as a page shows it: the browser sends it if JavaScript is off, or the conversation has no
//! room yet.

use super::{Error, message_form::MessageForm};
use crate::{
    domain::{Attachment, ClientId},
    render::Language,
};

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
    /// Files that came with an earlier attempt and are kept.
    pub files: Vec<KeptFile>,
    /// Why the message was refused.
    pub alert: Option<String>,
}

/// A file that was uploaded with a form that was refused.
#[derive(Debug)]
pub struct KeptFile {
    pub id: String,
    pub name: String,
    pub alt: String,
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
            files: Vec::new(),
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
        let kept = |(file, name): (&Attachment, String)| KeptFile {
            id: file.id.to_string(),
            name,
            alt: file.alt.as_str().to_owned(),
        };
        let files = form.files.iter().zip(form.names).map(kept).collect();
        Self {
            files,
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
        let about = ["message", "file", "alt"].into_iter().find_map(|field| error.fields.get(field));
        let reason = about.map(|reason| language.phrase(reason));
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
