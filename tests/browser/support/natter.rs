//! natter under test: a process on a directory of its own, and a chromedriver for the browsers of its users.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use natter::{
    domain::{RoomId, UserId},
    store::{self, Access, Database},
};
use natter_test_support::{NatterCommand, NatterProcess, free_port};
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{BrowserOptions, Chromedriver, Person};

/// More tests than run at the same time.
const MAX_TESTS: u32 = 1024;
/// A permit for each test that runs. A test that compares times has all of them. A test may start only one natter: for a
/// second one it would wait behind the test that waits for all permits.
static PERMITS: Semaphore = Semaphore::const_new(MAX_TESTS as usize);

/// Waits until `count` of the permits are free.
async fn permits(count: u32) -> SemaphorePermit<'static> {
    PERMITS.acquire_many(count).await.unwrap()
}

pub struct Natter {
    process: NatterProcess,
    /// The port of the chat server.
    port: u16,
    /// The URLs of the users and the auth server.
    pub users: String,
    pub auth: String,
    driver: Chromedriver,
    pub(super) http: reqwest::Client,
    directory: TempDir,
    _permits: SemaphorePermit<'static>,
}

impl Natter {
    /// Starts all three servers on one address.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// As [`Natter::start`], while no other test runs.
    pub async fn start_alone() -> Self {
        Self::start_with(permits(MAX_TESTS).await, &[]).await
    }

    /// Starts all three servers on one address, with further settings.
    pub async fn with(settings: &[&str]) -> Self {
        Self::start_with(permits(1).await, settings).await
    }

    async fn start_with(permits: SemaphorePermit<'static>, settings: &[&str]) -> Self {
        let port = free_port();
        let url = format!("http://localhost:{port}");
        let listen = SocketAddr::from(([127, 0, 0, 1], port));
        let settings: Vec<String> = settings.iter().map(|&setting| setting.into()).collect();
        Self::launch(permits, port, [url.clone(), url], Some(listen), &settings).await
    }

    /// Starts the three servers on an address each: the chat on localhost, the others on these hosts.
    pub async fn on_three_addresses(users: &str, auth: &str) -> Self {
        let mut settings = Vec::new();
        let mut add_server = |role: &str, host: &str| {
            let port = free_port();
            settings.extend([format!("--{role}-addr"), format!("{host}:{port}")]);
            (port, format!("http://{host}:{port}"))
        };
        let (_, users) = add_server("users", users);
        let (_, auth) = add_server("auth", auth);
        let (port, _) = add_server("chat", "localhost");
        Self::launch(permits(1).await, port, [users, auth], None, &settings).await
    }

    async fn launch(
        permits: SemaphorePermit<'static>,
        port: u16,
        [users, auth]: [String; 2],
        listen: Option<SocketAddr>,
        settings: &[String],
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let limits = if settings.iter().any(|setting| setting.ends_with("-rate")) { "on" } else { "off" };
        let command = NatterCommand::new(env!("CARGO_BIN_EXE_natter"), directory.path())
            .lowest_bcrypt_cost()
            .args(["--rate-limits", limits, "--log", "warn"])
            .args(settings);
        let command = listen.into_iter().fold(command, NatterCommand::listen);
        let process = command.start();
        let driver = Chromedriver::start().await;
        Self { process, port, users, auth, driver, http: reqwest::Client::new(), directory, _permits: permits }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Where the database is.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The database beside the running server, and the lobby's access for a user: a write here is faster than by any API.
    pub async fn lobby_of(&self, user_id: &str) -> (Arc<dyn Database>, Access) {
        let store = store::open_embedded(&self.data()).unwrap();
        let user = store.user(&UserId::parse(user_id).unwrap()).await.unwrap().unwrap();
        let access = store.access(&user, &RoomId::lobby()).await.unwrap();
        (store, access)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn driver_url(&self) -> String {
        self.driver.url()
    }

    /// Opens a browser of its own, on no page yet.
    pub async fn visitor(&self, options: BrowserOptions) -> Person {
        Person::open(self, options).await
    }

    /// Opens a browser, signs up and waits for the chat page.
    pub async fn person(&self, name: &str) -> Person {
        let person = self.visitor(BrowserOptions::default()).await;
        person.sign_up(self, name).await;
        person
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn start_again(&mut self) {
        self.process.start_again();
    }
}

/// `ada` as `Ada`.
pub fn capitalized(user_id: &str) -> String {
    user_id[..1].to_uppercase() + &user_id[1..]
}
