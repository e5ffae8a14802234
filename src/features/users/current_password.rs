//! Changes that need the current password.

use secrecy::SecretString;

use crate::{
    domain::{Fields, Network, Phrase, User},
    security::login::LoginError,
    web::{AppState, Error, Result},
};

/// Checks the current password of `user`, which was sent as `field`.
///
/// # Errors
/// 422 at `field` if it is wrong: a 401 would say that the session has ended. 429 after too many attempts.
pub(super) async fn check_current_password(
    state: &AppState,
    user: &User,
    password: SecretString,
    from: Network,
    field: &str,
) -> Result<()> {
    state.logins.confirm(user, password, from).await.map_err(|error| match error {
        LoginError::WrongPassword => Error::invalid(Fields::one(field, Phrase::new("current-password-wrong"))),
        other => other.into(),
    })
}
