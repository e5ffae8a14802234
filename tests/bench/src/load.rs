//! The load generator, and what it says.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{place, process::Server};

/// A run of it. The text of each message is some 50 characters.
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
        let run = Self::new(server, urls, "htmx", members, rate, secs).and("--extra", "clientID={uuid}");
        run.and("--fanout", &members.to_string())
    }

    /// The Node application does not send a message back to the socket it came from.
    pub fn node(server: &Server, urls: &Path, members: usize, rate: usize, secs: usize) -> Self {
        Self::new(server, urls, "sio", members, rate, secs).and("--fanout", &(members - 1).to_string())
    }

    fn new(server: &Server, urls: &Path, proto: &str, members: usize, rate: usize, secs: usize) -> Self {
        let command = ["--urls", &urls.display().to_string(), "--proto", proto].map(str::to_owned).to_vec();
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
        let mut command = Command::new(place::tool("load")?);
        command.args(&self.command).stdin(Stdio::null()).stderr(Stdio::inherit());
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

    /// Whether the generator, not the server, was at its limit. It is a thread that sends and one that reads.
    pub fn client_was_full(&self) -> bool {
        self.get("client_cpu_s") > 0.9 * self.get("secs")
    }
}
