//! Comparing without regard to case.

/// The form of `text` that is searched and sorted without regard to case: Unicode lower case, each letter by itself.
/// A sigma at the end of a word is folded like any other: else part of a word would not be found in it.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_in_the_whole() {
        assert_eq!(fold("ÄRGER"), "ärger");
        for (whole, part) in [("ΟΔΟΣ", "οδοσ"), ("ΟΔΟΣΑ", "ΟΔΟΣ"), ("Σοφός", "ΦΌΣ"), ("Ærø", "ÆR"), ("ЖУК", "жу")]
        {
            assert!(fold(whole).contains(&fold(part)), "{part} in {whole}");
        }
    }
}
