//! A disk that can lose its power, become full, and fail.
//!
//! It is a file system in memory, mounted with FUSE. It knows what a program has synced: when the power goes, all of that
//! is there, and of the rest any part, pages of 4 KiB torn into sectors ([`file`], [`tree`]). Nothing else of the machine is
//! simulated: the program is killed at the same moment.

mod file;
mod fuse;
mod tree;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fuser::BackgroundSession;
use natter_check::team::Random;
use tree::Tree;

/// A disk. Clones are the same one.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

struct State {
    tree: Tree,
    has_power: bool,
    faults: Faults,
    random: Random,
}

/// What fails until it is mended.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Each write (EIO).
    pub write: bool,
    /// Each sync (EIO). What it was to write is lost.
    pub sync: bool,
    /// The bytes that the disk has room for (ENOSPC).
    pub capacity: Option<u64>,
    /// A sync of files with this in their names does nothing and says that it did.
    pub lies_about: Option<&'static str>,
}

/// A disk in its place in the file system, until this value is dropped.
pub struct Mounted(Option<BackgroundSession>);

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(session) = self.0.take()
            && let Err(why) = session.umount_and_join()
        {
            eprintln!("drill: not unmounted: {why}");
        }
    }
}

impl Disk {
    pub fn new(seed: u64) -> Self {
        let random = Random::new(seed);
        let state = State { tree: Tree::default(), has_power: true, faults: Faults::default(), random };
        Self(Arc::new(Mutex::new(state)))
    }

    /// # Errors
    /// The system has no FUSE, or does not let this user mount.
    pub fn mount(&self, path: &Path) -> Result<Mounted, String> {
        fuse::mount(self, path)
            .map(|session| Mounted(Some(session)))
            .map_err(|why| format!("{}: {why}", path.display()))
    }

    /// From now on every operation fails.
    pub fn cut_power(&self) {
        self.state().has_power = false;
    }

    /// Leaves what was on the disk when the power went. To be called when no program has a file open.
    pub fn restore_power(&self) {
        let state = &mut *self.state();
        state.tree.lose_power(&mut state.random);
        state.has_power = true;
    }

    /// Sets what fails.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// The bytes of all files.
    pub fn used(&self) -> u64 {
        self.state().tree.used()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
