//! `natter copy`: copies all data from one store to another.
//!
//! It copies users with their passwords, rooms, their members and their logs with all numbers, what users have saved,
//! sessions, voided tokens and the audit list. It does not copy the networks that users log in from, because later
//! logins record them again. It does not copy the secret that signs tokens: the copy generates its own, so earlier
//! tokens are void there. They expire within the hour anyway. Sessions are not signed and stay valid.

use std::{fs::File, path::PathBuf};

use clap::{ArgMatches, Args, parser::ValueSource};
use ring::digest::{Context, SHA256};

use super::{
    progress::{Progress, print_line},
    reason::reason,
};
use crate::{
    app::{StartError, lock, make_private_dir},
    store::{self, Database, Location, MongoUrl, Row, Table},
};

pub(super) const NOTES: &str = "\
The target must be empty. Stop natter on the source first: the copy is refused while natter runs on it, and fails if the \
data changes during the copy. \
After an interruption, run the same command again to start over. natter does not start on an unfinished copy.

  natter copy --from ./data --to mongodb://localhost:27017/natter
  natter copy --from mongodb://localhost:27017/natter --to sqlite:./data";

/// The number of rows copied at a time.
const PAGE_ROWS: u32 = 1000;

#[derive(Args)]
pub struct CopyArgs {
    /// The database to copy: mongodb://…, or the data directory of an embedded database (sqlite:DIR or DIR)
    #[arg(long, value_name = "URL", value_parser = location)]
    from: Location,

    /// The target: mongodb://…, or a directory
    #[arg(long, value_name = "URL", value_parser = location)]
    to: Location,

    #[command(flatten)]
    _inapplicable: Inapplicable,
}

/// The settings of the other commands, which do not apply here. They are hidden in the help.
#[derive(Args)]
struct Inapplicable {
    #[arg(long, hide = true)]
    data_dir: Option<PathBuf>,
    #[arg(long, hide = true, value_parser = MongoUrl::parse)]
    database: Option<MongoUrl>,
    #[arg(long, hide = true)]
    bcrypt_cost: Option<u32>,
}

/// Refuses these settings on the command line. In the environment they are accepted, because they may be set for other
/// commands.
pub(super) fn refuse_other_settings(matches: &ArgMatches) -> Result<(), String> {
    let Some(("copy", copy)) = matches.subcommand() else { return Ok(()) };
    for (id, flag) in [("data_dir", "--data-dir"), ("database", "--database"), ("bcrypt_cost", "--bcrypt-cost")] {
        if [matches, copy].iter().any(|found| found.value_source(id) == Some(ValueSource::CommandLine)) {
            return Err(format!("{flag} does not apply to natter copy; --from and --to name the two databases"));
        }
    }
    Ok(())
}

fn location(raw: &str) -> Result<Location, String> {
    let hint = "use an address like mongodb://localhost:27017/natter, or a directory like sqlite:./data";
    if raw.starts_with("mongodb") && raw.contains("://") {
        return MongoUrl::parse(raw).map(Location::Mongo).map_err(|_| hint.into());
    }
    let dir = raw.strip_prefix("sqlite://").or_else(|| raw.strip_prefix("sqlite:")).unwrap_or(raw);
    // a mistyped address; used as a directory, it would be printed together with its password
    if dir.is_empty() || dir.contains(":/") || dir.contains('@') {
        return Err(hint.into());
    }
    let dir = PathBuf::from(dir);
    if dir.is_file() || dir.extension().is_some_and(|extension| extension == "db") {
        return Err("name the directory that contains natter.db".into());
    }
    Ok(Location::Embedded(dir))
}

/// Runs `natter copy …`.
///
/// # Errors
/// One line for the shell, if the command fails.
pub async fn run(CopyArgs { from, to, .. }: CopyArgs) -> Result<(), String> {
    if let Location::Embedded(dir) = &from
        && !dir.join("natter.db").is_file()
    {
        return Err(format!("there is no natter database in {from}; name another with --from"));
    }
    if let (Location::Embedded(source), Location::Embedded(target)) = (&from, &to)
        && source.canonicalize().is_ok_and(|source| target.canonicalize().is_ok_and(|target| source == target))
    {
        return Err("--from and --to are the same directory; name an empty target with --to".into());
    }
    // natter cannot start on a locked directory
    let _source_lock = lock_directory(&from, "--from")?;
    let source = store::open_source(&from).await.map_err(open_error(&from, "--from"))?;
    let result = copy_from(source.as_ref(), &from, &to).await;
    source.close().await;
    result
}

async fn copy_from(source: &dyn Database, from: &Location, to: &Location) -> Result<(), String> {
    if is_empty(source).await.map_err(open_error(from, "--from"))? {
        return Err(format!("there is nothing in {from} to copy"));
    }
    refuse_running(source, from, "--from").await?;
    let _target_lock = lock_directory(to, "--to")?;
    let target = store::open_target(to).await.map_err(open_error(to, "--to"))?;
    let result = Copy { from, to, source, target: target.as_ref() }.run().await;
    target.close().await;
    result
}

fn open_error(location: &Location, flag: &'static str) -> impl FnOnce(store::Error) -> String {
    let location = location.clone();
    move |error| match error {
        store::Error::Busy => format!("{location} does not answer; start it, or name another with {flag}"),
        error => format!("{location} cannot be opened: {}", reason(error)),
    }
}

/// Locks a data directory, because only one process may use it. Creates it if it does not exist.
fn lock_directory(location: &Location, flag: &str) -> Result<Option<File>, String> {
    let Location::Embedded(dir) = location else { return Ok(None) };
    let unusable = |error| format!("{location} cannot be used ({error}); name another with {flag}");
    make_private_dir(dir).map_err(unusable)?;
    match lock(dir) {
        Ok(lock) => Ok(Some(lock)),
        Err(StartError::DataDir { source, .. }) => Err(unusable(source)),
        Err(_) => Err(running_error(location, flag)),
    }
}

/// Refuses a shared database if natter runs on it: each running process holds a lease.
async fn refuse_running(store: &dyn Database, location: &Location, flag: &'static str) -> Result<(), String> {
    match store.presence() {
        Some(presence) if presence.in_use().await.map_err(open_error(location, flag))? => {
            Err(running_error(location, flag))
        }
        _ => Ok(()),
    }
}

fn running_error(location: &Location, flag: &str) -> String {
    format!("natter is running on {location}; stop it, or name another with {flag}")
}

async fn is_empty(store: &dyn Database) -> store::Result<bool> {
    Ok(store.count(Table::Accounts).await? == 0 && store.count(Table::Messages).await? == 0)
}

struct Copy<'a> {
    from: &'a Location,
    to: &'a Location,
    source: &'a dyn Database,
    target: &'a dyn Database,
}

/// The row counts and the digest of a store's contents. They are equal for equal contents.
#[derive(PartialEq, Eq)]
struct Checksum {
    counts: [u64; Table::ALL.len()],
    digest: String,
}

impl Copy<'_> {
    async fn run(&self) -> Result<(), String> {
        refuse_running(self.target, self.to, "--to").await?;
        self.check_target().await?;
        self.target.begin_copy().await.map_err(copy_error(self.to))?;
        let insert = async |rows: Vec<Row>| self.target.insert_rows(rows).await.map_err(copy_error(self.to));
        let copied = read(self.source, self.from, "", insert).await?;
        let read_back = read(self.target, self.to, "target: ", async |_| Ok(())).await?;
        if read_back != copied {
            let (source, target) = (copied.digest, read_back.digest);
            let error = changed_error(self.to);
            return Err(format!("the copy differs from the source (SHA-256 {source}, copy {target}): {error}"));
        }
        // reads the source again at the end, to detect any change during the copy and its check
        if read(self.source, self.from, "source: ", async |_| Ok(())).await? != copied {
            return Err(changed_error(self.from));
        }
        self.target.finish_copy().await.map_err(copy_error(self.to))?;
        print_line(&format!("copied  {} to {}", self.from, self.to));
        for (table, count) in Table::ALL.into_iter().zip(copied.counts) {
            print_line(&format!("  {:<15}{count}", table.as_str()));
        }
        print_line(&format!("SHA-256 {}, the same on both sides", copied.digest));
        Ok(())
    }

    /// Refuses a target that is not empty, unless its data is from an unfinished copy.
    async fn check_target(&self) -> Result<(), String> {
        let target_error = |error| format!("{}: {}", self.to, reason(error));
        if self.target.is_unfinished().await.map_err(target_error)? {
            return Ok(());
        }
        for table in Table::ALL {
            let count = self.target.count(table).await.map_err(target_error)?;
            // a new store has the lobby
            if count > u64::from(table == Table::Rooms) {
                let table = table.as_str();
                return Err(format!("{} is not empty ({table}: {count}); name an empty target with --to", self.to));
            }
        }
        Ok(())
    }
}

fn copy_error(location: &Location) -> impl FnOnce(store::Error) -> String {
    let location = location.clone();
    move |error| format!("{location}: {}; run the same command again to start over", reason(error))
}

fn changed_error(location: &Location) -> String {
    format!("{location} changed during the copy; stop what writes to it, then run the same command again to start over")
}

/// Reads a whole store, page by page, and calls `each` with the rows of every page. The digest covers the
/// [canonical form](Row::canonical) of every row, table by table.
async fn read(
    store: &dyn Database,
    location: &Location,
    label: &str,
    mut each: impl AsyncFnMut(Vec<Row>) -> Result<(), String>,
) -> Result<Checksum, String> {
    let mut counts = [0; Table::ALL.len()];
    let mut context = Context::new(&SHA256);
    for (count, table) in counts.iter_mut().zip(Table::ALL) {
        let total = store.count(table).await.map_err(copy_error(location))?;
        let mut progress = Progress::start(format!("{label}{}", table.as_str()), total);
        let mut last: Option<Row> = None;
        loop {
            let rows = store.rows(table, last.as_ref(), PAGE_ROWS).await.map_err(copy_error(location))?;
            let Some(last_of_page) = rows.last().cloned() else { break };
            let page_rows = rows.len() as u64;
            *count += page_rows;
            // otherwise the loop would not end while the table grows as fast as it is read
            if *count > total {
                return Err(changed_error(location));
            }
            rows.iter().for_each(|row| context.update(row.canonical().as_bytes()));
            each(rows).await?;
            progress.advance(page_rows);
            last = Some(last_of_page);
        }
        progress.finish();
    }
    let digest = context.finish();
    Ok(Checksum { counts, digest: hex::encode(digest) })
}
