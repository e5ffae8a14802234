//! nginx, which serves the files of a directory as natter serves uploads: from user space, in one process.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Once,
};

use natter_test_support::{ServerProcess, free_address};

use crate::run::Run;

/// Starts nginx for the files of `directory`; `None` if the references are not measured, or nginx is not installed.
///
/// # Errors
/// It is installed and does not start.
pub fn start(run: &Run, directory: &Path) -> Result<Option<ServerProcess>, String> {
    if !run.with_references {
        return Ok(None);
    }
    if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
        static REPORTED: Once = Once::new();
        REPORTED.call_once(|| eprintln!("bench: nginx is left out: it is not installed (Debian: nginx-light)"));
        return Ok(None);
    }
    let (address, path) = (free_address(), directory.join("nginx.conf"));
    let own = directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {own}/nginx-{kind};"))
        .concat();
    // one process without a master, so that its CPU time is that of one pid
    let config = format!(
        "daemon off; master_process off; pid {own}/nginx.pid; error_log {own}/nginx.log;
         events {{}}
         http {{ access_log off; sendfile off; keepalive_requests 1000000000; {temporary} server {{ listen {address}; root {own}; }} }}"
    );
    fs::write(&path, config).map_err(|why| why.to_string())?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&path).arg("-e").arg(directory.join("nginx.log")).stdin(Stdio::null());
    ServerProcess::start(&mut command, address).map(Some)
}
