//! The form of a message as it was sent: with files it is `multipart/form-data`.

use std::str::FromStr;

use axum::{
    RequestExt,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde::{Deserialize, Deserializer, de};
use tokio::time::timeout;

use super::{
    AppState, Error, Form, Result,
    change::{Draft, FORM_MAX},
    files::{begin_upload, too_large},
    form_body::{FormBody, NoProgress, Unused},
    receiver::{PAUSE, Receiver},
};
use crate::{
    domain::{AltText, Attachment, Fields, FileId, FileName, MAX_FILES, Phrase, Timestamp, UserKey, rules::Refusal},
    store::NewUpload,
};

/// The fields of a message's form.
#[derive(Debug, Default, Deserialize)]
pub struct MessageForm {
    #[serde(default)]
    pub message: String,
    #[serde(rename = "clientID", default)]
    pub client_id: String,
    /// The `seq` of the message that it replies to.
    #[serde(rename = "replyTo", default, deserialize_with = "empty_as_none")]
    pub reply_to: Option<u64>,
    /// The `seq` of the root, if the form is on the page of a thread.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub thread: Option<u64>,
    /// Whether it may mention any number of people.
    #[serde(default)]
    pub confirmed: bool,
    /// The last `seq` on the page, and the version of the mark when it was read; not of a conversation that has no room
    /// yet.
    pub read: Option<u64>,
    pub version: Option<u64>,
    /// The uploads that came with it, and those of an earlier attempt.
    #[serde(skip)]
    pub files: Vec<Attachment>,
    /// The names of `files`.
    #[serde(skip)]
    pub names: Vec<String>,
}

/// A field that is there and empty is as one that is not there: a page's script fills it when it is needed.
fn empty_as_none<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = String::deserialize(deserializer)?;
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| de::Error::custom("not a number"))
}

impl MessageForm {
    pub fn draft(&self) -> Draft<'_> {
        Draft {
            message: &self.message,
            client_id: &self.client_id,
            reply_to: self.reply_to,
            is_confirmed: self.confirmed,
            files: &self.files,
        }
    }
}

/// Whether the body is a form with files.
pub fn is_multipart(request: &Request) -> bool {
    boundary(request).is_some()
}

fn boundary(request: &Request) -> Option<String> {
    multer::parse_boundary(request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// Reads a form, and uploads its files for `owner`; without an owner, files are dropped. Returns also why a file was
/// refused: the form then has everything else, so that nothing that was typed is lost.
///
/// # Errors
/// 400 if it is no such form or is interrupted, 413 if it is far larger than a message may be.
pub async fn read(state: &AppState, owner: Option<UserKey>, request: Request) -> Result<(MessageForm, Option<Error>)> {
    let Some(boundary) = boundary(&request) else {
        let Form(form) = request.extract().await?;
        return Ok((form, None));
    };
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut reading = Reading {
        state,
        owner,
        length,
        fields: Vec::new(),
        files: Vec::new(),
        refused: None,
        received: 0,
        text_bytes: 0,
        parts: 0,
        sent_files: 0,
        unused: Unused::default(),
    };
    reading.all(request.into_body(), boundary).await?;
    reading.form().await
}

struct Reading<'a> {
    state: &'a AppState,
    owner: Option<UserKey>,
    /// The bytes of the whole body, if the client tells.
    length: Option<u64>,
    fields: Vec<(String, String)>,
    files: Vec<ReadFile>,
    refused: Option<Error>,
    /// The bytes of files.
    received: u64,
    /// The bytes of all other fields.
    text_bytes: usize,
    parts: usize,
    /// The files that came, also those that were refused.
    sent_files: usize,
    unused: Unused,
}

struct ReadFile {
    id: FileId,
    name: String,
    alt: AltText,
    /// The place among the files of the form.
    place: usize,
}

fn broken(error: &multer::Error) -> Error {
    if let multer::Error::StreamReadFailed(reason) = error
        && reason.is::<NoProgress>()
    {
        return Error::new(StatusCode::PAYLOAD_TOO_LARGE, Phrase::new("body-too-large"));
    }
    Error::new(StatusCode::BAD_REQUEST, Phrase::english(format!("The form cannot be read: {error}.")))
}

/// The most parts of a form.
const MAX_PARTS: usize = 64;

impl Reading<'_> {
    /// The most bytes of all files together, those that are refused included.
    fn most_bytes(&self) -> u64 {
        self.state.settings.files.max_file.saturating_mul(MAX_FILES as u64 + 1)
    }

    async fn all(&mut self, body: Body, boundary: String) -> Result<()> {
        // a form without an owner has no file that is kept
        let files = self.owner.map_or(0, |_| self.most_bytes());
        let limits = SizeLimit::new().whole_stream(files.saturating_add(2 * FORM_MAX as u64));
        let limits = Constraints::new().size_limit(limits);
        let mut form = Multipart::with_constraints(FormBody::new(body, &self.unused), boundary, limits);
        while let Some(field) = self.next(form.next_field()).await? {
            let name = field.name().unwrap_or_default().to_owned();
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return Err(Error::new(StatusCode::PAYLOAD_TOO_LARGE, Phrase::new("body-too-large")));
            }
            match field.file_name().map(FileName::clean) {
                // a browser sends an input without a file as one without a name
                Some(_) if field.file_name() == Some("") => {}
                Some(file) => self.file(file, field).await?,
                None => {
                    let value = self.text(field).await?;
                    self.fields.push((name, value));
                }
            }
        }
        Ok(())
    }

    /// What the parser finds next.
    async fn next<T>(&self, reading: impl Future<Output = multer::Result<T>>) -> Result<T> {
        let read = timeout(PAUSE, reading).await;
        self.unused.reset();
        match read {
            Ok(read) => read.map_err(|error| broken(&error)),
            Err(_) => Err(Error::new(StatusCode::REQUEST_TIMEOUT, Phrase::new("upload-interrupted"))),
        }
    }

    async fn text(&mut self, mut field: Field<'_>) -> Result<String> {
        let mut value = Vec::new();
        while let Some(part) = self.next(field.chunk()).await? {
            value.extend_from_slice(&part);
            self.text_bytes += part.len();
            if self.text_bytes > FORM_MAX {
                return Err(Error::new(StatusCode::PAYLOAD_TOO_LARGE, Phrase::new("body-too-large")));
            }
        }
        Ok(String::from_utf8_lossy(&value).into_owned())
    }

    async fn file(&mut self, name: FileName, mut field: Field<'_>) -> Result<()> {
        let (mut receiver, id) = (None, FileId::generate());
        let place = self.sent_files;
        self.sent_files += 1;
        match self.owner {
            Some(_) if self.files.len() == MAX_FILES => self.refuse(Refusal::TooManyFiles.into()),
            Some(owner) => {
                let max = self.state.settings.files.max_file;
                let new = NewUpload { id, owner, name: name.clone(), size: self.length.unwrap_or(max).clamp(1, max) };
                match begin_upload(self.state, new).await {
                    Ok(upload) => receiver = Some(Receiver::new(self.state, upload)),
                    Err(error) => self.refuse(error),
                }
            }
            None => {}
        }
        // a file that is refused is read all the same: a browser shows the answer only after it has sent everything
        let most = self.most_bytes();
        while let Some(part) = self.next(field.chunk()).await? {
            self.received += part.len() as u64;
            if self.received > most {
                return Err(too_large(self.state));
            }
            if let Some(open) = &mut receiver
                && let Err(error) = open.push(&part).await
            {
                receiver = None;
                self.refuse(error);
                if let Some(owner) = self.owner {
                    self.state.store.end_upload(owner, id).await?;
                }
            }
        }
        if let Some(receiver) = receiver {
            match receiver.finish().await {
                Ok(file) => self.files.push(ReadFile {
                    id,
                    name: file.name.as_str().to_owned(),
                    alt: AltText::default(),
                    place,
                }),
                Err(error) => self.refuse(error),
            }
        }
        Ok(())
    }

    /// Keeps the first reason.
    fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    /// The form of the fields. The n-th `alt` is of the n-th file that came with it; `alt-ID` is of an earlier upload,
    /// which `upload` names.
    async fn form(mut self) -> Result<(MessageForm, Option<Error>)> {
        let (mut others, mut alts, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let fields = std::mem::take(&mut self.fields);
        for (name, value) in &fields {
            match name.as_str() {
                "alt" => alts.push(value),
                "upload" => kept.push(value),
                name => others.push((name, value)),
            }
        }
        for index in 0..self.files.len() {
            if let Some(alt) = alts.get(self.files[index].place) {
                self.files[index].alt = self.alt(alt);
            }
        }
        let mut files = Vec::new();
        for id in kept {
            let alt =
                fields.iter().find(|(name, _)| name.strip_prefix("alt-") == Some(id)).map(|(_, alt)| alt.as_str());
            match self.kept(id).await? {
                Some((id, name)) => files.push(ReadFile { id, name, alt: self.alt(alt.unwrap_or_default()), place: 0 }),
                None => self.refuse(Refusal::NoSuchUpload.into()),
            }
        }
        files.append(&mut self.files);
        let invalid = |reason: String| Error::new(StatusCode::UNPROCESSABLE_ENTITY, Phrase::english(reason));
        let others = serde_urlencoded::to_string(others).map_err(|error| invalid(error.to_string()))?;
        let mut form: MessageForm = serde_urlencoded::from_str(&others).map_err(|error| invalid(error.to_string()))?;
        for ReadFile { id, name, alt, .. } in files {
            form.files.push(Attachment { id, alt });
            form.names.push(name);
        }
        Ok((form, self.refused))
    }
}

impl Reading<'_> {
    fn alt(&mut self, alt: &str) -> AltText {
        AltText::parse(alt).unwrap_or_else(|invalid| {
            self.refuse(Error::invalid(Fields::one("alt", invalid)));
            AltText::default()
        })
    }

    /// The id and the name of a complete upload of an earlier attempt.
    async fn kept(&self, id: &str) -> Result<Option<(FileId, String)>> {
        let (Some(id), Some(owner)) = (FileId::parse(id), self.owner) else { return Ok(None) };
        let upload = self.state.store.upload(owner, id, Timestamp::now()).await?;
        Ok(upload.filter(|upload| upload.facts.is_some()).map(|upload| (id, upload.name.as_str().to_owned())))
    }
}
