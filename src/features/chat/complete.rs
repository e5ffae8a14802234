//! What completes a word in the message box: a fragment of options.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use serde::Deserialize;

use super::emoji;
use crate::{
    domain::{Person, UserId, mention::Everyone},
    render::{Avatar, Language},
    store::{Access, Searched, SortUsersBy, UserSearch},
    web::{AppState, InRoom, Query, Result, SignedIn},
};

/// Most options.
const MAX: usize = 8;
/// Most characters of a word that can be completed.
const WORD_MAX: usize = 64;

#[derive(Template, WebTemplate)]
#[template(path = "chat/_options.html")]
pub(super) struct Options {
    options: Vec<Completion>,
}

/// What can take the place of the word.
struct Completion {
    put: String,
    sign: Sign,
    /// What is put, or whose userID it is.
    name: String,
    note: String,
}

enum Sign {
    Avatar(Avatar),
    Emoji(&'static str),
    Icon(&'static str),
}

#[derive(Deserialize)]
pub(super) struct CompleteQuery {
    /// The word, with the sign that it begins with.
    #[serde(default)]
    q: String,
    /// Whether a userID may be that of somebody who is no member.
    #[serde(default)]
    people: bool,
}

/// `?q=@ad`: members of the room, and what stands for all of them. `?q=:ta`: emoji. `?q=/to`: commands. At most
/// [`MAX`] of each.
pub(super) async fn complete(
    State(state): State<AppState>,
    language: Language,
    InRoom { access, .. }: InRoom<SignedIn>,
    Query(CompleteQuery { q, people }): Query<CompleteQuery>,
) -> Result<Options> {
    let word = q.chars().next().filter(|_| q.chars().count() <= WORD_MAX).map(|sign| (sign, &q[sign.len_utf8()..]));
    let options = match word {
        Some(('@', text)) if people => anybody(&state, text).await?,
        Some(('@', text)) => members(&state, language, &access, text).await?,
        Some((':', text)) => {
            emoji::begun_by(text).take(MAX).map(|(emoji, shortcode)| Completion::emoji(emoji, shortcode)).collect()
        }
        Some(('/', text)) => commands(language, text),
        _ => Vec::new(),
    };
    Ok(Options { options })
}

async fn members(state: &AppState, language: Language, access: &Access, text: &str) -> Result<Vec<Completion>> {
    let all = [(Everyone::Room, language.text("complete-room")), (Everyone::Here, language.text("complete-here"))];
    let all: Vec<Completion> = all
        .into_iter()
        .filter(|(everyone, _)| begins(everyone.as_str(), text))
        .map(|(everyone, note)| {
            let name = format!("@{}", everyone.as_str());
            Completion { put: format!("{name} "), sign: Sign::Icon("people"), name, note: note.into_owned() }
        })
        .collect();
    let members = state.store.members_named(access, text, (MAX - all.len()) as u32).await?;
    Ok(members.into_iter().map(Completion::person).chain(all).collect())
}

async fn anybody(state: &AppState, text: &str) -> Result<Vec<Completion>> {
    let search = UserSearch {
        text: text.to_owned(),
        fields: Searched::Names,
        sort: SortUsersBy::Name,
        limit: MAX as u32,
        ..UserSearch::default()
    };
    // who has exactly this userID may be later in the order of names
    let exact = match UserId::parse(text) {
        Ok(user_id) => state.store.user(&user_id).await?.filter(|user| !user.disabled),
        Err(_) => None,
    };
    let (found, _) = state.store.search_users(&search).await?;
    let others = found.into_iter().filter(|user| exact.as_ref().is_none_or(|exact| exact.key != user.key));
    let others: Vec<_> = others.collect();
    Ok(exact.iter().chain(&others).take(MAX).map(|user| Completion::person(user.into())).collect())
}

fn commands(language: Language, text: &str) -> Vec<Completion> {
    let all = [
        ("me", language.text("slash-me")),
        ("shrug", language.text("slash-shrug")),
        ("topic", language.text("slash-topic")),
        ("invite", language.text("slash-invite")),
        ("leave", language.text("slash-leave")),
        ("msg", language.text("slash-msg")),
    ];
    let begun = all.into_iter().filter(|(name, _)| begins(name, text));
    begun
        .map(|(name, note)| {
            let name = format!("/{name}");
            Completion { put: format!("{name} "), sign: Sign::Icon("command"), name, note: note.into_owned() }
        })
        .collect()
}

/// Whether an ASCII name begins with the text, in any case.
fn begins(name: &str, text: &str) -> bool {
    name.get(..text.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(text))
}

impl Completion {
    fn person(person: Person) -> Self {
        let id = format!("@{}", person.user_id);
        Self { put: format!("{id} "), sign: Sign::Avatar((&person).into()), name: person.name, note: id }
    }

    fn emoji(emoji: &'static str, shortcode: &str) -> Self {
        let name = format!(":{shortcode}:");
        Self { put: emoji.to_owned(), sign: Sign::Emoji(emoji), name, note: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_their_beginning() {
        let found = |text: &str| {
            commands(Language::English, text).into_iter().map(|option| option.put).collect::<Vec<_>>().join("|")
        };
        assert_eq!(found(""), "/me |/shrug |/topic |/invite |/leave |/msg ");
        assert_eq!((found("M"), found("top")), ("/me |/msg ".into(), "/topic ".into()));
        assert_eq!((found("x"), found("topics"), found("é")), (String::new(), String::new(), String::new()));
    }

    #[test]
    fn every_command_that_is_offered_is_known() {
        for Completion { put, .. } in commands(Language::English, "") {
            let unknown = crate::domain::Typed::parse(&put).is_err_and(|refused| refused.0.key == "slash-unknown");
            assert!(!unknown, "{put}");
        }
    }
}
