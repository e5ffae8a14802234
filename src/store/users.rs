//! Users: what a store keeps, changes and searches of them.

use async_trait::async_trait;

use super::{PasswordHash, Result};
use crate::domain::{
    About, AuditEntry, Email, Name, Person, Phone, Role, SettingsChanges, Timestamp, User, UserId, UserKey,
};

/// The fields of a new account.
pub struct NewUser {
    pub user_id: UserId,
    pub name: Name,
    pub email: Email,
    pub phone: Phone,
    pub password: PasswordHash,
    /// `None`: admin if there is no user yet, else member.
    pub role: Option<Role>,
    /// What an admin does by it. It is committed together with the account.
    pub entry: Option<AuditEntry>,
}

/// The fields to change of a user. A field that is `None` stays as it is.
#[derive(Default)]
pub struct UserChanges {
    pub name: Option<Name>,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub about: Option<About>,
    pub shows_last_seen: Option<bool>,
    pub settings: SettingsChanges,
    pub role: Option<Role>,
    /// Raises [`User::version`], which voids every token and session of the user, and the login link.
    pub password: Option<PasswordHash>,
    /// What an admin does by this change, for the audit list.
    pub entries: Vec<AuditEntry>,
}

/// Whether a deleted user's messages stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRetention {
    /// The messages stay, under "deleted user".
    Keep,
    /// Each message in each room is deleted too. Each deletion is its own change in the room's log.
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortUsersBy {
    #[default]
    UserId,
    Name,
    Email,
    Created,
}

/// The fields that a search looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Searched {
    /// UserID, name, e-mail address and phone number, for admins.
    #[default]
    All,
    /// UserID and name: what every user sees. Disabled accounts are left out.
    Names,
}

/// One page of a user search, as a table of users shows it.
#[derive(Debug, Clone, Default)]
pub struct UserSearch {
    /// Part of one of the fields. Compared in the form that
    /// [`fold`](crate::domain::fold) makes. Empty matches every user.
    pub text: String,
    pub fields: Searched,
    pub sort: SortUsersBy,
    pub descending: bool,
    pub offset: u32,
    pub limit: u32,
}

#[async_trait]
pub trait Users {
    /// # Errors
    /// [`Error::Conflict`](super::Error::Conflict) if the userID or the e-mail address is taken.
    async fn create_user(&self, new: NewUser) -> Result<User>;
    async fn user(&self, id: &UserId) -> Result<Option<User>>;
    /// Those of these users that exist, in any order.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>>;
    /// Those of these users that have an account, in any order.
    async fn people(&self, keys: &[UserKey]) -> Result<Vec<Person>>;
    /// The user and the hash that their password is checked against.
    async fn credentials(&self, id: &UserId) -> Result<Option<(User, PasswordHash)>>;
    /// The first `limit` users whose userID comes after `after`, in order of userID.
    async fn users_after(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>>;
    /// One page of the matching users, and the number of all matching users.
    async fn search_users(&self, search: &UserSearch) -> Result<(Vec<User>, u64)>;
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such user,
    /// [`Error::Conflict`](super::Error::Conflict) if the e-mail address is taken or no admin would be left.
    async fn update_user(&self, key: UserKey, changes: UserChanges) -> Result<User>;
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such user,
    /// [`Error::Conflict`](super::Error::Conflict) if no admin would be left.
    async fn delete_user(&self, key: UserKey, messages: MessageRetention) -> Result<()>;
    /// Records that these users were online until `at`.
    async fn record_seen(&self, users: &[UserKey], at: Timestamp) -> Result<()>;
    /// When each of these users was last online, in their order; `None` if unknown, or if the user does not show it.
    async fn last_seen(&self, users: &[UserKey]) -> Result<Vec<Option<Timestamp>>>;
    /// The highest cost of all users' hashes. `None` if there is no hash.
    async fn highest_hash_cost(&self) -> Result<Option<u32>>;
    /// Replaces the hash of an unchanged password, so the user's version stays too. `false` if `old` is no longer the
    /// user's hash.
    async fn replace_hash(&self, key: UserKey, old: &PasswordHash, new: &PasswordHash) -> Result<bool>;
}
