//! Visible and invisible characters.

/// Whether `text` has a visible character.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !is_blank(c))
}

/// `text` as a person reads it: without invisible characters, white space collapsed, in lower case.
pub fn as_read(text: &str) -> String {
    let seen: String = text.chars().filter(|c| c.is_whitespace() || !is_blank(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// White space, control characters, Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt of Unicode
/// 17.0), the format characters of annotations, and the Braille pattern without dots. Joiners and variation selectors
/// are among them: beside a visible character they do no harm.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_ignorable(c) || matches!(c, '\u{FFF9}'..='\u{FFFB}' | '\u{2800}')
}

fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether `c` is a control character or a bidirectional override or isolate of UAX #9.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_and_invisible_texts_are_told_apart() {
        for visible in ["a", "\u{200B}a", ".", "👩\u{200D}💻", "❤\u{FE0F}", "🏴\u{E0067}\u{E007F}", "한글", "\u{2801}"]
        {
            assert!(is_visible(visible), "{visible:?}");
        }
        for c in "\0\u{7F}\u{A0}\u{AD}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}\u{180E}\u{200B}\u{200C}\u{200D}\u{200E}\u{2060}\u{2063}\u{2800}\u{3000}\u{3164}\u{FE0F}\u{FEFF}\u{FFA0}\u{FFF9}\u{E0020}\u{E01EF}".chars() {
            assert!(!is_visible(&format!(" {c}{c}\n")), "{c:?}");
        }
        assert!(!is_visible(""));
    }

    #[test]
    fn texts_that_look_the_same_are_read_the_same() {
        for same in ["deleted user", " Deleted\u{A0}\u{2003}USER", "dele\u{200B}ted us\u{FE0F}er\u{3164}"] {
            assert_eq!(as_read(same), "deleted user");
        }
        assert_eq!(as_read("deleteduser"), "deleteduser");
    }
}
