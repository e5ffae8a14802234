//! Users whom a request names.

use crate::{
    domain::{Fields, Phrase, User, UserId},
    web::{AppState, Error, Result},
};

/// Most users that one request names.
pub(super) const MAX_NAMED: usize = 200;

/// The users with these userIDs, each once.
///
/// # Errors
/// 422 at `members` if one of them does not exist, or if they are too many.
pub(super) async fn find_all(state: &AppState, user_ids: &[String]) -> Result<Vec<User>> {
    let refuse = |reason: Phrase| Error::invalid(Fields::one("members", reason));
    if user_ids.len() > MAX_NAMED {
        return Err(refuse(Phrase::new("too-many-named").arg("max", MAX_NAMED)));
    }
    let mut users: Vec<User> = Vec::with_capacity(user_ids.len());
    for raw in user_ids {
        let user = match UserId::parse(raw) {
            Ok(user_id) => state.store.user(&user_id).await?,
            Err(_) => None,
        };
        let user = user.ok_or_else(|| refuse(Phrase::new("no-such-user-named").arg("user", raw.clone())))?;
        if users.iter().all(|other| other.key != user.key) {
            users.push(user);
        }
    }
    Ok(users)
}

/// The userIDs in a form's field: separated by spaces, commas or lines, with or without `@`.
pub(super) fn user_ids(field: &str) -> Vec<String> {
    let words = field.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    let user_ids = words.map(|word| word.trim_start_matches('@')).filter(|word| !word.is_empty());
    user_ids.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_separated_by_spaces_commas_and_lines() {
        assert_eq!(user_ids(" ada, @bob;cyd\r\n d.e-f "), ["ada", "bob", "cyd", "d.e-f"]);
        assert_eq!(user_ids(" , @ "), [""; 0]);
    }
}
