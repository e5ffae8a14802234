//! What a folded character is for search.

use unicode_properties::{GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory};

/// A kind of writing. All scripts with spaces between their words are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Spaced,
    Han,
    Hiragana,
    Katakana,
    Hangul,
    Thai,
    Lao,
    Khmer,
    Myanmar,
}

/// What a character does to a run of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A letter or digit. It belongs to a run of its script.
    Letter(Script),
    /// It belongs to the letter before it.
    Mark,
    /// `ー`. It belongs to the kana before it.
    LongVowel,
    /// `_`. It belongs to the word around it.
    Joint,
    /// It ends a run.
    Other,
}

impl Class {
    /// The class of a folded character.
    pub(super) fn of(c: char) -> Self {
        match c {
            '_' => Self::Joint,
            'ー' => Self::LongVowel,
            _ if c.is_ascii() => {
                if c.is_ascii_alphanumeric() {
                    Self::Letter(Script::Spaced)
                } else {
                    Self::Other
                }
            }
            _ if c.general_category_group() == GeneralCategoryGroup::Mark => Self::Mark,
            _ if c.is_alphanumeric() => Self::Letter(script(c)),
            _ => Self::Other,
        }
    }
}

/// The script of a letter or digit, from the blocks of Unicode.
fn script(c: char) -> Script {
    match c {
        '\u{0E00}'..='\u{0E7F}' => Script::Thai,
        '\u{0E80}'..='\u{0EFF}' => Script::Lao,
        '\u{1000}'..='\u{109F}' | '\u{A9E0}'..='\u{A9FF}' | '\u{AA60}'..='\u{AA7F}' => Script::Myanmar,
        '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}' => Script::Hangul,
        '\u{1780}'..='\u{17FF}' => Script::Khmer,
        '\u{3041}'..='\u{309F}' | '\u{1B001}'..='\u{1B11F}' | '\u{1B150}'..='\u{1B152}' => Script::Hiragana,
        '\u{30A0}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{1AFF0}'..='\u{1B000}' | '\u{1B155}'..='\u{1B167}' => {
            Script::Katakana
        }
        '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303B}' => {
            Script::Han
        }
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' => Script::Han,
        '\u{20000}'..='\u{3FFFF}' => Script::Han,
        _ => Script::Spaced,
    }
}

/// Whether a grapheme cluster is an emoji: one by itself, or a keycap. A skin tone alone is none, as it belongs to the
/// cluster of whatever is before it.
pub(super) fn is_emoji(cluster: &str) -> bool {
    match cluster.chars().next() {
        Some('0'..='9' | '#' | '*') => cluster.contains('\u{20E3}'),
        Some('\u{1F3FB}'..='\u{1F3FF}') => false,
        Some(first) => !first.is_ascii() && first.is_emoji_char(),
        None => false,
    }
}

/// What marks the parts of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    Digit,
    /// A letter of a script without case, or anything else.
    None,
}

impl Case {
    /// The case of a grapheme cluster, before folding.
    pub(super) fn of(cluster: &str) -> Self {
        match cluster.chars().next() {
            Some(c) if c.is_lowercase() => Self::Lower,
            Some(c) if c.is_uppercase() || c.to_lowercase().ne([c]) => Self::Upper,
            Some(c) if c.is_numeric() => Self::Digit,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_a_script() {
        for (letters, script) in [
            ("aéж9שمक", Script::Spaced),
            ("東々〇𠮷", Script::Han),
            ("あゝ", Script::Hiragana),
            ("カヶ", Script::Katakana),
            ("한ᄒ", Script::Hangul),
            ("กๆ๙", Script::Thai),
            ("ກ", Script::Lao),
            ("ក", Script::Khmer),
            ("က", Script::Myanmar),
        ] {
            for c in letters.chars() {
                assert_eq!(Class::of(c), Class::Letter(script), "{c}");
            }
        }
        for c in "\u{3099}\u{0E34}\u{093F}\u{102B}".chars() {
            assert_eq!(Class::of(c), Class::Mark, "{c:?}");
        }
        for c in " .-'’@・。、״־\0".chars() {
            assert_eq!(Class::of(c), Class::Other, "{c:?}");
        }
    }

    #[test]
    fn emoji_are_told_from_letters_and_digits() {
        for emoji in ["😀", "👍🏽", "👩\u{200D}💻", "🇩🇪", "1\u{FE0F}\u{20E3}", "#\u{20E3}", "❤", "❤\u{FE0F}", "™"]
        {
            assert!(is_emoji(emoji), "{emoji}");
        }
        for other in ["1", "#", "a", "é", "東", "1\u{FE0F}", "@\u{20E3}", "🏽", "★", ""] {
            assert!(!is_emoji(other), "{other}");
        }
    }
}
