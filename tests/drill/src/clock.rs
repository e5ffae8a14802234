//! A clock that is wrong: a process gets the machine's time with an offset, by a library that is loaded before the C
//! library.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use natter_check::team::Random;
use natter_test_support::NatterCommand;

const SOURCE: &str = include_str!("clock.c");
/// How far a clock is ahead or behind.
pub const HOUR: Duration = Duration::from_secs(3_600);

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
