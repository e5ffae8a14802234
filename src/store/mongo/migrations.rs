//! Brings a database to the schema of this natter. The collection `migrations` has a document for each
//! step taken. A step can be taken again without harm: two processes that start at once both take it.

mod m0001_first_shape;
mod m0002_presence;
mod m0003_removals;
mod m0004_networks;

use futures_util::TryStreamExt;
use mongodb::{
    Collection, Database, IndexModel,
    bson::{DateTime, Document, doc},
    error::ErrorKind,
    options::IndexOptions,
};

use super::{bounded, timed};
use crate::store::{Error, Result};

/// Unique over users' folded userIDs.
pub const USER_ID_INDEX: &str = "user_id";
/// Unique over users' folded e-mail addresses.
pub const EMAIL_INDEX: &str = "email";
/// Unique over (author, client id) of messages.
pub const CLIENT_INDEX: &str = "author_client";
/// What MongoDB calls the one over `_id`.
pub const ID_INDEX: &str = "_id_";

/// The server's code for a collection that is there already.
const NAMESPACE_EXISTS: i32 = 48;
/// How many steps this natter knows. Each is a file of its own, never changed once released.
const STEPS: i32 = 4;

/// Refuses a database that is not exactly of this natter's schema.
pub async fn check_current(database: &Database) -> Result<()> {
    match done(database).await?.last() {
        None => Err(Error::Failed(format!("there is no natter in the database {}", database.name()))),
        Some(&STEPS) => Ok(()),
        Some(newest) => Err(Error::Failed(format!(
            "the data is of schema {newest}, this natter knows {STEPS}: start the natter to copy with once on it, or use its own",
        ))),
    }
}

/// The steps that were taken, in order.
async fn done(database: &Database) -> Result<Vec<i32>> {
    let migrations: Collection<Document> = database.collection("migrations");
    let done = bounded(async { migrations.find(doc! {}).sort(doc! { "_id": 1 }).await?.try_collect().await }).await;
    let done: Vec<Document> = done?;
    Ok(done.iter().filter_map(|step| step.get_i32("_id").ok()).collect())
}

pub async fn migrate(database: &Database) -> Result<()> {
    let migrations: Collection<Document> = database.collection("migrations");
    let done = done(database).await?;
    if let Some(newest) = done.last().filter(|newest| **newest > STEPS) {
        return Err(Error::Failed(format!(
            "the data was written by a newer natter (schema {newest}, this one knows {STEPS}): run that one, or restore a backup",
        )));
    }
    for step in (1..=STEPS).filter(|step| !done.contains(step)) {
        let name = match step {
            1 => m0001_first_shape::run(database).await?,
            2 => m0002_presence::run(database).await?,
            3 => m0003_removals::run(database).await?,
            4 => m0004_networks::run(database).await?,
            unknown => return Err(Error::Failed(format!("there is no migration {unknown}"))),
        };
        let record = doc! { "$setOnInsert": { "name": name, "at": DateTime::now() } };
        match timed(migrations.update_one(doc! { "_id": step }, record).upsert(true)).await {
            Err(error) if super::duplicate(&error).is_none() => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Makes a collection with a validator, or gives it to the one that is there.
async fn collection(database: &Database, name: &str, schema: Document) -> Result<()> {
    let validator = doc! { "$jsonSchema": schema };
    match timed(database.create_collection(name).validator(validator.clone())).await {
        Ok(()) => Ok(()),
        Err(error) if is_there(&error) => {
            bounded(database.run_command(doc! { "collMod": name, "validator": validator })).await.map(drop)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_there(error: &mongodb::error::Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == NAMESPACE_EXISTS)
}

fn index(name: &str, keys: Document, unique: bool) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).unique(unique).build();
    IndexModel::builder().keys(keys).options(options).build()
}

async fn indexes(database: &Database, name: &str, indexes: Vec<IndexModel>) -> Result<()> {
    // not bounded: on a large collection an index takes as long as it takes
    database.collection::<Document>(name).create_indexes(indexes).await?;
    Ok(())
}
