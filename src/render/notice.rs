//! The HTML of notices in a room's log: what changed in the room or in its members.

use askama::Template;
use serde_json::{Map, Value};

use super::{
    Language, Viewer,
    fragment::{FRAME_LANGUAGE, render},
};
use crate::domain::{Author, MemberRole, Message, Notice, UserKey};

/// The kinds of notices, and the text of each.
const KINDS: [(&str, &str); 17] = [
    ("joined", "log-joined"),
    ("added", "log-added"),
    ("removed", "log-removed"),
    ("removed-owner", "log-removed-owner"),
    ("left", "log-left"),
    ("left-owner", "log-left-owner"),
    ("owner", "log-owner"),
    ("member", "log-member"),
    ("renamed", "log-renamed"),
    ("topic", "log-topic"),
    ("topic-removed", "log-topic-removed"),
    ("opened", "log-opened"),
    ("closed", "log-closed"),
    ("archived", "log-archived"),
    ("unarchived", "log-unarchived"),
    ("everyone", "log-everyone"),
    ("not-everyone", "log-not-everyone"),
];

/// The facts are in attributes, from which the page's script words the notice in the page's language and changes the
/// head of the room.
#[derive(Template)]
#[template(path = "chat/_notice.html")]
struct NoticeView<'a> {
    room: &'a str,
    seq: u64,
    rev: u64,
    kind: &'static str,
    author_tag: String,
    /// The author's name; `None` after the account was deleted.
    by: Option<&'a str>,
    subject_tag: Option<String>,
    /// The name of the other user whom it is about.
    of: Option<&'a str>,
    /// The new name or topic of the room.
    value: Option<&'a str>,
    text: String,
    /// Whether it is what the page is about.
    is_target: bool,
}

/// The fragment of a notice. Without a viewer: the live fragment, in English.
pub(super) fn notice(message: &Message, notice: &Notice, viewer: Option<&Viewer>, is_target: bool) -> String {
    let name = |author: &'_ Option<Author>| author.as_ref().map(|author| author.name.clone());
    let (by, of) = (name(&message.author), name(&message.subject));
    let language = viewer.map_or(FRAME_LANGUAGE, |viewer| viewer.language);
    let (kind, value) = (kind(notice, message.author_key), value(notice));
    render(&NoticeView {
        room: message.id.room.as_str(),
        seq: message.seq(),
        rev: message.rev,
        kind,
        author_tag: message.author_key.tag(),
        subject_tag: notice.subject().map(UserKey::tag),
        text: text(language, kind, by.as_deref(), of.as_deref(), value.unwrap_or_default()),
        by: by.as_deref(),
        of: of.as_deref(),
        value,
        is_target,
    })
}

fn kind(notice: &Notice, author: UserKey) -> &'static str {
    match notice {
        Notice::Added { user } if *user == author => "joined",
        Notice::Added { .. } => "added",
        Notice::Removed { heir: None, .. } => "removed",
        Notice::Removed { heir: Some(_), .. } => "removed-owner",
        Notice::Left { heir: None } => "left",
        Notice::Left { heir: Some(_) } => "left-owner",
        Notice::Role { role: MemberRole::Owner, .. } => "owner",
        Notice::Role { role: MemberRole::Member, .. } => "member",
        Notice::Renamed { .. } => "renamed",
        Notice::Topic { topic } if topic.is_empty() => "topic-removed",
        Notice::Topic { .. } => "topic",
        Notice::Opened => "opened",
        Notice::Closed => "closed",
        Notice::Archived => "archived",
        Notice::Unarchived => "unarchived",
        Notice::Everyone => "everyone",
        Notice::NotEveryone => "not-everyone",
        Notice::Deleted => "deleted", // shown to nobody
    }
}

fn value(notice: &Notice) -> Option<&str> {
    match notice {
        Notice::Renamed { name } => Some(name),
        Notice::Topic { topic } if !topic.is_empty() => Some(topic),
        _ => None,
    }
}

fn text(language: Language, kind: &str, by: Option<&str>, of: Option<&str>, value: &str) -> String {
    let Some((_, key)) = KINDS.iter().find(|(name, _)| *name == kind) else { return String::new() };
    let deleted = language.text("deleted-user");
    let [by, of] = [by, of].map(|name| name.unwrap_or(&deleted));
    language.with(key, [("by", by.into()), ("of", of.into()), ("value", value.into())]).into_owned()
}

/// The texts for the page's script by kind, with `{by}`, `{of}` and `{value}` to fill in.
pub(super) fn notice_patterns(language: Language) -> Value {
    let pattern = |(kind, _): (&'static str, _)| {
        (kind.to_owned(), text(language, kind, Some("{by}"), Some("{of}"), "{value}").into())
    };
    Value::Object(KINDS.into_iter().map(pattern).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Content, MessageId, RoomId, Timestamp},
        render::{self, TextCache},
    };
    use uuid::Uuid;

    fn message(message: &Message, viewer: Option<&Viewer>) -> String {
        render::message(message, viewer, &TextCache::default())
    }

    fn key(number: u64) -> UserKey {
        UserKey(Uuid::from_u64_pair(0, number))
    }

    fn author(name: &str) -> Author {
        Author { user_id: name.to_lowercase(), name: name.to_owned(), avatar: None }
    }

    fn by_ada(notice: Notice) -> Message {
        Message {
            id: MessageId { room: RoomId::named("r1"), seq: 4 },
            rev: 6,
            text_rev: 4,
            author_key: key(1),
            author: Some(author("Ada")),
            subject: notice.subject().map(|_| author("<Bob>")),
            sent_at: Timestamp(0),
            content: Content::Notice(notice),
            room_texts: 0,
            author_texts: 0,
            reply_to: None,
            root: None,
            replies: 0,
            edited_at: None,
            pinned_at: None,
            reactions: Vec::new(),
            files: Vec::new(),
            mentions: crate::domain::Mentions::default(),
            joins: false,
        }
    }

    #[test]
    fn a_notice_has_its_facts_beside_the_text() {
        let added = by_ada(Notice::Added { user: key(2) });
        let expected = |text| {
            format!(
                "<li class=\"notice\" data-room=\"r1\" data-seq=\"4\" data-rev=\"6\" data-kind=\"added\" \
                 data-author=\"AAAAAAAAAAE\" data-by=\"Ada\" data-subject=\"AAAAAAAAAAI\" data-of=\"&#60;Bob&#62;\">\
                 {text}</li>"
            )
        };
        assert_eq!(message(&added, None), expected("Ada added &#60;Bob&#62;"));
        let german = Viewer { key: key(2), language: Language::German };
        assert_eq!(message(&added, Some(&german)), expected("Ada hat &#60;Bob&#62; hinzugefügt"));
    }

    #[test]
    fn a_new_name_and_topic_are_in_the_facts() {
        let renamed = message(&by_ada(Notice::Renamed { name: "a \"b\"".into() }), None);
        assert!(
            renamed.ends_with(
                "data-kind=\"renamed\" data-author=\"AAAAAAAAAAE\" data-by=\"Ada\" \
             data-value=\"a &#34;b&#34;\">Ada renamed the room to “a &#34;b&#34;”</li>"
            ),
            "{renamed}"
        );
        let removed = message(&by_ada(Notice::Topic { topic: String::new() }), None);
        assert!(removed.contains("data-kind=\"topic-removed\"") && !removed.contains("data-value"), "{removed}");
    }

    #[test]
    fn who_adds_oneself_joins_and_a_deleted_account_has_no_name() {
        let joined = message(&by_ada(Notice::Added { user: key(1) }), None);
        assert!(joined.ends_with(">Ada joined</li>"), "{joined}");
        let left = Message { author: None, ..by_ada(Notice::Left { heir: None }) };
        let left = message(&left, None);
        assert!(left.ends_with("data-author=\"AAAAAAAAAAE\">deleted user left</li>"), "{left}");
    }

    #[test]
    fn the_notice_that_an_owner_is_gone_says_who_follows() {
        let left = message(&by_ada(Notice::Left { heir: Some(key(2)) }), None);
        assert!(left.ends_with(">Ada left. &#60;Bob&#62; owns the room now</li>"), "{left}");
        let removed = message(&by_ada(Notice::Removed { user: key(2), heir: Some(key(3)) }), None);
        assert!(
            removed.ends_with(">Ada removed &#60;Bob&#62;. The member who joined first owns the room now</li>"),
            "{removed}"
        );
    }

    #[test]
    fn every_kind_has_a_pattern_in_every_language() {
        for language in Language::ALL {
            let patterns = notice_patterns(language);
            assert!(KINDS.iter().all(|(kind, key)| patterns[kind] != **key), "{patterns}");
        }
    }
}
