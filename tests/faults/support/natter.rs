//! The real binary on a shared database, and what an operator and a script ask it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::signal;

pub const PASSWORD: &str = "correct horse battery";

pub struct Natter {
    child: Child,
    pub address: SocketAddr,
    database: String,
    settings: Vec<String>,
    directory: TempDir,
}

impl Drop for Natter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Natter {
    /// Starts natter on `database` and returns once it says that it is ready.
    pub fn start(database: &str) -> Self {
        Self::with(database, &[])
    }

    /// With further settings. They may name other addresses; [`Self::address`] is `--listen`'s.
    pub fn with(database: &str, settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let listen = SocketAddr::from(([127, 0, 0, 1], super::free_port()));
        let child = spawn(directory.path(), database, listen, &settings);
        let mut natter = Self { child, address: listen, database: database.to_owned(), settings, directory };
        natter.is_ready();
        natter
    }

    /// kill -9: no goodbye, no last write.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, on the same address.
    #[allow(dead_code)] // tests/cluster does
    pub fn start_again(&mut self) {
        self.child = spawn(self.directory.path(), &self.database, self.address, &self.settings);
        self.is_ready();
    }

    /// Waits until it says so. It may wait for a database for ever, and a test may not.
    fn is_ready(&mut self) {
        let mut output = BufReader::new(self.child.stdout.take().unwrap());
        let (says, said) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = output.read_line(&mut line); // read or not, it did not start
            let _ = says.send(line);
            output.lines().for_each(drop); // it must not be kept from writing
        });
        let line = said.recv_timeout(Duration::from_secs(60)).unwrap_or_default();
        assert!(line.contains("is ready"), "natter did not start: {line}\n{}", self.log());
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// Memory that is resident, in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it runs");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        Client::new().request(method, self.url(path)).bearer_auth(token)
    }

    /// The status that `path` is answered with.
    pub async fn status(&self, path: &str) -> u16 {
        reqwest::get(self.url(path)).await.unwrap().status().as_u16()
    }

    /// Signs up, where there is no such user yet, and logs in: a token.
    pub async fn register(&self, user_id: &str) -> String {
        let user = json!({ "userID": user_id, "name": user_id, "email": format!("{user_id}@example.org"),
            "password": PASSWORD });
        let made = Client::new().post(self.url("/api/users")).json(&user).send().await.unwrap();
        assert!([201, 409].contains(&made.status().as_u16()), "{}", made.text().await.unwrap());
        self.log_in(user_id).await
    }

    pub async fn log_in(&self, user_id: &str) -> String {
        let login = json!({ "userID": user_id, "password": PASSWORD });
        let answer = Client::new().post(self.url("/api/login")).json(&login).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["jwtToken"].as_str().unwrap().to_owned()
    }

    /// Posts a message; the status it is answered with.
    pub async fn post(&self, token: &str, text: &str) -> u16 {
        let message = json!({ "message": text, "clientID": Uuid::new_v4() });
        let sent = self.request(Method::POST, "/api/messages", token).json(&message).send().await.unwrap();
        sent.status().as_u16()
    }

    /// Everything in the log: `(rev, text)`.
    pub async fn whole_log(&self, token: &str) -> Vec<(u64, String)> {
        let mut log = Vec::new();
        let mut next = Some("/api/messages?after=0&limit=500".to_owned());
        while let Some(path) = next {
            let answer: Value = self.request(Method::GET, &path, token).send().await.unwrap().json().await.unwrap();
            let messages = answer["messages"].as_array().unwrap();
            log.extend(
                messages.iter().map(|m| (m["rev"].as_u64().unwrap(), m["message"].as_str().unwrap().to_owned())),
            );
            next = answer["next"].as_str().map(str::to_owned);
        }
        log
    }
}

fn command(directory: &Path, database: &str, listen: SocketAddr, settings: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natter"));
    command.current_dir(directory).env_clear().env("NATTER_LOG", "warn");
    command.args(["--bcrypt-cost", "4", "--rate-limits", "off", "--database", database]);
    command.args(["--listen", &listen.to_string()]).args(settings);
    command
}

/// Starts natter without waiting for anything. It logs into `directory/log`.
pub fn spawn(directory: &Path, database: &str, listen: SocketAddr, settings: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(directory.join("log")).unwrap();
    let mut command = command(directory, database, listen, settings);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts")
}

/// Waits until `is_so`, for `patience` at most; how long it took.
pub async fn until(what: &str, patience: Duration, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let started = std::time::Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < patience, "{what}: not within {patience:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    started.elapsed()
}
