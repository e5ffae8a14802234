//! What a server process and its client, this process, cost.

use std::{
    collections::HashMap,
    fs,
    pin::pin,
    time::{Duration, Instant},
};

use natter_test_support::ServerProcess;

/// Nanoseconds that each thread of a process has run. `/proc/PID/stat` counts in hundredths of a second only.
fn threads(pid: u32) -> HashMap<u32, u64> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return HashMap::new() };
    let ran = |task: fs::DirEntry| {
        let schedstat = fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some((task.file_name().to_str()?.parse().ok()?, schedstat.split(' ').next()?.parse().ok()?))
    };
    tasks.flatten().filter_map(ran).collect()
}

/// Measures the CPU time of a server and of this process from its start on.
pub struct Meter {
    pid: u32,
    server: HashMap<u32, u64>,
    client: HashMap<u32, u64>,
    started: Instant,
}

/// What was used since a [`Meter`] was started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub secs: f64,
    /// CPU seconds of the server.
    pub server: f64,
    /// CPU seconds of this process.
    pub client: f64,
}

impl Meter {
    pub fn start(pid: u32) -> Self {
        Self { pid, server: threads(pid), client: threads(std::process::id()), started: Instant::now() }
    }

    /// Measures the CPU time of a server that has just started, from its first instruction on.
    pub fn of_new(pid: u32) -> Self {
        Self { server: HashMap::new(), ..Self::start(pid) }
    }

    pub fn started(&self) -> Instant {
        self.started
    }

    pub fn read(&self) -> Usage {
        // a thread that has ended meanwhile is not counted: threads end only after seconds without work
        let since = |before: &HashMap<u32, u64>, pid| -> f64 {
            let ran = |(thread, now): (u32, u64)| now.saturating_sub(before.get(&thread).copied().unwrap_or_default());
            threads(pid).into_iter().map(ran).sum::<u64>() as f64 / 1e9
        };
        Usage {
            secs: self.started.elapsed().as_secs_f64(),
            server: since(&self.server, self.pid),
            client: since(&self.client, std::process::id()),
        }
    }
}

impl Usage {
    /// Whether this process, which is one thread, was at its limit: the server could have done more.
    pub fn client_was_limit(&self) -> bool {
        self.client > 0.9 * self.secs
    }

    /// The server's CPU time as a share of one core.
    pub fn share(&self) -> f64 {
        self.server / self.secs
    }
}

/// Does `work`; returns what it returns, and the most resident memory that the server had meanwhile, in KiB.
pub async fn peak_memory<T>(server: &ServerProcess, work: impl Future<Output = T>) -> (T, u64) {
    let (mut work, mut peak) = (pin!(work), 0);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            done = &mut work => return (done, peak.max(server.memory())),
            _ = tick.tick() => peak = peak.max(server.memory()),
        }
    }
}
