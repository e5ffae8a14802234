//! `natter copy`: carries a whole natter from one store to another.
//!
//! Users with their passwords, the log with its numbers, sessions and voided tokens. The secret that signs
//! tokens stays where it is: the copy makes one of its own, so that tokens of before are void there, which
//! end within the hour anyway. Sessions are not signed and go on.

use std::path::PathBuf;

use aws_lc_rs::digest::{Context, SHA256};
use clap::Args;

use super::{
    progress::{Progress, say},
    reason,
};
use crate::{
    app::{StartError, lock, make_private_dir},
    store::{self, Location, MongoUrl, Numbers, Row, Store, Table},
};

pub(super) const NOTES: &str = "\
The target has to be empty. Stop the natter on the source first: what changes there meanwhile makes the copy fail. \
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
    let opened = |place: &Location, flag: &'static str| {
        let place = place.clone();
        move |error| match error {
            store::Error::Busy => format!("{place} does not answer; start it, or name another with {flag}"),
            error => format!("{place} cannot be opened: {}", reason(error)),
        }
    };
    let source = store::open_source(&from).await.map_err(opened(&from, "--from"))?;
    if is_empty(source.as_ref()).await.map_err(opened(&from, "--from"))? {
        return Err(format!("there is nothing in {from} to copy"));
    }
    // no natter starts on the directory while it is filled
    let _lock = match &to {
        Location::Embedded(dir) => {
            make_private_dir(dir).map_err(|error| format!("{to} cannot be made ({error}); name another with --to"))?;
            Some(lock(dir).map_err(|error| match error {
                StartError::InUse(_) => format!("a natter runs on {to}; stop it, or name another with --to"),
                error => error.to_string(),
            })?)
        }
        Location::Mongo(_) => None,
    };
    let target = store::open_target(&to).await.map_err(opened(&to, "--to"))?;
    let done = Copy { from: &from, to: &to, source: source.as_ref(), target: target.as_ref() }.run().await;
    source.close().await;
    target.close().await;
    done
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
        self.check_target().await?;
        let failed = |place: &Location| {
            let place = place.clone();
            move |error| format!("{place}: {}; the same command again begins anew", reason(error))
        };
        self.target.begin_copy().await.map_err(failed(self.to))?;
        for table in Table::ALL {
            let total = self.source.count(table).await.map_err(failed(self.from))?;
            let mut progress = Progress::start(table.as_str(), total);
            let mut numbers = Numbers::default();
            let mut last: Option<Row> = None;
            loop {
                let mut rows = self.source.rows(table, last.as_ref(), PAGE).await.map_err(failed(self.from))?;
                let Some(end) = rows.last().cloned() else { break };
                let count = rows.len() as u64;
                numbers.complete(&mut rows);
                self.target.put(rows).await.map_err(failed(self.to))?;
                progress.advance(count);
                last = Some(end);
            }
            progress.finish();
        }
        let from = sums(self.source, "reading the source back").await.map_err(failed(self.from))?;
        let to = sums(self.target, "reading the copy back").await.map_err(failed(self.to))?;
        if from != to {
            let (from, to) = (from.digest, to.digest);
            return Err(format!(
                "the copy is not the same (SHA-256 {from} became {to}): does a natter run on {}? stop it, and the same command again begins anew",
                self.from
            ));
        }
        self.target.finish_copy().await.map_err(failed(self.to))?;
        say(&format!("copied  {} to {}", self.from, self.to));
        for (table, count) in Table::ALL.into_iter().zip(from.counts) {
            say(&format!("  {:<15}{count}", table.as_str()));
        }
        say(&format!("SHA-256 {}, the same on both sides", from.digest));
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

/// Reads all of a store. The digest is that of every row's [canonical form](Row::canonical), table by table.
async fn sums(store: &dyn Store, what: &str) -> store::Result<Sums> {
    let mut counts = [0; Table::ALL.len()];
    for (count, table) in counts.iter_mut().zip(Table::ALL) {
        *count = store.count(table).await?;
    }
    let mut progress = Progress::start(what, counts.iter().sum());
    let mut context = Context::new(&SHA256);
    for table in Table::ALL {
        let mut last: Option<Row> = None;
        loop {
            let rows = store.rows(table, last.as_ref(), PAGE).await?;
            rows.iter().for_each(|row| context.update(row.canonical().as_bytes()));
            progress.advance(rows.len() as u64);
            let Some(end) = rows.last() else { break };
            last = Some(end.clone());
        }
    }
    progress.finish();
    let digest = context.finish();
    Ok(Sums { counts, digest: digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect() })
}
