//! Directories, and where the programs are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use natter_test_support::TemporaryDirectory;

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// `target/bench`, for what is kept between runs: databases with a history, the Node application, results.
pub fn kept() -> PathBuf {
    let directory = root().join("target/bench");
    fs::create_dir_all(&directory).expect("target/bench can be made");
    directory
}

/// A directory for one measurement. It is below `target/bench`, because the system's directory for temporary files may
/// be in memory, where a commit costs nothing.
pub fn temporary() -> TemporaryDirectory {
    TemporaryDirectory::new_in(&kept())
}

/// The natter to measure; `NATTER` names another than the one just built.
pub fn binary() -> PathBuf {
    env::var_os("NATTER").map_or_else(|| root().join("target/release/natter"), Into::into)
}

/// Whether runs are to be short; their figures are printed and not kept. `QUICK=1` sets this.
pub fn quick() -> bool {
    env::var_os("QUICK").is_some()
}

/// The log of all natter processes of this run.
pub fn log() -> PathBuf {
    kept().join("natter.log")
}
