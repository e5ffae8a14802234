//! A clock that is wrong: a process gets the machine's time with an offset, by a library that is loaded before the C
//! library.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use natter_check::{client::Api, team::Random};
use natter_test_support::NatterCommand;
use serde_json::Value;

const SOURCE: &str = include_str!("clock.c");
/// How far a clock is ahead or behind.
pub const HOUR: Duration = Duration::from_secs(3_600);

/// Checks that messages in the lobby have times of different hours: else natter does not run by its clock.
///
/// # Errors
/// They have not, or cannot be read.
pub async fn check_moved(reader: &Api) -> Result<(), String> {
    let log = reader.list("/api/rooms/lobby/messages?after=0&limit=500", "messages").await?;
    // like 2026-01-31T09:59:59.999Z
    let hour = |message: &Value| message["sentTime"].as_str().and_then(|time| time.get(..13)).map(str::to_owned);
    let hours: BTreeSet<String> = log.iter().filter_map(hour).collect();
    if hours.len() > 1 { Ok(()) } else { Err(format!("the clock did not move: {hours:?}")) }
}

/// The clock of a process, right at first. Its offset in seconds is in this file.
pub struct Clock(PathBuf);

impl Clock {
    /// Keeps what it needs in `directory`.
    pub fn new(directory: &Path) -> Self {
        Self(directory.join("clock"))
    }

    /// Lets natter run by this clock. Its monotonic clock stays right, as on a machine whose time is set.
    ///
    /// # Errors
    /// There is no C compiler.
    pub fn give_to(&self, command: NatterCommand) -> Result<NatterCommand, String> {
        let (source, library) = (self.0.with_extension("c"), self.0.with_extension("so"));
        fs::write(&source, SOURCE).and_then(|()| fs::write(&self.0, [0; 8])).map_err(|why| why.to_string())?;
        let compiled = Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
        if !compiled.map_err(|why| format!("cc: {why}"))?.success() {
            return Err("cc: the clock's library does not compile".into());
        }
        let text = |path: &Path| path.display().to_string();
        Ok(command.env("LD_PRELOAD", &text(&library)).env("NATTER_DRILL_CLOCK", &text(&self.0)))
    }

    /// Sets it right, an hour ahead, or an hour behind.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set(&self, random: &mut Random) -> Result<(), String> {
        let hour = HOUR.as_secs() as i64;
        let file = fs::File::options().write(true).open(&self.0).map_err(|why| why.to_string())?;
        let offset = [0, hour, -hour][random.below(3)];
        file.write_all_at(&offset.to_ne_bytes(), 0).map_err(|why| why.to_string())
    }
}
