//! Who gave which emoji, as a page learns it from frames. The fragments of messages have only the numbers.

use std::collections::BTreeMap;

use scraper::ElementRef;
use serde_json::Value;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownReactions {
    /// By `seq`, emoji and user's tag: the `rev` of the latest change, and whether it gave the emoji.
    changes: BTreeMap<(u64, String, String), (u64, bool)>,
    /// By `seq`: a `rev`, and what the page's user has given as of it.
    own: BTreeMap<u64, (u64, Vec<String>)>,
}

impl KnownReactions {
    /// An element that says who gave an emoji or took it back.
    pub fn note(&mut self, data: ElementRef<'_>) {
        let attribute = |name: &str| data.attr(name).unwrap();
        let number = |name: &str| attribute(name).parse::<u64>().unwrap();
        let is_given = match attribute("value") {
            "1" => true,
            "0" => false,
            other => panic!("{other}"),
        };
        let change = (number("data-of"), attribute("data-emoji").to_owned(), attribute("data-by").to_owned());
        self.changes.insert(change, (number("data-rev"), is_given));
    }

    /// A frame with what a page's user has given to the messages that the page missed.
    pub fn note_own(&mut self, frame: &Value) {
        for one in frame["own"].as_array().unwrap() {
            let emoji = one[2].as_array().unwrap().iter().map(|emoji| emoji.as_str().unwrap().to_owned());
            self.own.insert(one[0].as_u64().unwrap(), (one[1].as_u64().unwrap(), emoji.collect()));
        }
    }

    /// Adds what a later connection said.
    pub fn extend(&mut self, later: Self) {
        self.changes.extend(later.changes);
        self.own.extend(later.own);
    }

    /// Whether the page of the user with this tag marks the emoji as its user's own. `without`: the latest `rev` as of
    /// which it saw the message without this emoji, or 0.
    pub fn is_own(&self, seq: u64, emoji: &str, tag: &str, without: u64) -> bool {
        let change = self.changes.get(&(seq, emoji.to_owned(), tag.to_owned())).copied();
        let own = self.own.get(&seq).map(|(rev, given)| (*rev, given.iter().any(|one| one == emoji)));
        let known = [Some((without, false)), own, change].into_iter().flatten();
        known.max_by_key(|(rev, _)| *rev).is_some_and(|(_, is_given)| is_given)
    }
}
