//! Runs the migrations. The collection `migrations` has a document for each one that was run. A migration can be repeated
//! without harm: two processes that start at once both run it.

use futures_util::TryStreamExt;
use mongodb::{
    Collection, Database,
    bson::{DateTime, Document, doc},
};

use super::{
    m0001_initial_schema, m0002_presence, m0003_removals, m0004_networks, m0005_log, m0006_live, m0007_rooms,
    m0008_mentions, m0009_sessions, m0010_administration, m0011_files,
};
use crate::store::{
    Error, Result,
    mongo::{
        driver::{with_timeout, with_timeout_raw},
        rights,
        unique_index::is_duplicate_key,
    },
};

/// The number of migrations that this natter knows. Each is a file of its own. A released file is never changed.
const LATEST: i32 = 11;

/// Refuses a database whose schema is not exactly this natter's.
pub async fn check_current(database: &Database) -> Result<()> {
    match done_migrations(database).await?.last() {
        None => Err(Error::Failed(format!("there is no natter database in {}", database.name()))),
        Some(&LATEST) => Ok(()),
        Some(newest) if *newest > LATEST => Err(Error::newer_schema(*newest as usize, LATEST as usize)),
        Some(newest) => Err(Error::earlier_schema(*newest as usize, LATEST as usize)),
    }
}

/// The numbers of the migrations that were run, in order.
async fn done_migrations(database: &Database) -> Result<Vec<i32>> {
    let migrations: Collection<Document> = database.collection("migrations");
    let done =
        with_timeout(async { migrations.find(doc! {}).sort(doc! { "_id": 1 }).await?.try_collect().await }).await;
    let done: Vec<Document> = done?;
    Ok(done.iter().filter_map(|migration| migration.get_i32("_id").ok()).collect())
}

pub async fn migrate(database: &Database) -> Result<()> {
    let migrations: Collection<Document> = database.collection("migrations");
    rights::check(database, &rights::USE).await?;
    let done = done_migrations(database).await?;
    if let Some(newest) = done.last().filter(|newest| **newest > LATEST) {
        return Err(Error::newer_schema(*newest as usize, LATEST as usize));
    }
    if (1..=LATEST).any(|number| !done.contains(&number)) {
        rights::check(database, &rights::MIGRATE).await?;
    }
    for number in (1..=LATEST).filter(|number| !done.contains(number)) {
        let name = match number {
            1 => m0001_initial_schema::run(database).await?,
            2 => m0002_presence::run(database).await?,
            3 => m0003_removals::run(database).await?,
            4 => m0004_networks::run(database).await?,
            5 => m0005_log::run(database).await?,
            6 => m0006_live::run(database).await?,
            7 => m0007_rooms::run(database).await?,
            8 => m0008_mentions::run(database).await?,
            9 => m0009_sessions::run(database).await?,
            10 => m0010_administration::run(database).await?,
            11 => m0011_files::run(database).await?,
            unknown => return Err(Error::Failed(format!("there is no migration {unknown}"))),
        };
        let record = doc! { "$setOnInsert": { "name": name, "at": DateTime::now() } };
        match with_timeout_raw(migrations.update_one(doc! { "_id": number }, record).upsert(true)).await {
            Err(error) if !is_duplicate_key(&error) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
