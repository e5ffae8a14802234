//! How many files the process may have open. Each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Not for connections, but for the database, the search index, files of messages, and connections to MongoDB.
const RESERVED: u64 = 256;

/// Raises the soft limit of open files to the hard one, and returns how many connections the process may have under it: at
/// most `wanted`.
///
/// A shell and systemd give a low limit, because of programs that cannot use more. If connections used all of it, neither
/// messages nor files could be stored.
pub(super) fn max_connections(wanted: u32) -> u32 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // some systems refuse "unlimited"
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let Some(files) = (if raised.is_ok() { maximum } else { current }) else { return wanted };
    let most = files.saturating_sub(RESERVED).max(1).try_into().unwrap_or(u32::MAX);
    if most < wanted {
        tracing::warn!(
            files,
            max_connections = most,
            wanted,
            "fewer connections than set: the limit of open files is low; raise it (ulimit -Hn, or LimitNOFILE= of systemd)"
        );
    }
    most.min(wanted)
}
