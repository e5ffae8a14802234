//! The form that edits a message.

use crate::domain::Message;

/// The form as a page shows it (`templates/chat/_edit.html`).
pub(super) struct EditForm {
    /// The address of the message.
    pub message: String,
    /// The text's source, or what was typed.
    pub text: String,
    /// The number of the text that the edit is based on.
    pub text_rev: u64,
    /// Whether many people would be mentioned: the user has to confirm that.
    pub asks: bool,
    pub is_confirmed: bool,
}

impl EditForm {
    pub(super) fn of(message: &Message) -> Self {
        Self {
            message: format!("/rooms/{}/{}", message.id.room.as_str(), message.seq()),
            text: message.text().unwrap_or_default().to_owned(),
            text_rev: message.text_rev,
            asks: false,
            is_confirmed: false,
        }
    }
}
