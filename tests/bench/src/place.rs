//! Directories, and where the programs are.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// What is kept between runs: filled databases, the Node application, results.
pub fn kept() -> PathBuf {
    let dir = root().join("target/bench");
    fs::create_dir_all(&dir).expect("target/bench can be made");
    dir
}

/// The natter to measure; `NATTER` names another than the one just built.
pub fn binary() -> PathBuf {
    env::var_os("NATTER").map_or_else(|| root().join("target/release/natter"), Into::into)
}

/// Whether to be content with shorter runs, whose figures are printed and kept nowhere: `QUICK=1`.
pub fn quick() -> bool {
    env::var_os("QUICK").is_some()
}

/// What the natters of this run have to say, on standard error.
pub fn log() -> PathBuf {
    kept().join("natter.log")
}

/// A directory that goes with this value.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("work-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let dir = kept().join(name);
        fs::create_dir_all(&dir).expect("target/bench can be written to");
        Self(dir)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
