//! The objects of files: whether they are there with the right bytes, and whether each has an owner.

use super::{findings::Findings, people::Known};
use crate::{
    cli::{
        objects::{NamedObject, Owner},
        progress::Progress,
    },
    domain::{FileId, Timestamp},
    store::{self, Database, RowReader, UploadRow, WayOut, object_facts},
};

const OBJECTS: &str = "Files";
const AVATARS: &str = "Avatars";
const THUMBNAILS: &str = "Thumbnails";
const OWNERLESS: &str = "Objects without an owner";
const UPLOADS: &str = "Uploads that do not agree with messages";
const PAGE: u32 = 500;

/// Reads an object, and compares it with what its row says.
pub async fn check_object(
    database: &dyn Database,
    object: &NamedObject,
    findings: &mut Findings,
    progress: &mut Progress,
) -> store::Result<()> {
    let what = match object_facts(database.objects(), object.id).await {
        Ok(found) => {
            progress.advance(object.facts.map_or(0, |_| found.length));
            match object.facts {
                Some(facts) if facts.length != found.length => {
                    format!("has {} bytes instead of {}", found.length, facts.length)
                }
                Some(facts) if facts.sha256 != found.sha256 => {
                    "has other bytes: its SHA-256 is not the stored one".into()
                }
                _ => return Ok(()),
            }
        }
        Err(store::Error::NotFound) => "is missing".to_owned(),
        Err(store::Error::Failed(reason)) => format!("cannot be read: {reason}"),
        Err(error) => return Err(error),
    };
    // what was deleted since the rows were read is no loss
    if !database.without_owner(&[object.id.original()], Timestamp::now()).await?.is_empty() {
        return Ok(());
    }
    let what = format!("{} {what}", object.described(database).await);
    match &object.owner {
        Owner::Message { id, .. } if object.is_thumbnail() => {
            findings.correction(id).without_thumbnail.push(object.id.original());
            findings.add(THUMBNAILS, WayOut::Repair, what);
        }
        Owner::Message { .. } => findings.add(OBJECTS, WayOut::LostFile, what),
        Owner::Account { .. } => findings.add(AVATARS, WayOut::LostAvatar, what),
    }
    Ok(())
}

/// Before every upload: one that expired still has its object until natter removes it.
const LONG_AGO: Timestamp = Timestamp(-1_000_000_000_000);

/// Looks for objects that nothing has.
pub async fn check_owners(database: &dyn Database, findings: &mut Findings) -> store::Result<()> {
    let (objects, mut after) = (database.objects(), None);
    loop {
        let page = objects.objects_after(after, PAGE as usize).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(*last);
        let mut files: Vec<FileId> = page.iter().copied().map(FileId::original).collect();
        files.dedup();
        let unowned = database.without_owner(&files, LONG_AGO).await?;
        for id in page.into_iter().filter(|id| unowned.contains(&id.original())) {
            // it may have been removed meanwhile, together with what had it
            if objects.read(id, 0, 1).await.is_ok() {
                findings.add(OWNERLESS, WayOut::Repair, format!("no message and no upload has the object {id}"));
            }
        }
    }
}

/// Compares the uploads that messages are said to have with the files of messages.
pub async fn check_uploads(rows: &dyn RowReader, known: &mut Known, findings: &mut Findings) -> store::Result<()> {
    let mut after = None;
    loop {
        let page = rows.uploads_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for UploadRow { id, owner, size, is_taken } in page {
            match known.files.remove(&id) {
                Some(expected) if expected != size => {
                    let what = format!("the upload {id} has {size} bytes, and the file of its message {expected}");
                    findings.add(UPLOADS, WayOut::EarlierBackup, what);
                }
                None if is_taken => {
                    let what = format!(
                        "the upload {id} of the account {} is said to be of a message, and none has it",
                        owner.0
                    );
                    findings.add(UPLOADS, WayOut::MakeAnew, what);
                }
                _ => {}
            }
        }
    }
    for id in known.files.keys() {
        findings.add(
            UPLOADS,
            WayOut::MakeAnew,
            format!("the file {id} of a message is no upload: its object may be removed"),
        );
    }
    Ok(())
}
