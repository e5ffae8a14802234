//! Folding: texts that differ only in case, accents or forms of letters become the same.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// `text` folded for search: lower case, without accents, Arabic and Hebrew vowel points and invisible characters, and
/// with plain letters for their other forms (`ﬁ`, `Ａ`, `ø`). Voicing marks of kana and vowel signs of Indic and Thai
/// scripts stay: without them it is another word. Folding twice is folding once.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// Appends the folded `text` to `folded`.
pub(super) fn fold_into(text: &str, folded: &mut String) {
    if text.is_ascii() {
        folded.extend(text.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        let marked = text.nfkd().filter(|c| !is_accent(*c) && !is_invisible(*c));
        folded.extend(marked.flat_map(char::to_lowercase).flat_map(plain).nfc());
    }
}

/// The length in bytes of the shortest beginning of `text` whose grapheme clusters fold to `folded_len` bytes or more:
/// where a match of that length in the folded text ends in the original. `text.len()` if all of it folds to less.
pub fn original_len(text: &str, folded_len: usize) -> usize {
    let mut folded = String::new();
    for (start, cluster) in text.grapheme_indices(true) {
        if folded.len() >= folded_len {
            return start;
        }
        fold_into(cluster, &mut folded);
    }
    text.len()
}

/// Whether `c` is a mark that search ignores. Hebrew punctuation (`־ ׀ ׃ ׆`), which lies between the points, is not.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}'
        // Arabic: honorifics, tatweel, harakat, Quranic marks
        | '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}'
        | '\u{06DF}'..='\u{06E4}' | '\u{06E7}'..='\u{06E8}' | '\u{06EA}'..='\u{06ED}'
        // Hebrew
        | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}'..='\u{05C2}' | '\u{05C4}'..='\u{05C5}' | '\u{05C7}')
}

/// Unicode's Default_Ignorable_Code_Point: soft hyphen, joiners, direction marks, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The plain letters for a lower-case letter that Unicode does not decompose. An apostrophe that counts as a letter
/// becomes one that does not.
fn plain(c: char) -> impl Iterator<Item = char> {
    let letters = match c {
        'ς' => "σ",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'ŧ' => "t",
        'ŋ' => "n",
        'ʻ' | 'ʼ' => "'",
        _ => "",
    };
    letters.chars().chain(letters.is_empty().then_some(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_are_ignored() {
        for (typed, folded) in [
            ("ÄRGER Café naïve", "arger cafe naive"),
            ("Straße STRASSE ẞ", "strasse strasse ss"),
            ("Ærø Łódź Đorđe Œuvre Þór ÍSÍ ħobż", "aero lodz dorde oeuvre thor isi hobz"),
            ("İSTANBUL ıstanbul", "istanbul istanbul"),
            ("Việt Nam", "viet nam"),
            ("Ёлка ЖУК", "елка жук"),
            ("ΟΔΟΣ Σοφός ὅς ᾳ", "οδοσ σοφοσ οσ α"),
            ("مُحَمَّد الأول آب محـــمد", "محمد الاول اب محمد"),
            ("שָׁלוֹם בֵּית־סֵפֶר", "שלום בית־ספר"),
            ("東京 ＡＢＣ ｱｲｶﾞ ㍿", "東京 abc アイガ 株式会社"),
            ("ﬁne x² Ⅳ", "fine x2 iv"),
            ("co\u{AD}op\u{200B}er\u{200D}ate می\u{200C}خواهم", "cooperate میخواهم"),
        ] {
            assert_eq!(fold(typed), folded);
        }
    }

    #[test]
    fn marks_that_make_another_word_stay() {
        for same in ["が", "パ", "한글", "ที่", "हिन्दी", "ကို"] {
            assert_eq!(fold(same), same);
        }
        assert_eq!(fold("か\u{3099}"), "が");
        assert_eq!(fold("\u{1112}\u{1161}\u{11AB}"), "한");
    }

    #[test]
    fn every_character_is_folded_once() {
        for c in '\0'..=char::MAX {
            let once = fold(c.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&once), once, "{c:?}");
        }
    }

    #[test]
    fn a_folded_length_is_found_in_the_original() {
        assert_eq!(&"Ärger"[..original_len("Ärger", 2)], "Är");
        assert_eq!(&"A\u{308}rger"[..original_len("A\u{308}rger", 1)], "A\u{308}");
        assert_eq!(&"Straße"[..original_len("Straße", 5)], "Straß");
        assert_eq!(&"Straße"[..original_len("Straße", 6)], "Straß");
        assert_eq!(&"foo"[..original_len("foo", 9)], "foo");
        assert_eq!(original_len("foo", 0), 0);
    }
}
