//! A natter process whose memory and time for one request are measured.

use std::{
    fs,
    time::{Duration, Instant},
};

use reqwest::RequestBuilder;
use tempfile::TempDir;

use crate::support::{Process, Script, new_user, password_of};

/// The longest time for one request.
const TIME: Duration = Duration::from_secs(5);
/// The most memory that one request may take, in KiB.
const MEMORY: u64 = 64 << 10;

pub struct Measured {
    process: Process,
    _directory: TempDir,
}

impl Measured {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { process: Process::start(directory.path(), &["--rate-limits", "off"]), _directory: directory }
    }

    pub async fn register(&self, user_id: &str) -> Script {
        let script = self.process.script();
        script.post("/api/users", new_user(user_id)).await.is(201);
        script.log_in(user_id, &password_of(user_id)).await
    }

    /// Runs `work` and returns its result. Asserts that it takes neither much time nor much memory.
    pub async fn spends_little<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let (before, started) = (self.reset_peak(), Instant::now());
        let result = work.await;
        let (took, grown) = (started.elapsed(), self.peak().saturating_sub(before));
        assert!(took < TIME, "{what}: {took:?}");
        assert!(grown < MEMORY, "{what}: {grown} KiB");
        result
    }

    /// Sends a request that is refused with a reason. The connection may end before all of it is sent.
    pub async fn refuses(&self, what: &str, request: RequestBuilder) {
        let Ok(response) = self.spends_little(what, request.send()).await else { return };
        let status = response.status();
        assert!(status.is_client_error() || status.is_redirection(), "{what}: {status}");
    }

    /// The resident memory, in KiB, from which [`Measured::peak`] counts anew.
    fn reset_peak(&self) -> u64 {
        fs::write(format!("/proc/{}/clear_refs", self.process.pid()), "5").unwrap();
        self.process.memory()
    }

    /// The most resident memory since the last reset, in KiB.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.pid())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }
}
