//! The HTML fragments of the log. A message has one template, wherever it is shown.
//!
//! A page is rendered in its reader's language. A frame goes to readers of every language, so it is in [`LIVE`], and
//! notices and the roster carry the other languages as `data-de` attributes. The page's script shows those, and words
//! "You" and "deleted user" itself.

use std::fmt::Write;

use askama::Template;

use super::words::{ByLanguage, FluentValue, Html, Language};
use crate::domain::{Message, Timestamp};

/// The language of frames.
pub const LIVE: Language = Language::English;

/// Most names in the roster; the rest is a number. This bounds what a change of presence costs every socket.
const ROSTER_NAMES: usize = 100;
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
    /// `None`: the message is deleted, or it is a notice.
    text: Option<&'a str>,
    sent_at: Timestamp,
    language: Language,
}

/// The fragment of a message as its author (`own`) or as others see it.
pub fn message(message: &Message, own: bool, language: Language) -> String {
    render(&MessageView {
        seq: message.seq(),
        rev: message.rev,
        own,
        author: message.author.as_ref().map(|author| author.name.as_str()),
        text: message.text(),
        sent_at: message.sent_at,
        language,
    })
}

#[derive(Template)]
#[template(path = "chat/_notice.html")]
struct NoticeView {
    text: String,
    translations: Html,
}

/// "Ada has entered the chat", for one name or for many. Empty for no names.
pub fn entered(names: &[&str]) -> String {
    notice(names, "notice-entered")
}

/// "Ada has left the chat", for one name or for many. Empty for no names.
pub fn left(names: &[&str]) -> String {
    notice(names, "notice-left")
}

fn notice(names: &[&str], key: &str) -> String {
    let (shown, last, others) = match names {
        [] => return String::new(),
        [name] => (*name, "", 0),
        [first @ .., last] if names.len() <= NOTICE_NAMES => (&*first.join(", "), *last, 0),
        shown => (&*shown[..NOTICE_NAMES - 1].join(", "), "", names.len() - NOTICE_NAMES + 1),
    };
    let text = |language: Language| {
        let args = [
            ("names", FluentValue::from(shown)),
            ("last", last.into()),
            ("count", names.len().into()),
            ("others", others.into()),
        ];
        language.with(key, args).into_owned()
    };
    render(&NoticeView { text: text(LIVE), translations: translations(text) })
}

/// The attributes with a text in the languages other than [`LIVE`], like ` data-de="…"`.
fn translations(text: impl Fn(Language) -> String) -> Html {
    let mut attributes = String::new();
    for language in Language::ALL.into_iter().filter(|language| *language != LIVE) {
        let _ = write!(attributes, " data-{}=\"{}\"", language.tag(), Html::escaped(&text(language)));
    }
    Html::trusted(attributes)
}

/// Who is online: for pages in each language, and for the sockets when it changes.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// The inside of the page's `#roster`.
    pub inside: ByLanguage<String>,
    /// The frame's fragment, which replaces it.
    pub fragment: String,
}

#[derive(Template)]
#[template(path = "chat/_roster.html")]
struct RosterView<'a> {
    count: String,
    count_translations: Html,
    names: &'a [String],
    more: Option<(String, Html)>,
}

/// Renders the roster of `names`.
pub fn roster(names: &[String]) -> Roster {
    let shown = &names[..names.len().min(ROSTER_NAMES)];
    let count = |language: Language| language.with("roster-count", [("count", names.len().into())]).into_owned();
    let hidden = names.len() - shown.len();
    let more = |language: Language| language.with("roster-more", [("count", hidden.into())]).into_owned();
    let view = |language: Language, translate: bool| {
        let attributes =
            |text: &dyn Fn(Language) -> String| if translate { translations(text) } else { Html::default() };
        render(&RosterView {
            count: count(language),
            count_translations: attributes(&count),
            names: shown,
            more: (hidden > 0).then(|| (more(language), attributes(&more))),
        })
    };
    let live = view(LIVE, true);
    Roster {
        inside: ByLanguage::new(|language| view(language, false)),
        fragment: format!("<hx-partial hx-target=\"#roster\" hx-swap=\"innerHTML\">{live}</hx-partial>"),
    }
}

fn render(template: &impl Template) -> String {
    // writing to a String cannot fail, and these templates call nothing that can
    template.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, Content, MessageId, Notice, RoomId, UserKey};

    fn hello() -> Message {
        Message {
            id: MessageId { room: RoomId::lobby(), seq: 12 },
            rev: 34,
            text_rev: 12,
            author_key: UserKey::generate(),
            author: Some(Author { user_id: "ada".into(), name: "Ada <3".into() }),
            sent_at: Timestamp(1_795_354_980_123),
            content: Content::Text(Some("<script>alert(1)</script>\n&amp;".into())),
            room_texts: 12,
            author_texts: 3,
            reply_to: None,
            root: None,
            replies: 0,
            edited_at: None,
            pinned_at: None,
            reactions: Vec::new(),
            joins: false,
        }
    }

    const TIME: &str = r#"<time datetime="2026-11-22T13:43:00.123Z">13:43 UTC</time>"#;
    const TEXT: &str = "<span>&#60;script&#62;alert(1)&#60;/script&#62;\n&#38;amp;</span>";

    #[test]
    fn a_message_as_others_see_it() {
        let expected = format!(r#"<li id="m12" data-rev="34" class="message"><b>Ada &#60;3: </b>{TEXT} {TIME}</li>"#);
        assert_eq!(message(&hello(), false, LIVE), expected);
    }

    #[test]
    fn a_message_as_its_author_sees_it() {
        let expected =
            format!(r#"<li id="m12" data-rev="34" class="message sent-by-user"><b>You: </b>{TEXT} {TIME}</li>"#);
        assert_eq!(message(&hello(), true, LIVE), expected);
    }

    #[test]
    fn a_message_of_a_deleted_user() {
        let expected =
            format!(r#"<li id="m12" data-rev="34" class="message"><b><i>deleted user</i>: </b>{TEXT} {TIME}</li>"#);
        assert_eq!(message(&Message { author: None, ..hello() }, false, LIVE), expected);
    }

    #[test]
    fn a_deleted_message_and_a_notice_are_hidden_items() {
        let expected = r#"<li id="m12" data-rev="34" hidden></li>"#;
        for content in [Content::Text(None), Content::Notice(Notice::Archived)] {
            assert_eq!(message(&Message { content, ..hello() }, true, LIVE), expected);
        }
    }

    #[test]
    fn a_page_is_in_the_readers_language() {
        assert!(message(&hello(), true, Language::German).contains("<b>Du: </b>"));
        let deleted = message(&Message { author: None, ..hello() }, false, Language::German);
        assert!(deleted.contains("<i>gelöschtes Konto</i>"), "{deleted}");
    }

    #[test]
    fn a_notice_is_in_every_language() {
        assert_eq!(entered(&[]), "");
        let li = |german, text| format!(r#"<li class="user-connect-or-disconnect" data-de="{german}">{text}</li>"#);
        let ada = li("&#60;Ada&#62; hat den Chat betreten", "&#60;Ada&#62; has entered the chat");
        assert_eq!(entered(&["<Ada>"]), ada);
        let three = li("Ada, Bob und Cyd haben den Chat verlassen", "Ada, Bob and Cyd have left the chat");
        assert_eq!(left(&["Ada", "Bob", "Cyd"]), three);
        let four = li("Ada, Bob und 2 weitere haben den Chat verlassen", "Ada, Bob and 2 others have left the chat");
        assert_eq!(left(&["Ada", "Bob", "Cyd", "Dan"]), four);
    }

    #[test]
    fn the_roster_names_who_is_online() {
        let names = "<ul><li>Ada</li><li>&#60;Bob&#62;</li></ul>";
        let two = roster(&["Ada".into(), "<Bob>".into()]);
        assert_eq!(*two.inside.get(Language::English), format!("<h2>2 here</h2>{names}"));
        assert_eq!(*two.inside.get(Language::German), format!("<h2>2 da</h2>{names}"));
        let inside = format!(r#"<h2 data-de="2 da">2 here</h2>{names}"#);
        let expected = format!(r##"<hx-partial hx-target="#roster" hx-swap="innerHTML">{inside}</hx-partial>"##);
        assert_eq!(two.fragment, expected);
    }

    #[test]
    fn a_long_roster_ends_with_a_number() {
        let many: Vec<String> = (0..ROSTER_NAMES + 7).map(|n| n.to_string()).collect();
        let long = roster(&many);
        assert!(long.inside.get(LIVE).ends_with("<li>and 7 more</li></ul>"));
        assert!(long.fragment.contains(r#"<li data-de="und 7 weitere">and 7 more</li>"#));
    }
}
