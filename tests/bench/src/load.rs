//! Runs of the load generator, and what it counted.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::process::Server;

/// A run of it ([`crate::generator`]). The text of each message is some 50 characters.
#[derive(Clone)]
pub struct Load {
    command: Vec<String>,
    members: usize,
    rate: usize,
    secs: usize,
}

/// What it counted.
#[derive(Debug, Clone)]
pub struct Counted {
    figures: Value,
    secs: usize,
}

impl Load {
    /// `members` sockets of natter, or of the floor, that get `rate` messages a second for `secs` seconds.
    pub fn natter(server: &Server, urls: &Path, members: usize, rate: usize, secs: usize) -> Self {
        Self::new(server, urls, "natter", members, rate, secs)
    }

    /// The Node application does not send a message back to the socket it came from.
    pub fn node(server: &Server, urls: &Path, members: usize, rate: usize, secs: usize) -> Self {
        Self::new(server, urls, "socket-io", members, rate, secs).and("--fanout", &(members - 1).to_string())
    }

    fn new(server: &Server, urls: &Path, protocol: &str, members: usize, rate: usize, secs: usize) -> Self {
        let command = ["--urls", &urls.display().to_string(), "--protocol", protocol].map(str::to_owned).to_vec();
        let run = Self { command, members, rate, secs };
        run.and("--pid", &server.pid().to_string())
            .and("--members", &members.to_string())
            .and("--rate", &rate.to_string())
            .and("--secs", &secs.to_string())
    }

    pub fn and(mut self, flag: &str, value: &str) -> Self {
        self.command.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    pub async fn run(self) -> Result<Counted, String> {
        let mut command = Command::new(env::current_exe().map_err(|why| why.to_string())?);
        command.arg("load").args(&self.command).stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = tokio::task::spawn_blocking(move || command.output()).await.map_err(|why| why.to_string())?;
        let output = output.map_err(|why| why.to_string())?;
        let figures: Value = serde_json::from_slice(&output.stdout).map_err(|why| format!("load: {why}"))?;
        let Self { members, rate, secs, .. } = self;
        let counted = Counted { figures, secs };
        if counted.get("failed") > 0.0 || counted.get("members") < members as f64 {
            return Err(format!("not all of {members} could connect for {rate}/s over {secs} s: {}", counted.figures));
        }
        Ok(counted)
    }
}

impl Counted {
    pub fn get(&self, name: &str) -> f64 {
        self.figures[name].as_f64().unwrap_or_default()
    }

    /// Whether it sent as fast as it was to.
    pub fn was_on_time(&self) -> bool {
        self.get("send_s") <= 1.1 * self.secs as f64
    }

    /// Whether the generator, which is one thread, was at its limit, and not the server.
    pub fn client_was_full(&self) -> bool {
        self.get("client_cpu_s") > 0.9 * self.get("secs")
    }
}
