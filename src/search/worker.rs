//! The thread that writes to the index.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf, thread::JoinHandle};

use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
};

use super::{Error, Index, Result};
use crate::{media::lower_priority, store};

type Work = Box<dyn FnOnce(&mut Index) + Send>;

/// The index on a thread of its own, of low priority: people who chat do not wait for it.
pub struct Worker {
    path: PathBuf,
    /// The number of the file, by which a new one of the same name is told from it.
    inode: Option<u64>,
    queue: mpsc::Sender<Work>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Opens the index.
    ///
    /// # Errors
    /// Those of [`Index::open`].
    pub async fn open(path: PathBuf) -> Result<Self> {
        let (queue, mut works) = mpsc::channel::<Work>(1);
        let (opened, is_open) = oneshot::channel();
        let opens = path.clone();
        let run = move || {
            lower_priority();
            match Index::open(&opens) {
                Ok(mut index) => {
                    let _ = opened.send(Ok(()));
                    while let Some(work) = works.blocking_recv() {
                        work(&mut index);
                    }
                }
                Err(error) => drop(opened.send(Err(error))),
            }
        };
        let thread = std::thread::Builder::new().name("search".into()).spawn(run).map_err(Error::File)?;
        is_open.await.map_err(|_| ended())??;
        let inode = inode(&path);
        Ok(Self { path, inode, queue, thread })
    }

    /// The inode number of the file. 0 if there was none.
    pub fn inode(&self) -> u64 {
        self.inode.unwrap_or_default()
    }

    /// The size of the file in bytes. `None` if it is not the one of that name any more: it was deleted or replaced.
    pub fn file_size(&self) -> Option<u64> {
        let metadata = fs::metadata(&self.path).ok()?;
        (Some(metadata.ino()) == self.inode).then_some(metadata.len())
    }

    /// Closes the file and ends the thread. Nobody may open the file for writing before: SQLite deletes the WAL of that name
    /// when it closes a file.
    pub async fn close(self) {
        drop(self.queue);
        let _ = spawn_blocking(|| self.thread.join()).await; // one that panicked has closed it too
    }

    /// Runs `work` on the thread.
    ///
    /// # Errors
    /// Those of `work`, and [`Error::Store`] if it panicked.
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Index) -> Result<T> + Send + 'static,
    {
        let (sender, done) = oneshot::channel();
        let work: Work = Box::new(move |index| drop(sender.send(work(index))));
        self.queue.send(work).await.map_err(|_| ended())?;
        done.await.map_err(|_| ended())?
    }
}

/// The number of the file at `path`. `None` if there is none.
pub fn inode(path: &std::path::Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

fn ended() -> Error {
    Error::Store(store::Error::Failed("the thread of the search index has ended".into()))
}
