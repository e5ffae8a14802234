//! Backups that are made while something goes wrong. One that says it is complete has to be: it is restored elsewhere, and
//! `natter doctor` looks at it.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use natter_test_support::NatterCommand;
use tokio::task::{JoinHandle, spawn_blocking};

pub struct Backups {
    natter: PathBuf,
    /// Where the backups are for a while.
    directory: PathBuf,
    /// The arguments that say which database is backed up.
    source: [OsString; 2],
    under_way: Option<JoinHandle<Output>>,
    /// How many were restored and are whole.
    pub restored: usize,
}

impl Backups {
    pub fn new(natter: &Path, directory: &Path, source: [OsString; 2]) -> Self {
        Self { natter: natter.to_owned(), directory: directory.to_owned(), source, under_way: None, restored: 0 }
    }

    pub fn begin(&mut self) {
        let command = self.command("backup").arg(self.file()).args(self.source.clone());
        self.under_way = Some(spawn_blocking(move || command.run("")));
    }

    /// Waits until the backup is done or has failed, which it may.
    ///
    /// # Errors
    /// It says that it is done, and is not whole.
    pub async fn finish(&mut self) -> Result<(), String> {
        let Some(under_way) = self.under_way.take() else { return Ok(()) };
        let backup = under_way.await.map_err(|why| why.to_string())?;
        if backup.status.success() {
            let elsewhere = self.directory.join("restored");
            let target: [OsString; 2] = ["--data-dir".into(), elsewhere.clone().into()];
            for command in [
                self.command("backup").arg("--verify").arg(self.file()),
                self.command("restore").arg(self.file()).args(target.clone()),
                self.command("doctor").args(target),
            ] {
                let done = spawn_blocking(move || command.run("")).await.map_err(|why| why.to_string())?;
                if !done.status.success() {
                    return Err(format!("a backup is not whole: {done:?}, after {backup:?}"));
                }
            }
            self.restored += 1;
            fs::remove_dir_all(elsewhere).and_then(|()| fs::remove_file(self.file())).map_err(|why| why.to_string())?;
        } else if self.file().exists() {
            return Err(format!("a backup that failed left its file: {backup:?}"));
        }
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.directory.join("backup")
    }

    fn command(&self, name: &str) -> NatterCommand {
        NatterCommand::new(&self.natter, &self.directory).arg(name)
    }
}
