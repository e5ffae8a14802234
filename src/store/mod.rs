//! The port to the database: what natter needs of one, and nothing of how it is done.
//!
//! One trait per entity, implemented by private adapters, [`sqlite`] and [`mongo`]. Whoever holds a
//! `dyn Store` cannot tell which. The promises that the contract tests hold every adapter to:
//!
//! - A room's log is gap-free: `rev` counts 1, 2, 3 … in the order of commit, `seq` likewise for posts.
//! - A write has returned `Ok` only when it is durable, and [`Event`]s are sent only after that, in the
//!   order of commit.
//! - (author, client id) is unique: posting again returns the message that is already there.
//!
//! [`Transfer`] is for whole rows, between stores; [`NodeDatabase`] reads what the Node application left.

mod budget;
mod error;
mod events;
mod location;
mod mongo;
mod presence;
mod sqlite;
mod transfer;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
pub use budget::TEXT_BYTES;
pub use error::{Conflict, Error, Result};
pub use events::{Event, Events};
pub use location::{Location, MongoUrl};
pub use mongo::{NodeDatabase, NodeMessage, NodeMessages, NodeUser, NodeUsers, NodeValue};
pub use presence::{OnlineUser, PresenceStore, ProcessId, RENEWAL};
pub use transfer::{Account, MessageRow, Numbers, Revocation, Row, Table, Transfer};

use crate::domain::{
    Email, Message, Name, Network, Phone, Post, Role, RoomId, Timestamp, TokenId, User, UserId, UserKey,
};

/// A bcrypt hash in the modular crypt format, for the store's eyes and the password check's only.
#[derive(Clone)]
pub struct PasswordHash(pub String);

/// What signing up brings.
pub struct NewUser {
    pub user_id: UserId,
    pub name: Name,
    pub email: Email,
    pub phone: Phone,
    pub password: PasswordHash,
    /// `None`: an admin if they are the first user of all, else a member.
    pub role: Option<Role>,
}

/// What to change of a user; `None` leaves it as it is.
#[derive(Default)]
pub struct UserChanges {
    pub name: Option<Name>,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub role: Option<Role>,
    /// Raises [`User::version`], which voids every token and session of the user.
    pub password: Option<PasswordHash>,
}

/// What becomes of a deleted user's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRetention {
    /// They stay, under "deleted user".
    Keep,
    /// Each is deleted too, a change of its own in the log.
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

/// A page of the admin's table.
#[derive(Debug, Clone, Default)]
pub struct UserSearch {
    /// Part of a userID, a name, an e-mail address or a phone number, compared as [`fold`](crate::domain::fold)
    /// makes it; empty finds everybody.
    pub text: String,
    pub sort: SortUsersBy,
    pub descending: bool,
    pub offset: u32,
    pub limit: u32,
}

#[async_trait]
pub trait Users {
    /// # Errors
    /// [`Error::Conflict`] where the userID or the e-mail address is taken.
    async fn create_user(&self, new: NewUser) -> Result<User>;
    async fn user(&self, id: &UserId) -> Result<Option<User>>;
    /// The user with the hash to check a password against.
    async fn credentials(&self, id: &UserId) -> Result<Option<(User, PasswordHash)>>;
    /// Users in order of their userID, from behind `after`.
    async fn users_after(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>>;
    /// A page of the users found, and how many there are in all.
    async fn search_users(&self, search: &UserSearch) -> Result<(Vec<User>, u64)>;
    /// # Errors
    /// [`Error::NotFound`] where there is no such user, [`Error::Conflict`] where the e-mail address is taken
    /// or the last admin would stop being one.
    async fn update_user(&self, key: UserKey, changes: UserChanges) -> Result<User>;
    /// # Errors
    /// As [`Users::update_user`].
    async fn delete_user(&self, key: UserKey, messages: MessageRetention) -> Result<()>;
    /// The highest cost of all users' hashes. `None` where nobody has one.
    async fn highest_hash_cost(&self) -> Result<Option<u32>>;
    /// Replaces a hash of the password that stays, and so the version too. `false` where `old` is not the user's hash
    /// any more.
    async fn replace_hash(&self, key: UserKey, old: &PasswordHash, new: &PasswordHash) -> Result<bool>;
}

/// Most networks kept of a user, the ones noted last.
const NETWORKS_PER_USER: u32 = 16;
/// How long a network is kept after it was last noted, in seconds.
const NETWORK_LIFETIME: i64 = 90 * 24 * 3600;

/// The networks that users log in from. They go with their user.
#[async_trait]
pub trait Networks {
    /// When the network was last noted as one of the user's. `None` where it is not kept.
    async fn network_last_seen(&self, user: UserKey, network: Network) -> Result<Option<Timestamp>>;
    /// Notes that the user logged in from the network. Where the user is gone, it does nothing, or what it keeps is
    /// forgotten by [`Sessions::sweep`].
    async fn record_network(&self, user: UserKey, network: Network, now: Timestamp) -> Result<()>;
}

/// How the hashes that natter checks begin, each followed by its cost.
const HASH_VERSIONS: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

/// The cost that a bcrypt hash names, like `$2b$12$…`; 0 where it names none.
fn cost_named(hash: &str) -> u32 {
    hash.split('$').nth(2).and_then(|cost| cost.parse().ok()).unwrap_or_default()
}

/// A message that was posted, and whether this call or an earlier one did it.
#[derive(Debug, Clone)]
pub struct Posted {
    pub message: Message,
    pub repeat: bool,
}

/// Messages in order of `seq`.
#[derive(Debug, Clone)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Whether there are messages before the first of these.
    pub more: bool,
    /// The room's latest `rev` when the page was read: from here a reader catches up.
    pub head: u64,
}

/// Messages without the state of their room.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    pub messages: Vec<Message>,
    /// Whether there are more in the direction of reading.
    pub more: bool,
}

/// A room's log. Every method returns [`Error::NoSuchRoom`] where the room does not exist. No answer holds more
/// than [`TEXT_BYTES`] of text, so `more` can be set where fewer than `limit` messages are returned.
#[async_trait]
pub trait Log {
    /// Appends to the room's log. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the author's account is gone.
    async fn post(&self, post: Post) -> Result<Posted>;
    /// The last `limit` messages with `seq` under `before` (of all where it is `None`), deleted ones
    /// left out; only those of `author` where one is named.
    async fn page(&self, room: &RoomId, before: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page>;
    /// The latest `limit` messages of each author, in order of `seq`, deleted ones left out: one chunk for each
    /// author, in the order of `authors`. All chunks share one answer's bytes; each gets the latest first.
    async fn latest(&self, room: &RoomId, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>>;
    /// The first `limit` messages changed after `rev`, deleted ones too, in order of `rev`.
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk>;
    /// The room's latest `rev`; 0 in an empty one.
    async fn head(&self, room: &RoomId) -> Result<u64>;
}

/// A browser's session, as bytes that only the session layer reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session's secret id, hashed: who reads the database cannot take a session over.
    pub id: [u8; 32],
    pub data: Vec<u8>,
    pub expires: Timestamp,
}

#[async_trait]
pub trait Sessions {
    /// Adds a session; `false` where the id is taken.
    async fn create_session(&self, row: &SessionRow) -> Result<bool>;
    /// Updates a session that is there. One that was ended meanwhile stays ended.
    async fn save_session(&self, row: &SessionRow) -> Result<()>;
    async fn session(&self, id: &[u8; 32]) -> Result<Option<SessionRow>>;
    async fn delete_session(&self, id: &[u8; 32]) -> Result<()>;
    /// Forgets sessions and revocations that have expired by `now`, and networks that were last noted 90 days before;
    /// finishes removals of accounts that broke off.
    async fn sweep(&self, now: Timestamp) -> Result<()>;
    /// Voids a token until it would have expired anyway.
    async fn revoke_token(&self, token: TokenId, expires: Timestamp) -> Result<()>;
    /// The user behind a token or session, if it still holds: the account is there, its version is
    /// this one, and the token is not revoked.
    async fn authenticate(&self, user: UserKey, version: i64, token: TokenId) -> Result<Option<User>>;
}

/// Everything natter keeps.
#[async_trait]
pub trait Store: Users + Networks + Log + Sessions + Transfer + Send + Sync + 'static {
    /// The stream of what was committed. There is one; a second call gets `None`.
    fn events(&self) -> Option<Events>;
    /// Who is in, at every process on this database. `None` where it belongs to one process, which knows
    /// by itself.
    fn presence(&self) -> Option<Arc<dyn PresenceStore>>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<()>;
    /// The secret that all processes on this database share: the one stored, or else `fresh`, stored now.
    /// `None` where the database belongs to one process, which keeps its secret beside the data.
    async fn shared_secret(&self, fresh: &str) -> Result<Option<String>>;
    /// Waits for writes under way, and closes the database.
    async fn close(&self);
}

/// Opens the embedded database in `data_dir`, creating it or bringing it up to date as needed.
///
/// # Errors
/// Where the file cannot be used, or was written by a newer natter.
pub fn open_embedded(data_dir: &Path) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(sqlite::Sqlite::open(&data_dir.join("natter.db"))?))
}

/// Opens the MongoDB database that `url` names (`UsersData` where it names none), creating it or bringing
/// it up to date as needed.
///
/// # Errors
/// [`Error::Busy`] where no primary answers within seconds; [`Error::Failed`] with the way out where the
/// address is wrong, the server is no replica set, or the data was written by a newer natter.
pub async fn open_mongo(url: &str) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(mongo::Mongo::open(url).await?))
}

/// Opens the database at `location`.
///
/// # Errors
/// As [`open_embedded`] and [`open_mongo`].
pub async fn open(location: &Location) -> Result<Arc<dyn Store>> {
    match location {
        Location::Embedded(data_dir) => open_embedded(data_dir),
        Location::Mongo(url) => open_mongo(url.as_str()).await,
    }
}

/// Opens the database at `location` to copy from it: nothing there is made or changed.
///
/// # Errors
/// As [`open`], and where there is no natter, or one of another schema.
pub async fn open_source(location: &Location) -> Result<Arc<dyn Store>> {
    Ok(match location {
        Location::Embedded(dir) => Arc::new(sqlite::Sqlite::open_source(&dir.join("natter.db"))?),
        Location::Mongo(url) => Arc::new(mongo::Mongo::open_source(url.as_str()).await?),
    })
}

/// Opens the database at `location` to copy into it, also where an earlier copy was not finished.
///
/// # Errors
/// As [`open`].
pub async fn open_target(location: &Location) -> Result<Arc<dyn Store>> {
    Ok(match location {
        Location::Embedded(dir) => Arc::new(sqlite::Sqlite::open_target(&dir.join("natter.db"))?),
        Location::Mongo(url) => Arc::new(mongo::Mongo::open_target(url.as_str()).await?),
    })
}
