//! Calling the driver: time limits and errors.

use std::{future::IntoFuture, time::Duration};

use mongodb::error::ErrorKind;

use crate::store::{Error, Result};

/// The maximum time of one operation. The driver itself sets no limit: it waits for a silent server without end.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

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

impl From<mongodb::error::Error> for Error {
    fn from(error: mongodb::error::Error) -> Self {
        match error.kind.as_ref() {
            // nothing was sent to any server
            ErrorKind::ServerSelection { .. } => {
                tracing::warn!("no MongoDB primary available");
                Self::Busy
            }
            kind => Self::Failed(kind.to_string()),
        }
    }
}
