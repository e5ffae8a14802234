//! The errors of a store, without any driver's types.

pub type Result<T> = std::result::Result<T, Error>;

/// A rule of the data that a write would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("the userID is taken")]
    UserIdTaken,
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error("this is the last admin")]
    LastAdmin,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The record that the call needs does not exist, or was deleted.
    #[error("not found")]
    NotFound,
    /// The call names a room that does not exist.
    #[error("there is no such room")]
    NoSuchRoom,
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The queue of writes is full, or no server of the database answers. Nothing was written.
    #[error("the database is busy")]
    Busy,
    /// The database failed. The outcome of the write is unknown: a repeat with the same client id returns the message
    /// if it was stored.
    #[error("database: {0}")]
    Failed(String),
}
