//! The servers under measure: processes that end with the value that stands for them.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, Command},
    time::{Duration, Instant},
};

#[path = "../../support/port.rs"]
mod port;

/// Ticks of `/proc/PID/stat` in a second, the same on every Linux.
const TICKS: f64 = 100.0;

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
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid())).unwrap_or_default();
        let rss = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
        rss.and_then(|rss| rss.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
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

/// Seconds of CPU that a process has used, itself and its threads.
fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// What a stretch of time cost the server, and what it cost this process, its client.
pub struct Meter {
    pid: u32,
    server: f64,
    client: f64,
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
    fn start(pid: u32) -> Self {
        Self { pid, server: cpu(pid), client: cpu(std::process::id()), started: Instant::now() }
    }

    pub fn read(&self) -> Used {
        Used {
            secs: self.started.elapsed().as_secs_f64(),
            server: cpu(self.pid) - self.server,
            client: cpu(std::process::id()) - self.client,
        }
    }
}

impl Used {
    /// Whether this process, which is one thread, had nothing left: the server could have done more.
    pub fn client_was_full(&self) -> bool {
        self.client > 0.9 * self.secs
    }
}
