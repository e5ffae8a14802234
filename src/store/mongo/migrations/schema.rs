//! Creating collections and indexes.

use mongodb::{
    Database, IndexModel,
    bson::{Document, doc},
    error::ErrorKind,
    options::IndexOptions,
};

use crate::store::{
    Result,
    mongo::driver::{with_timeout, with_timeout_raw},
};

/// The server's error code for a collection that exists already.
const NAMESPACE_EXISTS: i32 = 48;

/// Creates a collection with a validator, or sets the validator of an existing one.
pub async fn create_collection(database: &Database, name: &str, schema: Document) -> Result<()> {
    let validator = doc! { "$jsonSchema": schema };
    match with_timeout_raw(database.create_collection(name).validator(validator.clone())).await {
        Ok(()) => Ok(()),
        Err(error) if exists(&error) => {
            with_timeout(database.run_command(doc! { "collMod": name, "validator": validator })).await.map(drop)
        }
        Err(error) => Err(error.into()),
    }
}

fn exists(error: &mongodb::error::Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == NAMESPACE_EXISTS)
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
