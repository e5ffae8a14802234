//! Temporary directories.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// A directory that is removed with this value.
///
/// The crate `tempfile` would do, but it needs more of `rustix` than natter does (see Cargo.toml).
pub struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    /// Makes one in the system's directory for temporary files.
    pub fn new() -> Self {
        Self::new_in(&std::env::temp_dir())
    }

    pub fn new_in(parent: &Path) -> Self {
        let directory = parent.join(unique_name());
        fs::create_dir_all(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        Self(directory)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for TemporaryDirectory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A name that no other directory of these tests has.
pub(crate) fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("natter-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed))
}
