//! The HTML of a message, and the quote in a reply.

use std::{borrow::Cow, time::Duration};

use askama::Template;

use super::{Language, Viewer, avatar, fragment::render, notice};
use crate::domain::{Content, Message, Reaction, Timestamp};

/// Most tags of users in `data-by`: those who gave the emoji last. A page marks the emoji that its reader gave, and 200
/// reactions to one message must not send 200 lists of up to 200 tags.
const LISTED_REACTORS: usize = 20;
/// Longest beginning of a text in a quote, in characters.
const QUOTE_CHARS: usize = 100;
/// Longest time between two messages of an author that are shown under one name.
const GROUP: Duration = Duration::from_secs(5 * 60);

#[derive(Template)]
#[template(path = "chat/_message.html")]
struct MessageView<'a> {
    room: &'a str,
    seq: u64,
    rev: u64,
    text_rev: u64,
    author_tag: String,
    /// `None`: the author's account is deleted.
    author: Option<&'a str>,
    initials: String,
    hue: u64,
    /// Whether the viewer is the author.
    own: bool,
    /// Whether it is shown under the name of the message before it.
    follows: bool,
    /// Whether it is what the page is about.
    is_target: bool,
    /// `None`: the message is deleted.
    text: Option<&'a str>,
    sent_at: Timestamp,
    edited_at: Option<Timestamp>,
    replies: u64,
    pinned: bool,
    reply_to: Option<u64>,
    /// What a reply shows of its parent.
    quote: Quote<'a>,
    reactions: Vec<ReactionView<'a>>,
    /// The viewer's; `None` in the live fragment, which has no words.
    language: Option<Language>,
}

enum Quote<'a> {
    /// The parent's author, and the beginning of its text.
    Text { author_tag: String, name: Cow<'a, str>, beginning: String },
    /// The key of a text in place of a quote.
    Word(&'static str),
}

struct ReactionView<'a> {
    emoji: &'a str,
    count: usize,
    /// Tags of users, separated by spaces.
    by: String,
    mine: bool,
}

impl MessageView<'_> {
    fn word(&self, key: &str) -> Cow<'static, str> {
        self.language.map_or(Cow::Borrowed(""), |language| language.text(key))
    }
}

impl<'a> ReactionView<'a> {
    fn new(reaction: &'a Reaction, viewer: Option<&Viewer>) -> Self {
        let listed = &reaction.users[reaction.users.len().saturating_sub(LISTED_REACTORS)..];
        Self {
            emoji: reaction.emoji.as_str(),
            count: reaction.users.len(),
            by: listed.iter().map(|user| user.tag()).collect::<Vec<_>>().join(" "),
            mine: viewer.is_some_and(|viewer| reaction.users.contains(&viewer.key)),
        }
    }
}

/// The fragment of a message or a notice as `viewer` sees it on a page. `None`: the live fragment, the same bytes for all
/// readers, without words of a language; the page's script marks it for its viewer.
pub fn message(message: &Message, viewer: Option<&Viewer>) -> String {
    match &message.content {
        Content::Notice(notice) => notice::notice(message, notice, viewer, false),
        Content::Text(_) => text(message, viewer, Quote::Word("quote-earlier"), PageRow::default()),
    }
}

/// What a row of a page depends on beside its message.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageRow<'a> {
    /// The message that it replies to.
    pub parent: Option<&'a Message>,
    /// Whether it is shown under the name of the row before it.
    pub follows: bool,
    /// Whether it is what the page is about.
    pub is_target: bool,
}

/// The row of a message or a notice on a page. A reply quotes the beginning of its parent.
pub fn row(shown: &Message, row: PageRow<'_>, viewer: &Viewer) -> String {
    match &shown.content {
        Content::Notice(notice) => notice::notice(shown, notice, Some(viewer), row.is_target),
        Content::Text(_) => {
            let quote = row.parent.map_or(Quote::Word("quote-earlier"), |parent| Quote::of(parent, viewer));
            text(shown, Some(viewer), quote, row)
        }
    }
}

/// Whether `message` is shown under the name of `before`, the row before it. The page's script decides it in the same way.
pub fn follows(message: &Message, before: &Message) -> bool {
    let gap = message.sent_at.0 - before.sent_at.0;
    let is_soon = u64::try_from(gap).is_ok_and(|gap| Duration::from_millis(gap) < GROUP);
    message.author_key == before.author_key && message.text().is_some() && before.text().is_some() && is_soon
}

impl<'a> Quote<'a> {
    fn of(parent: &'a Message, viewer: &Viewer) -> Self {
        let Some(text) = parent.text() else { return Self::Word("quote-deleted") };
        let name = match &parent.author {
            _ if parent.author_key == viewer.key => viewer.language.text("you"),
            Some(author) => author.name.as_str().into(),
            None => viewer.language.text("deleted-user"),
        };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut beginning: String = line.chars().take(QUOTE_CHARS).collect();
        if beginning.len() < line.len() {
            beginning.push('…');
        }
        Self::Text { author_tag: parent.author_key.tag(), name, beginning }
    }
}

fn text(message: &Message, viewer: Option<&Viewer>, quote: Quote<'_>, row: PageRow<'_>) -> String {
    let author = message.author.as_ref().map(|author| author.name.as_str());
    render(&MessageView {
        room: message.id.room.as_str(),
        seq: message.seq(),
        rev: message.rev,
        text_rev: message.text_rev,
        author_tag: message.author_key.tag(),
        author,
        initials: author.map(avatar::initials).unwrap_or_default(),
        hue: avatar::hue(message.author_key),
        follows: row.follows,
        is_target: row.is_target,
        own: viewer.is_some_and(|viewer| viewer.key == message.author_key),
        text: message.text(),
        sent_at: message.sent_at,
        edited_at: message.edited_at,
        replies: message.replies,
        pinned: message.pinned_at.is_some(),
        reply_to: message.reply_to,
        quote,
        reactions: message.reactions.iter().map(|reaction| ReactionView::new(reaction, viewer)).collect(),
        language: viewer.map(|viewer| viewer.language),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, Emoji, MessageId, Notice, RoomId, UserKey};
    use uuid::Uuid;

    fn key(number: u64) -> UserKey {
        UserKey(Uuid::from_u64_pair(0, number))
    }

    fn hello() -> Message {
        Message {
            id: MessageId { room: RoomId::lobby(), seq: 12 },
            rev: 34,
            text_rev: 12,
            subject: None,
            author_key: key(1),
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
            mentions: crate::domain::Mentions::default(),
            joins: false,
        }
    }

    fn viewer(number: u64) -> Viewer {
        Viewer { key: key(number), language: Language::English }
    }

    const FACTS: &str = r#"data-room="lobby" data-seq="12" data-rev="34" data-text-rev="12" data-author="AAAAAAAAAAE""#;
    const TIME: &str = r#"<time datetime="2026-11-22T13:43:00.123Z">13:43 UTC</time>"#;
    const TEXT: &str = "<span>&#60;script&#62;alert(1)&#60;/script&#62;\n&#38;amp;</span>";

    /// The row as a page shows it.
    fn shown(class: &str, name: &str) -> String {
        format!(
            r#"<li class="{class}" {FACTS} data-initials="A3"><b data-time="13:43 UTC">{name}<span>: </span></b>{TEXT} {TIME}</li>"#
        )
    }

    #[test]
    fn a_message_as_others_see_it() {
        let expected = shown("message hue-1", "Ada &#60;3");
        assert_eq!(message(&hello(), Some(&viewer(2))), expected);
        assert_eq!(message(&hello(), None), expected.replace(r#" data-time="13:43 UTC""#, ""));
    }

    #[test]
    fn a_message_as_its_author_sees_it() {
        let expected = shown("message hue-1 sent-by-user", "You");
        assert_eq!(message(&hello(), Some(&viewer(1))), expected);
        let german = Viewer { language: Language::German, ..viewer(1) };
        assert_eq!(message(&hello(), Some(&german)), expected.replace("You", "Du"));
    }

    #[test]
    fn a_message_of_a_deleted_user() {
        let by_nobody = Message { author: None, ..hello() };
        let expected = |name: &str| {
            let name = format!("<i>{name}</i>");
            shown("message hue-1", &name).replace(r#" data-initials="A3""#, r#" data-initials="" data-deleted-user"#)
        };
        assert_eq!(message(&by_nobody, None), expected("").replace(r#" data-time="13:43 UTC""#, ""));
        assert_eq!(message(&by_nobody, Some(&viewer(2))), expected("deleted user"));
        let german = Viewer { language: Language::German, ..viewer(2) };
        assert_eq!(message(&by_nobody, Some(&german)), expected("gelöschtes Konto"));
    }

    #[test]
    fn a_deleted_message_is_a_hidden_item() {
        let expected = r#"<li data-room="lobby" data-seq="12" data-rev="34" data-deleted hidden></li>"#;
        assert_eq!(message(&Message { content: Content::Text(None), ..hello() }, Some(&viewer(1))), expected);
    }

    #[test]
    fn a_message_follows_the_one_of_its_author_within_five_minutes() {
        let later = |by, ms| Message { author_key: key(by), sent_at: Timestamp(hello().sent_at.0 + ms), ..hello() };
        assert!(follows(&later(1, 0), &hello()) && follows(&later(1, 299_999), &hello()));
        assert!(!follows(&later(1, 300_000), &hello()) && !follows(&later(1, -1), &hello()));
        assert!(!follows(&later(2, 0), &hello()), "another author");
        let notice = Message { content: Content::Notice(Notice::Archived), ..hello() };
        assert!(!follows(&later(1, 0), &notice) && !follows(&notice, &hello()));
        let html = row(&hello(), PageRow { follows: true, ..PageRow::default() }, &viewer(1));
        assert!(html.starts_with(r#"<li class="message hue-1 sent-by-user follows""#), "{html}");
    }

    #[test]
    fn the_row_that_a_page_is_about_is_marked_and_takes_the_focus() {
        let target = PageRow { is_target: true, ..PageRow::default() };
        let html = row(&hello(), target, &viewer(2));
        assert!(html.starts_with(r#"<li id="target" tabindex="-1" autofocus class="message hue-1 target" "#), "{html}");
        let notice = Message { content: Content::Notice(Notice::Archived), ..hello() };
        let html = row(&notice, target, &viewer(2));
        assert!(html.starts_with(r#"<li id="target" tabindex="-1" autofocus class="notice target" "#), "{html}");
    }

    #[test]
    fn a_live_fragment_has_facts_and_no_words() {
        let changed = Message {
            edited_at: Some(Timestamp(1_795_354_980_123)),
            pinned_at: Some(Timestamp(1)),
            replies: 2,
            reply_to: Some(5),
            content: Content::Text(Some("hi".into())),
            ..hello()
        };
        let expected = format!(
            r#"<li class="message hue-1" {FACTS} data-initials="A3" data-edited="2026-11-22T13:43:00.123Z" data-replies="2" data-pinned><b>Ada &#60;3<span>: </span></b><blockquote data-reply-to="5"></blockquote><span>hi</span> {TIME}</li>"#
        );
        assert_eq!(message(&changed, None), expected);
        let expected = expected
            .replace("<b>", r#"<b data-time="13:43 UTC">"#)
            .replace("</blockquote>", "↩ earlier message</blockquote>")
            .replace("</time>", "</time> <small>edited</small>");
        assert_eq!(message(&changed, Some(&viewer(2))), expected);
    }

    #[test]
    fn a_reply_quotes_the_beginning_of_its_parent() {
        let parent = |text: Option<&str>| Message { content: Content::Text(text.map(str::to_owned)), ..hello() };
        let quote = |parent: &Message, viewer: &Viewer| {
            let reply = PageRow { parent: Some(parent), ..PageRow::default() };
            let html = row(&Message { reply_to: Some(5), ..hello() }, reply, viewer);
            html.split_once("<blockquote ").unwrap().1.split_once("</blockquote>").unwrap().0.to_owned()
        };
        let by = |name, text| format!(r#"data-reply-to="5" data-author="AAAAAAAAAAE"><cite>{name}</cite>: {text}"#);
        assert_eq!(quote(&parent(Some("<b>one\n two")), &viewer(2)), by("Ada &#60;3", "&#60;b&#62;one two"));
        assert_eq!(quote(&parent(Some("one")), &viewer(1)), by("You", "one"));
        assert_eq!(quote(&Message { author: None, ..parent(Some("one")) }, &viewer(2)), by("deleted user", "one"));
        assert_eq!(quote(&parent(Some(&"é".repeat(200))), &viewer(1)), by("You", &format!("{}…", "é".repeat(100))));
        assert_eq!(quote(&parent(None), &viewer(1)), r#"data-reply-to="5">↩ deleted message"#);
    }

    #[test]
    fn a_reaction_lists_who_gave_it_last() {
        let reaction = |users: std::ops::Range<u64>| Reaction {
            emoji: Emoji::parse("👍").unwrap(),
            users: users.map(key).collect(),
        };
        let liked = |users| Message { reactions: vec![reaction(users)], ..hello() };
        let html = message(&liked(2..4), None);
        let expected = r#"<ul class="reactions"><li data-emoji="👍" data-count="2" data-by="AAAAAAAAAAI AAAAAAAAAAM">👍 2</li></ul></li>"#;
        assert!(html.ends_with(expected), "{html}");
        let many = liked(0..200);
        let html = message(&many, Some(&viewer(7)));
        let by = html.split_once("data-by=\"").unwrap().1.split_once('"').unwrap().0;
        assert_eq!(by.split(' ').collect::<Vec<_>>(), (180..200).map(|n| key(n).tag()).collect::<Vec<_>>());
        assert!(html.contains("class=\"mine\">👍 200"), "{html}");
        assert!(!message(&many, Some(&viewer(300))).contains("mine"));
    }
}
