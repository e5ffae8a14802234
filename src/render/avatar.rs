//! What stands for a user: a picture, and initials on one of 18 colours, which are seen if there is no picture.

use crate::domain::{FileId, Person, User, UserKey};

/// Colours of avatars; the style sheet has a class `hue-0` … `hue-17` for each.
const HUES: u64 = 18;

/// The picture, the initials and the colour of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// Up to two characters.
    pub initials: String,
    /// Which of the [`HUES`]. It depends on the key, so that it stays when the name changes.
    pub hue: u64,
    /// The object at `/avatars/{picture}`.
    pub picture: Option<FileId>,
}

impl Avatar {
    pub fn new(user: UserKey, name: &str, picture: Option<FileId>) -> Self {
        Self { initials: initials(name), hue: hue(user), picture }
    }
}

/// The colour of the user's avatar.
pub fn hue(user: UserKey) -> u64 {
    let (high, low) = user.0.as_u64_pair();
    (high ^ low) % HUES
}

/// The first letters of the first and the last word, in upper case. The page's script makes the same of a new name.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let letter = |word: &str| word.chars().find(|c| c.is_alphanumeric()).or_else(|| word.chars().next());
    let first = words.next().and_then(letter);
    let last = words.next_back().and_then(letter);
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

impl From<&User> for Avatar {
    fn from(user: &User) -> Self {
        Self::new(user.key, user.name.as_str(), user.avatar)
    }
}

impl From<&Person> for Avatar {
    fn from(person: &Person) -> Self {
        Self::new(person.key, &person.name, person.avatar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, expected) in [
            ("Ada", "A"),
            ("Ada King Lovelace", "AL"),
            ("(the) robot", "TR"),
            ("élise d’arc", "ÉD"),
            ("李 白", "李白"),
            ("🙂", "🙂"),
            ("", ""),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }

    #[test]
    fn a_colour_depends_on_the_key() {
        let avatar = |high, low| Avatar::new(UserKey(Uuid::from_u64_pair(high, low)), "Ada", None).hue;
        assert_eq!([avatar(0, 0), avatar(0, 17), avatar(18, 1), avatar(18, 18)], [0, 17, 1, 0]);
    }
}
