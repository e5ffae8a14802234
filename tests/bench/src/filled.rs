//! Rooms with a long history. They are filled once for each shape of the data, by the natter under measure, and kept
//! under `target/bench`; each run works on copies.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    natter::{Database, Natter},
    place::{self, Dir},
    run::Run,
    socket::Socket,
    writer,
};

/// The authors of the history.
pub const PEOPLE: usize = 50;
const WRITERS: u64 = 256;
/// Longest that filling may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A directory with a database of `count` messages.
pub async fn copy(run: &Run, count: u64) -> Result<Dir, String> {
    let (filled, dir) = (filled(run, count).await?, Dir::new());
    fs::copy(filled.join("natter.db"), dir.path().join("natter.db")).map_err(|why| why.to_string())?;
    Ok(dir)
}

async fn filled(run: &Run, count: u64) -> Result<PathBuf, String> {
    let work = Dir::new();
    let database = Database::Embedded(work.path().to_owned());
    drop(Natter::start_prepared(run, &database, Vec::new(), &[])?);
    let shape = shape(work.path()).map_err(|why| why.to_string())?;
    let dir = place::kept().join(format!("history-{count}-shape-{shape}"));
    if dir.is_dir() {
        return Ok(dir);
    }
    eprintln!("bench: filling a room with {count} messages, once");
    let natter = Natter::start_on(run, &database, PEOPLE).await?;
    let mut writers = JoinSet::new();
    let until = Instant::now() + PATIENCE;
    for n in 0..WRITERS.min(count) {
        let socket = Socket::open(natter.address, &natter.socket(n as usize), n as usize).await;
        let share = count / WRITERS + u64::from(n < count % WRITERS);
        writers.spawn(writer::write(socket.map_err(|why| why.to_string())?, n as usize, share, until));
    }
    while let Some(done) = writers.join_next().await {
        done.map_err(|why| why.to_string())??;
    }
    let head = natter.head().await;
    drop(natter);
    // what is in the write-ahead log goes into the file that is copied
    checkpoint(work.path()).map_err(|why| why.to_string())?;
    if head != count {
        return Err(format!("{head} of {count} messages were written in {} s", PATIENCE.as_secs()));
    }
    fs::rename(work.path(), &dir).map_err(|why| why.to_string())?;
    Ok(dir)
}

/// Which shape of the data it is: the count of migrations.
fn shape(dir: &Path) -> rusqlite::Result<i64> {
    let database = rusqlite::Connection::open(dir.join("natter.db"))?;
    database.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn checkpoint(dir: &Path) -> rusqlite::Result<()> {
    let database = rusqlite::Connection::open(dir.join("natter.db"))?;
    database.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))
}
