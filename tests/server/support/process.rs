//! The real binary, as an operator starts and stops it.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use super::Script;

pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// Starts natter on `address` and returns once it says that it is ready. It logs into `directory/log`.
    pub fn start(directory: &Path, address: &str, settings: &[&str]) -> Self {
        let mut child = command(directory)
            .args(["--listen", address])
            .args(settings)
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(directory.join("log")).unwrap())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next().expect("a line on standard output").unwrap();
        std::thread::spawn(move || lines.for_each(drop)); // whatever else it tells
        let address = ready.strip_prefix("natter is ready at http://localhost:").unwrap_or_else(|| panic!("{ready}"));
        let address = SocketAddr::from(([127, 0, 0, 1], address.parse().unwrap()));
        Self { child, address }
    }

    pub fn script(&self) -> Script {
        Script::new(self.address)
    }

    /// kill -9: no goodbye, no last write.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; returns how it ended and how long it took.
    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        self.signal("TERM");
        (self.child.wait().unwrap(), asked.elapsed())
    }

    /// Sends a signal, like `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// natter with the data directory `directory/data`, in `directory`, and no setting from outside.
fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natter"));
    command.current_dir(directory).env_clear().env("NATTER_BCRYPT_COST", "4").env("NATTER_LOG", "warn");
    command
}

/// Runs natter with `environment` and `arguments` until it ends.
pub fn run(directory: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let environment = environment.iter().copied();
    command(directory).envs(environment).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs natter with something to read on standard input.
pub fn run_with_input(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(directory)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
