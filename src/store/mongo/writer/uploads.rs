//! The uploads that posts make files of.

use std::collections::VecDeque;

use tokio::time::sleep;

use super::{jobs::Queued, publish::Committed, room_writer::RoomWriter, write::MAJORITY_DELAY};
use crate::{
    domain::{
        FileId, Message, Timestamp,
        rules::{Refusal, Upload},
    },
    store::{Result, mongo::upload_documents::UploadDoc},
};

impl RoomWriter {
    /// Reads the uploads that the posts name, and keeps them until the posts are written.
    pub async fn find_uploads(&self, queued: &mut VecDeque<Queued>) -> Result<()> {
        let ids: Vec<FileId> = queued.iter().flat_map(|queued| queued.command.action.uploads()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let found = self.db.keep_uploads(&ids, Timestamp::now()).await?;
        let found: Vec<Upload> = found.into_iter().filter_map(UploadDoc::complete).collect();
        for queued in queued.iter_mut() {
            let named: Vec<FileId> = queued.command.action.uploads().collect();
            queued.uploads = found.iter().filter(|upload| named.contains(&upload.file.id)).cloned().collect();
        }
        Ok(())
    }

    /// Answers the first command, which names an upload that a stored message has.
    pub async fn answer_file_taken(&mut self, waiting: &mut VecDeque<Queued>) -> Result<()> {
        let mut session = self.db.reads().await?;
        let Some(queued) = waiting.front() else { return Ok(()) };
        let ids: Vec<FileId> = queued.command.action.uploads().collect();
        if self.db.messages_with_files(&ids).await?.is_empty() {
            sleep(MAJORITY_DELAY).await;
        } else if let Some(queued) = waiting.pop_front() {
            self.refuse(queued, Refusal::NoSuchUpload.into(), &mut session).await;
        }
        Ok(())
    }

    /// Records which uploads became files of messages, and ends those that no message has any more. The sweep of the objects
    /// does what fails here.
    pub async fn record_files(&self, committed: &[Committed]) {
        let is_post = |done: &&Committed| done.queued.post().is_some();
        let taken = committed.iter().filter(is_post).flat_map(|done| &done.message.files);
        let taken: Vec<FileId> = taken.map(|file| file.id).collect();
        let removed: Vec<FileId> = committed.iter().flat_map(|done| done.removed_files.iter().copied()).collect();
        let mut done = Ok(());
        if !taken.is_empty() {
            done = self.db.take_uploads(&self.room, &taken).await;
        }
        // also of a post that a deletion follows in the same write
        if !removed.is_empty() {
            done = done.and(self.db.end_uploads_with_ids(&removed).await);
        }
        if let Err(error) = done {
            tracing::warn!(room = self.room.as_str(), %error, "files not recorded");
        }
    }
}

/// The files that a message has not any more after a change.
pub fn removed_files(before: Option<&Message>, after: &Message) -> Vec<FileId> {
    let has = |id| after.files.iter().any(|file| file.id == id);
    before.iter().flat_map(|before| &before.files).map(|file| file.id).filter(|id| !has(*id)).collect()
}
