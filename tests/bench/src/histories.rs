//! Databases of rooms with a long history. The natter under measurement fills one for each version of the schema and
//! keeps it under `target/bench`; each run works on a copy.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use natter_test_support::TemporaryDirectory;
use tokio::task::JoinSet;

use crate::{
    natter::{Database, Natter},
    paths,
    run::Run,
    socket::Socket,
    writer,
};

/// The authors of the history.
pub const USERS: usize = 50;
const WRITERS: u64 = 256;
/// Longest time that filling may take.
const LIMIT: Duration = Duration::from_secs(600);

/// A directory with a copy of a database of `count` messages.
pub async fn copy(run: &Run, count: u64) -> Result<TemporaryDirectory, String> {
    let (filled, directory) = (filled(run, count).await?, paths::temporary());
    fs::copy(filled.join("natter.db"), directory.path().join("natter.db")).map_err(|why| why.to_string())?;
    Ok(directory)
}

async fn filled(run: &Run, count: u64) -> Result<PathBuf, String> {
    let work = paths::temporary();
    let database = Database::Embedded(work.path().to_owned());
    drop(Natter::start_with_users(run, &database, Vec::new(), &[])?);
    let version = schema_version(work.path()).map_err(|why| why.to_string())?;
    let directory = paths::kept().join(format!("history-{count}-schema-{version}"));
    if directory.is_dir() {
        return Ok(directory);
    }
    eprintln!("bench: filling a room with {count} messages, once");
    let natter = Natter::start_on(run, &database, USERS).await?;
    let mut writers = JoinSet::new();
    let until = Instant::now() + LIMIT;
    for n in 0..WRITERS.min(count) {
        let socket = Socket::open(natter.address, &natter.socket_path(n as usize), n as usize).await;
        let share = count / WRITERS + u64::from(n < count % WRITERS);
        writers.spawn(writer::write(socket.map_err(|why| why.to_string())?, share, until));
    }
    while let Some(done) = writers.join_next().await {
        done.map_err(|why| why.to_string())??;
    }
    let head = natter.head().await;
    drop(natter);
    // the copied file has to contain what is still in the write-ahead log
    checkpoint(work.path()).map_err(|why| why.to_string())?;
    if head != count {
        return Err(format!("{head} of {count} messages were written in {} s", LIMIT.as_secs()));
    }
    fs::rename(work.path(), &directory).map_err(|why| why.to_string())?;
    Ok(directory)
}

pub fn schema_version(directory: &Path) -> rusqlite::Result<i64> {
    let database = rusqlite::Connection::open(directory.join("natter.db"))?;
    database.pragma_query_value(None, "user_version", |row| row.get(0))
}

pub fn checkpoint(directory: &Path) -> rusqlite::Result<()> {
    let database = rusqlite::Connection::open(directory.join("natter.db"))?;
    database.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))
}
