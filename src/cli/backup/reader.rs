//! Reading a backup file, block by block.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ring::digest::{Context, SHA256};
use serde::de::DeserializeOwned;
use zstd::Decoder;

use super::format::{FIRST_LINE, FORMAT, Header, Kind, MAX_BLOCK};
use crate::{
    cli::objects::{NamedObject, may_name_objects, objects_of},
    store::{ROW_FORM, Row},
};

/// The bytes with which every frame of zstd begins.
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

pub struct BackupReader {
    path: PathBuf,
    decoder: Decoder<'static, BufReader<Counted>>,
    digest: Context,
    /// The bytes of the file that were read.
    position: Arc<AtomicU64>,
    length: u64,
}

/// Counts what is read.
struct Counted {
    file: File,
    position: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A block of a backup.
pub struct Block {
    pub kind: Kind,
    pub content: Vec<u8>,
}

impl BackupReader {
    /// Opens a backup and reads its header.
    ///
    /// # Errors
    /// One line: it cannot be read, is no backup, or was written by a later natter.
    pub fn open(path: &Path) -> Result<(Self, Header), String> {
        let unreadable = |error: io::Error| format!("{} cannot be read: {error}", path.display());
        let no_backup = || format!("{} is no backup of natter", path.display());
        let mut file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut start = [0; 4];
        if length == 0 || file.read_exact(&mut start).is_err() || start != ZSTD {
            return Err(no_backup());
        }
        io::Seek::rewind(&mut file).map_err(unreadable)?;
        let position = Arc::<AtomicU64>::default();
        let decoder = Decoder::new(Counted { file, position: Arc::clone(&position) }).map_err(unreadable)?;
        let digest = Context::new(&SHA256);
        let mut reader = Self { path: path.to_owned(), decoder, digest, position, length };
        let mut line = [0; FIRST_LINE.len()];
        reader.fill(&mut line)?;
        if line != FIRST_LINE {
            return Err(no_backup());
        }
        reader.digest.update(&line);
        let block = reader.expect(Kind::Header)?;
        // of a later form only the first field is known
        let version: serde_json::Value = reader.parse(&block.content)?;
        let format = version.get("format").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let rows = version.get("rows").and_then(serde_json::Value::as_u64).unwrap_or_default();
        if format != u64::from(FORMAT) || rows > u64::from(ROW_FORM) {
            let by = version.get("natter").and_then(serde_json::Value::as_str).unwrap_or("another version");
            return Err(format!(
                "{} was written by natter {by}, in a form that this natter does not know (format {format}, rows {rows}); \
                 use that version",
                path.display()
            ));
        }
        let header = reader.parse(&block.content)?;
        Ok((reader, header))
    }

    /// The next block.
    pub fn block(&mut self) -> Result<Block, String> {
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let kind = Kind::of(head[0]).filter(|_| length <= MAX_BLOCK);
        let kind = kind.ok_or_else(|| self.damaged("a block is malformed"))?;
        let mut content = vec![0; length];
        self.fill(&mut content)?;
        if kind != Kind::Trailer {
            self.digest.update(&head);
            self.digest.update(&content);
        }
        Ok(Block { kind, content })
    }

    pub fn expect(&mut self, kind: Kind) -> Result<Block, String> {
        let block = self.block()?;
        if block.kind == kind { Ok(block) } else { Err(self.damaged("its parts are not in order")) }
    }

    pub fn parse<T: DeserializeOwned>(&self, content: &[u8]) -> Result<T, String> {
        serde_json::from_slice(content).map_err(|error| self.damaged(error))
    }

    pub fn row(&self, content: &[u8]) -> Result<Row, String> {
        Row::from_json(content).map_err(|error| self.damaged(format!("a row is malformed ({error})")))
    }

    /// The SHA-256 of everything so far, without the trailer, as hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex::encode(self.digest.clone().finish())
    }

    /// Checks that nothing comes any more.
    pub fn expect_end(&mut self) -> Result<(), String> {
        match self.decoder.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.damaged("something comes after its end")),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.truncated()),
            Err(error) => Err(self.damaged(format!("something comes after its end ({error})"))),
        }
    }

    /// The bytes of the file that were read, and all.
    pub fn progress(&self) -> (u64, u64) {
        (self.position.load(Ordering::Relaxed), self.length)
    }

    pub fn damaged(&self, why: impl std::fmt::Display) -> String {
        format!("{} is damaged: {why}. Use another backup", self.path.display())
    }

    fn truncated(&self) -> String {
        format!("{} is truncated: its end is missing. Use another backup", self.path.display())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        self.decoder.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.truncated(),
            _ => self.damaged(error),
        })
    }
}

/// The objects that the rows of a backup name, in their order. They are read from the file, so that any number of them
/// needs no memory.
pub struct NamedObjects {
    reader: BackupReader,
    rows_left: u64,
    waiting: VecDeque<NamedObject>,
}

impl NamedObjects {
    /// # Errors
    /// As [`BackupReader::open`].
    pub fn open(path: &Path) -> Result<Self, String> {
        let (reader, header) = BackupReader::open(path)?;
        Ok(Self { reader, rows_left: header.counts.sum(), waiting: VecDeque::new() })
    }

    /// The next object; `None` after the last one.
    pub fn next(&mut self) -> Result<Option<NamedObject>, String> {
        while self.waiting.is_empty() && self.rows_left > 0 {
            let block = self.reader.expect(Kind::Row)?;
            self.rows_left -= 1;
            if may_name_objects(&block.content) {
                self.waiting.extend(objects_of(&self.reader.row(&block.content)?));
            }
        }
        Ok(self.waiting.pop_front())
    }
}
