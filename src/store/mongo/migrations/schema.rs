//! Creating collections and indexes.

use std::{future::IntoFuture, time::Duration};

use backon::Retryable;
use mongodb::{
    Database, IndexModel,
    bson::{Document, doc},
    error::{Error, ErrorKind},
    options::IndexOptions,
};

use crate::store::{Result, mongo::driver::with_timeout_raw, retry};

/// The server's error code for a collection that exists already.
const NAMESPACE_EXISTS: i32 = 48;
/// The server's error code for a command that has to wait until an index of the collection is built.
const INDEX_BUILD_IN_PROGRESS: i32 = 12_587;
/// The shortest delay before such a command is given again.
const INDEX_BUILD_DELAY: Duration = Duration::from_secs(1);

/// Creates a collection with a validator, or sets the validator of an existing one.
pub async fn create_collection(database: &Database, name: &str, schema: Document) -> Result<()> {
    let validator = doc! { "$jsonSchema": schema };
    match with_timeout_raw(database.create_collection(name).validator(validator.clone())).await {
        Ok(()) => Ok(()),
        Err(error) if has_code(&error, NAMESPACE_EXISTS) => {
            let set = doc! { "collMod": name, "validator": validator };
            Ok(after_index_builds(|| database.run_command(set.clone())).await.map(drop)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives a command, again and again while an index of its collection is built: another natter may migrate at the same time.
pub async fn after_index_builds<T, F>(command: impl Fn() -> F) -> mongodb::error::Result<T>
where
    F: IntoFuture<Output = mongodb::error::Result<T>>,
{
    (|| with_timeout_raw(command()))
        .retry(retry::delays(INDEX_BUILD_DELAY))
        .when(|error| has_code(error, INDEX_BUILD_IN_PROGRESS))
        .notify(|_, retry_in| tracing::warn!(?retry_in, "migration waits: another natter builds an index"))
        .await
}

/// Whether a command failed with this code of the server.
pub fn has_code(error: &Error, code: i32) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == code)
}

pub fn index(name: &str, keys: Document, unique: bool) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).unique(unique).build();
    IndexModel::builder().keys(keys).options(options).build()
}

pub async fn create_indexes(database: &Database, name: &str, indexes: Vec<IndexModel>) -> Result<()> {
    // no time limit, because an index on a large collection takes long
    database.collection::<Document>(name).create_indexes(indexes).await?;
    Ok(())
}
