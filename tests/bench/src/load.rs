//! Runs of the load generator.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use natter_test_support::ServerProcess;
use serde_json::Value;

/// A run of [`crate::generator`]. Each message has about 50 characters.
#[derive(Clone)]
pub struct Load {
    command: Vec<String>,
    members: usize,
    rate: usize,
    secs: usize,
}

/// The figures that the load generator prints.
#[derive(Debug, Clone)]
pub struct LoadResult {
    figures: Value,
    secs: usize,
}

impl Load {
    /// `members` sockets of natter or of the floor that receive `rate` messages a second for `secs` seconds.
    pub fn natter(server: &ServerProcess, urls: &Path, members: usize, rate: usize, secs: usize) -> Self {
        Self::new(server, urls, "natter", members, rate, secs)
    }

    /// The Node application does not send a message back to the socket it came from.
    pub fn node(server: &ServerProcess, urls: &Path, members: usize, rate: usize, secs: usize) -> Self {
        Self::new(server, urls, "socket-io", members, rate, secs).with_flag("--fanout", &(members - 1).to_string())
    }

    fn new(server: &ServerProcess, urls: &Path, protocol: &str, members: usize, rate: usize, secs: usize) -> Self {
        let command = ["--urls", &urls.display().to_string(), "--protocol", protocol].map(str::to_owned).to_vec();
        let run = Self { command, members, rate, secs };
        run.with_flag("--pid", &server.pid().to_string())
            .with_flag("--members", &members.to_string())
            .with_flag("--rate", &rate.to_string())
            .with_flag("--secs", &secs.to_string())
    }

    pub fn with_switch(mut self, switch: &str) -> Self {
        self.command.push(switch.to_owned());
        self
    }

    pub fn with_flag(mut self, flag: &str, value: &str) -> Self {
        self.command.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    pub async fn run(self) -> Result<LoadResult, String> {
        let mut command = Command::new(env::current_exe().map_err(|why| why.to_string())?);
        command.arg("load").args(&self.command).stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = tokio::task::spawn_blocking(move || command.output()).await.map_err(|why| why.to_string())?;
        let output = output.map_err(|why| why.to_string())?;
        let figures: Value = serde_json::from_slice(&output.stdout).map_err(|why| format!("load: {why}"))?;
        let Self { members, rate, secs, .. } = self;
        let result = LoadResult { figures, secs };
        if result.get("failed") > 0.0 || result.get("members") < members as f64 {
            return Err(format!("not all of {members} could connect for {rate}/s over {secs} s: {}", result.figures));
        }
        Ok(result)
    }
}

impl LoadResult {
    pub fn get(&self, name: &str) -> f64 {
        self.figures[name].as_f64().unwrap_or_default()
    }

    /// Whether the load generator kept up with the rate.
    pub fn was_on_time(&self) -> bool {
        self.get("send_s") <= 1.1 * self.secs as f64
    }

    /// Whether the load generator, which is one thread, was at its limit: the server could have done more.
    pub fn client_was_limit(&self) -> bool {
        self.get("client_cpu_s") > 0.9 * self.get("secs")
    }
}
