//! Why natter cannot start.

use std::{io, net::SocketAddr, path::Path};

use super::roles::RolesError;
use crate::store::{self, Location};

/// Why natter cannot start, in one line that names the setting to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the data directory {path} cannot be used ({source}); make it writable, or name another with --data-dir")]
    DataDir { path: String, source: io::Error },
    #[error("another natter runs on {0}; stop it, or name another directory with --data-dir")]
    InUse(String),
    #[error("the address {address} cannot be listened on ({source}); name another with {flag}")]
    Listen { address: SocketAddr, flag: &'static str, source: io::Error },
    #[error(transparent)]
    Roles(#[from] RolesError),
    #[error("{location} cannot be opened: {source}")]
    Store { location: Location, source: store::Error },
    #[error("no secret can be generated ({0}); set ACCESS_TOKEN_SECRET")]
    Secret(io::Error),
}

impl StartError {
    pub(super) fn data_dir(dir: &Path, source: io::Error) -> Self {
        Self::DataDir { path: dir.display().to_string(), source }
    }
}
