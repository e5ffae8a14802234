//! What completes a word in the message box.

use axum::extract::State;
use serde::Deserialize;

use super::emoji;
use crate::{
    domain::{Person, mention::Everyone},
    render::Language,
    store::Access,
    web::{
        AppState, InRoom, Query, Result, SignedIn,
        completion::{Completion, MAX_OPTIONS, MAX_WORD, Options, Sign, begins, people},
    },
};

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
/// [`MAX_OPTIONS`] of each.
pub(super) async fn complete(
    State(state): State<AppState>,
    language: Language,
    InRoom { access, .. }: InRoom<SignedIn>,
    Query(CompleteQuery { q, people: of_anybody }): Query<CompleteQuery>,
) -> Result<Options> {
    let word = q.chars().next().filter(|_| q.chars().count() <= MAX_WORD).map(|sign| (sign, &q[sign.len_utf8()..]));
    let options = match word {
        Some(('@', text)) if of_anybody => people(&*state.store, text).await?.into_iter().map(mentioned).collect(),
        Some(('@', text)) => members(&state, language, &access, text).await?,
        Some((':', text)) => {
            emoji::begun_by(text).take(MAX_OPTIONS).map(|(emoji, shortcode)| emoji_option(emoji, shortcode)).collect()
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
    let members = state.store.members_named(access, text, (MAX_OPTIONS - all.len()) as u32).await?;
    Ok(members.into_iter().map(mentioned).chain(all).collect())
}

fn mentioned(person: Person) -> Completion {
    Completion::person(person, "@")
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

fn emoji_option(emoji: &'static str, shortcode: &str) -> Completion {
    Completion { put: emoji.to_owned(), sign: Sign::Emoji(emoji), name: format!(":{shortcode}:"), note: String::new() }
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
