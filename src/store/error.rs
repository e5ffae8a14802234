//! What can go wrong with a store, free of any driver's types.

pub type Result<T> = std::result::Result<T, Error>;

/// A rule of the data that a write would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("Somebody has this userID already. Use another.")]
    UserIdTaken,
    #[error("There is an account with this e-mail address already.")]
    EmailTaken,
    #[error("This is the last admin. Make somebody else an admin first.")]
    LastAdmin,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// What the call is about is not there (any more).
    #[error("not found")]
    NotFound,
    /// The call names a room that does not exist.
    #[error("there is no such room")]
    NoSuchRoom,
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// More writes are waiting than the database can take in reasonable time, or no server of it answers;
    /// nothing was written.
    #[error("the database is busy")]
    Busy,
    /// The database failed. Whether the write was carried out is unknown: a repeat with the same client
    /// id tells.
    #[error("database: {0}")]
    Failed(String),
}
