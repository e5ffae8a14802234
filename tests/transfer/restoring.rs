//! A restore into a database that a natter uses: the running natter and its open pages must not notice anything.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use futures_util::StreamExt;
use mongodb::bson::{Document, doc};
use natter_test_support::{NatterCommand, NatterProcess, TemporaryDirectory, eventually};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::{
    backups::{Backups, backup, restore},
    doctor::{doctor, full},
    store::TestDatabase,
    support::{natter, setting, texts_of},
};

const PASSWORD: &str = "correct horse battery";

/// The binary as a server on a database.
struct Running {
    process: NatterProcess,
    _directory: TemporaryDirectory,
}

impl Running {
    fn start(database: &TestDatabase, more: &[&str]) -> Self {
        let directory = TemporaryDirectory::new();
        let (flag, value) = setting(database);
        let command = NatterCommand::new(env!("CARGO_BIN_EXE_natter"), directory.path()).lowest_bcrypt_cost();
        let command = command.args(["--rate-limits", "off", flag, &value]).args(more.iter().copied());
        let process = tokio::task::block_in_place(|| command.start());
        Self { process, _directory: directory }
    }

    fn address(&self) -> SocketAddr {
        self.process.address
    }

    async fn sign_up(&self, user_id: &str) {
        let user = json!({ "userID": user_id, "name": user_id, "email": format!("{user_id}@example.org"),
            "password": PASSWORD });
        let signed_up = Client::new().post(format!("http://{}/api/users", self.address())).json(&user).send().await;
        assert_eq!(signed_up.unwrap().status(), 201);
    }

    async fn token(&self, user_id: &str) -> String {
        let login = json!({ "userID": user_id, "password": PASSWORD });
        let login = Client::new().post(format!("http://{}/api/login", self.address())).json(&login).send().await;
        let login: Value = login.unwrap().json().await.unwrap();
        login["jwtToken"].as_str().unwrap_or_else(|| panic!("{login}")).to_owned()
    }

    /// Posts a text, which is its client id too; returns the number of the message.
    async fn post(&self, token: &str, text: &str) -> u64 {
        let message = json!({ "message": text, "clientID": text.replace(' ', "-") });
        let post = Client::new().post(format!("http://{}/api/messages", self.address())).bearer_auth(token);
        post.json(&message).send().await.unwrap().json::<Value>().await.unwrap()["seq"].as_u64().unwrap()
    }

    async fn socket(&self, token: &str) -> Socket {
        Socket(connect_async(format!("ws://{}/ws?jwt={token}&after=0", self.address())).await.unwrap().0)
    }
}

/// An open page.
struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// All frames up to the one with this text.
    async fn up_to(&mut self, text: &str) -> Vec<String> {
        let mut frames = Vec::new();
        while frames.last().is_none_or(|frame: &String| !frame.contains(text)) {
            let frame = timeout(Duration::from_secs(30), self.0.next()).await.expect(text);
            frames.push(frame.expect("it is open").unwrap().into_text().unwrap().to_string());
        }
        frames
    }
}

/// A backup of a natter with Bob's account and message.
async fn other_backup() -> (Backups, PathBuf) {
    let (backups, source) = (Backups::new(), TestDatabase::embedded());
    let running = Running::start(&source, &[]);
    running.sign_up("bob").await;
    running.post(&running.token("bob").await, "from the backup").await;
    let file = backups.path("backup");
    backup(&source, &file, &[]).await.ok();
    (backups, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_under_a_natter_on_the_embedded_database_is_refused() {
    refuse_under_a_running_natter(TestDatabase::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_under_a_natter_on_mongodb_is_refused() {
    refuse_under_a_running_natter(TestDatabase::mongodb().await).await;
}

async fn refuse_under_a_running_natter(database: TestDatabase) {
    let (_backups, file) = other_backup().await;
    let running = Running::start(&database, &[]);
    running.sign_up("ann").await;
    let token = running.token("ann").await;
    let mut page = running.socket(&token).await;
    assert_eq!(running.post(&token, "before the restore").await, 1);
    page.up_to("before the restore").await;

    let refused = restore(&file, &database).await;
    let lines: Vec<_> = refused.err.lines().filter(|line| line.starts_with("natter: ")).collect();
    let [line] = lines[..] else { panic!("{refused:?}") };
    assert!(refused.code == 1 && refused.out.is_empty(), "{refused:?}");
    assert!(line.contains("natter is running on ") && line.contains("; stop it, or name another"), "{line}");

    assert_eq!(running.post(&token, "before the restore").await, 1, "the same message");
    assert_eq!(running.post(&token, "after the restore").await, 2);
    let frames = page.up_to("after the restore").await;
    assert!(!frames.iter().any(|frame| frame.contains("before the restore")), "{frames:?}");
    // a page that is opened now
    let frames = running.socket(&token).await.up_to("after the restore").await;
    assert_eq!(frames.concat().matches("before the restore").count(), 1, "{frames:?}");
    assert!(!frames.concat().contains("from the backup"), "{frames:?}");
    drop(running);
    let texts: Vec<String> = texts_of(&database).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["before the restore", "after the restore"]);
    doctor(&database, &[]).await.ok().says("is healthy");
}

/// A natter without the chat keeps nothing of the data in memory. So it may run: who logs in there is who was restored.
#[tokio::test(flavor = "multi_thread")]
async fn a_natter_without_the_chat_serves_what_was_restored() {
    let ((_backups, file), database) = (other_backup().await, TestDatabase::mongodb().await);
    let chat = ["--chat-url", "http://127.0.0.1:1"];
    let others = Running::start(&database, &[&["--roles", "users,auth"], &chat[..]].concat());
    restore(&file, &database).await.ok();
    let token = others.token("bob").await;
    others.sign_up("cyd").await;
    let running = Running::start(&database, &[]);
    assert_eq!(running.post(&token, "goes on").await, 2, "the token is valid, and the log goes on");
    let frames = running.socket(&running.token("cyd").await).await.up_to("goes on").await;
    assert_eq!(frames.concat().matches("from the backup").count(), 1, "{frames:?}");
    doctor(&database, &[]).await.ok().says("is healthy");
}

/// natter looks for an unfinished restore when it opens the database, and shows that it runs a moment later.
#[tokio::test(flavor = "multi_thread")]
async fn a_natter_that_starts_during_a_restore_is_noticed() {
    let ((backups, _), database) = (full().await, TestDatabase::mongodb().await);
    let (opened, same) = (database.open().await, TestDatabase::MongoDb(database.url().to_owned()));
    let file = backups.path("full");
    let restoring = tokio::spawn(async move { restore(&file, &same).await });
    let mark = database.mongo().await.collection::<Document>("natter");
    let is_marked = async || mark.find_one(doc! { "_id": "unfinishedCopy" }).await.unwrap();
    eventually("the restore has begun", is_marked).await;
    let presence = opened.presence().unwrap();
    while !restoring.is_finished() {
        presence.renew().await.unwrap();
        sleep(Duration::from_millis(500)).await;
    }
    let restored = restoring.await.unwrap();
    let line = restored.err.lines().last().unwrap_or_default().to_owned();
    assert!(restored.code == 1 && line.contains("natter was started on "), "{line}\n{}", restored.out);
    opened.close().await;
    let (flag, value) = setting(&database);
    let line = natter(&["user", "list", flag, &value]).await.refusal();
    assert!(line.contains("was not finished; run the same command again"), "{line}");
}
