//! The errors of a store, without any driver's types.

use crate::domain::rules::Refusal;

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
    #[error("the name of an open room is taken")]
    RoomNameTaken,
    /// The user's files would have more bytes than a user's may have.
    #[error("the quota of the user is used up")]
    QuotaOfUser,
    #[error("the quota of the server is used up")]
    QuotaOfServer,
    /// The author has used the client id for a message in another room.
    #[error("the client id is used in another room")]
    ClientIdReused,
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
    /// The rules refuse the command.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// A command for the room itself changes nothing, because the room is already as it asks. There is no notice to return.
    #[error("nothing to change")]
    Unchanged,
    /// The queue of writes is full, or no server of the database answers. Nothing was written.
    #[error("the database is busy")]
    Busy,
    /// There is no space left. Nothing was recorded.
    #[error("the storage is full")]
    Full,
    /// The database failed. The outcome of the write is unknown: a repeat with the same client id returns the message
    /// if it was stored.
    #[error("database: {0}")]
    Failed(String),
}

impl Error {
    /// The data has a newer schema than the latest one that this natter knows.
    pub(super) fn newer_schema(schema: usize, latest: usize) -> Self {
        Self::Failed(format!(
            "the data was written by a newer natter (schema {schema}, this version knows {latest}): start that version, or \
             restore a backup"
        ))
    }

    /// The data has an earlier schema, and is not to be migrated.
    pub(super) fn earlier_schema(schema: usize, latest: usize) -> Self {
        Self::Failed(format!(
            "the data has schema {schema}, this natter needs {latest}: copy with the natter version that wrote it, or start \
             this version on it once"
        ))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchRoom => Self::NoSuchRoom,
            other => Self::Refused(other),
        }
    }
}
