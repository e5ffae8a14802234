//! What of a message is searched.

use comrak::{Arena, nodes::NodeValue};

use super::{Document, Flags};
use crate::domain::{File, Message, Shown, markdown};

/// The text that is searched: that of the message, and the names and alternative texts of its files. `None` of a deleted message
/// and of a notice.
pub fn searched_text(message: &Message) -> Option<String> {
    let mut text = message.text()?.to_owned();
    for File { name, alt, .. } in &message.files {
        for part in [name.as_str(), alt.as_str()] {
            if !part.is_empty() {
                text.push('\n');
                text.push_str(part);
            }
        }
    }
    Some(text)
}

/// What is true of a message, for `has:` and `is:`.
pub fn flags(message: &Message) -> Flags {
    let mut flags = Flags::default();
    let mut set = |is_true: bool, flag| {
        if is_true {
            flags = flags.with(flag);
        }
    };
    set(!message.files.is_empty(), Flags::FILE);
    set(message.files.iter().any(|file| file.kind.shown() == Shown::Picture), Flags::IMAGE);
    set(message.pinned_at.is_some(), Flags::PINNED);
    set(message.reply_to.is_some(), Flags::REPLY);
    let (has_link, has_code) = message.text().map_or((false, false), links_and_code);
    set(has_link, Flags::LINK);
    set(has_code, Flags::CODE);
    flags
}

/// Whether a text has a link, and whether it has code.
fn links_and_code(text: &str) -> (bool, bool) {
    // most texts have neither, and need no syntax tree
    if !text.contains(['`', '~', ':', '(', '@', '.']) && !text.contains("    ") && !text.contains('\t') {
        return (false, false);
    }
    let arena = Arena::new();
    let Some(document) = markdown::parse(&arena, text) else { return (false, false) };
    let (mut has_link, mut has_code) = (false, false);
    for node in document.descendants() {
        match &node.data().value {
            NodeValue::Link(_) | NodeValue::Image(_) => has_link = true,
            NodeValue::Code(_) | NodeValue::CodeBlock(_) => has_code = true,
            _ => {}
        }
    }
    (has_link, has_code)
}

impl Document {
    /// A message as it is now.
    pub fn of(message: &Message) -> Self {
        Self {
            seq: message.seq(),
            // also the removal of a file raises it
            text_rev: message.text_rev,
            sent_ms: message.sent_at.0,
            author: *message.author_key.0.as_bytes(),
            text: searched_text(message),
            flags: flags(message),
        }
    }
}
