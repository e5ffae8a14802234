//! `natter copy`: carries a whole natter from one store to another.
//!
//! Users with their passwords, the log with its numbers, sessions and voided tokens; not the networks that users log in
//! from, which the next logins note again. The secret that signs
//! tokens stays where it is: the copy makes one of its own, so that tokens of before are void there, which
//! end within the hour anyway. Sessions are not signed and go on.

use std::{fs::File, path::PathBuf};

use clap::{ArgMatches, Args, parser::ValueSource};
use ring::digest::{Context, SHA256};

use super::{
    progress::{Progress, say},
    reason,
};
use crate::{
    app::{StartError, lock, make_private_dir},
    store::{self, Location, MongoUrl, Numbers, Row, Store, Table},
};

pub(super) const NOTES: &str = "\
The target has to be empty. Stop the natter on the source first: a copy is refused while one runs, and fails where \
something changes meanwhile. \
A copy that was interrupted is begun anew by the same command; until it is whole no natter starts on it.

  natter copy --from ./data --to mongodb://localhost:27017/natter
  natter copy --from mongodb://localhost:27017/natter --to sqlite:./data";

/// Rows carried at a time.
const PAGE: u32 = 1000;

#[derive(Args)]
pub struct CopyArgs {
    /// The natter to copy: mongodb://…, or the data directory of an embedded one (sqlite:DIR or DIR)
    #[arg(long, value_name = "URL", value_parser = location)]
    from: Location,

    /// Where to: mongodb://…, or a directory
    #[arg(long, value_name = "URL", value_parser = location)]
    to: Location,

    #[command(flatten)]
    _unused: Unused,
}

/// The settings of all other commands, which mean nothing here: kept out of the help.
#[derive(Args)]
struct Unused {
    #[arg(long, hide = true)]
    data_dir: Option<PathBuf>,
    #[arg(long, hide = true, value_parser = MongoUrl::parse)]
    database: Option<MongoUrl>,
    #[arg(long, hide = true)]
    bcrypt_cost: Option<u32>,
}

/// A setting from outside may be there for other commands; one on the command line is a mistake.
pub(super) fn refuse_other_settings(matches: &ArgMatches) -> Result<(), String> {
    let Some(("copy", copy)) = matches.subcommand() else { return Ok(()) };
    for (id, flag) in [("data_dir", "--data-dir"), ("database", "--database"), ("bcrypt_cost", "--bcrypt-cost")] {
        if [matches, copy].iter().any(|found| found.value_source(id) == Some(ValueSource::CommandLine)) {
            return Err(format!("{flag} means nothing to natter copy; --from and --to name the two databases"));
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
    // an address with a slash too few would be shown with its password
    if dir.is_empty() || dir.contains(":/") || dir.contains('@') {
        return Err(hint.into());
    }
    let dir = PathBuf::from(dir);
    if dir.is_file() || dir.extension().is_some_and(|extension| extension == "db") {
        return Err("name the directory that natter.db is in".into());
    }
    Ok(Location::Embedded(dir))
}

pub(super) async fn run(CopyArgs { from, to, .. }: CopyArgs) -> Result<(), String> {
    if let Location::Embedded(dir) = &from
        && !dir.join("natter.db").is_file()
    {
        return Err(format!("there is no natter in {from}; name another with --from"));
    }
    if let (Location::Embedded(one), Location::Embedded(other)) = (&from, &to)
        && one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
    {
        return Err("--from and --to are the same directory; copy into a new place".into());
    }
    // no natter starts on either directory meanwhile
    let _source_lock = hold(&from, "--from")?;
    let source = store::open_source(&from).await.map_err(opened(&from, "--from"))?;
    let done = copy_from(source.as_ref(), &from, &to).await;
    source.close().await;
    done
}

async fn copy_from(source: &dyn Store, from: &Location, to: &Location) -> Result<(), String> {
    if is_empty(source).await.map_err(opened(from, "--from"))? {
        return Err(format!("there is nothing in {from} to copy"));
    }
    refuse_running(source, from, "--from").await?;
    let _target_lock = hold(to, "--to")?;
    let target = store::open_target(to).await.map_err(opened(to, "--to"))?;
    let done = Copy { from, to, source, target: target.as_ref() }.run().await;
    target.close().await;
    done
}

fn opened(place: &Location, flag: &'static str) -> impl FnOnce(store::Error) -> String {
    let place = place.clone();
    move |error| match error {
        store::Error::Busy => format!("{place} does not answer; start it, or name another with {flag}"),
        error => format!("{place} cannot be opened: {}", reason(error)),
    }
}

/// Holds a directory, which belongs to one process; made if need be.
fn hold(place: &Location, flag: &str) -> Result<Option<File>, String> {
    let Location::Embedded(dir) = place else { return Ok(None) };
    let unusable = |error| format!("{place} cannot be used ({error}); name another with {flag}");
    make_private_dir(dir).map_err(unusable)?;
    match lock(dir) {
        Ok(lock) => Ok(Some(lock)),
        Err(StartError::DataDir { source, .. }) => Err(unusable(source)),
        Err(_) => Err(running(place, flag)),
    }
}

/// The same for a database that processes share: they tell by their leases.
async fn refuse_running(store: &dyn Store, place: &Location, flag: &'static str) -> Result<(), String> {
    match store.presence() {
        Some(presence) if presence.in_use().await.map_err(opened(place, flag))? => Err(running(place, flag)),
        _ => Ok(()),
    }
}

fn running(place: &Location, flag: &str) -> String {
    format!("a natter runs on {place}; stop it, or name another with {flag}")
}

async fn is_empty(store: &dyn Store) -> store::Result<bool> {
    Ok(store.count(Table::Accounts).await? == 0 && store.count(Table::Messages).await? == 0)
}

struct Copy<'a> {
    from: &'a Location,
    to: &'a Location,
    source: &'a dyn Store,
    target: &'a dyn Store,
}

/// What a store holds, in short.
#[derive(PartialEq, Eq)]
struct Sums {
    counts: [u64; Table::ALL.len()],
    digest: String,
}

impl Copy<'_> {
    async fn run(&self) -> Result<(), String> {
        refuse_running(self.target, self.to, "--to").await?;
        self.check_target().await?;
        self.target.begin_copy().await.map_err(failed(self.to))?;
        let mut numbers = Numbers::default();
        let put = async |mut rows: Vec<Row>| {
            numbers.complete(&mut rows);
            self.target.put(rows).await.map_err(failed(self.to))
        };
        let copied = read(self.source, self.from, "", put).await?;
        let back = read(self.target, self.to, "target: ", async |_| Ok(())).await?;
        if back != copied {
            let (copied, back) = (copied.digest, back.digest);
            return Err(format!("the copy is not the same (SHA-256 {copied} became {back}): {}", changed(self.to)));
        }
        // last, so that whatever changed while the copy was made and read back shows
        if read(self.source, self.from, "source: ", async |_| Ok(())).await? != copied {
            return Err(changed(self.from));
        }
        self.target.finish_copy().await.map_err(failed(self.to))?;
        say(&format!("copied  {} to {}", self.from, self.to));
        for (table, count) in Table::ALL.into_iter().zip(copied.counts) {
            say(&format!("  {:<15}{count}", table.as_str()));
        }
        say(&format!("SHA-256 {}, the same on both sides", copied.digest));
        Ok(())
    }

    /// Room for what is copied.
    async fn check_target(&self) -> Result<(), String> {
        let failed = |error| format!("{}: {}", self.to, reason(error));
        if self.target.is_unfinished().await.map_err(failed)? {
            return Ok(());
        }
        for table in Table::ALL {
            let count = self.target.count(table).await.map_err(failed)?;
            if count > 0 {
                let what = table.as_str();
                return Err(format!("{} is not empty ({what}: {count}); copy into a new place", self.to));
            }
        }
        Ok(())
    }
}

fn failed(place: &Location) -> impl FnOnce(store::Error) -> String {
    let place = place.clone();
    move |error| format!("{place}: {}; the same command again begins anew", reason(error))
}

fn changed(place: &Location) -> String {
    format!("{place} changed meanwhile; stop what writes to it, and the same command again begins anew")
}

/// Reads all of a store, and hands it to `each` in pages. The digest is that of every row's
/// [canonical form](Row::canonical), table by table.
async fn read(
    store: &dyn Store,
    place: &Location,
    what: &str,
    mut each: impl AsyncFnMut(Vec<Row>) -> Result<(), String>,
) -> Result<Sums, String> {
    let mut counts = [0; Table::ALL.len()];
    let mut context = Context::new(&SHA256);
    for (count, table) in counts.iter_mut().zip(Table::ALL) {
        let total = store.count(table).await.map_err(failed(place))?;
        let mut progress = Progress::start(format!("{what}{}", table.as_str()), total);
        let mut last: Option<Row> = None;
        loop {
            let rows = store.rows(table, last.as_ref(), PAGE).await.map_err(failed(place))?;
            let Some(end) = rows.last().cloned() else { break };
            let page = rows.len() as u64;
            *count += page;
            // one that grows as fast as it is read has no end
            if *count > total {
                return Err(changed(place));
            }
            rows.iter().for_each(|row| context.update(row.canonical().as_bytes()));
            each(rows).await?;
            progress.advance(page);
            last = Some(end);
        }
        progress.finish();
    }
    let digest = context.finish();
    Ok(Sums { counts, digest: hex::encode(digest) })
}
