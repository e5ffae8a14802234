//! A server that runs as a child process.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// Longest wait until a server listens.
const LIMIT: Duration = Duration::from_secs(30);

/// A child process that serves an address. It is killed when this value is dropped.
pub struct ServerProcess {
    pub(crate) child: Child,
    pub address: SocketAddr,
}

impl ServerProcess {
    /// Starts `command`, which is to listen on `address`, and does not wait for that.
    ///
    /// # Errors
    /// The program cannot be run.
    pub fn spawn(command: &mut Command, address: SocketAddr) -> Result<Self, String> {
        let child = command.spawn().map_err(|why| format!("{:?} does not start: {why}", command.get_program()))?;
        Ok(Self { child, address })
    }

    /// Starts `command`, which is to listen on `address`, and returns once it does.
    ///
    /// # Errors
    /// The program cannot be run, ends, or does not listen within 30 s.
    pub fn start(command: &mut Command, address: SocketAddr) -> Result<Self, String> {
        let mut server = Self::spawn(command, address)?;
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = server.exit_status() {
                return Err(format!("{:?} ended with {status}", command.get_program()));
            }
            if started.elapsed() > LIMIT {
                return Err(format!("nothing listens on {address} after {LIMIT:?}"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> u64 {
        resident_memory(self.pid())
    }

    /// How the process ended; `None` while it runs.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends a signal by its name, like `TERM`.
    pub fn signal(&self, name: &str) {
        send_signal(self.pid(), name);
    }

    /// Sends SIGKILL and waits for the end.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and waits for the end; returns how the process ended and how long that took.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        let sent = Instant::now();
        self.signal("TERM");
        (self.child.wait().unwrap(), sent.elapsed())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory of a process in KiB; 0 if it does not run.
pub fn resident_memory(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let rss = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    rss.and_then(|rss| rss.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Sends a process a signal by its name.
pub(crate) fn send_signal(pid: u32, name: &str) {
    let kill = format!("kill -{name} {pid}"); // the shell's builtin: a bare Debian has no other
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
}
