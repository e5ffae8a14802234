//! The log as fragments: on a page, for scrolling, and for catching up without a socket.

use std::{borrow::Cow, collections::HashMap};

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{Fields, Message, Phrase},
    render::{self, Language, PageRow, Viewer},
    store::{Access, Page},
    web::{AppState, Error, InRoom, Query, Result, SignedIn},
};

/// Messages on a page, and in each response to scrolling.
pub(super) const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "chat/_day.html")]
struct DayLine {
    /// `2026-11-22`.
    day: String,
    label: Cow<'static, str>,
}

#[derive(Template)]
#[template(path = "chat/_new_line.html")]
struct NewLine {
    language: Language,
}

/// What a list of messages has beside them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks<'a> {
    /// The `seq` of the first unread message, before which there is the "new" line.
    pub unread: Option<u64>,
    pub target: Option<Target<'a>>,
    /// Whether a line with the day stands before the first message of each day. The days are those of UTC: the page's script
    /// knows the reader's.
    pub days: bool,
}

/// The message that the page is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub seq: u64,
    /// The list item with its forms, which is below its row.
    pub forms: &'a str,
}

/// The messages of `page` between links to older and newer ones, if there are any.
pub(super) async fn page(
    state: &AppState,
    access: &Access,
    page: &Page,
    marks: Marks<'_>,
    language: Language,
) -> Result<String> {
    let room = access.room().as_str();
    let mut html = String::new();
    if let Some(first) = page.messages.first().filter(|_| page.has_older) {
        html.push_str(&render::older_link(room, first.seq(), language));
    }
    html.push_str(&messages(state, access, &page.messages, Marks { days: true, ..marks }, language).await?);
    if let Some(last) = page.messages.last().filter(|_| page.has_newer) {
        html.push_str(&render::newer_link(room, last.seq() + 1, language));
    }
    Ok(html)
}

/// The messages as the user sees them, replies with quotes.
pub(super) async fn messages(
    state: &AppState,
    access: &Access,
    messages: &[Message],
    marks: Marks<'_>,
    language: Language,
) -> Result<String> {
    let viewer = Viewer { key: access.user(), language };
    let seqs: Vec<u64> = messages.iter().map(Message::seq).collect();
    let saved = state.store.saved_among(access, &seqs).await?;
    let mut parents: HashMap<u64, Option<Message>> = HashMap::new();
    let (mut before, mut day): (Option<&Message>, Option<String>) = (None, None);
    let mut html = String::new();
    for message in messages {
        if marks.days && message.text().is_some() {
            let next = message.sent_at.day();
            if day.as_ref() != Some(&next) {
                let line = DayLine { day: next.clone(), label: language.day(message.sent_at) };
                html.push_str(&line.render().unwrap_or_default());
                (before, day) = (None, Some(next));
            }
        }
        if marks.unread == Some(message.seq()) {
            html.push_str(&NewLine { language }.render().unwrap_or_default());
            before = None;
        }
        let follows = before.is_some_and(|before| render::follows(message, before));
        before = Some(message);
        // most parents are on the page, and several replies can have the same
        let loaded = message.reply_to.and_then(|seq| messages.iter().find(|message| message.seq() == seq));
        if let (Some(seq), None) = (message.reply_to, loaded)
            && !parents.contains_key(&seq)
        {
            parents.insert(seq, state.store.message(access, seq).await?);
        }
        let parent = loaded.or_else(|| parents.get(&message.reply_to?)?.as_ref());
        let target = marks.target.filter(|target| target.seq == message.seq());
        let is_saved = saved.contains(&message.seq());
        let row = PageRow { parent, follows, is_target: target.is_some(), is_saved };
        html.push_str(&render::row(message, row, &viewer, state.hub().texts()));
        if let Some(Target { forms, .. }) = target {
            html.push_str(forms);
            before = None;
        }
    }
    Ok(html)
}

#[derive(Deserialize)]
pub struct FragmentsQuery {
    before: Option<u64>,
    from: Option<u64>,
    after: Option<u64>,
}

/// `?before=SEQ`: the 50 messages before `seq`, with a link to older ones. `?from=SEQ`: the 50 messages from `seq` on,
/// with a link to newer ones. `?after=REV`: up to 200 changes after `rev`, in order; ask again from the last `data-rev`
/// until the response is empty. There are fewer of each if they are large.
pub async fn list(
    State(state): State<AppState>,
    language: Language,
    InRoom { access, .. }: InRoom<SignedIn>,
    Query(query): Query<FragmentsQuery>,
) -> Result<Html<String>> {
    let html = match (query.before, query.from, query.after) {
        (before, None, None) => {
            let found = state.store.before(&access, before, PAGE, None).await?;
            // the page that asks has what is newer
            page(&state, &access, &Page { has_newer: false, ..found }, Marks::default(), language).await?
        }
        (None, Some(from), None) => {
            let found = state.store.from(&access, from, PAGE).await?;
            page(&state, &access, &Page { has_older: false, ..found }, Marks::default(), language).await?
        }
        (None, None, Some(after)) => {
            let changes = state.store.after(&access, after, 200).await?.messages;
            messages(&state, &access, &changes, Marks::default(), language).await?
        }
        _ => {
            let reason = Phrase::english("Use one of before, from and after.");
            let field = if query.after.is_some() { "after" } else { "from" };
            return Err(Error::invalid(Fields::one(field, reason)));
        }
    };
    Ok(Html(html))
}
