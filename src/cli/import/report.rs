//! What becomes of every user and message: a line for each that is not carried as it is, and the sums.

use crate::{
    cli::progress::{Progress, say},
    store::NodeValue,
};

/// Longest piece of a value that a line shows, in characters.
const SHOWN: usize = 40;

/// Of the users, or of the messages.
#[derive(Default)]
pub struct Sum {
    pub read: u64,
    pub added: u64,
    pub there: u64,
    pub merged: u64,
    pub left_out: u64,
}

#[derive(Default)]
pub struct Report {
    pub users: Sum,
    pub messages: Sum,
    repaired: u64,
}

impl Report {
    /// Tells of something that was carried with changes.
    pub fn repaired(&mut self, progress: &Progress, what: &str, repairs: &[String]) {
        if !repairs.is_empty() {
            self.repaired += 1;
            progress.say(&format!("repaired  {what}: {}", repairs.join("; ")));
        }
    }

    pub fn user_merged(&mut self, progress: &Progress, what: &str, into: &str) {
        self.users.merged += 1;
        progress.say(&format!("merged    {what}: {into}"));
    }

    pub fn user_left_out(&mut self, progress: &Progress, what: &str, why: &str) {
        self.users.left_out += 1;
        progress.say(&format!("left out  {what}: {why}"));
    }

    pub fn message_left_out(&mut self, progress: &Progress, what: &str, why: &str) {
        self.messages.left_out += 1;
        progress.say(&format!("left out  {what}: {why}"));
    }

    pub fn summary(&self, has_admin: bool) {
        for (what, sum) in [("users", &self.users), ("messages", &self.messages)] {
            let parts = [(sum.there, "there already"), (sum.merged, "merged"), (sum.left_out, "left out")];
            let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
            say(&format!("{what:<9} {} read, {} added{}", sum.read, sum.added, parts.collect::<String>()));
        }
        if self.repaired > 0 {
            say(&format!("repaired  {}, as told above", self.repaired));
        }
        if !has_admin {
            say("There is no admin yet: natter user admin USERID makes one.");
        }
    }

    /// # Errors
    /// Where something was left out.
    pub fn end(&self) -> Result<(), String> {
        match self.users.left_out + self.messages.left_out {
            0 => Ok(()),
            1 => Err("one was left out, as told above; all else was carried".into()),
            many => Err(format!("{many} were left out, as told above; all else was carried")),
        }
    }
}

/// A value as a line shows it: in quotes, cut, and with nothing in it that a terminal would obey.
pub fn quote(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// An `_id` as a line shows it: whole, as it is searched by, and in quotes unless it is all digits.
pub fn named(id: &str) -> String {
    if id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return id.to_owned();
    }
    // an `_id` that is text stands in quotes already, which escape nothing
    let text = id.strip_prefix('"').and_then(|id| id.strip_suffix('"'));
    format!("{:?}", text.unwrap_or(id))
}

/// What was found in a field, as a line shows it.
pub fn shown(value: &NodeValue) -> String {
    match value {
        NodeValue::Missing => "missing".into(),
        NodeValue::Text(text) | NodeValue::Plain(text) => quote(text),
        NodeValue::Other(kind) => kind.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_write_on_the_terminal() {
        assert_eq!(quote("a\u{1b}[2J\"\n\u{202e}b"), r#""a\u{1b}[2J\"\n\u{202e}b""#);
        assert_eq!(quote(&"é".repeat(50)), format!("\"{}\"…", "é".repeat(40)));
    }
}
