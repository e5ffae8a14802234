//! Receives the bytes of an upload.

use axum::{body::Body, http::StatusCode};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use ring::digest::{Context, Digest, SHA256, digest};
use tokio::time::{Duration, timeout};

use super::{
    AppState, Error, Result,
    active_uploads::Turn,
    files::{file_empty, larger_than, too_large},
};
use crate::{
    domain::{File, FileKind, Phrase, SNIFFED_BYTES, Shown, Timestamp, beginning},
    media::MAX_PICTURE_BYTES,
    store::{self, FileFacts, Object, PART_BYTES, Upload},
};

/// The longest pause between two parts of a body. After it the upload is interrupted.
pub(super) const PAUSE: Duration = Duration::from_secs(30);
/// The bytes after which it is recorded how much is durable. If natter ends, the upload goes on from there.
const RECORD_INTERVAL: u64 = 16 << 20;

/// Writes an upload from where it is. Holds one part in memory.
pub struct Receiver {
    state: AppState,
    upload: Upload,
    /// The bytes that the object has.
    written: u64,
    recorded: u64,
    part: BytesMut,
    /// Of all bytes; `None` if another request has received some of them.
    digest: Option<Context>,
}

impl Receiver {
    pub fn new(state: &AppState, upload: Upload) -> Self {
        let (written, recorded) = (upload.received, upload.received);
        let digest = (written == 0).then(|| Context::new(&SHA256));
        Self { state: state.clone(), upload, written, recorded, part: BytesMut::new(), digest }
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
            self.record().await?;
            tracing::debug!(reason = interrupted, received = self.written, "upload interrupted");
            return Err(Error::new(StatusCode::BAD_REQUEST, Phrase::new("upload-interrupted")));
        }
        if self.written + (self.part.len() as u64) < self.upload.size {
            self.record().await?;
            return Ok(Received::Part(self.written));
        }
        self.finish().await.map(|file| Received::File(Box::new(file)))
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// 413 if they are more than the upload has, and the store's.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        if self.written + (self.part.len() + bytes.len()) as u64 > self.upload.size {
            let is_largest = self.upload.size == self.state.settings.files.max_file;
            return Err(if is_largest { too_large(&self.state) } else { too_long(self.upload.size) });
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PART_BYTES - self.part.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == PART_BYTES {
                self.write().await?;
            }
        }
        if self.written - self.recorded >= RECORD_INTERVAL {
            self.record().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let part = self.part.split().freeze();
        if let Some(digest) = &mut self.digest {
            digest.update(&part);
        }
        let length = part.len() as u64;
        self.upload.object.write(self.written, part).await.map_err(no_such_upload)?;
        self.written += length;
        Ok(())
    }

    /// Makes durable what was received, and records it.
    async fn record(&mut self) -> Result<()> {
        self.write().await?;
        if self.written > self.recorded {
            self.upload.object.sync().await.map_err(no_such_upload)?;
            let now = Timestamp::now();
            self.state.store.record_received(self.upload.object.id, self.written, now).await.map_err(no_such_upload)?;
            self.recorded = self.written;
        }
        Ok(())
    }

    /// Completes the upload: it has the bytes that were received.
    ///
    /// # Errors
    /// 404 if it has expired, 422 if it has no bytes, and the store's.
    pub async fn finish(mut self) -> Result<File> {
        // if natter ends before the upload is complete, no byte has to come again; what is recorded must be all that there is
        if self.recorded > 0 || self.written + self.part.len() as u64 > RECORD_INTERVAL {
            self.record().await?;
        }
        self.write().await?;
        if self.written == 0 {
            return Err(file_empty());
        }
        let facts = self.facts().await?;
        self.upload.object.finish(facts.size).await.map_err(no_such_upload)?;
        let id = self.upload.object.id;
        self.state.store.complete_upload(id, facts.clone(), Timestamp::now()).await.map_err(no_such_upload)?;
        metrics::counter!("natter_uploads_total").increment(1);
        Ok(facts.file(id, self.upload.name))
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
        let (object, size) = (&self.upload.object, self.written);
        let sha256 = match self.digest.take() {
            Some(digest) => digest.finish(),
            None => digest_of(object, size).await?.finish(),
        };
        let sha256 = bytes_of(&sha256)?;
        let beginning = (kind.shown() == Shown::Text).then(|| beginning(&start));
        Ok(FileFacts { kind, size, sha256, dimensions: None, has_thumbnail: false, beginning })
    }
}

impl Receiver {
    /// Removes what a picture tells of its place and its camera, and makes its thumbnail. `None` if it cannot be read.
    async fn picture(&mut self, kind: FileKind) -> Result<Option<FileFacts>> {
        // it would be seen with all that it tells
        if self.written > MAX_PICTURE_BYTES {
            return Err(larger_than(MAX_PICTURE_BYTES));
        }
        let Ok(reservation) = self.state.pictures.reserve().await else { return Ok(None) };
        let object = self.upload.object.clone();
        let file = object.whole().await?;
        let picture = match reservation.picture(kind, file.clone()).await {
            Ok(picture) => picture,
            // what cannot be shown can be downloaded, and tells as little
            Err(Some(cleaned)) => {
                self.replace(&cleaned).await?;
                return Ok(Some(facts_of(FileKind::Other, &cleaned)?));
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
        let facts = facts_of(kind, stored)?;
        let has_thumbnail = picture.thumbnail.is_some();
        Ok(Some(FileFacts { dimensions: Some(picture.dimensions), has_thumbnail, ..facts }))
    }

    /// Replaces what was received. If natter ends meanwhile, all bytes have to come again.
    async fn replace(&self, bytes: &Bytes) -> Result<()> {
        let object = &self.upload.object;
        self.state.store.record_received(object.id, 0, Timestamp::now()).await.map_err(no_such_upload)?;
        Ok(object.replace(bytes).await?)
    }
}

/// What is known of these bytes.
fn facts_of(kind: FileKind, bytes: &Bytes) -> Result<FileFacts> {
    let (size, sha256) = (bytes.len() as u64, bytes_of(&digest(&SHA256, bytes))?);
    Ok(FileFacts { kind, size, sha256, dimensions: None, has_thumbnail: false, beginning: None })
}

fn bytes_of(digest: &Digest) -> Result<[u8; 32]> {
    digest.as_ref().try_into().map_err(|_| store::Error::Failed("a digest of another length".into()).into())
}

/// What a request to an upload led to.
pub enum Received {
    /// The upload has this many bytes, and needs more.
    Part(u64),
    File(Box<File>),
}

async fn digest_of(object: &Object, size: u64) -> Result<Context> {
    let (mut digest, mut offset) = (Context::new(&SHA256), 0);
    while offset < size {
        let part: Bytes = object.read(offset, PART_BYTES).await?;
        if part.is_empty() {
            return Err(store::Error::Failed("an object ends early".into()).into());
        }
        digest.update(&part);
        offset += part.len() as u64;
    }
    Ok(digest)
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
