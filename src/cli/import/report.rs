//! The report of an import: a line for each user or message that is not imported unchanged, and the totals.

use crate::{
    cli::progress::{Progress, print_line},
    store::NodeValue,
};

/// The maximum length of a value in a line, in characters.
const MAX_SHOWN: usize = 40;

/// The totals of the users or of the messages.
#[derive(Default)]
pub struct Totals {
    pub read: u64,
    pub added: u64,
    pub already_present: u64,
    pub merged: u64,
    pub left_out: u64,
}

#[derive(Default)]
pub struct Report {
    pub users: Totals,
    pub messages: Totals,
    repaired: u64,
}

impl Report {
    /// Reports a record that was imported with replacements.
    pub fn repaired(&mut self, progress: &Progress, label: &str, repairs: &[String]) {
        if !repairs.is_empty() {
            self.repaired += 1;
            progress.print_line(&format!("repaired  {label}: {}", repairs.join("; ")));
        }
    }

    pub fn user_merged(&mut self, progress: &Progress, label: &str, into: &str) {
        self.users.merged += 1;
        progress.print_line(&format!("merged    {label}: {into}"));
    }

    pub fn user_left_out(&mut self, progress: &Progress, label: &str, why: &str) {
        self.users.left_out += 1;
        progress.print_line(&format!("left out  {label}: {why}"));
    }

    pub fn message_left_out(&mut self, progress: &Progress, label: &str, why: &str) {
        self.messages.left_out += 1;
        progress.print_line(&format!("left out  {label}: {why}"));
    }

    pub fn print_summary(&self, has_admin: bool) {
        for (label, totals) in [("users", &self.users), ("messages", &self.messages)] {
            let parts =
                [(totals.already_present, "already present"), (totals.merged, "merged"), (totals.left_out, "left out")];
            let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!(", {count} {name}"));
            print_line(&format!(
                "{label:<9} {} read, {} added{}",
                totals.read,
                totals.added,
                parts.collect::<String>()
            ));
        }
        if self.repaired > 0 {
            print_line(&format!("repaired  {}, see above", self.repaired));
        }
        if !has_admin {
            print_line("There is no admin yet. To make one, run: natter user admin USERID");
        }
    }

    /// # Errors
    /// The number of records that were left out, if there are any.
    pub fn result(&self) -> Result<(), String> {
        match self.users.left_out + self.messages.left_out {
            0 => Ok(()),
            1 => Err("1 was left out, see above; everything else was imported".into()),
            many => Err(format!("{many} were left out, see above; everything else was imported")),
        }
    }
}

/// A value for a line: quoted, cut, and without terminal control sequences.
pub fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// An `_id` for a line: whole, because operators search for it; quoted unless it is hexadecimal.
pub fn quote_id(id: &str) -> String {
    if id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return id.to_owned();
    }
    // an `_id` that is text is in quotes already, but not escaped
    let text = id.strip_prefix('"').and_then(|id| id.strip_suffix('"'));
    format!("{:?}", text.unwrap_or(id))
}

/// The value of a field for a line.
pub fn describe(value: &NodeValue) -> String {
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
    fn a_quoted_value_contains_no_control_sequences() {
        assert_eq!(quote("a\u{1b}[2J\"\n\u{202e}b"), r#""a\u{1b}[2J\"\n\u{202e}b""#);
        assert_eq!(quote(&"é".repeat(50)), format!("\"{}\"…", "é".repeat(40)));
    }
}
