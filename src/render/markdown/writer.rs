//! HTML that is written up to a limit.

use crate::domain::is_visible;

/// Largest HTML, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The text cannot be rendered: it makes too much HTML, is nested too deep, or nothing of it would be seen.
#[derive(Debug)]
pub(super) struct Unrenderable;

pub(super) type Result<T = ()> = std::result::Result<T, Unrenderable>;

#[derive(Default)]
pub(super) struct Writer {
    html: String,
    /// Whether something of what was written can be seen.
    has_text: bool,
}

impl Writer {
    /// Writes HTML as it is.
    pub fn raw(&mut self, html: &str) -> Result {
        if self.html.len() + html.len() > MAX_BYTES {
            return Err(Unrenderable);
        }
        self.html.push_str(html);
        Ok(())
    }

    /// Writes text, or the value of an attribute.
    pub fn text(&mut self, text: &str) -> Result {
        self.has_text = self.has_text || is_visible(text);
        self.escaped(text)
    }

    /// Writes ` name="value"`.
    pub fn attribute(&mut self, name: &str, value: &str) -> Result {
        for part in [" ", name, "=\""] {
            self.raw(part)?;
        }
        self.escaped(value)?;
        self.raw("\"")
    }

    /// Starts a line, so that blocks are apart also where the text is read without its elements.
    pub fn line(&mut self) -> Result {
        if self.html.is_empty() || self.html.ends_with('\n') { Ok(()) } else { self.raw("\n") }
    }

    /// Whether text was written since this was called last. Resets it.
    pub fn take_has_text(&mut self) -> bool {
        std::mem::take(&mut self.has_text)
    }

    pub fn has_text(&self) -> bool {
        self.has_text
    }

    /// What [`Writer::take_has_text`] returned, so that it counts again.
    pub fn add_has_text(&mut self, before: bool) {
        self.has_text |= before;
    }

    /// The HTML.
    ///
    /// # Errors
    /// [`Unrenderable`] if it shows no text.
    pub fn finish(self) -> Result<String> {
        if self.has_text { Ok(self.html) } else { Err(Unrenderable) }
    }

    fn escaped(&mut self, text: &str) -> Result {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>', '"']) {
            self.raw(&rest[..at])?;
            self.raw(escape(rest.as_bytes()[at]))?;
            rest = &rest[at + 1..];
        }
        self.raw(rest)
    }
}

/// A character that HTML has a use for, as text.
pub(super) fn escape(special: u8) -> &'static str {
    match special {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        _ => "&quot;",
    }
}
