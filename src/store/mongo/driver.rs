//! Calling the driver: time limits and errors.

use std::{future::IntoFuture, time::Duration};

use mongodb::{Database, error::ErrorKind};

use crate::store::{Error, Result};

/// The maximum time of one operation. The driver itself sets no limit: it waits for a silent server without end.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// The maximum time of a whole transaction, including retries after conflicts, and of a commit with an unknown outcome.
/// The driver's own limit is 120 s.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(20);

/// The maximum time until the connections are closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The server's error code for a command that the user may not give.
const UNAUTHORIZED: i32 = 13;

/// Closes the connections, within [`CLOSE_TIMEOUT`]: the driver sets no limit.
pub async fn close(database: &Database) {
    if tokio::time::timeout(CLOSE_TIMEOUT, database.client().clone().shutdown().immediate(true)).await.is_err() {
        tracing::warn!(timeout = ?CLOSE_TIMEOUT, "connections to MongoDB not closed in time");
    }
}

/// Runs an operation of the driver for at most [`OPERATION_TIMEOUT`].
pub async fn with_timeout<T>(operation: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T> {
    Ok(with_timeout_raw(operation).await?)
}

/// As [`with_timeout`], with the driver's error, for callers that handle some errors differently.
pub async fn with_timeout_raw<T>(
    operation: impl IntoFuture<Output = mongodb::error::Result<T>>,
) -> mongodb::error::Result<T> {
    match tokio::time::timeout(OPERATION_TIMEOUT, operation.into_future()).await {
        Ok(done) => done,
        Err(_) => {
            let reason = format!("MongoDB did not answer within {} s", OPERATION_TIMEOUT.as_secs());
            Err(std::io::Error::new(std::io::ErrorKind::TimedOut, reason).into())
        }
    }
}

/// Runs a transaction for at most [`TRANSACTION_TIMEOUT`].
pub async fn transaction_with_timeout<T>(
    transaction: impl Future<Output = mongodb::error::Result<T>>,
) -> Result<mongodb::error::Result<T>> {
    let done = tokio::time::timeout(TRANSACTION_TIMEOUT, transaction).await;
    done.map_err(|_| Error::Failed("the outcome of a transaction is unknown".into()))
}

/// MongoDB's message contains the whole command, with data of users. Of it only the name is kept.
fn unauthorized(message: &str) -> String {
    if message.contains("requires authentication") {
        return "MongoDB requires a login; put user:password@ before the host in the address".into();
    }
    let (reason, command) = message.split_once(" { ").unwrap_or((message, ""));
    let name = command.split_once(':').map_or("", |(name, _)| name);
    format!("{} {name}; grant natter's user this right", reason.trim_end())
}

impl From<mongodb::error::Error> for Error {
    fn from(error: mongodb::error::Error) -> Self {
        match error.kind.as_ref() {
            // nothing was sent to any server
            ErrorKind::ServerSelection { .. } => {
                tracing::warn!("no MongoDB primary available");
                Self::Busy
            }
            ErrorKind::Command(command) if command.code == UNAUTHORIZED => Self::Failed(unauthorized(&command.message)),
            kind => Self::Failed(kind.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unauthorized;

    #[test]
    fn the_text_of_a_command_without_rights_has_no_data() {
        let message =
            r#"not authorized on UsersData to execute command { find: "users", filter: { email: "ada@b.org" } }"#;
        let text = unauthorized(message);
        assert_eq!(text, "not authorized on UsersData to execute command find; grant natter's user this right");
    }
}
