//! The syntax of a text: GitHub's Markdown, with line breaks as typed and `:shortcodes:` of emoji.

use std::{cell::Cell, sync::LazyLock};

use comrak::{
    Arena, Options,
    arena_tree::NodeEdge,
    nodes::{Node, NodeValue},
    try_parse_document,
};

/// What a text begins with that says what its author does.
const ACTION: &str = "/me ";
/// How often the parser may ask whether to go on, which it does each 256 steps. Usual texts take a step for each mark or
/// line. A table of 4,000 characters can have 480,000 cells.
const MAX_PARSE_CHECKS: u32 = 64;

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.shortcodes = true;
    options
});

/// What the author does, if the text says that (`/me`).
pub fn action(text: &str) -> Option<&str> {
    text.strip_prefix(ACTION).map(str::trim_start)
}

/// The syntax tree. `None` if the parser would take too long.
pub fn parse<'a>(arena: &'a Arena<'a>, text: &str) -> Option<Node<'a>> {
    let checks = Cell::new(0);
    let is_too_long = || checks.replace(checks.get() + 1) >= MAX_PARSE_CHECKS;
    try_parse_document(arena, text, &OPTIONS, &is_too_long).ok()
}

/// Calls `each` with the pieces of text that can mention somebody: all outside code and links. HTML that somebody typed
/// is text.
pub fn each_piece(document: Node<'_>, mut each: impl FnMut(&str)) {
    let mut links = 0;
    // not recursive: a document can be 4,000 levels deep
    for edge in document.traverse() {
        match edge {
            NodeEdge::Start(node) => match &node.data().value {
                NodeValue::Link(_) | NodeValue::Image(_) => links += 1,
                NodeValue::Text(text) if links == 0 => each(text),
                NodeValue::HtmlInline(html) if links == 0 => each(html),
                NodeValue::HtmlBlock(html) if links == 0 => each(&html.literal),
                _ => {}
            },
            NodeEdge::End(node) => {
                if let NodeValue::Link(_) | NodeValue::Image(_) = &node.data().value {
                    links -= 1;
                }
            }
        }
    }
}
