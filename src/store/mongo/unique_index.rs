//! The unique indexes, and which one of them a write broke.

use mongodb::error::{ErrorKind, WriteFailure};

use crate::store::{Conflict, Error};

/// Unique over users' folded userIDs.
pub const USER_ID_INDEX: &str = "user_id";
/// Unique over users' folded e-mail addresses.
pub const EMAIL_INDEX: &str = "email";
/// Unique over (author, client id) of messages.
pub const CLIENT_INDEX: &str = "author_client";
/// Unique over the ids of messages' files: an upload becomes a file of one message.
pub const FILE_INDEX: &str = "file";
/// MongoDB's name for the index over `_id`.
pub const ID_INDEX: &str = "_id_";

/// The server's error code for a write that breaks a unique index.
pub const DUPLICATE_KEY: i32 = 11000;

pub fn is_duplicate_key(error: &mongodb::error::Error) -> bool {
    duplicate_key_message(error).is_some()
}

/// The name of the unique index that the write broke, if that is the error.
pub fn broken_index(error: &mongodb::error::Error) -> Option<&str> {
    duplicate_key_message(error).map(index_in_message)
}

/// The name of the index in the server's message about a broken unique index.
pub fn index_in_message(message: &str) -> &str {
    message.split_once("index: ").and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or_default()
}

/// A conflict if the write of an account broke a unique index, else the driver's error.
pub fn account_error(error: mongodb::error::Error) -> Error {
    match broken_index(&error) {
        Some(USER_ID_INDEX) => Conflict::UserIdTaken.into(),
        Some(EMAIL_INDEX) => Conflict::EmailTaken.into(),
        _ => error.into(),
    }
}

fn duplicate_key_message(error: &mongodb::error::Error) -> Option<&str> {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(error)) if error.code == DUPLICATE_KEY => Some(&error.message),
        ErrorKind::Command(error) if error.code == DUPLICATE_KEY => Some(&error.message),
        _ => None,
    }
}
