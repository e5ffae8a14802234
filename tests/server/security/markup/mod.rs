//! Markup in everything that people can type or choose: wherever it is shown, it is text.

mod checker;
mod echoes;
mod everything;
mod live;
mod people;
mod shown;
mod texts;

use std::collections::BTreeMap;

use self::checker::Read;

impl Read {
    /// Asserts that `text` is shown as it was typed. White space is folded.
    #[track_caller]
    fn shows(&self, text: &str, what: &str) {
        assert!(folded(&self.texts).contains(&folded(text)), "{what} shows no {text:?}: {}", self.texts);
    }

    /// Asserts that there is nothing in it that natter never writes.
    #[track_caller]
    fn is_clean(&self, what: &str) {
        assert!(self.faults.is_empty(), "{what}: {:#?}", self.faults);
    }

    /// Asserts that it has the same elements as `plain`, in which no text is markup.
    #[track_caller]
    fn has_the_elements_of(&self, plain: &Self, what: &str) {
        let differing = |one: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>| {
            let differing = one.iter().filter(|(element, count)| other.get(*element) != Some(count));
            differing.map(|(element, count)| format!("{count} <{element}>")).collect::<Vec<_>>()
        };
        let (found, expected) = (&self.elements, &plain.elements);
        let (more, less) = (differing(found, expected), differing(expected, found));
        assert!(found == expected, "{what}: {more:#?} instead of {less:#?}");
    }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
