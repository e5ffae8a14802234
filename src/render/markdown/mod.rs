//! The HTML of a message's text, which is Markdown.
//!
//! GitHub's Markdown, with line breaks as typed and `:shortcodes:` of emoji. A reader's browser gets only what is written
//! here: HTML that somebody typed is text, an address is checked, and no class or id is the author's.
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

use std::{cell::Cell, sync::LazyLock};

use comrak::{Arena, Options, try_parse_document};

pub use plain::plain;

use crate::domain::Mentions;

/// What a text begins with that says what its author does.
const ACTION: &str = "/me ";
/// How often the parser may ask whether to go on, which it does each 256 steps. Usual texts take a step for each mark or
/// line. A table of 4,000 characters can have 480,000 cells.
const MAX_PARSE_CHECKS: u32 = 64;

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

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.shortcodes = true;
    options
});

/// Renders the text of a message that mentions these users. The same at every process.
///
/// A text that is nested too deep, takes the parser too long, makes too much HTML, or of which nothing would be seen is
/// shown as it was typed.
pub fn render(text: &str, mentions: &Mentions) -> Rendered {
    let action = text.strip_prefix(ACTION).map(str::trim_start);
    let text = action.unwrap_or(text);
    let (html, is_inline) =
        if typed::is_plain(text) { None } else { marked(text, mentions) }.unwrap_or_else(|| (typed::html(text), true));
    let is_emoji = is_inline && emoji::is_few(&html);
    Rendered { html, is_inline, is_action: action.is_some(), is_emoji }
}

/// Whether the text says what its author does.
pub fn is_action(text: &str) -> bool {
    text.starts_with(ACTION)
}

/// Whether rendering the text is no more than escaping it.
pub fn is_plain(text: &str) -> bool {
    typed::is_plain(text)
}

/// The HTML of the Markdown, and whether it is one paragraph.
fn marked(text: &str, mentions: &Mentions) -> Option<(String, bool)> {
    let (arena, checks) = (Arena::new(), Cell::new(0));
    let is_too_long = || checks.replace(checks.get() + 1) >= MAX_PARSE_CHECKS;
    let document = try_parse_document(&arena, text, &OPTIONS, &is_too_long).ok()?;
    tree::html(document, mentions).ok()
}
