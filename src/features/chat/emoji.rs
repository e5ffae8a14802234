//! The emoji to pick from: a fragment for the message box and for reactions.

use std::borrow::Cow;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    http::{HeaderName, header},
    response::IntoResponse,
};
use emojis::{Emoji, Group, UnicodeVersion};
use serde::Deserialize;

use crate::{
    render::Language,
    web::{Query, Result, SignedIn},
};

/// The latest version of Unicode whose emoji are offered: the systems of recent years have pictures for them.
const NEWEST: UnicodeVersion = UnicodeVersion::new(15, 1);
/// Most emoji that a search finds.
const MAX_FOUND: usize = 120;

#[derive(Template, WebTemplate)]
#[template(path = "chat/_emoji.html")]
struct EmojiList {
    language: Language,
    groups: Vec<EmojiGroup>,
}

struct EmojiGroup {
    /// Empty: what a search found.
    name: Cow<'static, str>,
    emoji: Vec<&'static Emoji>,
}

impl EmojiList {
    /// What an emoji is called: by the shortcode that one can type, if it has one.
    fn title(emoji: &Emoji) -> String {
        emoji.shortcode().map_or_else(|| emoji.name().to_owned(), |shortcode| format!(":{shortcode}:"))
    }
}

#[derive(Deserialize)]
pub(super) struct EmojiQuery {
    #[serde(default)]
    q: String,
}

/// All emoji by their groups. `?q=TEXT`: those whose English name or shortcode contains the text, without groups.
pub(super) async fn emoji(
    language: Language,
    _: SignedIn,
    Query(EmojiQuery { q }): Query<EmojiQuery>,
) -> Result<impl IntoResponse> {
    let text = q.trim().trim_matches(':').to_lowercase();
    let groups = match text.is_empty() {
        true => grouped(language),
        false => {
            let emoji: Vec<_> = containing(&text).take(MAX_FOUND).collect();
            if emoji.is_empty() { Vec::new() } else { vec![EmojiGroup { name: Cow::default(), emoji }] }
        }
    };
    // the same for all users; a new natter may have others
    let headers: [(HeaderName, &str); 2] =
        [(header::CACHE_CONTROL, "private, max-age=3600"), (header::VARY, "Accept-Language")];
    Ok((headers, EmojiList { language, groups }))
}

fn offered() -> impl Iterator<Item = &'static Emoji> {
    emojis::iter().filter(|emoji| emoji.unicode_version() <= NEWEST)
}

fn grouped(language: Language) -> Vec<EmojiGroup> {
    let of = |group: Group, name: Cow<'static, str>| {
        let emoji = offered().filter(|emoji| emoji.group() == group).collect();
        EmojiGroup { name, emoji }
    };
    vec![
        of(Group::SmileysAndEmotion, language.text("emoji-smileys")),
        of(Group::PeopleAndBody, language.text("emoji-people")),
        of(Group::AnimalsAndNature, language.text("emoji-nature")),
        of(Group::FoodAndDrink, language.text("emoji-food")),
        of(Group::TravelAndPlaces, language.text("emoji-travel")),
        of(Group::Activities, language.text("emoji-activities")),
        of(Group::Objects, language.text("emoji-objects")),
        of(Group::Symbols, language.text("emoji-symbols")),
        of(Group::Flags, language.text("emoji-flags")),
    ]
}

/// Those whose shortcodes or name contain the text, which is in lower case; first those that begin with it.
fn containing(text: &str) -> impl Iterator<Item = &'static Emoji> {
    let spaced = text.replace('_', " ");
    let is_named = move |emoji: &Emoji| emoji.name().to_lowercase().contains(&spaced);
    let text = text.replace(' ', "_");
    let has = |found: fn(&str, &str) -> bool| {
        let text = text.clone();
        move |emoji: &&Emoji| emoji.shortcodes().any(|shortcode| found(shortcode, &text))
    };
    let (begins, contains) = (has(|shortcode, text| shortcode.starts_with(text)), has(|one, text| one.contains(text)));
    let first: Vec<_> = offered().filter(&begins).collect();
    let others = offered().filter(move |emoji| !begins(emoji) && (contains(emoji) || is_named(emoji)));
    first.into_iter().chain(others)
}

/// The emoji with a shortcode of which a word begins with the text, and that shortcode: first the one that is the text,
/// then those that begin with it.
pub(super) fn begun_by(text: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = text.to_lowercase();
    let rank = |shortcode: &str| match shortcode.find(&text) {
        Some(0) if shortcode.len() == text.len() => Some(0),
        Some(0) => Some(1),
        _ => shortcode.split('_').any(|word| word.starts_with(&text)).then_some(2),
    };
    let best = |emoji: &'static Emoji| {
        let ranked = emoji.shortcodes().filter_map(|shortcode| Some((rank(shortcode)?, emoji.as_str(), shortcode)));
        ranked.min_by_key(|(rank, ..)| *rank)
    };
    let mut found: Vec<_> = offered().filter_map(best).collect();
    found.sort_by_key(|(rank, ..)| *rank);
    found.into_iter().map(|(_, emoji, shortcode)| (emoji, shortcode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortcode_is_found_by_the_beginnings_of_its_words() {
        let found = |text: &str| begun_by(text).map(|(_, shortcode)| shortcode).collect::<Vec<_>>();
        assert_eq!(found("TADA"), ["tada"]);
        assert_eq!(found("cat")[..2], ["cat", "cat2"], "the whole one first");
        assert!(found("cat").contains(&"smiley_cat") && !found("cat").contains(&"wildcat"));
        assert_eq!(found("+1")[0], "+1");
        assert_eq!(found("thumbsup")[0], "thumbsup", "the shortcode that was typed");
        assert_eq!(found("no_such"), [""; 0]);
        assert_eq!(found("-d"), [""; 0], ":-D is none");
    }

    #[test]
    fn every_offered_emoji_is_in_one_group_and_can_be_given() {
        let groups = grouped(Language::German);
        let all: Vec<&str> = groups.iter().flat_map(|group| &group.emoji).map(|emoji| emoji.as_str()).collect();
        assert_eq!(all.len(), offered().count());
        for emoji in all {
            assert!(crate::domain::Emoji::parse(emoji).is_ok(), "{emoji}");
        }
    }

    #[test]
    fn a_search_finds_shortcodes_and_names() {
        let found = |text: &str| containing(text).map(Emoji::as_str).collect::<Vec<_>>();
        assert_eq!(found("party popper"), ["🎉"]);
        assert_eq!(found("rocket")[0], "🚀");
        assert_eq!(found("thumbs up")[0], "👍");
        assert!(found("nothing like it").is_empty());
    }
}
