//! Who gave which emoji to a message.

use std::collections::HashMap;

use crate::{
    domain::{Message, Person, Reaction, UserKey},
    web::{AppState, Result},
};

/// Most people who are named for an emoji: those who gave it last.
pub(super) const MAX_NAMED: usize = 200;

/// An emoji, and who gave it.
pub(super) struct Reactors {
    pub emoji: String,
    /// Of all who gave it.
    pub count: u64,
    /// Whether the reader gave it.
    pub mine: bool,
    /// In the order in which they gave it.
    pub people: Vec<Person>,
    /// How many are not named.
    pub others: u64,
}

/// The emoji of a message, in the order in which each was first given.
///
/// # Errors
/// The store's.
pub(super) async fn reactors(state: &AppState, message: &Message, reader: UserKey) -> Result<Vec<Reactors>> {
    let named = |users: &'_ [UserKey]| users[users.len().saturating_sub(MAX_NAMED)..].to_vec();
    let mut keys: Vec<UserKey> = message.reactions.iter().flat_map(|reaction| named(&reaction.users)).collect();
    keys.sort_unstable();
    keys.dedup();
    let people = state.store.people(&keys).await?;
    let people: HashMap<UserKey, Person> = people.into_iter().map(|person| (person.key, person)).collect();
    let of = |reaction: &Reaction| {
        let people: Vec<Person> = named(&reaction.users).iter().filter_map(|key| people.get(key).cloned()).collect();
        Reactors {
            emoji: reaction.emoji.as_str().to_owned(),
            count: reaction.users.len() as u64,
            mine: reaction.users.contains(&reader),
            others: (reaction.users.len() - people.len()) as u64,
            people,
        }
    };
    Ok(message.reactions.iter().map(of).collect())
}
