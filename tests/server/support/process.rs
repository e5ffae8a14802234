//! natter as a process, started and stopped as an operator does.

use std::{
    net::SocketAddr,
    ops::Deref,
    path::Path,
    process::{ExitStatus, Output},
    time::Duration,
};

use natter_test_support::{NatterCommand, NatterProcess};

use super::Script;

/// A natter process on the data in `directory/data`, with its log in `directory/log`.
pub struct Process(NatterProcess);

impl Deref for Process {
    type Target = NatterProcess;

    fn deref(&self) -> &NatterProcess {
        &self.0
    }
}

impl Process {
    /// Starts natter in `directory` and returns once it is ready. natter chooses its port.
    pub fn start(directory: &Path, settings: &[&str]) -> Self {
        Self::start_on(directory, SocketAddr::from(([127, 0, 0, 1], 0)), settings)
    }

    /// Starts natter in `directory` on `address` and returns once it is ready.
    pub fn start_on(directory: &Path, address: SocketAddr, settings: &[&str]) -> Self {
        Self(command(directory).args(settings).listen(address).start())
    }

    /// As [`Process::start`], with at most so many open files.
    pub fn with_open_files(directory: &Path, limit: u32) -> Self {
        Self(command(directory).open_files(limit).listen(SocketAddr::from(([127, 0, 0, 1], 0))).start())
    }

    pub fn script(&self) -> Script {
        Script::new(self.address)
    }

    /// Sends SIGKILL and starts natter again on the same data and address.
    pub fn kill_and_start_again(&mut self) {
        self.0.kill();
        self.0.start_again();
    }

    /// Sends SIGKILL.
    pub fn kill(mut self) {
        self.0.kill();
    }

    /// Sends SIGTERM; returns how natter ended and how long that took.
    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        self.0.terminate()
    }
}

fn command(directory: &Path) -> NatterCommand {
    NatterCommand::new(env!("CARGO_BIN_EXE_natter"), directory).lowest_bcrypt_cost().env("NATTER_LOG", "warn")
}

/// Runs natter in `directory` with `environment` and `arguments` until it ends.
pub fn run(directory: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let set = |command: NatterCommand, (name, value): &(&str, &str)| command.env(name, value);
    environment.iter().fold(command(directory), set).args(arguments).run("")
}

/// Runs natter in `directory` with `input` on standard input until it ends.
pub fn run_with_input(directory: &Path, arguments: &[&str], input: &str) -> Output {
    command(directory).args(arguments).run(input)
}
