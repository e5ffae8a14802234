//! Users whom a request names.

use std::collections::HashMap;

use super::{AppState, Error, Result};
use crate::domain::{Fields, Phrase, User, UserId, UserKey};

/// Most users that one request names.
pub const MAX_NAMED: usize = 200;

/// The users with these userIDs, each once.
///
/// # Errors
/// 422 at `members` if one of them does not exist, or if they are too many.
pub async fn find_all(state: &AppState, user_ids: &[String]) -> Result<Vec<User>> {
    let refuse = |reason: Phrase| Error::invalid(Fields::one("members", reason));
    if user_ids.len() > MAX_NAMED {
        return Err(refuse(Phrase::new("too-many-named").arg("max", MAX_NAMED)));
    }
    let unknown = |raw: &String| refuse(Phrase::new("no-such-user-named").arg("user", raw.clone()));
    let parse = |raw: &String| UserId::parse(raw).map_err(|_| unknown(raw));
    let ids: Vec<UserId> = user_ids.iter().map(parse).collect::<Result<_>>()?;
    let found = state.store.users(&ids).await?;
    let mut found: HashMap<String, User> = found.into_iter().map(|user| (user.user_id.folded(), user)).collect();
    if let Some((raw, _)) = user_ids.iter().zip(&ids).find(|(_, id)| !found.contains_key(&id.folded())) {
        return Err(unknown(raw));
    }
    Ok(ids.iter().filter_map(|id| found.remove(&id.folded())).collect())
}

/// # Errors
/// 422 at `members` if the account of one of them is disabled: nobody would read what is written to it.
pub fn refuse_disabled(users: &[User]) -> Result<()> {
    let Some(disabled) = users.iter().find(|user| user.disabled) else { return Ok(()) };
    let reason = Phrase::new("user-is-disabled").arg("user", disabled.user_id.to_string());
    Err(Error::invalid(Fields::one("members", reason)))
}

/// `me` and those of `users` who are others, by key and userID.
pub fn with_me<'a>(me: &'a User, users: &'a [User]) -> Vec<(UserKey, &'a str)> {
    let others = users.iter().filter(|user| user.key != me.key);
    std::iter::once(me).chain(others).map(|user| (user.key, user.user_id.as_str())).collect()
}
