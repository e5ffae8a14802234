//! A natter process on a shared database, and what an operator and a script ask of it.

use std::{
    fs,
    ops::{Deref, DerefMut},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use natter_test_support::{NatterCommand, NatterProcess};
use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub const PASSWORD: &str = "correct horse battery";

/// A message of the API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub seq: u64,
    pub rev: u64,
    pub text_rev: u64,
    /// `None` if it is deleted.
    pub message: Option<String>,
    pub reply_to: Option<u64>,
    #[serde(default)]
    pub reactions: Vec<Reaction>,
    pub pinned: bool,
}

#[derive(Debug, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    pub count: usize,
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Message>,
    next: Option<String>,
}

pub struct Natter {
    process: NatterProcess,
    _directory: TempDir,
}

impl Deref for Natter {
    type Target = NatterProcess;

    fn deref(&self) -> &NatterProcess {
        &self.process
    }
}

impl DerefMut for Natter {
    fn deref_mut(&mut self) -> &mut NatterProcess {
        &mut self.process
    }
}

impl Natter {
    /// Starts natter on the database at `url` and returns once it is ready.
    pub fn start(url: &str) -> Self {
        Self::start_with(url, &[])
    }

    /// Starts natter with further settings. They may name other addresses; the process's address is that of `--listen`.
    pub fn start_with(url: &str, settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = command(&directory, url).args(settings).start();
        Self { process, _directory: directory }
    }

    /// Starts natter and does not wait until it is ready.
    pub fn spawn(url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = command(&directory, url).spawn();
        Self { process, _directory: directory }
    }

    /// Starts natter on an embedded database.
    pub fn embedded() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = embedded(NATTER, &directory).start();
        Self { process, _directory: directory }
    }

    /// As [`Natter::embedded`], with a disk of this many MiB: a file system in memory, which only natter's process sees.
    pub fn on_small_disk(mib: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("data")).unwrap();
        let script = with_mount(&directory, &format!("mount -t tmpfs -o size={mib}m tmpfs data"));
        let process = embedded(script, &directory).env("PATH", PATH).start();
        Self { process, _directory: directory }
    }

    /// As [`Natter::spawn`], with another `/etc/resolv.conf`.
    pub fn spawn_with_resolver(url: &str, resolv_conf: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = with_mount(&directory, &format!("mount --bind {} /etc/resolv.conf", resolv_conf.display()));
        let process = embedded(script, &directory).env("PATH", PATH).args(["--database", url]).spawn();
        Self { process, _directory: directory }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        Client::new().request(method, self.url(path)).bearer_auth(token)
    }

    /// Returns the status of the response to `GET path`.
    pub async fn status(&self, path: &str) -> u16 {
        reqwest::get(self.url(path)).await.unwrap().status().as_u16()
    }

    /// Signs up, unless there is such a user already, and logs in; returns a token.
    pub async fn register(&self, user_id: &str) -> String {
        let user = json!({ "userID": user_id, "name": user_id, "email": format!("{user_id}@example.org"),
            "password": PASSWORD });
        let response = Client::new().post(self.url("/api/users")).json(&user).send().await.unwrap();
        assert!([201, 409].contains(&response.status().as_u16()), "{}", response.text().await.unwrap());
        self.log_in(user_id).await
    }

    /// Logs in; returns a token.
    pub async fn log_in(&self, user_id: &str) -> String {
        let login = json!({ "userID": user_id, "password": PASSWORD });
        let response = Client::new().post(self.url("/api/login")).json(&login).send().await.unwrap();
        response.json::<Value>().await.unwrap()["jwtToken"].as_str().unwrap().to_owned()
    }

    /// Posts a message; returns the status of the response.
    pub async fn post(&self, token: &str, text: &str) -> u16 {
        let message = json!({ "message": text, "clientID": Uuid::new_v4() });
        let response = self.request(Method::POST, "/api/messages", token).json(&message).send().await.unwrap();
        response.status().as_u16()
    }

    /// Reads the whole log, in order of `rev`.
    pub async fn whole_log(&self, token: &str) -> Vec<Message> {
        let mut log = Vec::new();
        let mut next = Some("/api/messages?after=0&limit=500".to_owned());
        while let Some(path) = next {
            let page = self.request(Method::GET, &path, token).send().await.unwrap().json::<Page>().await.unwrap();
            log.extend(page.messages);
            next = page.next;
        }
        log
    }
}

const NATTER: &str = env!("CARGO_BIN_EXE_natter");
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

fn command(directory: &TempDir, url: &str) -> NatterCommand {
    embedded(NATTER, directory).args(["--database", url])
}

/// A command with the data in `directory/data`.
fn embedded(binary: impl Into<PathBuf>, directory: &TempDir) -> NatterCommand {
    NatterCommand::new(binary, directory.path())
        .lowest_bcrypt_cost()
        .env("NATTER_LOG", "warn")
        .args(["--rate-limits", "off"])
}

/// A program that starts natter after `mount`, a command whose effect only natter's process sees.
fn with_mount(directory: &TempDir, mount: &str) -> PathBuf {
    let script = directory.path().join("natter");
    // without root, a user namespace lets natter mount
    let inside = format!(r#"{mount} && exec {NATTER} "$@""#);
    fs::write(&script, format!("#!/bin/sh\nexec unshare --map-root-user --mount sh -c '{inside}' sh \"$@\"\n"))
        .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}
