//! How the index is asked: the same question in up to three forms.
//!
//! The first leaves out what FTS5 takes long for: short beginnings of words, and tags of many rooms, whose lists must
//! all be opened. Whether a document satisfies them is read from its row. If many of the newest do, a page is full
//! soon. If not, the next form, which leaves out less, goes on from there, and is fast because it finds little.

use rusqlite::{Connection, OptionalExtension};

use super::{
    document::{Flags, author_tag, room_tag},
    error::Result,
    filters::Is,
    fts::{any_tag, expand, join, term},
    query::Term,
    request::{Request, Rooms},
    starts::Start,
};

/// The documents that are looked at with a form before the next one is asked.
const FAST_DOCUMENTS: usize = 2_000;
/// Up to so many rooms their tags are part of all forms.
const FEW_ROOMS: usize = 4;
/// Up to so many rooms their tags are part of the last form. Of more rooms the rows are filtered.
const MANY_ROOMS: usize = 5_000;

/// One form of the question.
pub(super) struct Form<'a> {
    /// For FTS5. `None` for every document.
    pub expression: Option<String>,
    /// Beginnings that words of the document must have besides.
    pub starts: Vec<&'a Start>,
}

pub(super) struct Plan<'a> {
    connection: &'a Connection,
    terms: &'a [Term],
    /// Conditions on tags that all forms have.
    tags: Vec<String>,
    /// The rooms, if there are neither few nor too many.
    rooms: Option<Vec<String>>,
    /// Of each term that starts can tell.
    starts: Vec<Option<Start>>,
}

impl<'a> Plan<'a> {
    /// `None` if nothing can be found.
    pub fn new(connection: &'a Connection, request: &'a Request<'_>) -> Result<Option<Self>> {
        let mut tags = Vec::new();
        if let Some(authors) = request.authors {
            let numbers = numbers(connection, "SELECT number FROM authors WHERE key = ?", authors)?;
            if numbers.is_empty() {
                return Ok(None);
            }
            tags.push(any_tag(&numbers.into_iter().map(author_tag).collect::<Vec<_>>()));
        }
        let filters = &request.query.filters;
        let is = filters.is.iter().filter_map(|is| match is {
            Is::Pinned => Some(Flags::PINNED),
            Is::Reply => Some(Flags::REPLY),
            Is::Mine => None,
        });
        let flags = filters.has.iter().copied().map(Flags::of).chain(is);
        tags.extend(flags.flat_map(Flags::tags).map(|tag| any_tag(&[tag.to_owned()])));
        let mut rooms = None;
        if let Rooms::Only(ids) = request.rooms
            && ids.len() <= MANY_ROOMS
        {
            let numbers = numbers(connection, "SELECT number FROM rooms WHERE id = ?", ids)?;
            if numbers.is_empty() {
                return Ok(None);
            }
            let room_tags: Vec<_> = numbers.into_iter().map(room_tag).collect();
            if room_tags.len() <= FEW_ROOMS {
                tags.push(any_tag(&room_tags));
            } else {
                rooms = Some(room_tags);
            }
        }
        let terms = &request.query.terms;
        let starts = terms.iter().map(start).collect();
        Ok(Some(Self { connection, terms, tags, rooms, starts }))
    }

    /// The forms, one after the other, and how many documents to look at with each.
    pub fn forms(&self) -> Result<Vec<(Form<'_>, usize)>> {
        let long = self.terms.iter().zip(&self.starts).filter(|(_, start)| start.is_none()).map(|(term, _)| term);
        let short =
            self.terms.iter().zip(&self.starts).filter(|(_, start)| start.is_some()).map(|(text, _)| term(text));
        let starts: Vec<_> = self.starts.iter().flatten().collect();
        let mut forms = Vec::new();
        let mut conditions = terms(self.connection, long)?;
        conditions.extend(self.tags.iter().cloned());
        if !starts.is_empty() {
            forms.push((Form { expression: join(&conditions), starts }, FAST_DOCUMENTS));
            conditions.extend(short);
        }
        if let Some(rooms) = &self.rooms {
            forms.push((Form { expression: join(&conditions), starts: Vec::new() }, FAST_DOCUMENTS));
            conditions.push(any_tag(rooms));
        }
        forms.push((Form { expression: join(&conditions), starts: Vec::new() }, usize::MAX));
        Ok(forms)
    }
}

/// That the terms occur.
pub(super) fn terms<'a>(connection: &Connection, terms: impl IntoIterator<Item = &'a Term>) -> Result<Vec<String>> {
    terms.into_iter().map(|term| expand(connection, term)).collect()
}

/// The beginning that a term is, if it is so short that starts can tell.
fn start(term: &Term) -> Option<Start> {
    match &term.tokens[..] {
        [prefix] if term.prefix => Start::new(prefix),
        _ => None,
    }
}

/// The numbers of those that are known.
fn numbers<T: rusqlite::ToSql>(
    connection: &Connection,
    select: &str,
    keys: impl IntoIterator<Item = T>,
) -> Result<Vec<i64>> {
    let mut select = connection.prepare_cached(select)?;
    let mut numbers = Vec::new();
    for key in keys {
        numbers.extend(select.query_row([key], |row| row.get::<_, i64>(0)).optional()?);
    }
    Ok(numbers)
}
