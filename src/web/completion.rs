//! What completes a word in a box: a fragment of options.

use askama::Template;
use askama_web::WebTemplate;

use crate::{
    domain::{Person, UserId},
    render::Avatar,
    store::{Result, Searched, SortUsersBy, Store, UserSearch},
};

/// Most options.
pub const MAX_OPTIONS: usize = 8;
/// Most characters of a word that can be completed.
pub const MAX_WORD: usize = 64;

#[derive(Template, WebTemplate)]
#[template(path = "_options.html")]
pub struct Options {
    pub options: Vec<Completion>,
}

/// What can take the place of the word.
pub struct Completion {
    pub put: String,
    pub sign: Sign,
    /// What is put, or whose userID it is.
    pub name: String,
    pub note: String,
}

pub enum Sign {
    Avatar(Avatar),
    Emoji(&'static str),
    Icon(&'static str),
}

impl Completion {
    /// A person, whose userID is put after `before`.
    pub fn person(person: Person, before: &str) -> Self {
        let put = format!("{before}{} ", person.user_id);
        let note = format!("@{}", person.user_id);
        Self { put, sign: Sign::Avatar((&person).into()), name: person.name, note }
    }
}

/// Whether an ASCII name begins with the text, in any case.
pub fn begins(name: &str, text: &str) -> bool {
    name.get(..text.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(text))
}

/// The users whose userID or name begins with the text, at most [`MAX_OPTIONS`]. Who has exactly this userID is first.
///
/// # Errors
/// The store's.
pub async fn people(store: &dyn Store, text: &str) -> Result<Vec<Person>> {
    let search = UserSearch {
        text: text.to_owned(),
        fields: Searched::Names,
        sort: SortUsersBy::Name,
        limit: MAX_OPTIONS as u32,
        ..UserSearch::default()
    };
    // who has exactly this userID may be later in the order of names
    let exact = match UserId::parse(text) {
        Ok(user_id) => store.user(&user_id).await?.filter(|user| !user.disabled),
        Err(_) => None,
    };
    let (found, _) = store.search_users(&search).await?;
    let others: Vec<_> =
        found.into_iter().filter(|user| exact.as_ref().is_none_or(|exact| exact.key != user.key)).collect();
    Ok(exact.iter().chain(&others).take(MAX_OPTIONS).map(Person::from).collect())
}
