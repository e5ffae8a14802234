//! What is typed into the message box of a page: a text, or a slash command. Scripts send texts only.

use super::{Invalid, user_ids};

/// What `/shrug` adds: `¯\_(ツ)_/¯`, escaped for Markdown.
const SHRUG: &str = r"¯\\\_(ツ)\_/¯";
/// Longest part of an unknown name that a refusal repeats, in characters.
const SHOWN_NAME: usize = 30;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A message's text, not yet checked.
    Text(String),
    Command(SlashCommand),
}

/// A command at the beginning of the message box. Its arguments are not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlashCommand {
    Topic(String),
    /// UserIDs, at least one.
    Invite(Vec<String>),
    Leave,
    /// A message in the direct room with one user.
    Message {
        user_id: String,
        text: String,
    },
}

impl Typed {
    /// # Errors
    /// If there is no such command, or its arguments are missing or too many. The text names all commands.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let typed = raw.trim();
        let Some(line) = typed.strip_prefix('/') else { return Ok(Self::Text(typed.to_owned())) };
        if line.starts_with('/') {
            return Ok(Self::Text(if is_action(line) { format!("\\{line}") } else { line.to_owned() }));
        }
        let (name, arguments) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let arguments = arguments.trim();
        let found = match (name.to_ascii_lowercase().as_str(), arguments) {
            ("leave", "") => Some(Self::Command(SlashCommand::Leave)),
            ("shrug", "") => Some(Self::Text(SHRUG.to_owned())),
            ("leave", _) | ("me" | "invite" | "msg", "") => None,
            ("me", text) => Some(Self::Text(format!("/me {text}"))),
            ("shrug", text) => Some(Self::Text(format!("{text} {SHRUG}"))),
            ("topic", topic) => Some(Self::Command(SlashCommand::Topic(topic.to_owned()))),
            ("invite", names) => invite(names).map(Self::Command),
            ("msg", arguments) => message(arguments).map(Self::Command),
            _ => {
                let name: String = name.chars().take(SHOWN_NAME).collect();
                return Err(Invalid::new("slash-unknown").arg("name", format!("/{name}")));
            }
        };
        found.ok_or_else(|| Invalid::new("slash-arguments").arg("name", format!("/{name}")))
    }
}

/// Whether a text is shown as an action of its author.
fn is_action(text: &str) -> bool {
    let name = text.split(char::is_whitespace).next().unwrap_or_default();
    name.eq_ignore_ascii_case("/me")
}

fn invite(names: &str) -> Option<SlashCommand> {
    let user_ids = user_ids(names);
    (!user_ids.is_empty()).then_some(SlashCommand::Invite(user_ids))
}

fn message(arguments: &str) -> Option<SlashCommand> {
    let (name, text) = arguments.split_once(char::is_whitespace)?;
    let [user_id] = <[String; 1]>::try_from(user_ids(name)).ok()?;
    Some(SlashCommand::Message { user_id, text: text.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(typed: &str) -> String {
        match Typed::parse(typed).unwrap() {
            Typed::Text(text) => text,
            command @ Typed::Command(_) => panic!("{command:?}"),
        }
    }

    fn command(typed: &str) -> SlashCommand {
        match Typed::parse(typed).unwrap() {
            Typed::Command(command) => command,
            text @ Typed::Text(_) => panic!("{text:?}"),
        }
    }

    #[test]
    fn a_text_stays_as_it_is() {
        for same in ["", "hello", "1/2", "a\n/leave", "\\/leave", "¯\\_(ツ)_/¯"] {
            assert_eq!(text(same), same);
        }
        assert_eq!(text("/me waves"), "/me waves");
        assert_eq!(text(" /ME  waves"), "/me waves");
    }

    #[test]
    fn two_slashes_begin_a_text_with_one() {
        assert_eq!(text("//etc/hosts"), "/etc/hosts");
        assert_eq!(text("//leave"), "/leave");
        assert_eq!(text("///"), "//");
        assert_eq!(text("//me waves"), "\\/me waves", "no action");
        assert_eq!(text("//mean"), "/mean");
    }

    #[test]
    fn a_shrug_is_escaped_for_markdown() {
        assert_eq!(text("/shrug"), r"¯\\\_(ツ)\_/¯");
        assert_eq!(text("/shrug who knows"), r"who knows ¯\\\_(ツ)\_/¯");
    }

    #[test]
    fn a_command_has_arguments() {
        let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
        assert_eq!(command("/topic  two words "), SlashCommand::Topic("two words".into()));
        assert_eq!(command("/topic"), SlashCommand::Topic(String::new()));
        assert_eq!(command("/invite @ada"), SlashCommand::Invite(owned(&["ada"])));
        assert_eq!(command("/Invite @ada, bob"), SlashCommand::Invite(owned(&["ada", "bob"])));
        assert_eq!(command("/leave"), SlashCommand::Leave);
        let message = |user_id: &str, text: &str| SlashCommand::Message { user_id: user_id.into(), text: text.into() };
        assert_eq!(command("/msg @ada two\nlines"), message("ada", "two\nlines"));
        assert_eq!(command("/msg\n@ada  //x"), message("ada", "//x"));
    }

    #[test]
    fn an_unknown_command_and_wrong_arguments_are_refused() {
        let unknown = |name: &str| Invalid::new("slash-unknown").arg("name", name.to_owned());
        assert_eq!(Typed::parse("/").unwrap_err(), unknown("/"));
        assert_eq!(Typed::parse("/dance now").unwrap_err(), unknown("/dance"));
        assert_eq!(Typed::parse("/home/ada").unwrap_err(), unknown("/home/ada"));
        assert_eq!(
            Typed::parse(&format!("/{}", "x".repeat(4000))).unwrap_err(),
            unknown(&format!("/{}", "x".repeat(30)))
        );
        for wrong in ["/me", "/invite", "/invite @", "/leave now", "/msg", "/msg @ada", "/msg @ada,bob hi"] {
            assert_eq!(Typed::parse(wrong).unwrap_err().0.key, "slash-arguments", "{wrong}");
        }
    }
}
