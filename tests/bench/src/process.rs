//! The servers under measure: processes that end with the value that stands for them.

use std::{
    collections::HashMap,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, Command},
    time::{Duration, Instant},
};

#[path = "../../support/port.rs"]
mod port;

pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts `command`, which is to listen on `address`, and returns once it does.
    pub fn start(command: &mut Command, address: SocketAddr) -> Result<Self, String> {
        let child = command.spawn().map_err(|why| format!("{:?} does not start: {why}", command.get_program()))?;
        let mut server = Self { child, address };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("{:?} ended with {status}", command.get_program()));
            }
            if started.elapsed() > Duration::from_secs(30) {
                return Err(format!("nothing listens on {address}"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        memory(self.pid())
    }

    pub fn meter(&self) -> Meter {
        Meter::start(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that is free, on a port that no client is given: thousands of those are.
pub fn free_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port::free_port()))
}

/// Resident memory of a process, in KiB.
pub fn memory(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let rss = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    rss.and_then(|rss| rss.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Nanoseconds that each thread of a process has run. `/proc/PID/stat` counts in hundredths of a second only.
fn threads(pid: u32) -> HashMap<u32, u64> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return HashMap::new() };
    let ran = |task: fs::DirEntry| {
        let schedstat = fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some((task.file_name().to_str()?.parse().ok()?, schedstat.split(' ').next()?.parse().ok()?))
    };
    tasks.flatten().filter_map(ran).collect()
}

/// What a stretch of time cost the server, and what it cost this process, its client.
pub struct Meter {
    pid: u32,
    server: HashMap<u32, u64>,
    client: HashMap<u32, u64>,
    started: Instant,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    pub secs: f64,
    /// CPU seconds.
    pub server: f64,
    pub client: f64,
}

impl Meter {
    pub fn start(pid: u32) -> Self {
        Self { pid, server: threads(pid), client: threads(std::process::id()), started: Instant::now() }
    }

    pub fn started(&self) -> Instant {
        self.started
    }

    pub fn read(&self) -> Used {
        // a thread that has ended meanwhile is not counted: those that end were idle for seconds
        let since = |before: &HashMap<u32, u64>, pid| -> f64 {
            let ran = |(thread, now): (u32, u64)| now.saturating_sub(before.get(&thread).copied().unwrap_or_default());
            threads(pid).into_iter().map(ran).sum::<u64>() as f64 / 1e9
        };
        Used {
            secs: self.started.elapsed().as_secs_f64(),
            server: since(&self.server, self.pid),
            client: since(&self.client, std::process::id()),
        }
    }
}

impl Used {
    /// Whether this process, which is one thread, had nothing left: the server could have done more.
    pub fn client_was_full(&self) -> bool {
        self.client > 0.9 * self.secs
    }

    /// The server's CPU, as a share of one core.
    pub fn share(&self) -> f64 {
        self.server / self.secs
    }
}
