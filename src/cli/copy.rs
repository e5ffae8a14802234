//! `natter copy`: copies all data from one store to another.
//!
//! It copies users with their passwords, rooms, their members and their logs with all numbers, what users have saved,
//! sessions, voided tokens and the audit list, then the files of messages with their thumbnails. It does not copy uploads
//! that no message has yet: who sends them uploads again. It does not copy the networks that users log in from, because later
//! logins record them again. It does not copy the secret that signs tokens: the copy generates its own, so earlier
//! tokens are void there. They expire within the hour anyway. Sessions are not signed and stay valid.

use std::path::PathBuf;

use clap::{ArgMatches, Args, parser::ValueSource};

use super::{
    objects::{NamedObject, TABLES_WITH_OBJECTS, objects_of},
    progress::{Progress, print_line},
    transfer::{
        Checksum, PAGE_ROWS, changed_error, check_target, copy_error, lock_directory, open_error, read, refuse_running,
        refuse_started,
    },
};
use crate::store::{self, Attempt, Database, Location, MongoUrl, ObjectFacts, ObjectReading, Row, Table, object_facts};

pub(super) const NOTES: &str = "\
The target must be empty. Stop natter on the source first: the copy is refused while natter runs on it, and fails if the \
data changes during the copy. Files are copied with their messages; uploads that no message has yet are not. \
After an interruption, run the same command again to start over. natter does not start on an unfinished copy.

  natter copy --from ./data --to mongodb://localhost:27017/natter
  natter copy --from mongodb://localhost:27017/natter --to sqlite:./data";

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
    source.finish_removals().await.map_err(copy_error(from))?;
    let _target_lock = lock_directory(to, "--to")?;
    let target = store::open_target(to).await.map_err(open_error(to, "--to"))?;
    let result = Copy { from, to, source, target: target.as_ref() }.run().await;
    target.close().await;
    result
}

async fn is_empty(store: &dyn Database) -> store::Result<bool> {
    Ok(store.count(Table::Accounts).await? == 0 && store.count(Table::Messages).await? == 0)
}

/// Copies between two open stores.
struct Copy<'a> {
    from: &'a Location,
    to: &'a Location,
    source: &'a dyn Database,
    target: &'a dyn Database,
}

impl Copy<'_> {
    async fn run(&self) -> Result<(), String> {
        refuse_running(self.target, self.to, "--to").await?;
        check_target(self.target, self.to, "--to").await?;
        self.target.begin_copy().await.map_err(copy_error(self.to))?;
        let insert = async |rows: Vec<Row>| self.target.insert_rows(rows).await.map_err(copy_error(self.to));
        let copied = read(self.source, self.from, "", insert).await?;
        self.copy_objects(&copied).await?;
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
        refuse_started(self.target, self.to).await?;
        self.target.finish_copy().await.map_err(copy_error(self.to))?;
        print_line(&format!("copied  {} to {}", self.from, self.to));
        copied.lines().iter().for_each(|line| print_line(line));
        print_line(&format!("SHA-256 {}, the same on both sides", copied.digest));
        Ok(())
    }

    /// Copies the objects that the rows name, in the order of the rows.
    async fn copy_objects(&self, copied: &Checksum) -> Result<(), String> {
        let mut progress = Progress::start("files, in bytes", copied.bytes);
        for table in TABLES_WITH_OBJECTS {
            let mut last: Option<Row> = None;
            loop {
                let rows = self.source.rows(table, last.as_ref(), PAGE_ROWS).await.map_err(copy_error(self.from))?;
                for object in rows.iter().flat_map(objects_of) {
                    self.copy_object(&object, &mut progress).await?;
                }
                let Some(last_of_page) = rows.into_iter().next_back() else { break };
                last = Some(last_of_page);
            }
        }
        progress.finish();
        Ok(())
    }

    /// Copies an object part by part. What was read must be what the row says, and the target must have the same.
    async fn copy_object(&self, object: &NamedObject, progress: &mut Progress) -> Result<(), String> {
        let (id, target) = (object.id, self.target.objects());
        let mut reading = ObjectReading::new(self.source.objects(), id);
        let mut offset = 0;
        loop {
            let part = match reading.next().await {
                Ok(part) if part.is_empty() => break,
                Ok(part) => part,
                Err(store::Error::NotFound) => return Err(self.damaged(object, "is missing").await),
                Err(error) => return Err(copy_error(self.from)(error)),
            };
            let length = part.len() as u64;
            target.write(id, Attempt::ONLY, offset, part).await.map_err(copy_error(self.to))?;
            offset += length;
            if !object.is_thumbnail() {
                progress.advance(length);
            }
        }
        let copied = reading.facts();
        if object.facts.is_some_and(|facts| facts != copied) {
            return Err(self.damaged(object, &difference(object.facts, copied)).await);
        }
        target.finish(id, Attempt::ONLY, copied.length).await.map_err(copy_error(self.to))?;
        if object_facts(target, id).await.map_err(copy_error(self.to))? != copied {
            let object = object.described(self.source).await;
            return Err(format!("{}: {object} has other bytes there than in {}", self.to, self.from));
        }
        Ok(())
    }

    async fn damaged(&self, object: &NamedObject, what: &str) -> String {
        let object = object.described(self.source).await;
        format!(
            "{}: {object} {what}; natter doctor names all that is damaged. Remove the file from its message or restore a \
             backup, then run the same command again to start over",
            self.from
        )
    }
}

/// How the bytes of an object differ from what its row says.
fn difference(expected: Option<ObjectFacts>, found: ObjectFacts) -> String {
    match expected {
        Some(ObjectFacts { length, .. }) if length != found.length => {
            format!("is damaged: it has {} bytes instead of {length}", found.length)
        }
        _ => "is damaged: its SHA-256 is not the stored one".to_owned(),
    }
}
