//! What can go wrong with the index.

use std::{fmt, io};

use rusqlite::ErrorCode;

use crate::store;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug)]
pub enum Error {
    /// The file is damaged, deleted, or of another version. It is deleted and made anew.
    Unusable,
    /// There is no file yet.
    NotThere,
    /// The disk is full.
    Full,
    Failed(rusqlite::Error),
    /// The store failed, whose logs are indexed, or the work was given up.
    Store(store::Error),
    /// The file cannot be locked or deleted, or there is no thread for it.
    File(io::Error),
}

impl Error {
    /// Whether there was no more time for a search.
    pub(super) fn is_interrupted(&self) -> bool {
        matches!(self, Self::Failed(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Unusable,
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable => f.write_str("the search index is damaged or of another version"),
            Self::Store(error) => write!(f, "{error}"),
            Self::NotThere => f.write_str("there is no search index yet"),
            Self::Full => f.write_str("the disk is full"),
            Self::File(error) => write!(f, "the file of the search index cannot be used: {error}"),
            Self::Failed(error) => write!(f, "the search index failed: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}
