//! Short fragments, which the clients can read.

use natter::domain::Message;
pub use natter::render::*;

/// The message: its room, `seq`, `rev`, text and author's name.
pub fn message(message: &Message, _viewer: Option<&Viewer>, _texts: &TextCache) -> String {
    let author = message.author.as_ref().map_or("", |author| &author.name);
    let text = message.text().unwrap_or("deleted");
    format!("<li {} {} {} {text} {author}>", message.id.room.as_str(), message.seq(), message.rev)
}

/// The roster, without its names.
pub fn roster(_names: &[String]) -> Roster {
    Roster { fragment: "<hx-partial>".into(), ..Roster::default() }
}
