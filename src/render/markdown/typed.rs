//! Texts that are shown as they were typed.

use super::writer::escape;

/// Whether Markdown would show nothing but the text itself. Not all such texts are found: what begins with a digit may be a
/// list, and what has several lines a heading.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(index, byte)| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b' ' | b',' | b'?' | b'\'' | b'"' | b'(' | b')' | b';' | b'/' | b'%' | b'$' => true,
        // at the beginning: a list, a heading, a quote or a line
        b'0'..=b'9' | b'-' | b'+' | b'=' | b'#' | b'>' => index > 0,
        // an image
        b'!' => bytes.get(index + 1) != Some(&b'['),
        // an address
        b'.' => !bytes[..index].ends_with(b"www"),
        // an address or a shortcode
        b':' => bytes.get(index + 1).is_none_or(|next| *next == b' '),
        _ => !byte.is_ascii(),
    })
}

/// The text with its line breaks.
pub(super) fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\n')) {
        html.push_str(&rest[..at]);
        html.push_str(if rest.as_bytes()[at] == b'\n' { "<br>\n" } else { escape(rest.as_bytes()[at]) });
        rest = &rest[at + 1..];
    }
    html.push_str(rest);
    html
}
