//! The page of a search.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use serde::Deserialize;

use super::{
    api::SNIPPET_CHARS,
    filter_words::{self, Words},
    find::{Sort, find},
    read::FoundMessage,
};
use crate::{
    domain::{RoomId, User},
    render::{Avatar, Language},
    search::{Filter, Piece, Query as SearchQuery, hits, snippet},
    web::{AppState, Query, Result, Shell, SignedIn, sidebar::room_name},
};

/// Hits on a page.
const PAGE: usize = 20;

#[derive(Template, WebTemplate)]
#[template(path = "search/search.html")]
pub struct SearchPage {
    shell: Shell,
    q: String,
    sort: Sort,
    /// Whether something was searched for.
    is_asked: bool,
    /// The filters of the search, each with the address of the search without it.
    filters: Vec<(String, String)>,
    hits: Vec<ShownHit>,
    /// The address of the next page.
    next: Option<String>,
    /// In percent.
    indexed: u8,
    timed_out: bool,
}

struct ShownHit {
    address: String,
    /// The room's name, if the hit before is in another one.
    room: Option<String>,
    room_address: String,
    avatar: Avatar,
    /// `None`: the account is deleted.
    author: Option<String>,
    is_own: bool,
    /// When it was sent: for a script, and for people.
    sent: String,
    sent_text: String,
    snippet: Vec<Piece>,
}

/// What was typed, and the filters of the form, which become a part of it.
#[derive(Deserialize)]
pub struct SearchForm {
    #[serde(default)]
    q: String,
    /// What is not `best` is the newest first.
    #[serde(default)]
    sort: String,
    /// Where the page begins. What is no number begins at the first hit.
    #[serde(default)]
    next: String,
    #[serde(default)]
    from: String,
    #[serde(default, rename = "in")]
    room: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    has: String,
    #[serde(default)]
    is: String,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(form): Query<SearchForm>,
) -> Result<SearchPage> {
    let sort = if form.sort == "best" { Sort::Best } else { Sort::Newest };
    let (q, after) = (form.whole(), form.next.parse().ok());
    let query = SearchQuery::parse(&q);
    let results = find(&state, &me.user, &query, sort, after, PAGE).await?;
    let mut shown: Vec<ShownHit> =
        results.hits.iter().map(|found| ShownHit::new(found, &query, &me.user, language)).collect();
    for (pair, hit) in results.hits.windows(2).zip(shown.iter_mut().skip(1)) {
        if let [before, this] = pair
            && before.message.id.room == this.message.id.room
        {
            hit.room = None;
        }
    }
    Ok(SearchPage {
        hits: shown,
        next: results.next.map(|after| address(&q, sort, Some(after))),
        indexed: results.indexed,
        timed_out: results.timed_out,
        is_asked: !query.is_empty(),
        filters: filters(&state, &me.user, &query, sort, language).await?,
        shell: Shell::in_room(&state, language, &me.user, None).await?,
        q,
        sort,
    })
}

impl SearchForm {
    /// The whole search as it is typed: filters of the form first, so that the last word stays the last. A room that was
    /// typed counts instead of that of the form, which is the one that the search box is in.
    fn whole(&self) -> String {
        let has_room = !SearchQuery::parse(&self.q).filters.rooms.is_empty();
        let no_room = String::new();
        let fields = [
            ("in", if has_room { &no_room } else { &self.room }),
            ("from", &self.from),
            ("before", &self.before),
            ("after", &self.after),
            ("has", &self.has),
            ("is", &self.is),
        ];
        let filters = fields.into_iter().map(|(key, value)| (key, value.trim())).filter(|(_, value)| !value.is_empty());
        let mut whole: String = filters
            .map(|(key, value)| match value.contains(char::is_whitespace) {
                true => format!("{key}:\"{value}\" "),
                false => format!("{key}:{value} "),
            })
            .collect();
        whole.push_str(&self.q);
        whole
    }
}

impl ShownHit {
    fn new(found: &FoundMessage, query: &SearchQuery, me: &User, language: Language) -> Self {
        let FoundMessage { message, text, room } = found;
        Self {
            address: format!("/rooms/{}/{}", message.id.room.as_str(), message.seq()),
            room: Some(room_name(room, me, language)),
            room_address: format!("/rooms/{}", message.id.room.as_str()),
            avatar: message.author.as_ref().map_or_else(
                || Avatar::new(message.author_key, "", None),
                |author| Avatar::new(message.author_key, &author.name, author.avatar),
            ),
            author: message.author.as_ref().map(|author| author.name.clone()),
            is_own: message.author_key == me.key,
            sent: message.sent_at.rfc3339(),
            sent_text: format!("{} {} UTC", language.day(message.sent_at), message.sent_at.clock()),
            snippet: snippet(text, &hits(text, query), SNIPPET_CHARS),
        }
    }
}

impl SearchPage {
    /// What was typed, and that it is a search.
    fn heading(&self) -> String {
        format!("{} – {}", self.q, self.shell.text("search"))
    }

    /// The address of this search in another order.
    fn sorted(&self, sort: Sort) -> String {
        address(&self.q, sort, None)
    }

    fn examples(&self) -> [(&'static str, &'static str); 7] {
        EXAMPLES
    }

    /// What `has:` and `is:` can have: each with its word, and the values with theirs.
    fn choices(&self) -> [(&'static str, &'static str, Words); 2] {
        [("has", "search-has", filter_words::has()), ("is", "search-is", filter_words::is())]
    }
}

/// What can be typed, and the text that says what it means.
const EXAMPLES: [(&str, &str); 7] = [
    ("launch plan", "search-example-words"),
    ("\"launch plan\"", "search-example-phrase"),
    ("from:ann in:design", "search-example-place"),
    ("after:2026-01-31 before:2026-03-01", "search-example-days"),
    ("has:file has:image has:link has:code", "search-example-has"),
    ("is:pinned is:mine is:reply", "search-example-is"),
    ("foo bar_baz 東京", "search-example-scripts"),
];

async fn filters(
    state: &AppState,
    me: &User,
    query: &SearchQuery,
    sort: Sort,
    language: Language,
) -> Result<Vec<(String, String)>> {
    let mut shown = Vec::new();
    for (filter, others) in query.filters.each() {
        let without = SearchQuery { filters: others, terms: query.terms.clone() };
        let text = match &filter {
            // an id says nothing to people
            Filter::In(room) => match state.find_access(me, &RoomId::named(room)).await? {
                Some(access) => format!("in:{}", room_name(&state.store.summary(&access).await?, me, language)),
                None => filter.to_string(),
            },
            _ => filter.to_string(),
        };
        shown.push((text, address(&without.to_string(), sort, None)));
    }
    Ok(shown)
}

fn address(q: &str, sort: Sort, next: Option<i64>) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::from("/search?"));
    pairs.append_pair("q", q);
    if sort == Sort::Best {
        pairs.append_pair("sort", "best");
    }
    if let Some(next) = next {
        pairs.append_pair("next", &next.to_string());
    }
    pairs.finish()
}
