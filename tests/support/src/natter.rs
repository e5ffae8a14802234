//! natter as a process.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::{Host, ServerProcess, server::send_signal};

/// Longest wait for the line that says natter is ready. natter itself waits for its database without a limit.
const LIMIT: Duration = Duration::from_secs(60);
/// Longest time of a command that ends by itself.
const RUN_LIMIT: Duration = Duration::from_secs(180);

/// How to run a natter binary: its directory, environment and arguments.
///
/// The environment of this process is not passed on.
#[derive(Clone)]
pub struct NatterCommand {
    binary: PathBuf,
    directory: PathBuf,
    environment: Vec<(OsString, OsString)>,
    arguments: Vec<OsString>,
    host: Host,
    listen: Option<SocketAddr>,
    open_files: Option<u32>,
    log: PathBuf,
}

impl NatterCommand {
    /// Runs `binary` in `directory`. Data is in `directory/data` and the log of a server in `directory/log`, unless a
    /// setting says otherwise.
    pub fn new(binary: impl Into<PathBuf>, directory: &Path) -> Self {
        Self {
            binary: binary.into(),
            directory: directory.to_owned(),
            environment: Vec::new(),
            arguments: Vec::new(),
            host: Host::LOCAL,
            listen: None,
            open_files: None,
            log: directory.join("log"),
        }
    }

    /// Hashes passwords at bcrypt's lowest cost, unless an argument says otherwise. This makes tests quick.
    pub fn lowest_bcrypt_cost(self) -> Self {
        self.env("NATTER_BCRYPT_COST", "4")
    }

    /// Sets an environment variable. A later value replaces an earlier one.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn arg(self, argument: impl Into<OsString>) -> Self {
        self.args([argument])
    }

    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Runs on that host, and listens on an address of it.
    pub fn host(mut self, host: &Host) -> Self {
        self.host = host.clone();
        self
    }

    /// Listens on `address` instead of a free one of its host.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// Has at most so many files open, and at first 64.
    pub fn open_files(mut self, limit: u32) -> Self {
        self.open_files = Some(limit);
        self
    }

    /// Appends the log of a server to this file.
    pub fn log(mut self, path: PathBuf) -> Self {
        self.log = path;
        self
    }

    /// Starts a server and returns once natter says that it is ready. Panics if it does not within 60 s.
    pub fn start(self) -> NatterProcess {
        self.try_start().unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts a server and returns once natter says that it is ready.
    ///
    /// # Errors
    /// The binary cannot be run, or does not say that it is ready within 60 s. The error contains the log.
    pub fn try_start(self) -> Result<NatterProcess, String> {
        let mut natter = self.try_spawn()?;
        natter.wait_until_ready()?;
        Ok(natter)
    }

    /// Starts a server and does not wait until it is ready.
    pub fn spawn(self) -> NatterProcess {
        self.try_spawn().unwrap_or_else(|why| panic!("{why}"))
    }

    fn try_spawn(self) -> Result<NatterProcess, String> {
        let address = self.listen.unwrap_or_else(|| self.host.free_address());
        let command = self.listen(address);
        let process = ServerProcess::spawn(&mut command.server(address), address)?;
        Ok(NatterProcess { process, command })
    }

    /// Runs natter to its end, with `input` on standard input. Panics with its output if that takes longer than [`RUN_LIMIT`].
    pub fn run(&self, input: &str) -> Output {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|why| panic!("{}: {why}", self.binary.display()));
        // a command that reads no input may have ended already
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let (pid, (ended, wait)) = (child.id(), mpsc::channel::<()>());
        let killer = thread::spawn(move || {
            let is_late = wait.recv_timeout(RUN_LIMIT) == Err(RecvTimeoutError::Timeout);
            if is_late {
                send_signal(pid, "KILL"); // it is not waited for yet, so its id is not another's
            }
            is_late
        });
        let output = child.wait_with_output().unwrap();
        drop(ended);
        assert!(!killer.join().unwrap(), "{:?} did not end within {RUN_LIMIT:?}: {output:?}", self.arguments);
        output
    }

    /// The command that starts a server on `address`. Its standard output is a pipe.
    pub fn server(&self, address: SocketAddr) -> Command {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.unwrap_or_else(|why| panic!("{}: {why}", self.log.display()));
        let mut command = self.command();
        command.args(["--listen", &address.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command
    }

    fn command(&self) -> Command {
        let mut command = match self.open_files {
            Some(limit) => {
                let mut shell = self.host.command("/bin/sh");
                let script = format!("ulimit -Sn 64 && ulimit -Hn {limit} && exec \"$0\" \"$@\"");
                shell.arg("-c").arg(script).arg(&self.binary);
                shell
            }
            None => self.host.command(&self.binary),
        };
        command.current_dir(&self.directory).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).args(&self.arguments);
        command
    }
}

/// A natter server. It is killed when this value is dropped; if its test fails, the log is printed first.
pub struct NatterProcess {
    process: ServerProcess,
    command: NatterCommand,
}

impl Deref for NatterProcess {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}

impl DerefMut for NatterProcess {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.process
    }
}

impl Drop for NatterProcess {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("log of natter on {}:\n{}", self.address, self.log());
        }
    }
}

impl NatterProcess {
    /// Waits for the line that says natter is ready. It names the port, which matters if natter was to choose one.
    fn wait_until_ready(&mut self) -> Result<(), String> {
        let mut output = BufReader::new(self.child.stdout.take().expect("standard output is a pipe"));
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = output.read_line(&mut line); // an error leaves no line, which says that natter did not start
            let _ = sender.send(line);
            output.lines().for_each(drop); // a full pipe would block natter
        });
        let line = receiver.recv_timeout(LIMIT).unwrap_or_default();
        let Some(url) = line.trim_end().strip_prefix("natter is ready at ") else {
            return Err(format!("natter did not start: {line}\n{}", self.log()));
        };
        if self.address.port() == 0 {
            let port = url.strip_prefix("http://localhost:").and_then(|port| port.parse().ok());
            self.process.address.set_port(port.ok_or_else(|| format!("no port in {line}"))?);
        }
        Ok(())
    }

    /// Starts natter again after it has ended, on the same address and data, and returns once it is ready.
    pub fn start_again(&mut self) {
        self.try_start_again().unwrap_or_else(|why| panic!("{why}"));
    }

    /// As [`NatterProcess::start_again`].
    ///
    /// # Errors
    /// The binary cannot be run, or does not say that it is ready within 60 s. The error contains the log.
    pub fn try_start_again(&mut self) -> Result<(), String> {
        let address = self.address;
        self.process = ServerProcess::spawn(&mut self.command.server(address), address)?;
        self.wait_until_ready()
    }

    /// What natter has logged. Empty if the file cannot be read.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.command.log).unwrap_or_default()
    }
}
