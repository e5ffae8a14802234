//! The HTML of a message's text, which is Markdown.
//!
//! [`crate::domain::markdown`] is its syntax. A reader's browser gets only what is written here: HTML that somebody typed is
//! text, an address is checked, and no class or id is the author's.
//!
//! Code is not coloured. syntect with two-face's grammars was measured: 55 CPU seconds more to build, 2.7 MB more of program,
//! 0.4 to 4.7 s for the first block of a language and 7 to 80 ms for each later one of 2 KB, where a whole message takes
//! 10 µs.
//!
//! - [`tree`]: the syntax tree as HTML. [`writer`]: writes HTML up to a limit. [`link`]: which addresses are links.
//! - [`mention`]: who is mentioned.
//! - [`typed`]: texts that are shown as they were typed. [`emoji`]: texts of emoji alone. [`plain`]: HTML as text.

mod emoji;
mod link;
pub mod mention;
mod plain;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod tests;
mod tree;
mod typed;
mod writer;

use comrak::Arena;

pub use plain::plain;

use crate::domain::{Mentions, markdown};

/// The HTML of a text, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rendered {
    pub html: String,
    /// Whether it is one paragraph, without an element of its own. Else it is a sequence of blocks.
    pub is_inline: bool,
    /// Whether it says what the author does (`/me`).
    pub is_action: bool,
    /// Whether it is a few emoji and nothing else.
    pub is_emoji: bool,
}

/// Renders the text of a message that mentions these users. The same at every process.
///
/// A text that is nested too deep, takes the parser too long, makes too much HTML, or of which nothing would be seen is
/// shown as it was typed.
pub fn render(text: &str, mentions: &Mentions) -> Rendered {
    let action = markdown::action(text);
    let text = action.unwrap_or(text);
    let marked = if typed::is_plain(text) { None } else { marked(text, mentions) };
    let (html, is_inline) = marked.unwrap_or_else(|| (typed::html(text), true));
    Rendered { is_emoji: is_inline && emoji::is_few(&html), html, is_inline, is_action: action.is_some() }
}

/// The same, if it is no more than escaping the text.
pub fn render_plain(text: &str) -> Option<Rendered> {
    let action = markdown::action(text);
    let text = action.unwrap_or(text);
    typed::is_plain(text).then(|| {
        let html = typed::html(text);
        Rendered { is_emoji: emoji::is_few(&html), html, is_inline: true, is_action: action.is_some() }
    })
}

/// The HTML of the Markdown, and whether it is one paragraph.
fn marked(text: &str, mentions: &Mentions) -> Option<(String, bool)> {
    let arena = Arena::new();
    tree::html(markdown::parse(&arena, text)?, mentions).ok()
}
