//! The rows of messages, live and on a page.

use super::*;
use crate::domain::{Author, Emoji, MentionedUser, Mentions, MessageId, Notice, RoomId, UserKey, mention::Everyone};
use uuid::Uuid;

fn message(shown: &Message, viewer: Option<&Viewer>) -> String {
    super::message(shown, viewer, &TextCache::default())
}

fn row(shown: &Message, row: PageRow<'_>, viewer: &Viewer) -> String {
    super::row(shown, row, viewer, &TextCache::default())
}

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
        author: Some(Author { user_id: "ada".into(), name: "Ada <3".into(), avatar: None }),
        sent_at: Timestamp(1_795_354_980_123),
        content: Content::Text(Some("<b>hello</b>".into())),
        room_texts: 12,
        author_texts: 3,
        reply_to: None,
        root: None,
        replies: 0,
        edited_at: None,
        pinned_at: None,
        reactions: Vec::new(),
        files: Vec::new(),
        mentions: Mentions::default(),
        joins: false,
    }
}

fn viewer(number: u64) -> Viewer {
    Viewer { key: key(number), language: Language::English }
}

const FACTS: &str = r#"data-room="lobby" data-seq="12" data-rev="34" data-text-rev="12" data-author="AAAAAAAAAAE""#;
const TIME: &str =
    r#"<a class="at" href="/rooms/lobby/12"><time datetime="2026-11-22T13:43:00.123Z">13:43 UTC</time></a>"#;
const TEXT: &str = r#"<span class="text">&lt;b&gt;hello&lt;/b&gt;</span>"#;

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
        root: Some(3),
        reply_to: Some(5),
        content: Content::Text(Some("hi".into())),
        ..hello()
    };
    let expected = format!(
        r#"<li class="message hue-1" {FACTS} data-initials="A3" data-edited="2026-11-22T13:43:00.123Z" data-replies="2" data-root="3" data-pinned><b>Ada &#60;3<span>: </span></b><blockquote data-reply-to="5"></blockquote><span class="text">hi</span> {TIME} <a class="replies" href="/rooms/lobby/threads/12"></a></li>"#
    );
    assert_eq!(message(&changed, None), expected);
    let expected = expected
        .replace("<b>", r#"<b data-time="13:43 UTC">"#)
        .replace("</blockquote>", r#"<a href="/rooms/lobby/5">↩ earlier message</a></blockquote>"#)
        .replace("</time></a>", r#"</time></a> <small>edited <time datetime="2026-11-22T13:43:00.123Z">13:43 UTC</time></small> <small>pinned</small>"#)
        .replace(r#"threads/12">"#, r#"threads/12">2 replies"#);
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
    let by = |name, text| {
        format!(
            r#"data-reply-to="5" data-author="AAAAAAAAAAE"><a href="/rooms/lobby/5"><cite>{name}</cite>: {text}</a>"#
        )
    };
    assert_eq!(quote(&parent(Some("<b>one\n two")), &viewer(2)), by("Ada &#60;3", "&#60;b&#62;one two"));
    assert_eq!(quote(&parent(Some("**one** [two](https://a.example)")), &viewer(1)), by("You", "one two"));
    assert_eq!(quote(&parent(Some("one")), &viewer(1)), by("You", "one"));
    assert_eq!(quote(&Message { author: None, ..parent(Some("one")) }, &viewer(2)), by("deleted user", "one"));
    assert_eq!(quote(&parent(Some(&"é".repeat(200))), &viewer(1)), by("You", &format!("{}…", "é".repeat(100))));
    assert_eq!(quote(&parent(None), &viewer(1)), r#"data-reply-to="5">↩ deleted message"#);
}

#[test]
fn a_reaction_is_a_count_without_names() {
    let emoji = Emoji::parse("👍").unwrap();
    let liked = Message { reactions: vec![Reaction { emoji, users: vec![key(2), key(3)] }], ..hello() };
    let expected = r#"<ul class="reactions"><li data-emoji="👍" data-count="2"><a href="/rooms/lobby/12#reactions">👍 2</a></li></ul></li>"#;
    for viewer in [None, Some(&viewer(4))] {
        let html = message(&liked, viewer);
        assert!(html.ends_with(expected), "{html}");
    }
    let html = message(&liked, Some(&viewer(3)));
    assert!(html.ends_with(&expected.replace(r#""2">"#, r#""2" class="mine">"#)), "{html}");
}

#[test]
fn a_mention_is_marked_for_who_is_mentioned() {
    let bob = MentionedUser { key: key(2), user_id: "bob".into() };
    let mentions = Mentions { users: vec![bob], everyone: None };
    let text = r#"@bob <span class="mention" data-tag="AAAAAAAAAAI">"#;
    let one = Message { content: Content::Text(Some(text.into())), mentions, ..hello() };
    let live = message(&one, None);
    assert!(live.contains(r#" data-mentions="AAAAAAAAAAI"><b>"#), "{live}");
    assert!(live.contains(r#"<span class="mention" data-tag="AAAAAAAAAAI">@bob</span>"#), "{live}");
    for other in [1, 3] {
        let html = message(&one, Some(&viewer(other)));
        assert!(!html.contains("mentions-me") && !html.contains("mention me"), "{html}");
    }
    let mine = message(&one, Some(&viewer(2)));
    assert!(mine.starts_with(r#"<li class="message hue-1 mentions-me""#), "{mine}");
    assert!(mine.contains(r#"<span class="mention me" data-tag="AAAAAAAAAAI">@bob</span>"#), "{mine}");
    assert_eq!(mine.matches("mention me").count(), 1, "who types the tag marks nothing: {mine}");

    let everyone = Mentions { everyone: Some(Everyone::Here), ..one.mentions };
    let all = Message { content: Content::Text(Some("@here".into())), mentions: everyone, ..hello() };
    assert!(message(&all, None).contains(r#" data-mentions="* AAAAAAAAAAI""#));
    assert!(message(&all, Some(&viewer(3))).contains(r#"<span class="mention me" data-tag="*">@here</span>"#));
    assert!(!message(&all, Some(&viewer(1))).contains("mention me"), "its author is not mentioned");
}

#[test]
fn a_row_says_what_its_text_is() {
    let html = |text: &str| message(&Message { content: Content::Text(Some(text.into())), ..hello() }, None);
    assert!(html("a *b*").contains(r#"<span class="text">a <em>b</em></span> <a class="at""#));
    assert!(
        html("> a")
            .contains("<div class=\"text\"><blockquote dir=\"auto\">\n<p>a</p></blockquote></div> <a class=\"at\"")
    );
    assert!(html("/me waves").starts_with(r#"<li class="message hue-1 action""#));
    assert!(html("👍 :tada:").starts_with(r#"<li class="message hue-1 emoji""#));
}
