//! Writing a backup file: aside, as `FILE.part`, which gets the name when all of it is on the disk.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{BufWriter, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ring::digest::{Context, SHA256};
use serde::Serialize;
use zstd::Encoder;

use super::format::{FIRST_LINE, Kind};

/// zstd's own default. Higher levels are much slower, and pictures do not get smaller.
const LEVEL: i32 = 3;
const BUFFER_BYTES: usize = 256 * 1024;

pub struct BackupWriter {
    path: PathBuf,
    /// The file that is written aside.
    part: PathBuf,
    /// `None` once it has failed to begin a new frame.
    encoder: Option<Encoder<'static, BufWriter<File>>>,
    digest: Context,
    is_finished: bool,
}

impl BackupWriter {
    /// Begins a file. An existing one is replaced at the end if `replaces`.
    ///
    /// # Errors
    /// One line: it exists, cannot be written, or another backup writes it.
    pub fn create(path: &Path, replaces: bool) -> Result<Self, String> {
        if !replaces && path.exists() {
            return Err(format!("{} exists; name another file, or replace it with --force", path.display()));
        }
        let mut name = path.file_name().ok_or_else(|| format!("{} names no file", path.display()))?.to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let unusable = |error| format!("{} cannot be written: {error}", part.display());
        // password hashes are in it
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&part).map_err(unusable)?;
        if file.try_lock().is_err() {
            return Err(format!("another natter backup writes {}", part.display()));
        }
        file.set_permissions(Permissions::from_mode(0o600)).map_err(unusable)?;
        file.set_len(0).map_err(unusable)?;
        let encoder = Some(encoder(BufWriter::with_capacity(BUFFER_BYTES, file)).map_err(unusable)?);
        let digest = Context::new(&SHA256);
        let mut writer = Self { path: path.to_owned(), part, encoder, digest, is_finished: false };
        writer.write(FIRST_LINE)?;
        Ok(writer)
    }

    /// The file that is written aside. What came before [`BackupWriter::begin_frame`] can be read from it.
    pub fn part(&self) -> &Path {
        &self.part
    }

    pub fn json(&mut self, kind: Kind, content: &impl Serialize) -> Result<(), String> {
        let content = serde_json::to_vec(content).map_err(|error| error.to_string())?;
        self.block(kind, &content)
    }

    pub fn block(&mut self, kind: Kind, content: &[u8]) -> Result<(), String> {
        let length = u32::try_from(content.len()).map_err(|_| "a row is too long".to_owned())?;
        self.write(&[kind as u8])?;
        self.write(&length.to_le_bytes())?;
        self.write(content)
    }

    /// Ends the frame of zstd and begins another.
    pub fn begin_frame(&mut self) -> Result<(), String> {
        let Some(ended) = self.encoder.take() else { return Err(self.failed("it has ended")) };
        let begun = ended.finish().and_then(|mut file| {
            file.flush()?;
            encoder(file)
        });
        self.encoder = Some(begun.map_err(|error| self.failed(error))?);
        Ok(())
    }

    /// The SHA-256 of everything so far, as hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex::encode(self.digest.clone().finish())
    }

    /// Ends the file, makes it durable and gives it its name. Returns its length in bytes.
    pub fn finish(mut self) -> Result<u64, String> {
        let Some(encoder) = self.encoder.take() else { return Err(self.failed("it has ended")) };
        let (path, part) = (&self.path, &self.part);
        let finished = encoder.finish().and_then(|file| {
            let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()?;
            fs::rename(part, path)?;
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(file.metadata()?.len())
        });
        let length = finished.map_err(|error| self.failed(error))?;
        self.is_finished = true;
        Ok(length)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.digest.update(bytes);
        let written = match &mut self.encoder {
            Some(encoder) => encoder.write_all(bytes),
            None => return Err(self.failed("it has ended")),
        };
        written.map_err(|error| self.failed(error))
    }

    fn failed(&self, why: impl std::fmt::Display) -> String {
        format!("{} cannot be written: {why}", self.path.display())
    }
}

fn encoder(file: BufWriter<File>) -> std::io::Result<Encoder<'static, BufWriter<File>>> {
    let mut encoder = Encoder::new(file, LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

impl Drop for BackupWriter {
    /// Leaves no part of a file behind.
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.part);
        }
    }
}
