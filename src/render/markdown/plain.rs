//! HTML of a message as text, for quotes and for previews of one line.

/// The text that a browser has for the HTML of [`super::render`], on one line: without the marks of Markdown, with the
/// characters of code and what stands for an image. `max`: in characters; what is longer ends with an ellipsis.
pub fn plain(html: &str, max: usize) -> String {
    let (mut line, mut length) = (String::new(), 0);
    let mut is_apart = false;
    for c in Characters(html) {
        if c.is_whitespace() {
            is_apart = true;
            continue;
        }
        let space = std::mem::take(&mut is_apart) && length > 0;
        if space && length < max {
            line.push(' ');
            length += 1;
        }
        if length >= max {
            line.push('…');
            return line;
        }
        line.push(c);
        length += 1;
    }
    line
}

/// The characters of HTML that are not in its tags.
struct Characters<'a>(&'a str);

/// What [`super::writer`] writes for a character.
const ESCAPED: [(&str, char); 4] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"')];

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        // values of attributes are escaped: the next ">" is the end
        while self.0.starts_with('<') {
            let end = self.0.find('>').map_or(self.0.len(), |end| end + 1);
            self.0 = &self.0[end..];
        }
        let escaped = ESCAPED.into_iter().find(|(name, _)| self.0.starts_with(name));
        let (length, c) = match escaped {
            Some((name, c)) => (name.len(), c),
            None => self.0.chars().next().map(|c| (c.len_utf8(), c))?,
        };
        self.0 = &self.0[length..];
        Some(c)
    }
}
