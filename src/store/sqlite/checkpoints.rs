//! Checkpoints: copying the WAL's pages into the database file, on a thread and a connection of their own.
//!
//! A checkpoint needs an `fsync` of the database file, for which a commit should not wait. All checkpoints are passive:
//! they wait for no reader and block no writer. Once one has copied everything, the next commit starts again at the
//! beginning of the WAL.
//!
//! Every process that writes does this, `natter user` too: it writes too little to start one, and its pages count at the
//! server's next commit. The last connection that closes copies what is left.

use std::{ffi::c_int, sync::mpsc, thread};

use rusqlite::{Connection, ErrorCode, hooks::Wal};

use crate::store::Result;

/// The pages after which the thread copies them: SQLite's own default, 4 MB.
const CHECKPOINT_PAGES: c_int = 1000;
/// The pages after which the writer copies what the thread has left, 16 MB. Under a load that leaves no pause the thread
/// never copies everything, because there is always a new commit. The WAL would then grow for ever.
const MAX_PAGES: c_int = 4 * CHECKPOINT_PAGES;
/// The bytes of a page's header in the WAL.
const FRAME_HEADER: i64 = 24;

/// The handle of the thread. It ends when the writer's connection closes.
pub struct Checkpoints {
    thread: thread::JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the thread with its own `connection`. It follows the commits of `writer`.
    pub fn start(writer: &mut Connection, connection: Connection) -> Result<Self> {
        let page_bytes: i64 = writer.pragma_query_value(None, "page_size", |row| row.get(0))?;
        // what a long reader made longer is cut when the WAL starts again
        writer.pragma_update(None, "journal_size_limit", i64::from(MAX_PAGES) * (page_bytes + FRAME_HEADER))?;
        let (signal, signals) = mpsc::sync_channel(1);
        let mut last_asked = 0;
        // replaces SQLite's own hook, which checkpoints within a commit. An error here would make a commit that has
        // happened look as if it had failed
        writer.wal_hook(Some(move |wal: &mut Wal, pages: c_int| {
            metrics::gauge!("natter_wal_bytes").set((i64::from(pages) * (page_bytes + FRAME_HEADER)) as f64);
            if pages < last_asked {
                last_asked = 0; // the WAL has started again
            }
            if pages - last_asked >= CHECKPOINT_PAGES {
                if pages < MAX_PAGES {
                    let _ = signal.try_send(()); // full: the thread has one to do already
                } else if let Err(error) = wal.checkpoint() {
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
                        return Ok(()); // the thread has not finished; the next commit tries again
                    }
                    tracing::warn!(%error, pages, "checkpoint by the writer failed");
                }
                last_asked = pages;
            }
            Ok(())
        }))?;
        let thread = thread::Builder::new()
            .name("natter-checkpoints".into())
            .spawn(move || {
                while signals.recv().is_ok() {
                    let checkpoint = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                    if let Err(error) = checkpoint {
                        tracing::warn!(%error, "checkpoint failed");
                    }
                }
            })
            .expect("the system starts a thread");
        Ok(Self { thread })
    }

    /// Ends the thread, after its current checkpoint.
    pub fn stop(self, writer: &mut Connection) {
        let _ = writer.wal_hook(None::<fn(&mut Wal, c_int) -> rusqlite::Result<()>>);
        let _ = self.thread.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::connection::connect;

    /// As under a load at which the thread never copies everything.
    #[test]
    fn the_writer_copies_what_the_thread_leaves() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name| connect(&dir.path().join(name), rusqlite::OpenFlags::default()).unwrap();
        let mut writer = open("natter.db");
        writer.execute_batch("CREATE TABLE pages (content BLOB)").unwrap();
        let checkpoints = Checkpoints::start(&mut writer, open("other.db")).unwrap();
        let frame = 4096 + FRAME_HEADER as u64;
        for _ in 0..150 {
            writer.execute("INSERT INTO pages VALUES (zeroblob(400000))", []).unwrap();
            let wal = dir.path().join("natter.db-wal").metadata().unwrap().len();
            assert!(wal < (MAX_PAGES as u64 + 300) * frame, "{} pages", wal / frame);
        }
        checkpoints.stop(&mut writer);
    }
}
