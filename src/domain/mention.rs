//! Mentions: the members whom a text addresses by `@userID`, and all members by `@room` or `@here`.

use std::ops::Range;

use comrak::Arena;
use serde::{Deserialize, Serialize};

use super::{UserId, UserKey, ids::PUNCTUATION, markdown};

/// Most names that one text addresses. Further ones are shown as they are.
pub const MAX_MENTIONED: usize = 50;

/// What stands for all members in place of a user's [tag](UserKey::tag).
pub const EVERYONE_TAG: &str = "*";

/// Whom a message mentions. It is decided once, when the text is stored: a userID can be given to another account later,
/// a key cannot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mentions {
    /// Each once, in the order of the text, without the author.
    pub users: Vec<MentionedUser>,
    /// All members, the author excepted.
    pub everyone: Option<Everyone>,
}

/// A member whom a text mentions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionedUser {
    pub key: UserKey,
    /// The userID when the text was stored, in the account's own spelling.
    pub user_id: String,
}

/// Most members of a room whom a page's text mentions all together without a question first.
pub const MENTIONED_UNASKED: u64 = 20;

/// All members of a room. Both are counted in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Everyone {
    Room,
    /// Only who is online is notified at once.
    Here,
}
super::room::stored_names!(Everyone { Room = "room", Here = "here" });

/// The names that a text addresses, before it is known who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionNames {
    /// What follows an `@`, each once, in the order of the text.
    names: Vec<String>,
    pub everyone: Option<Everyone>,
}

impl MentionNames {
    pub const fn nobody() -> Self {
        Self { names: Vec::new(), everyone: None }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.everyone.is_none()
    }

    /// The names in a Markdown text, outside code and links. A text that takes the parser too long addresses nobody.
    pub fn of(text: &str) -> Self {
        let mut names = Self::nobody();
        // most texts address nobody
        if text.contains('@') {
            let arena = Arena::new();
            let document = markdown::parse(&arena, markdown::action(text).unwrap_or(text));
            document.into_iter().for_each(|document| markdown::each_piece(document, |piece| names.add(piece)));
        }
        names
    }

    fn add(&mut self, piece: &str) {
        for token in tokens(piece) {
            let name = &piece[token];
            if let Some(everyone) = everyone(name) {
                self.everyone.get_or_insert(everyone);
            } else if self.names.len() < MAX_MENTIONED && !self.names.iter().any(|known| is_same(known, name)) {
                self.names.push(name.to_owned());
            }
        }
    }

    /// The possible userIDs. Of a name before a full stop there are two: the full stop may belong to it.
    pub fn user_ids(&self) -> impl Iterator<Item = UserId> {
        self.names.iter().flat_map(|name| spellings(name)).filter_map(|name| UserId::parse(name).ok())
    }
}

impl Mentions {
    /// The mentions of a text with these names, if `members` are the members among its [`MentionNames::user_ids`].
    pub fn resolve(names: &MentionNames, members: &[MentionedUser], author: UserKey) -> Self {
        let mut mentions = Self { users: Vec::new(), everyone: names.everyone };
        for user in names.names.iter().filter_map(|name| find(name, members)) {
            if user.key != author && !mentions.users.contains(user) {
                mentions.users.push(user.clone());
            }
        }
        mentions
    }

    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.everyone.is_none()
    }

    /// Whether the message mentions this user, who is a member and not its author.
    pub fn concern(&self, user: UserKey) -> bool {
        self.everyone.is_some() || self.names(user)
    }

    /// Whether the user is mentioned by userID.
    pub fn names(&self, user: UserKey) -> bool {
        self.users.iter().any(|mentioned| mentioned.key == user)
    }
}

/// Who is meant by the name after an `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mentioned<'a> {
    User(&'a MentionedUser),
    Everyone,
}

impl Mentions {
    /// The places in a piece of the text that mention somebody, from the `@` on, in their order.
    pub fn places<'a>(&'a self, piece: &'a str) -> impl Iterator<Item = (Range<usize>, Mentioned<'a>)> {
        tokens(piece).filter_map(|Range { start, end }| {
            let name = &piece[start..end];
            if let Some(everyone) = everyone(name) {
                let end = start + everyone.as_str().len();
                return self.everyone.is_some().then_some((start - 1..end, Mentioned::Everyone));
            }
            let (user, length) = spellings(name)
                .find_map(|name| Some((self.users.iter().find(|user| is_same(&user.user_id, name))?, name.len())))?;
            Some((start - 1..start + length, Mentioned::User(user)))
        })
    }
}

/// All members, if a name with perhaps a full stop after it means them.
fn everyone(name: &str) -> Option<Everyone> {
    Everyone::parse(&name.trim_end_matches(PUNCTUATION).to_ascii_lowercase())
}

fn find<'a>(name: &str, users: &'a [MentionedUser]) -> Option<&'a MentionedUser> {
    spellings(name).find_map(|name| users.iter().find(|user| is_same(&user.user_id, name)))
}

fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The name as it stands, and without punctuation at its end.
fn spellings(name: &str) -> impl Iterator<Item = &str> {
    let bare = name.trim_end_matches(PUNCTUATION);
    std::iter::once(name).chain((bare.len() < name.len()).then_some(bare))
}

/// The places of the names after an `@`. One in the middle of a word, such as an e-mail address, is none.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    text.match_indices('@').filter_map(move |(at, _)| {
        let is_inside_word = text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_.-@/".contains(c));
        let start = at + 1;
        let end = text[start..].find(|c| !is_name(c)).map_or(text.len(), |length| start + length);
        let is_longer_word = text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '@');
        (!is_inside_word && !is_longer_word && end > start).then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128, user_id: &str) -> MentionedUser {
        MentionedUser { key: UserKey(Uuid::from_u128(number)), user_id: user_id.into() }
    }

    fn user_ids(text: &str) -> Vec<String> {
        MentionNames::of(text).user_ids().map(|id| id.to_string()).collect()
    }

    #[test]
    fn names_follow_an_at_sign() {
        assert_eq!(user_ids("@ada and (@bob), @Ada again"), ["ada", "bob"]);
        assert_eq!(user_ids("thanks @ada."), ["ada.", "ada"], "the full stop may belong to the name");
        for none in ["", "@", "a@example.com", "@ab", "x/@ada", "@@ada", "@ädä", "@ada@example.com", "no one"] {
            assert_eq!(user_ids(none), [""; 0], "{none}");
        }
    }

    #[test]
    fn all_members_have_two_names() {
        let everyone = |text| MentionNames::of(text).everyone;
        assert_eq!(everyone("hello @room"), Some(Everyone::Room));
        assert_eq!(everyone("@Here."), Some(Everyone::Here));
        assert_eq!(everyone("@rooms @hereafter room"), None);
        let is_free = |user_id| UserId::parse_new(user_id).is_ok();
        assert!(!is_free("ROOM") && !is_free("here") && is_free("rooms"));
    }

    #[test]
    fn names_in_code_and_links_mention_nobody() {
        for none in [
            "`@ada`",
            "``a ` @ada``",
            "```\n@ada\n```",
            "```rust\n@ada",
            "~~~\n@ada\n~~~",
            "text\n\n    @ada",
            "a `x @ada` b",
            "[@ada](https://a.example)",
            "[*@ada*](javascript:x)",
            "https://a.example/~@ada/@ada",
            "/me `@ada`",
        ] {
            assert_eq!(user_ids(none), [""; 0], "{none}");
        }
        for ada in [
            "`code` @ada `more`",
            "a ` alone @ada",
            "a ``` alone\n\n@ada",
            "_@ada_ and **@ada**",
            "- [x] @ada",
            "|a|\n|-|\n|@ada|",
            "<b>@ada</b>",
            "<div>\n@ada",
            "https://a.example @ada",
            "/me     @ada",
        ] {
            assert_eq!(user_ids(ada), ["ada"], "{ada}");
        }
        assert_eq!(user_ids(&format!("{}@ada", "> ".repeat(1_900))), ["ada"]);
    }

    #[test]
    fn only_members_are_mentioned_and_each_once() {
        let members = [user(1, "Ada"), user(2, "bob")];
        let resolve =
            |text, author| Mentions::resolve(&MentionNames::of(text), &members, UserKey(Uuid::from_u128(author)));
        let mentions = resolve("@bob @ada @ADA. @cyd @here", 9);
        assert_eq!(mentions.users, [user(2, "bob"), user(1, "Ada")]);
        assert_eq!(mentions.everyone, Some(Everyone::Here));
        assert!(mentions.concern(UserKey(Uuid::from_u128(7))));
        let own = resolve("@ada @bob", 1);
        assert_eq!(own.users, [user(2, "bob")], "nobody mentions oneself");
        assert!(own.concern(UserKey(Uuid::from_u128(2))) && !own.concern(UserKey(Uuid::from_u128(1))));
        let dotted = [user(1, "ada"), user(2, "ada.")];
        assert_eq!(
            Mentions::resolve(&MentionNames::of("@ada."), &dotted, UserKey(Uuid::nil())).users,
            [user(2, "ada.")]
        );
    }

    #[test]
    fn places_are_from_the_at_sign_to_the_end_of_the_name() {
        let mentions = Mentions { users: vec![user(1, "Ada")], everyone: Some(Everyone::Room) };
        let places: Vec<_> = mentions.places("hi @ada. @bob @room!").collect();
        assert_eq!(places.len(), 2);
        assert_eq!((places[0].0.clone(), places[1].0.clone()), (3..7, 14..19));
        assert_eq!(places[0].1, Mentioned::User(&user(1, "Ada")));
        assert_eq!(Mentions::default().places("@room @ada").count(), 0);
    }
}
