//! The HTML of a message, and the quote in a reply.

use std::{borrow::Cow, sync::Arc, time::Duration};

use askama::Template;

use super::{
    Avatar, Language, TextCache, Viewer, avatar, files,
    fragment::render,
    markdown::{Rendered, mention, plain},
    notice,
};
use crate::domain::{Content, File, FileId, Message, Reaction, Timestamp, markdown as syntax};

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
    /// The author's picture.
    picture: Option<FileId>,
    /// Whether the viewer is the author.
    own: bool,
    /// Whether the message mentions the viewer.
    mentions_me: bool,
    /// Whether it is shown under the name of the message before it.
    follows: bool,
    /// Whether it is what the page is about.
    is_target: bool,
    /// `None`: the message is deleted.
    text: Option<TextView>,
    sent_at: Timestamp,
    edited_at: Option<Timestamp>,
    replies: u64,
    root: Option<u64>,
    pinned: bool,
    /// Whether the viewer has saved it.
    is_saved: bool,
    /// Tags of the users mentioned, `*` for all members, separated by spaces.
    mentions: String,
    reply_to: Option<u64>,
    /// What a reply shows of its parent.
    quote: Quote<'a>,
    /// The list of its files.
    files: String,
    reactions: Vec<ReactionView<'a>>,
    /// The viewer's; `None` in the live fragment, which has no words.
    language: Option<Language>,
}

struct TextView {
    rendered: Arc<Rendered>,
    /// The HTML for the viewer, if it differs.
    marked: Option<String>,
}

enum Quote<'a> {
    /// The parent's author, and the beginning of its text.
    Text { author_tag: String, name: Cow<'a, str>, beginning: String },
    /// The parent is not known here.
    Unknown,
    /// The parent's text is deleted.
    Deleted,
}

struct ReactionView<'a> {
    emoji: &'a str,
    count: usize,
    mine: bool,
}

impl MessageView<'_> {
    fn word(&self, key: &str) -> Cow<'static, str> {
        self.language.map_or(Cow::Borrowed(""), |language| language.text(key))
    }

    fn count_of_replies(&self) -> Cow<'static, str> {
        self.language.map_or(Cow::Borrowed(""), |language| replies(language, self.replies))
    }

    /// The time of an edit, until the page's script knows better: with the day, if that is another one than the message's.
    fn edit_time(&self, at: &Timestamp) -> String {
        let day = |at| self.language.map(|language| language.day(at));
        match day(*at).filter(|edited| Some(edited) != day(self.sent_at).as_ref()) {
            Some(day) => format!("{day} {} UTC", at.clock()),
            None => format!("{} UTC", at.clock()),
        }
    }
}

impl TextView {
    fn html(&self) -> &str {
        self.marked.as_deref().unwrap_or(&self.rendered.html)
    }
}

impl<'a> ReactionView<'a> {
    fn new(reaction: &'a Reaction, viewer: Option<&Viewer>) -> Self {
        Self {
            emoji: reaction.emoji.as_str(),
            count: reaction.users.len(),
            mine: viewer.is_some_and(|viewer| reaction.users.contains(&viewer.key)),
        }
    }
}

/// "2 replies".
pub(super) fn replies(language: Language, count: u64) -> Cow<'static, str> {
    language.with("message-replies", [("count", count.into())])
}

/// The fragment of a message or a notice as `viewer` sees it on a page. `None`: the live fragment, the same bytes for all
/// readers, without words of a language; the page's script marks it for its viewer.
pub fn message(message: &Message, viewer: Option<&Viewer>, texts: &TextCache) -> String {
    match &message.content {
        Content::Notice(notice) => notice::notice(message, notice, viewer, false),
        Content::Text(_) => text(message, viewer, Quote::Unknown, PageRow::default(), texts),
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
    /// Whether the viewer has saved it.
    pub is_saved: bool,
}

/// The row of a message or a notice on a page. A reply quotes the beginning of its parent.
pub fn row(shown: &Message, row: PageRow<'_>, viewer: &Viewer, texts: &TextCache) -> String {
    match &shown.content {
        Content::Notice(notice) => notice::notice(shown, notice, Some(viewer), row.is_target),
        Content::Text(_) => {
            let quote = row.parent.map_or(Quote::Unknown, |parent| Quote::of(parent, viewer, texts));
            text(shown, Some(viewer), quote, row, texts)
        }
    }
}

/// The beginning of a message's text on one line, without marks: for quotes and previews. `None` of a deleted message and
/// of a notice.
pub fn beginning(message: &Message, texts: &TextCache) -> Option<String> {
    texts.text(message).map(|rendered| match plain(&rendered.html, QUOTE_CHARS) {
        text if text.is_empty() && !message.files.is_empty() => plain_names(&message.files),
        text => text,
    })
}

fn plain_names(files: &[File]) -> String {
    let names = files::names(files);
    if names.chars().count() <= QUOTE_CHARS {
        return names;
    }
    names.chars().take(QUOTE_CHARS).chain(['…']).collect()
}

/// Whether `message` is shown under the name of `before`, the row before it. The page's script decides it in the same way.
pub fn follows(message: &Message, before: &Message) -> bool {
    let gap = message.sent_at.0 - before.sent_at.0;
    let is_soon = u64::try_from(gap).is_ok_and(|gap| Duration::from_millis(gap) < GROUP);
    // who does something is named each time
    let is_plain = message.text().is_some_and(|text| syntax::action(text).is_none());
    message.author_key == before.author_key && is_plain && before.text().is_some() && is_soon
}

impl<'a> Quote<'a> {
    fn of(parent: &'a Message, viewer: &Viewer, texts: &TextCache) -> Self {
        let Some(beginning) = beginning(parent, texts) else { return Self::Deleted };
        let name = match &parent.author {
            _ if parent.author_key == viewer.key => viewer.language.text("you"),
            Some(author) => author.name.as_str().into(),
            None => viewer.language.text("deleted-user"),
        };
        Self::Text { author_tag: parent.author_key.tag(), name, beginning }
    }
}

fn text(message: &Message, viewer: Option<&Viewer>, quote: Quote<'_>, row: PageRow<'_>, texts: &TextCache) -> String {
    let author = message.author.as_ref().map(|author| author.name.as_str());
    let own = viewer.is_some_and(|viewer| viewer.key == message.author_key);
    let mentioned = viewer.filter(|viewer| !own && message.mentions.concern(viewer.key));
    let text = texts.text(message).map(|rendered| TextView {
        marked: mentioned.map(|viewer| mention::mark(&rendered.html, viewer.key)),
        rendered,
    });
    render(&MessageView {
        room: message.id.room.as_str(),
        seq: message.seq(),
        rev: message.rev,
        text_rev: message.text_rev,
        author_tag: message.author_key.tag(),
        author,
        initials: author.map(avatar::initials).unwrap_or_default(),
        hue: avatar::hue(message.author_key),
        picture: message.author.as_ref().and_then(|author| author.avatar),
        follows: row.follows,
        is_target: row.is_target,
        is_saved: row.is_saved,
        own,
        mentions_me: mentioned.is_some(),
        text,
        sent_at: message.sent_at,
        edited_at: message.edited_at,
        replies: message.replies,
        root: message.root,
        pinned: message.pinned_at.is_some(),
        mentions: mention::tags(&message.mentions),
        reply_to: message.reply_to,
        quote,
        files: files::files(&message.id.room, &message.files),
        reactions: message.reactions.iter().map(|reaction| ReactionView::new(reaction, viewer)).collect(),
        language: viewer.map(|viewer| viewer.language),
    })
}

/// The row of a message that the server does not have yet: of the user with this tag, without a text. The page's script
/// fills a copy.
pub fn pending_row(author_tag: &str, author: &Avatar, language: Language) -> String {
    render(&MessageView {
        room: "",
        seq: 0,
        rev: 0,
        text_rev: 0,
        author_tag: author_tag.to_owned(),
        author: Some(""),
        initials: author.initials.clone(),
        hue: author.hue,
        picture: author.picture,
        own: true,
        mentions_me: false,
        follows: false,
        is_target: false,
        text: Some(TextView { rendered: Arc::new(Rendered { is_inline: true, ..Rendered::default() }), marked: None }),
        sent_at: Timestamp(0),
        edited_at: None,
        replies: 0,
        root: None,
        pinned: false,
        is_saved: false,
        mentions: String::new(),
        reply_to: Some(0),
        quote: Quote::Unknown,
        files: String::new(),
        reactions: Vec::new(),
        language: Some(language),
    })
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
