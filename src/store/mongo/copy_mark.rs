//! The mark of an unfinished `natter copy`: a document in the collection `natter`.

use mongodb::bson::{DateTime, Document, doc};

use super::{collections::Collections, driver::with_timeout};
use crate::store::{Error, Result, transfer::UNFINISHED_COPY};

pub async fn is_unfinished(db: &Collections) -> Result<bool> {
    Ok(with_timeout(db.natter.find_one(mark())).await?.is_some())
}

pub async fn mark_unfinished(db: &Collections) -> Result<()> {
    let since = doc! { "$set": { "since": DateTime::now() } };
    with_timeout(db.natter.update_one(mark(), since).upsert(true)).await.map(drop)
}

pub async fn mark_finished(db: &Collections) -> Result<()> {
    with_timeout(db.natter.delete_one(mark())).await.map(drop)
}

pub async fn refuse_unfinished(db: &Collections) -> Result<()> {
    if is_unfinished(db).await? { Err(Error::Failed(UNFINISHED_COPY.into())) } else { Ok(()) }
}

fn mark() -> Document {
    doc! { "_id": "unfinishedCopy" }
}
