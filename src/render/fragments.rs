//! What the log looks like. One template for a message, wherever it is shown.

use askama::Template;

use crate::domain::{Message, Timestamp};

/// Most names in the list of who is here; the rest is a number. It bounds what each change of presence
/// costs every socket.
const NAMES: usize = 100;
/// Most names in one notice.
pub const NOTICE_NAMES: usize = 3;

#[derive(Template)]
#[template(path = "chat/_message.html")]
struct MessageView<'a> {
    seq: u64,
    rev: u64,
    own: bool,
    /// `None`: the author's account is deleted.
    author: Option<&'a str>,
    /// `None`: the message is deleted.
    text: Option<&'a str>,
    sent_at: Timestamp,
}

/// A message's fragment, as its author (`own`) or as others see it.
pub fn message(message: &Message, own: bool) -> String {
    render(&MessageView {
        seq: message.seq,
        rev: message.rev,
        own,
        author: message.author.as_ref().map(|author| author.name.as_str()),
        text: message.text.as_deref(),
        sent_at: message.sent_at,
    })
}

#[derive(Template)]
#[template(path = "chat/_notice.html")]
struct NoticeView {
    who: String,
    has: &'static str,
    what: &'static str,
}

/// "Ada has entered the chat", for one or for many. Empty where nobody did.
pub fn notice(names: &[&str], what: &'static str) -> String {
    if names.is_empty() {
        return String::new();
    }
    let who = match names {
        [name] => (*name).to_owned(),
        [first @ .., last] if names.len() <= NOTICE_NAMES => format!("{} and {last}", first.join(", ")),
        _ => {
            let others = names.len() - NOTICE_NAMES + 1;
            format!("{} and {others} others", names[..NOTICE_NAMES - 1].join(", "))
        }
    };
    render(&NoticeView { who, has: if names.len() == 1 { "has" } else { "have" }, what })
}

/// The list of who is here: for the page, and for the sockets as it changes.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// The inside of the page's `#here`.
    pub inside: String,
    /// The same as a fragment that replaces it.
    pub fragment: String,
}

#[derive(Template)]
#[template(path = "chat/_roster.html")]
struct RosterView<'a> {
    count: usize,
    names: &'a [String],
    more: usize,
}

/// Renders the list of the people called `names`.
pub fn roster(names: &[String]) -> Roster {
    let shown = &names[..names.len().min(NAMES)];
    let inside = render(&RosterView { count: names.len(), names: shown, more: names.len() - shown.len() });
    let fragment = format!("<hx-partial hx-target=\"#here\" hx-swap=\"innerHTML\">{inside}</hx-partial>");
    Roster { inside, fragment }
}

fn render(template: &impl Template) -> String {
    // writing to a String cannot fail, and these templates call nothing that can
    template.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, UserKey};

    fn hello() -> Message {
        Message {
            seq: 12,
            rev: 34,
            author_key: UserKey::generate(),
            author: Some(Author { user_id: "ada".into(), name: "Ada <3".into() }),
            sent_at: Timestamp(1_795_354_980_123),
            text: Some("<script>alert(1)</script>\n&amp;".into()),
        }
    }

    const TIME: &str = r#"<time datetime="2026-11-22T13:43:00.123Z">13:43 UTC</time>"#;
    const TEXT: &str = "<span>&#60;script&#62;alert(1)&#60;/script&#62;\n&#38;amp;</span>";

    #[test]
    fn a_message_as_others_see_it() {
        let expected = format!(r#"<li id="m12" data-rev="34" class="message"><b>Ada &#60;3: </b>{TEXT} {TIME}</li>"#);
        assert_eq!(message(&hello(), false), expected);
    }

    #[test]
    fn a_message_as_its_author_sees_it() {
        let expected =
            format!(r#"<li id="m12" data-rev="34" class="message sent-by-user"><b>You: </b>{TEXT} {TIME}</li>"#);
        assert_eq!(message(&hello(), true), expected);
    }

    #[test]
    fn a_message_of_a_deleted_user() {
        let expected =
            format!(r#"<li id="m12" data-rev="34" class="message"><b><i>deleted user</i>: </b>{TEXT} {TIME}</li>"#);
        assert_eq!(message(&Message { author: None, ..hello() }, false), expected);
    }

    #[test]
    fn a_deleted_message_keeps_its_place() {
        let expected = r#"<li id="m12" data-rev="34" hidden></li>"#;
        assert_eq!(message(&Message { text: None, ..hello() }, true), expected);
    }

    #[test]
    fn notices() {
        assert_eq!(notice(&[], "entered"), "");
        let li = |text| format!(r#"<li class="user-connect-or-disconnect">{text}</li>"#);
        assert_eq!(notice(&["<Ada>"], "entered"), li("&#60;Ada&#62; has entered the chat"));
        assert_eq!(notice(&["Ada", "Bob", "Cyd"], "left"), li("Ada, Bob and Cyd have left the chat"));
        assert_eq!(notice(&["Ada", "Bob", "Cyd", "Dan"], "left"), li("Ada, Bob and 2 others have left the chat"));
    }

    #[test]
    fn the_list_of_who_is_here() {
        let inside = "<h2>2 here</h2><ul><li>Ada</li><li>&#60;Bob&#62;</li></ul>";
        let two = roster(&["Ada".into(), "<Bob>".into()]);
        assert_eq!(two.inside, inside);
        let expected = format!(r##"<hx-partial hx-target="#here" hx-swap="innerHTML">{inside}</hx-partial>"##);
        assert_eq!(two.fragment, expected);
        let fanout: Vec<String> = (0..NAMES + 7).map(|n| n.to_string()).collect();
        assert!(roster(&fanout).inside.ends_with("<li>and 7 more</li></ul>"), "it is bounded");
    }
}
