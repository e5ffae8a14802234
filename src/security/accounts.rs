//! Creating and changing accounts from raw input. Sign-up, the account page, the admin's table, the JSON API and the
//! command line all use it.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::account_schema::{AboutInput, EmailInput, NameInput, PasswordInput, PhoneInput, RoleName, UserIdInput};
use super::passwords::{Busy, Passwords};
use crate::{
    domain::{
        About, AuditAction, AuditEntry, Email, Fields, Name, Password, Phone, Role, SettingsChanges, User, UserId,
    },
    store::{self, NewUser, Store, UserChanges},
};

// The JSON of `POST /api/users`, the sign-up form and the admin's form.
/// A new account, as typed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    #[serde(rename = "userID", default)]
    #[schema(value_type = UserIdInput, required = true)]
    pub user_id: String,
    #[serde(default)]
    #[schema(value_type = NameInput, required = true)]
    pub name: String,
    #[serde(default)]
    #[schema(value_type = EmailInput, required = true)]
    pub email: String,
    #[serde(default)]
    #[schema(value_type = PhoneInput)]
    pub phone: String,
    #[serde(default)]
    #[schema(value_type = PasswordInput, required = true)]
    pub password: SecretString,
}

// The JSON of `PATCH` and `PUT /api/users/{userID}`, the forms of the account page and the admin's form.
/// Changes of an account, as typed; fields left out stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountEdit {
    /// Cannot be changed; accepted if it is the one in the address.
    #[serde(rename = "userID")]
    pub user_id: Option<String>,
    #[schema(value_type = Option<NameInput>)]
    pub name: Option<String>,
    #[schema(value_type = Option<EmailInput>)]
    pub email: Option<String>,
    #[schema(value_type = Option<PhoneInput>)]
    pub phone: Option<String>,
    #[schema(value_type = Option<AboutInput>)]
    pub about: Option<String>,
    /// Whether others may see when the user was last online.
    #[serde(rename = "showsLastSeen")]
    pub shows_last_seen: Option<bool>,
    /// For admins.
    #[schema(value_type = Option<RoleName>)]
    pub role: Option<String>,
    #[schema(value_type = Option<PasswordInput>)]
    pub password: Option<SecretString>,
    /// The current password: needed to change one's own.
    #[serde(rename = "currentPassword")]
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<SecretString>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("invalid fields: {}", .0.iter().map(|(field, _)| field).collect::<Vec<_>>().join(", "))]
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
        self.add(raw, role, None).await
    }

    /// As [`Accounts::create`], of a member by an admin: it is in the audit list.
    ///
    /// # Errors
    /// Those of [`Accounts::create`].
    pub async fn create_by_admin(&self, admin: &User, raw: &NewAccount) -> Result<User, AccountError> {
        self.add(raw, Some(Role::Member), Some(admin)).await
    }

    async fn add(&self, raw: &NewAccount, role: Option<Role>, by: Option<&User>) -> Result<User, AccountError> {
        let mut fields = Fields::default();
        let user_id = fields.keep("userID", UserId::parse_new(&raw.user_id));
        let name = fields.keep("name", Name::parse(&raw.name));
        let email = fields.keep("email", Email::parse(&raw.email));
        let phone = fields.keep("phone", Phone::parse(&raw.phone));
        let password = fields.keep("password", Password::parse(raw.password.clone()));
        let (Some(user_id), Some(name), Some(email), Some(phone), Some(password)) =
            (user_id, name, email, phone, password)
        else {
            return Err(AccountError::Invalid(fields));
        };
        // checked before hashing, which takes about 250 ms; the unique index decides in a race
        if self.store.user(&user_id).await?.is_some() {
            return Err(store::Error::from(store::Conflict::UserIdTaken).into());
        }
        let password = self.passwords.hash(password).await?;
        let entry = |by: &User| AuditEntry::new(by.user_id.as_str(), AuditAction::UserCreated, user_id.as_str());
        let entry = by.map(entry);
        Ok(self.store.create_user(NewUser { user_id, name, email, phone, password, role, entry }).await?)
    }

    /// Changes an account. The caller has checked the permission, and the current password where it is needed;
    /// `user_id` and `current_password` are not used here.
    ///
    /// # Errors
    /// As [`Accounts::create`]; the store's `NotFound` if the account is deleted, and its conflict if the last admin
    /// would no longer be one.
    pub async fn edit(&self, user: &User, raw: &AccountEdit) -> Result<User, AccountError> {
        self.change(user, raw, Vec::new()).await
    }

    /// As [`Accounts::edit`], by an admin: what changes is in the audit list, but not what admins change of their own
    /// profile.
    ///
    /// # Errors
    /// Those of [`Accounts::edit`].
    pub async fn edit_by_admin(&self, admin: &User, user: &User, raw: &AccountEdit) -> Result<User, AccountError> {
        self.change(user, raw, entries(admin, user, raw)).await
    }

    async fn change(&self, user: &User, raw: &AccountEdit, entries: Vec<AuditEntry>) -> Result<User, AccountError> {
        let mut fields = Fields::default();
        // an unchanged name is not checked: it may be older than a rule
        let name = raw.name.as_deref().filter(|name| *name != user.name.as_str());
        let name = name.and_then(|name| fields.keep("name", Name::parse(name)));
        let email = raw.email.as_deref().and_then(|email| fields.keep("email", Email::parse(email)));
        let phone = raw.phone.as_deref().and_then(|phone| fields.keep("phone", Phone::parse(phone)));
        let about = raw.about.as_deref().and_then(|about| fields.keep("about", About::parse(about)));
        let role = raw.role.as_deref().and_then(|role| fields.keep("role", Role::parse(role)));
        let password = raw.password.clone().and_then(|raw| fields.keep("password", Password::parse(raw)));
        if !fields.is_empty() {
            return Err(AccountError::Invalid(fields));
        }
        let password = match password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let shows_last_seen = raw.shows_last_seen;
        let settings = SettingsChanges::default();
        let changes = UserChanges { name, email, phone, about, shows_last_seen, settings, role, password, entries };
        Ok(self.store.update_user(user.key, changes).await?)
    }
}

/// What an admin does by an edit.
fn entries(admin: &User, user: &User, raw: &AccountEdit) -> Vec<AuditEntry> {
    let entry = |action| AuditEntry::of_account(admin, action, user);
    let differs = |new: &Option<String>, old: &str| new.as_deref().is_some_and(|new| new.trim() != old);
    let is_edited = differs(&raw.name, user.name.as_str())
        || differs(&raw.email, user.email.as_str())
        || differs(&raw.phone, user.phone.as_str())
        || differs(&raw.about, user.about.as_str())
        || raw.shows_last_seen.is_some_and(|shows| shows != user.shows_last_seen);
    let is_other = admin.key != user.key;
    let role = raw.role.as_deref().filter(|role| *role != user.role.as_str());
    [
        (is_other && is_edited).then(|| entry(AuditAction::UserEdited)),
        role.map(|role| entry(AuditAction::RoleChanged).with_detail(role)),
        (is_other && raw.password.is_some()).then(|| entry(AuditAction::PasswordSet)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
