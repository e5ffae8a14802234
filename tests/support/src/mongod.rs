//! A MongoDB server as a process.

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use mongodb::{Client, bson::doc};

use crate::{Host, free_port, server::send_signal, temporary::unique_name};

/// A MongoDB server. It stops when this value is dropped, and when this process ends.
///
/// `tests/mongod run` starts it and stops it once standard input closes, which happens even if this process is killed.
pub struct Mongod {
    host: Host,
    pub port: u16,
    directory: PathBuf,
    /// Whether the data stays when the server stops.
    keeps_data: bool,
    options: Vec<String>,
    /// The `tests/mongod run` process.
    script: Child,
}

impl Drop for Mongod {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Mongod {
    /// Starts a server with `options` on its command line. Its data is removed when it stops.
    ///
    /// The script removes the data: a static value is never dropped, and a killed process drops nothing.
    pub fn start(options: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(unique_name());
        Self::launch(Host::LOCAL, directory, false, options).unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts a server with its data in `directory`, where the data stays, so that the server can be started again.
    pub fn start_in(directory: &Path, options: &[&str]) -> Self {
        Self::try_start_on(&Host::LOCAL, directory, options).unwrap_or_else(|why| panic!("{why}"))
    }

    /// # Errors
    /// There is no MongoDB, and it cannot be fetched.
    pub(crate) fn try_start_on(host: &Host, directory: &Path, options: &[&str]) -> Result<Self, String> {
        Self::launch(host.clone(), directory.to_owned(), true, options)
    }

    fn launch(host: Host, directory: PathBuf, keeps_data: bool, options: &[&str]) -> Result<Self, String> {
        Self::fetch()?; // first, because a download takes longer than a server may take to answer
        let (port, options) = (free_port(), options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>());
        let script = run_script(&host, port, &directory, keeps_data, &options)?;
        Ok(Self { host, port, directory, keeps_data, options, script })
    }

    /// Makes sure that there is a MongoDB binary: downloads it unless it is there.
    ///
    /// # Errors
    /// The download fails.
    pub fn fetch() -> Result<(), String> {
        let output = Command::new(script_path()).arg("path").output().map_err(|why| format!("tests/mongod: {why}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("there is no MongoDB, see tests/mongod: {}", String::from_utf8_lossy(&output.stderr)))
        }
    }

    /// Sends the server a signal by its name, like `KILL`, `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        send_signal(self.pid().expect("mongod runs"), name);
    }

    /// The id of the server's process, if it runs.
    pub fn pid(&self) -> Option<u32> {
        let pid = fs::read_to_string(self.directory.join("mongod.lock")).ok()?.trim().parse().ok()?;
        // the file of a server that was killed stays, and its id can be another's by now
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let directory = self.directory.as_os_str().as_bytes();
        arguments.split(|byte| *byte == 0).any(|argument| argument == directory).then_some(pid)
    }

    /// Stops the server as an operator does, and waits until it has ended.
    pub fn stop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }

    /// Starts the server again on the same port and data, however it ended. Stops it first if it runs.
    pub fn start_again(&mut self) {
        self.stop();
        self.script = run_script(&self.host, self.port, &self.directory, self.keeps_data, &self.options).unwrap();
    }

    /// Connects to this server alone, whether or not it is in a replica set. Returns once it answers, within a minute.
    pub async fn connect(&self) -> Client {
        self.try_connect().await.expect("mongod answers within a minute")
    }

    pub(crate) async fn try_connect(&self) -> mongodb::error::Result<Client> {
        let url = format!("mongodb://{}/?directConnection=true&serverSelectionTimeoutMS=60000", self.address());
        let client = Client::with_uri_str(url).await?;
        client.database("admin").run_command(doc! { "ping": 1 }).await?;
        Ok(client)
    }

    /// The server's address, as a URL has it.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host.address, self.port)
    }

    /// The URL of a database on this server.
    pub fn url(&self, database: &str) -> String {
        format!("mongodb://{}/{database}", self.address())
    }
}

fn script_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("mongod")
}

fn run_script(host: &Host, port: u16, directory: &Path, keeps_data: bool, options: &[String]) -> Result<Child, String> {
    let mut command = host.command(script_path());
    command.env("NATTER_MONGOD_ADDRESS", host.address.to_string());
    command.arg("run").arg(port.to_string()).arg(directory).args(options);
    if keeps_data {
        command.env("NATTER_MONGOD_KEEP", "yes");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(|why| format!("tests/mongod: {why}"))
}
