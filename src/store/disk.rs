//! Objects as files of a directory: one for each, under its id. An unfinished one has the ending `.part`.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{
    Error, Result,
    objects::{Objects, PART_BYTES},
};
use crate::domain::FileId;

const PART: &str = "part";
/// The bytes of a read for a slow reader.
const READ_BYTES: usize = 64 * 1024;

/// A directory of objects.
#[derive(Debug, Clone)]
pub struct Disk {
    directory: PathBuf,
}

impl Disk {
    /// Uses the directory, which is made with the first object.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Objects are spread over 256 directories, by the last digits of their ids, which are random.
    fn path(&self, id: FileId) -> PathBuf {
        let name = id.to_string();
        self.directory.join(&name[name.len() - 2..]).join(name)
    }

    fn part(&self, id: FileId) -> PathBuf {
        self.path(id).with_extension(PART)
    }

    async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(Self) -> io::Result<T> + Send + 'static,
    {
        let disk = self.clone();
        let done = spawn_blocking(move || work(disk)).await.map_err(|error| Error::Failed(error.to_string()))?;
        done.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
            _ => Error::Failed(format!("files: {error}")),
        })
    }
}

/// Makes the entries of a directory durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates the directory of an object. The directory of all objects is durable before the first object is.
fn create_directory(directory: &Path) -> io::Result<()> {
    let all = parent(directory);
    if !all.exists() {
        fs::create_dir_all(all)?;
        sync_directory(parent(all))?;
    }
    fs::create_dir_all(directory)
}

fn write(path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
    if offset == 0 {
        create_directory(parent(path))?;
    }
    let file = OpenOptions::new().write(true).create(offset == 0).truncate(false).open(path)?;
    let length = file.metadata()?.len();
    if length < offset {
        return Err(io::ErrorKind::NotFound.into());
    }
    // not what an interrupted upload left behind
    if length > offset {
        file.set_len(offset)?;
    }
    file.write_all_at(bytes, offset)
}

fn finish(part: &Path, path: &Path, length: u64) -> io::Result<()> {
    let file = match OpenOptions::new().write(true).open(part) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => return Ok(()),
        other => other?,
    };
    if file.metadata()?.len() < length {
        return Err(io::ErrorKind::NotFound.into());
    }
    file.set_len(length)?;
    file.sync_all()?;
    fs::rename(part, path)?;
    let directory = parent(path);
    sync_directory(directory)?;
    // the directory itself may be new
    sync_directory(parent(directory))
}

fn read(path: &Path, offset: u64, length: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; length.min(PART_BYTES)];
    let (file, mut filled) = (File::open(path)?, 0);
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes.into())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The ids of the objects of one directory.
fn ids(directory: &Path) -> io::Result<Vec<FileId>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        found.extend(path.file_stem().and_then(|name| name.to_str()).and_then(FileId::parse));
    }
    Ok(found)
}

#[async_trait]
impl Objects for Disk {
    async fn write(&self, id: FileId, offset: u64, bytes: Bytes) -> Result<()> {
        self.run(move |disk| write(&disk.part(id), offset, &bytes)).await
    }

    async fn sync(&self, id: FileId) -> Result<()> {
        self.run(move |disk| {
            let part = disk.part(id);
            File::open(&part)?.sync_all()?;
            let directory = parent(&part);
            sync_directory(directory)?;
            sync_directory(parent(directory))
        })
        .await
    }

    async fn finish(&self, id: FileId, length: u64) -> Result<()> {
        self.run(move |disk| finish(&disk.part(id), &disk.path(id), length)).await
    }

    async fn read(&self, id: FileId, offset: u64, length: usize) -> Result<Bytes> {
        self.run(move |disk| match read(&disk.path(id), offset, length) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => read(&disk.part(id), offset, length),
            other => other,
        })
        .await
    }

    fn read_bytes(&self) -> usize {
        READ_BYTES
    }

    async fn remove(&self, id: FileId) -> Result<()> {
        self.run(move |disk| remove(&disk.path(id)).and_then(|()| remove(&disk.part(id)))).await
    }

    /// By the last digits of their ids, which name their directory, then by their ids.
    async fn objects_after(&self, after: Option<FileId>, limit: usize) -> Result<Vec<FileId>> {
        self.run(move |disk| {
            let directory = |id: FileId| id.0.as_bytes()[15];
            let (first, mut all) = (after.map_or(0, directory), Vec::new());
            for index in first..=u8::MAX {
                let mut found = ids(&disk.directory.join(format!("{index:02x}")))?;
                found.retain(|id| index > first || Some(*id) > after);
                found.sort_unstable();
                found.dedup();
                all.extend(found);
                if all.len() >= limit {
                    break;
                }
            }
            all.truncate(limit);
            Ok(all)
        })
        .await
    }
}
