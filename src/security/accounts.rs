//! Creates and changes accounts: takes raw input, returns users or field errors. Sign-up, the account page, the admin's
//! table, the JSON API and the command line all use it.

use std::sync::Arc;

use secrecy::SecretString;

use super::passwords::{Busy, Passwords};
use crate::{
    domain::{Email, Fields, Name, Password, Phone, Role, User, UserId},
    store::{self, NewUser, Store, UserChanges},
};

/// The raw input for a new account.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    pub user_id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub password: SecretString,
}

/// The raw input for a change of an account; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountEdit {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub role: Option<String>,
    pub password: Option<SecretString>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("{}", .0.iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join(" "))]
    Invalid(Fields),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] store::Error),
}

#[derive(Clone)]
pub struct Accounts {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<Passwords>,
}

impl Accounts {
    /// Creates an account. For `role` see [`NewUser::role`].
    ///
    /// # Errors
    /// [`AccountError::Invalid`] with every invalid field; [`AccountError::Busy`] if too many hashes wait; the store's
    /// conflict if the userID or the e-mail address is taken.
    pub async fn create(&self, raw: &NewAccount, role: Option<Role>) -> Result<User, AccountError> {
        let mut fields = Fields::default();
        let user_id = fields.keep("userID", UserId::parse(&raw.user_id));
        let name = fields.keep("name", Name::parse(&raw.name));
        let email = fields.keep("email", Email::parse(&raw.email));
        let phone = fields.keep("phone", Phone::parse(&raw.phone));
        let password = fields.keep("password", Password::parse(raw.password.clone()));
        let (Some(user_id), Some(name), Some(email), Some(phone), Some(password)) =
            (user_id, name, email, phone, password)
        else {
            return Err(AccountError::Invalid(fields));
        };
        // saves the quarter second of hashing; the unique index decides, because two sign-ups may come at once
        if self.store.user(&user_id).await?.is_some() {
            return Err(store::Error::from(store::Conflict::UserIdTaken).into());
        }
        let password = self.passwords.hash(password).await?;
        Ok(self.store.create_user(NewUser { user_id, name, email, phone, password, role }).await?)
    }

    /// Changes an account. The caller must have checked the permission.
    ///
    /// # Errors
    /// As [`Accounts::create`]; the store's `NotFound` if the account is deleted, and its conflict if the last admin
    /// would no longer be one.
    pub async fn edit(&self, user: &User, raw: &AccountEdit) -> Result<User, AccountError> {
        let mut fields = Fields::default();
        // forms send the unchanged name too, and it may be older than the rules for names: it stays
        let name = raw.name.as_deref().filter(|name| *name != user.name.as_str());
        let name = name.and_then(|name| fields.keep("name", Name::parse(name)));
        let email = raw.email.as_deref().and_then(|email| fields.keep("email", Email::parse(email)));
        let phone = raw.phone.as_deref().and_then(|phone| fields.keep("phone", Phone::parse(phone)));
        let role = raw.role.as_deref().and_then(|role| fields.keep("role", Role::parse(role)));
        let password = raw.password.clone().and_then(|raw| fields.keep("password", Password::parse(raw)));
        if !fields.is_empty() {
            return Err(AccountError::Invalid(fields));
        }
        let password = match password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        Ok(self.store.update_user(user.key, UserChanges { name, email, phone, role, password }).await?)
    }
}
