//! Removing the objects that nothing has any more. An object is removed before its upload is forgotten, so that after an
//! interruption the next sweep finds it again.

use super::{Database, Objects, Result};
use crate::domain::{FileId, Timestamp};

/// Objects or uploads that are looked at in one read.
const PAGE: u32 = 500;

/// Removes the objects of uploads that expired, and of files whose message is deleted. Returns how many there were.
///
/// # Errors
/// The store's. What is left is removed by the next call.
pub async fn remove_expired_objects(database: &dyn Database, now: Timestamp) -> Result<u64> {
    let mut removed = 0;
    loop {
        let expired = database.expired_uploads(now, PAGE).await?;
        remove(database, &expired).await?;
        removed += expired.len() as u64;
        // not all of a page are expired if some are found to be files of messages
        if expired.is_empty() {
            return Ok(removed);
        }
    }
}

/// Looks at all objects, and removes those that nothing has: an interruption left them. Returns how many there were.
///
/// # Errors
/// The store's.
pub async fn remove_objects_without_owner(database: &dyn Database, now: Timestamp) -> Result<u64> {
    let (objects, mut after, mut removed) = (database.objects(), None, 0);
    loop {
        let page = objects.objects_after(after, PAGE as usize).await?;
        let Some(last) = page.last() else { return Ok(removed) };
        after = Some(*last);
        // a thumbnail belongs to what its file belongs to
        let mut files: Vec<FileId> = page.iter().copied().map(FileId::original).collect();
        files.dedup();
        let unowned = database.without_owner(&files, now).await?;
        remove(database, &unowned).await?;
        removed += unowned.len() as u64;
    }
}

/// Removes all objects, whatever has them.
pub(super) async fn remove_all_objects(objects: &dyn Objects) -> Result<()> {
    loop {
        let page = objects.objects_after(None, PAGE as usize).await?;
        if page.is_empty() {
            return Ok(());
        }
        for id in page {
            objects.remove(id).await?;
        }
    }
}

async fn remove(database: &dyn Database, ids: &[FileId]) -> Result<()> {
    let objects = database.objects();
    for id in ids {
        objects.remove(*id).await?;
        objects.remove(id.thumbnail()).await?;
    }
    if ids.is_empty() { Ok(()) } else { database.forget_uploads(ids).await }
}
