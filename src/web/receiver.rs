//! Receives the bytes of an upload.

use axum::{body::Body, http::StatusCode};
use bytes::Bytes;
use futures_util::StreamExt;
use ring::digest::{Context, SHA256};
use tokio::time::{Duration, timeout};

use super::{
    AppState, Error, Result,
    active_uploads::Turn,
    files::{file_empty, larger_than, too_large},
    part_writer::PartWriter,
};
use crate::{
    domain::{File, FileKind, Phrase, SNIFFED_BYTES, Shown, Timestamp, beginning},
    media::MAX_PICTURE_BYTES,
    store::{self, FileFacts, Upload, sha256_of},
};

/// The longest pause between two parts of a body. After it the upload is interrupted.
pub(super) const PAUSE: Duration = Duration::from_secs(30);
/// The bytes after which it is recorded how much is durable. If natter ends, the upload goes on from there: a smaller file
/// comes again as a whole. A record costs three syncs.
const RECORD_INTERVAL: u64 = 64 << 20;

/// Writes an upload from where it is.
pub struct Receiver {
    state: AppState,
    upload: Upload,
    writer: PartWriter,
    /// The bytes that are recorded to be durable.
    recorded: u64,
}

impl Receiver {
    pub fn new(state: &AppState, upload: Upload) -> Self {
        let (writer, recorded) = (PartWriter::new(upload.object.clone(), upload.received), upload.received);
        Self { state: state.clone(), upload, writer, recorded }
    }

    /// Receives a body. It returns the file if the upload is complete, else the bytes that are durable.
    ///
    /// # Errors
    /// 413 if it is longer than the upload, 400 if it is interrupted, and the store's. What was received is kept.
    pub async fn body(mut self, body: Body, mut turn: Turn) -> Result<Received> {
        let mut body = body.into_data_stream();
        loop {
            let next = tokio::select! {
                next = timeout(PAUSE, body.next()) => next,
                () = turn.superseded() => Ok(Some(Err(axum::Error::new("a newer request goes on")))),
            };
            let interrupted = match next {
                Ok(None) => break,
                Ok(Some(Ok(bytes))) => {
                    self.push(&bytes).await?;
                    continue;
                }
                Ok(Some(Err(error))) => error.to_string(),
                Err(_) => "no more bytes came".to_owned(),
            };
            let recorded = self.record().await;
            self.freed_if_full(recorded).await?;
            tracing::debug!(reason = interrupted, received = self.recorded, "upload interrupted");
            return Err(Error::new(StatusCode::BAD_REQUEST, Phrase::new("upload-interrupted")));
        }
        if self.writer.length() < self.upload.size {
            let recorded = self.record().await;
            self.freed_if_full(recorded).await?;
            return Ok(Received::Part(self.recorded));
        }
        self.finish().await.map(|file| Received::File(Box::new(file)))
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// 413 if they are more than the upload has, and the store's.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.writer.length() + bytes.len() as u64 > self.upload.size {
            // a request that comes after this one finds nothing half written
            let _ = self.writer.wait().await;
            let is_largest = self.upload.size == self.state.settings.files.max_file;
            return Err(if is_largest { too_large(&self.state) } else { too_long(self.upload.size) });
        }
        let written = self.write(bytes).await;
        self.freed_if_full(written).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.push(bytes, self.upload.size).await.map_err(no_such_upload)?;
        if self.writer.length() - self.recorded >= RECORD_INTERVAL {
            self.record().await?;
        }
        Ok(())
    }

    /// Ends the upload if there was no space for all of it: what was written would take the space for an hour.
    async fn freed_if_full<T>(&mut self, done: Result<T>) -> Result<T> {
        if done.as_ref().is_err_and(|error| error.status == StatusCode::INSUFFICIENT_STORAGE) {
            let _ = self.writer.wait().await;
            let Upload { object, owner, .. } = &self.upload;
            // first the objects: the database may have no space to record the end
            let removed = object.remove().await.and(object.thumbnail().remove().await);
            let ended = self.state.store.end_upload(*owner, object.id).await;
            if let Err(error) = removed.and(ended) {
                tracing::warn!(%error, "space of an upload not freed");
            }
        }
        done
    }

    /// Makes durable what was received, and records it.
    async fn record(&mut self) -> Result<()> {
        self.writer.flush().await.map_err(no_such_upload)?;
        let length = self.writer.length();
        if length > self.recorded {
            self.upload.object.sync().await.map_err(no_such_upload)?;
            let now = Timestamp::now();
            self.state.store.record_received(&self.upload.object, length, now).await.map_err(no_such_upload)?;
            self.recorded = length;
        }
        Ok(())
    }

    /// Completes the upload: it has the bytes that were received.
    ///
    /// # Errors
    /// 404 if it has expired, 422 if it has no bytes, and the store's.
    pub async fn finish(mut self) -> Result<File> {
        let completed = self.complete().await;
        self.freed_if_full(completed).await
    }

    async fn complete(&mut self) -> Result<File> {
        // if natter ends before the upload is complete, no byte has to come again; what is recorded must be all that there is
        if self.recorded > 0 {
            self.record().await?;
        }
        self.writer.flush().await.map_err(no_such_upload)?;
        if self.writer.length() == 0 {
            return Err(file_empty());
        }
        let facts = self.facts().await?;
        self.upload.object.finish(facts.size).await.map_err(no_such_upload)?;
        let object = &self.upload.object;
        self.state.store.complete_upload(object, facts.clone(), Timestamp::now()).await.map_err(no_such_upload)?;
        metrics::counter!("natter_uploads_total").increment(1);
        Ok(facts.file(object.id, self.upload.name.clone()))
    }

    async fn facts(&mut self) -> Result<FileFacts> {
        let start = self.upload.object.read(0, SNIFFED_BYTES).await?;
        let kind = FileKind::sniff(&start);
        if kind.shown() == Shown::Picture
            && let Some(facts) = self.picture(kind).await?
        {
            return Ok(facts);
        }
        // a picture that cannot be read may be something else, and its metadata is in it
        let kind = if kind.shown() == Shown::Picture { FileKind::Other } else { kind };
        let (size, sha256) = (self.writer.length(), self.writer.sha256().await?);
        let beginning = (kind.shown() == Shown::Text).then(|| beginning(&start));
        Ok(FileFacts { kind, size, sha256, dimensions: None, has_thumbnail: false, beginning })
    }
}

impl Receiver {
    /// Removes what a picture tells of its place and its camera, and makes its thumbnail. `None` if it cannot be read.
    async fn picture(&mut self, kind: FileKind) -> Result<Option<FileFacts>> {
        // it would be seen with all that it tells
        if self.writer.length() > MAX_PICTURE_BYTES {
            return Err(larger_than(MAX_PICTURE_BYTES));
        }
        let reservation = self.state.pictures.reserve().await?;
        let object = self.upload.object.clone();
        let file = object.whole().await?;
        let picture = match reservation.picture(kind, file.clone()).await? {
            Ok(picture) => picture,
            // what cannot be shown can be downloaded, and tells as little
            Err(Some(cleaned)) => {
                self.replace(&cleaned).await?;
                return Ok(Some(facts_of(FileKind::Other, &cleaned)));
            }
            Err(None) => return Ok(None),
        };
        if let Some(cleaned) = &picture.bytes {
            self.replace(cleaned).await?;
        }
        if let Some(thumbnail) = &picture.thumbnail {
            object.thumbnail().replace(thumbnail).await?;
        }
        let stored = picture.bytes.as_ref().unwrap_or(&file);
        let facts = facts_of(kind, stored);
        let has_thumbnail = picture.thumbnail.is_some();
        Ok(Some(FileFacts { dimensions: Some(picture.dimensions), has_thumbnail, ..facts }))
    }

    /// Replaces what was received. If natter ends meanwhile, all bytes have to come again.
    async fn replace(&self, bytes: &Bytes) -> Result<()> {
        let object = &self.upload.object;
        self.state.store.record_received(object, 0, Timestamp::now()).await.map_err(no_such_upload)?;
        Ok(object.replace(bytes).await?)
    }
}

/// What is known of these bytes.
fn facts_of(kind: FileKind, bytes: &Bytes) -> FileFacts {
    let mut digest = Context::new(&SHA256);
    digest.update(bytes);
    let (size, sha256) = (bytes.len() as u64, sha256_of(digest));
    FileFacts { kind, size, sha256, dimensions: None, has_thumbnail: false, beginning: None }
}

/// What a request to an upload led to.
pub enum Received {
    /// The upload has this many bytes, and needs more.
    Part(u64),
    File(Box<File>),
}

fn too_long(size: u64) -> Error {
    let reason = format!("More bytes came than the {size} that the upload has.");
    Error::new(StatusCode::BAD_REQUEST, Phrase::english(reason))
}

/// The error of an upload that does not exist, is another user's, or has expired.
pub fn no_such_upload(error: store::Error) -> Error {
    match error {
        store::Error::NotFound => Error::not_found("no-such-upload"),
        other => other.into(),
    }
}
