//! What goes into a ring: a change of the log or a notice, rendered.

use std::sync::Arc;

use crate::domain::{Message, UserKey};
use crate::render;

/// A change or a notice, in the fragments it has.
#[derive(Debug)]
pub struct Entry {
    /// The change's number in the log; `None` for a notice.
    pub rev: Option<u64>,
    /// The message it is a change of.
    pub seq: Option<u64>,
    pub fragment: String,
    pub variants: Variants,
}

/// Who sees another fragment of an entry than the others, and which. A thousand may share a fragment, and the fan-out asks
/// for each socket: so they are sorted.
#[derive(Debug, Default)]
pub struct Variants(Vec<(UserKey, Arc<str>)>);

impl Entry {
    /// A change of the log.
    pub fn change(message: &Message) -> Self {
        Self {
            rev: Some(message.rev),
            seq: Some(message.seq),
            fragment: render::message(message, false, render::LIVE),
            variants: Variants::new(vec![(message.author_key, render::message(message, true, render::LIVE).into())]),
        }
    }

    /// What is not in the log, the same for everybody.
    pub fn notice(text: String) -> Self {
        Self { rev: None, seq: None, fragment: text, variants: Variants::default() }
    }

    /// The notice of who entered. Whoever did is told of the others only.
    pub fn entered(entered: &[(UserKey, String)]) -> Self {
        let without = |index: usize| -> String {
            let others = entered.iter().enumerate().filter(|(n, _)| *n != index).map(|(_, (_, name))| name.as_str());
            render::entered(&others.collect::<Vec<_>>())
        };
        // the notice names the first few and counts the rest: whoever is counted sees the same as all who are
        let counted: Arc<str> = without(render::NOTICE_NAMES).into();
        let own = entered.iter().enumerate().map(|(index, (user, _))| {
            (*user, if index < render::NOTICE_NAMES { without(index).into() } else { Arc::clone(&counted) })
        });
        Self { variants: Variants::new(own.collect()), ..Self::notice(without(entered.len())) }
    }
}

impl Variants {
    pub fn new(mut fragments: Vec<(UserKey, Arc<str>)>) -> Self {
        fragments.sort_unstable_by_key(|(user, _)| *user);
        Self(fragments)
    }

    pub fn of(&self, me: UserKey) -> Option<&str> {
        let index = self.0.binary_search_by_key(&me, |(user, _)| *user).ok()?;
        Some(&self.0[index].1)
    }

    pub fn users(&self) -> impl Iterator<Item = UserKey> {
        self.0.iter().map(|(user, _)| *user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand who enter at once have few fragments of the notice between them.
    #[test]
    fn everybody_is_told_of_the_others() {
        let people = |count: usize| -> Vec<(UserKey, String)> {
            (0..count).map(|n| (UserKey::generate(), format!("N{n}"))).collect()
        };
        let text =
            |fragment: &str| fragment.replace("<li class=\"user-connect-or-disconnect\">", "").replace("</li>", "");
        let told = |count: usize| -> Vec<String> {
            let people = people(count);
            let Entry { fragment: others, variants: own, .. } = Entry::entered(&people);
            let own = people.iter().map(|(user, _)| text(own.of(*user).unwrap()));
            std::iter::once(text(&others)).chain(own).collect()
        };
        assert_eq!(told(0), [""]);
        assert_eq!(told(1), ["N0 has entered the chat", ""]);
        let each = ["N0 and N1 have entered the chat", "N1 has entered the chat", "N0 has entered the chat"];
        assert_eq!(told(2), each);
        assert_eq!(
            told(4)[1..],
            ["N1, N2 and N3", "N0, N2 and N3", "N0, N1 and N3", "N0, N1 and N2"]
                .map(|who| { format!("{who} have entered the chat") })
        );
        let told = told(1000);
        assert_eq!(told[0], "N0, N1 and 998 others have entered the chat");
        assert_eq!(told[1], "N1, N2 and 997 others have entered the chat");
        assert!(told[3..].iter().all(|fragment| fragment == "N0, N1 and 997 others have entered the chat"));
    }
}
