//! Objects as files of a directory: one for each, under its id. An unfinished one has the ending `.part`.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{
    Error, Result,
    objects::{Attempt, Objects, PART_BYTES, ReadObject},
};
use crate::domain::FileId;

const PART: &str = "part";
/// The bytes of a read for a slow reader.
const READ_BYTES: usize = 64 * 1024;

/// A directory of objects.
#[derive(Debug, Clone)]
pub struct Disk {
    directory: PathBuf,
    /// Of each directory below it: whether its entry is known to be durable.
    durable: Arc<[AtomicBool; 256]>,
}

impl Disk {
    /// Uses the directory, which is made with the first object.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, durable: Arc::new([const { AtomicBool::new(false) }; 256]) }
    }

    /// Objects are spread over 256 directories, by the last digits of their ids, which are random.
    fn path(&self, id: FileId) -> PathBuf {
        let name = id.to_string();
        self.directory.join(&name[name.len() - 2..]).join(name)
    }

    fn part(&self, id: FileId) -> PathBuf {
        self.path(id).with_extension(PART)
    }

    /// Makes the entry of an object durable, and that of its directory, which may be new.
    fn sync_entry(&self, id: FileId) -> io::Result<()> {
        let path = self.path(id);
        let directory = parent(&path);
        sync_directory(directory)?;
        let durable = &self.durable[usize::from(directory_of(id))];
        if !durable.load(Relaxed) {
            sync_directory(parent(directory))?;
            durable.store(true, Relaxed);
        }
        Ok(())
    }

    async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(Self) -> io::Result<T> + Send + 'static,
    {
        let disk = self.clone();
        run(move || work(disk)).await
    }
}

/// Does what may wait for a disk.
async fn run<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    let done = spawn_blocking(work).await.map_err(|error| Error::Failed(error.to_string()))?;
    done.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::Failed(format!("files: {error}")),
    })
}

/// The last byte of an id, whose digits name the directory of its object.
fn directory_of(id: FileId) -> u8 {
    id.0.as_bytes()[15]
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
    fs::rename(part, path)
}

/// The file of an object, for reading.
struct OpenFile(Arc<File>);

/// Fills `bytes` from `from` on with what the file has from `offset + from` on. Returns how many bytes are filled.
fn read(file: &File, offset: u64, bytes: &mut [u8], from: usize) -> io::Result<usize> {
    let mut filled = from;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What the system has in memory of the file from `offset` on: 0 bytes if it would have to wait for the disk, or cannot say.
#[cfg(target_os = "linux")]
fn read_cached(file: &File, offset: u64, bytes: &mut [u8]) -> usize {
    let mut buffers = [io::IoSliceMut::new(bytes)];
    rustix::io::preadv2(file, &mut buffers, offset, rustix::io::ReadWriteFlags::NOWAIT).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn read_cached(_: &File, _: u64, _: &mut [u8]) -> usize {
    0
}

#[async_trait]
impl ReadObject for OpenFile {
    /// On this thread if the system has the bytes in memory: as quick as their copy. On another one if a disk is read.
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length.min(PART_BYTES)];
        let cached = read_cached(&self.0, offset, &mut bytes);
        if cached < bytes.len() {
            let file = Arc::clone(&self.0);
            bytes = run(move || {
                let filled = read(&file, offset, &mut bytes, cached)?;
                bytes.truncate(filled);
                Ok(bytes)
            })
            .await?;
        }
        Ok(bytes.into())
    }

    fn read_bytes(&self) -> usize {
        READ_BYTES
    }
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
    /// A directory is of one process, which lets one request at a time write to an upload.
    async fn write(&self, id: FileId, _: Attempt, offset: u64, bytes: Bytes) -> Result<()> {
        self.run(move |disk| write(&disk.part(id), offset, &bytes)).await
    }

    async fn sync(&self, id: FileId) -> Result<()> {
        self.run(move |disk| {
            File::open(disk.part(id))?.sync_all()?;
            disk.sync_entry(id)
        })
        .await
    }

    async fn finish(&self, id: FileId, _: Attempt, length: u64) -> Result<()> {
        self.run(move |disk| {
            finish(&disk.part(id), &disk.path(id), length)?;
            disk.sync_entry(id)
        })
        .await
    }

    async fn open(&self, id: FileId) -> Result<Box<dyn ReadObject>> {
        // both are there if natter ended before the upload was complete, and the upload begins again
        let open = move |disk: Self| match File::open(disk.part(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::open(disk.path(id)),
            other => other,
        };
        Ok(Box::new(OpenFile(Arc::new(self.run(open).await?))))
    }

    async fn remove(&self, id: FileId) -> Result<()> {
        self.run(move |disk| remove(&disk.path(id)).and_then(|()| remove(&disk.part(id)))).await
    }

    /// By the last digits of their ids, which name their directory, then by their ids.
    async fn objects_after(&self, after: Option<FileId>, limit: usize) -> Result<Vec<FileId>> {
        self.run(move |disk| {
            let (first, mut all) = (after.map_or(0, directory_of), Vec::new());
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
