//! Texts of emoji alone, which are shown big.

/// Most emoji of a text that is shown big.
const MOST: usize = 6;
/// Longest emoji, in characters: two people of two skin tones, a heart and a kiss between them.
const LONGEST: usize = 10;

/// Whether the HTML of a paragraph is one to six emoji, with white space around them and nothing else.
pub(super) fn is_few(html: &str) -> bool {
    // most texts end here; "1️⃣" begins with ASCII, too
    if html.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let (mut rest, mut count) = (html, 0);
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("<br>") {
            rest = after;
        } else if rest.is_empty() {
            return count > 0;
        } else if let Some(length) = first(rest).filter(|_| count < MOST) {
            rest = &rest[length..];
            count += 1;
        } else {
            return false;
        }
    }
}

/// The length in bytes of the longest emoji that the text begins with.
fn first(text: &str) -> Option<usize> {
    let ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
    ends.take(LONGEST).filter(|end| emojis::get(&text[..*end]).is_some()).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_six_emoji_alone_are_big() {
        for big in ["👍", "👍 🎉<br>\n❤️", "👩‍💻", "🇩🇪🇫🇷", "👍🏽👍🏽👍🏽👍🏽👍🏽👍🏽", "1️⃣", "👩🏻‍❤️‍💋‍👩🏻"]
        {
            assert!(is_few(big), "{big}");
        }
        for small in ["", " ", "a", "👍 a", "a 👍", "👍👍👍👍👍👍👍", "<code>👍</code>", "1", "👍<em>🎉</em>", "é"]
        {
            assert!(!is_few(small), "{small}");
        }
    }

    #[test]
    fn no_emoji_is_longer_than_those_that_are_looked_for() {
        let tones = emojis::iter().flat_map(|emoji| emoji.skin_tones().into_iter().flatten());
        assert_eq!(emojis::iter().chain(tones).map(|emoji| emoji.as_str().chars().count()).max(), Some(LONGEST));
    }
}
