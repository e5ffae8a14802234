//! `natter backup` and `natter restore`: everything in one file, which any store can be restored from.

mod create;
mod format;
mod reader;
mod restore;
mod verify;
mod writer;

use std::path::PathBuf;

use clap::Args;

use super::transfer::open_error;
use crate::{
    app::config::DataArgs,
    store::{self, Location},
};

pub(super) const BACKUP_NOTES: &str = "\
natter may run meanwhile: the backup has everything as it was at one moment. It has accounts with their password hashes, \
sessions, rooms, messages and their files: keep it where nobody else can read it. It has not the secret that signs tokens, \
nor uploads that no message has yet.

  natter backup natter-monday.backup
  natter backup --verify natter-monday.backup
  natter restore natter-monday.backup --data-dir ./new";

pub(super) const RESTORE_NOTES: &str = "\
The database must be empty, and no natter may run on it. It may be another one than before: a backup of MongoDB is restored \
into the embedded database, and the other way. After an interruption, run the same command again to start over. natter does \
not start on an unfinished restore. A page that was open before reloads if it has seen more than there is; tell people to \
reload the others.";

#[derive(Args)]
pub struct BackupArgs {
    /// The file to write; a verified file is only read
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Replace an existing file
    #[arg(long)]
    force: bool,

    /// Read the whole file and check that nothing is missing or damaged; needs no database
    #[arg(long, conflicts_with = "force")]
    verify: bool,
}

#[derive(Args)]
pub struct RestoreArgs {
    /// A file that natter backup wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs `natter backup …`.
///
/// # Errors
/// One line for the shell, if the command fails.
pub async fn backup(args: BackupArgs, data: &DataArgs) -> Result<(), String> {
    if args.verify {
        return verify::run(&args.file);
    }
    let location = data.location();
    if matches!(&location, Location::Embedded(dir) if !dir.join("natter.db").is_file()) {
        return Err(format!("there is no natter database in {location}; name its directory with --data-dir"));
    }
    // nothing is changed, so natter may have it open
    let store = store::open_source(&location).await.map_err(open_error(&location, "--data-dir or --database"))?;
    let result = create::create(store.as_ref(), &location, &args.file, args.force).await;
    store.close().await;
    result
}

/// Runs `natter restore …`.
///
/// # Errors
/// One line for the shell, if the command fails.
pub async fn restore(args: RestoreArgs, data: &DataArgs) -> Result<(), String> {
    restore::run(&args.file, &data.location()).await
}
