//! An entry of a ring: a change of the log or a notice, rendered.

use crate::{
    domain::{Message, UserKey},
    net::sync::Arc,
    render,
};

/// A change or a notice, rendered.
#[derive(Debug)]
pub struct Entry {
    /// The change's number in the log; `None` for a notice.
    pub rev: Option<u64>,
    /// One for each message that the change touched; one for a notice.
    pub parts: Vec<Part>,
}

/// The fragment of a message or of a notice.
#[derive(Debug)]
pub struct Part {
    /// The `seq` of the message; `None` for a notice.
    pub seq: Option<u64>,
    /// For all users without a variant. Empty if there is nothing to send.
    pub fragment: String,
    pub variants: Variants,
}

/// The fragments of a part for users who see another one than the rest. Sorted by user, because the fan-out looks up
/// each socket's user. Users may share a fragment: a thousand do if they enter at once.
#[derive(Debug, Default)]
pub struct Variants(Vec<(UserKey, Arc<str>)>);

impl Entry {
    /// A change of the log: the messages with its number. The author of each sees a variant.
    pub fn change(messages: &[Message]) -> Self {
        Self { rev: messages.first().map(|message| message.rev), parts: messages.iter().map(Part::message).collect() }
    }

    /// A notice, which is not in the log; the same for everybody.
    pub fn notice(fragment: String) -> Self {
        Self { rev: None, parts: vec![Part { seq: None, fragment, variants: Variants::default() }] }
    }

    /// The notice that users entered. Each of them sees the names of the others only.
    pub fn entered(entered: &[(UserKey, String)]) -> Self {
        let without = |index: usize| -> String {
            let others = entered.iter().enumerate().filter(|(n, _)| *n != index).map(|(_, (_, name))| name.as_str());
            render::entered(&others.collect::<Vec<_>>())
        };
        // the notice names the first few users and counts the rest: all users who are counted share one fragment
        let counted: Arc<str> = without(render::NOTICE_NAMES).into();
        let variants = entered.iter().enumerate().map(|(index, (user, _))| {
            (*user, if index < render::NOTICE_NAMES { without(index).into() } else { Arc::clone(&counted) })
        });
        let variants = Variants::new(variants.collect());
        Self { rev: None, parts: vec![Part { seq: None, fragment: without(entered.len()), variants }] }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.fragment.is_empty())
    }
}

impl Part {
    fn message(message: &Message) -> Self {
        Self {
            seq: Some(message.seq()),
            fragment: render::message(message, false, render::LIVE),
            variants: Variants::new(vec![(message.author_key, render::message(message, true, render::LIVE).into())]),
        }
    }
}

impl Variants {
    pub fn new(mut fragments: Vec<(UserKey, Arc<str>)>) -> Self {
        fragments.sort_unstable_by_key(|(user, _)| *user);
        Self(fragments)
    }

    pub fn of(&self, user: UserKey) -> Option<&str> {
        let index = self.0.binary_search_by_key(&user, |(user, _)| *user).ok()?;
        Some(&self.0[index].1)
    }

    pub fn users(&self) -> impl Iterator<Item = UserKey> {
        self.0.iter().map(|(user, _)| *user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_who_enter_at_once_see_the_names_of_the_others() {
        let people = |count: usize| -> Vec<(UserKey, String)> {
            (0..count).map(|n| (UserKey::generate(), format!("N{n}"))).collect()
        };
        let text =
            |fragment: &str| fragment.split_once('>').map_or(String::new(), |(_, text)| text.replace("</li>", ""));
        let notices = |count: usize| -> Vec<String> {
            let people = people(count);
            let Part { fragment, variants, .. } = Entry::entered(&people).parts.remove(0);
            let own = people.iter().map(|(user, _)| text(variants.of(*user).unwrap()));
            std::iter::once(text(&fragment)).chain(own).collect()
        };
        assert_eq!(notices(0), [""]);
        assert_eq!(notices(1), ["N0 has entered the chat", ""]);
        let each = ["N0 and N1 have entered the chat", "N1 has entered the chat", "N0 has entered the chat"];
        assert_eq!(notices(2), each);
        assert_eq!(
            notices(4)[1..],
            ["N1, N2 and N3", "N0, N2 and N3", "N0, N1 and N3", "N0, N1 and N2"]
                .map(|who| { format!("{who} have entered the chat") })
        );
        let notices = notices(1000);
        assert_eq!(notices[0], "N0, N1 and 998 others have entered the chat");
        assert_eq!(notices[1], "N1, N2 and 997 others have entered the chat");
        assert!(notices[3..].iter().all(|fragment| fragment == "N0, N1 and 997 others have entered the chat"));
    }
}
