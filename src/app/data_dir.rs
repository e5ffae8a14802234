//! The directory of the embedded database and the generated secret. It belongs to one process at a time.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use super::start_error::StartError;

/// Creates the directory with mode 0700 if it does not exist.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() { Ok(()) } else { DirBuilder::new().recursive(true).mode(0o700).create(dir) }
}

/// Locks the directory for this process. The system releases the lock when the process ends, however it ends.
///
/// # Errors
/// [`StartError::InUse`] if another process holds the lock; [`StartError::DataDir`] if the lock file cannot be opened.
pub(crate) fn lock(dir: &Path) -> Result<File, StartError> {
    let path = dir.join("lock");
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(|source| StartError::data_dir(dir, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(StartError::InUse(dir.display().to_string())),
    }
}
