//! A deleted text is nowhere: not in the database, not in what natter answers, and not in its log. It may be left in
//! SQLite's WAL until a checkpoint, in MongoDB's oplog, and its words in the index of the search for a while.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt};
use mongodb::bson::{Document, doc};
use natter_test_support::ReplicaSet;
use reqwest::Method;
use rusqlite::Connection;
use tempfile::tempdir;
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

use crate::support::{Browser, Process, Script, Socket, new_user, password_of};

/// A word of the deleted text.
const WORD: &str = "quagmirish";
/// A word that it had before it was edited.
const FIRST_WORD: &str = "zephyrous";
const SETTINGS: [&str; 6] = ["--rate-limits", "off", "--log", "debug", "--log-format", "json"];

fn has_text(content: impl AsRef<[u8]>) -> bool {
    let content = content.as_ref();
    [WORD, FIRST_WORD].iter().any(|word| content.windows(word.len()).any(|part| part == word.as_bytes()))
}

/// A user with a script and a browser at one server.
struct User {
    script: Script,
    browser: Browser,
}

impl User {
    async fn log_in(server: SocketAddr, user_id: &str) -> Self {
        let browser = Browser::new(server);
        browser.log_in(user_id).await;
        Self { script: Script::new(server).log_in(user_id, &password_of(user_id)).await, browser }
    }

    /// The status and the body of a page, or of an answer of the API.
    async fn read(&self, path: &str) -> (u16, String) {
        if path.starts_with("/api/") {
            let answer = self.script.get(path).await;
            return (answer.status, answer.text);
        }
        let page = self.browser.visit(path).await;
        (page.status, page.html)
    }

    /// What a socket that has read up to `after` is sent up to the row with the `rev` `head`. `is_page`: by a page.
    async fn catches_up(&self, after: u64, head: u64, is_page: bool) -> String {
        let request = if is_page {
            Socket::request_in(&self.browser, &format!("?room=lobby&after={after}&returning=true"))
        } else {
            let url = format!("ws://{}/ws?after={after}&jwt={}", self.script.address, self.script.token());
            url.into_client_request().unwrap()
        };
        let (mut socket, _) = connect_async(request).await.unwrap();
        let (mut received, last) = (String::new(), format!("data-rev=\"{head}\""));
        let all = async {
            while !received.contains(&last) {
                received += socket.next().await.unwrap().unwrap().to_text().unwrap();
            }
        };
        timeout(Duration::from_secs(20), all).await.expect("the row");
        received
    }
}

/// Posts, edits and deletes a text, and does with it before what can be done. Asserts that nobody is shown it any more.
/// `is_stored`: whether the text is where natter keeps its data. The users are spread over the servers.
async fn delete_a_text(servers: &[SocketAddr], is_stored: impl AsyncFn() -> bool) {
    for user_id in ["ada", "bob"] {
        Script::new(servers[0]).post("/api/users", new_user(user_id)).await.is(201);
    }
    let ada = User::log_in(servers[0], "ada").await;
    let bob = User::log_in(servers[servers.len() - 1], "bob").await;
    let before = ada.script.says("before").await["rev"].as_u64().unwrap();
    let mut readers = [
        Socket::open_in(&bob.browser, "").await,
        Socket::open(&bob.script, "").await,
        Socket::open(&ada.script, "").await,
    ];

    let posted = ada.script.says(&format!("@bob, this is **{FIRST_WORD}**")).await;
    let seq = posted["seq"].as_u64().unwrap();
    bob.script.reacts(seq, "👍").await.is(200);
    let text = format!("@bob, this is **{WORD}** and {FIRST_WORD}");
    ada.script.edits(seq, posted["textRev"].as_u64().unwrap(), &text).await.is(200);
    let message = format!("/api/rooms/lobby/messages/{seq}");
    for path in [format!("{message}/pin"), format!("{message}/saved")] {
        let status = bob.script.request(Method::PUT, &path).send().await.unwrap().status();
        assert!(status.is_success(), "{path}: {status}");
    }
    let reply = bob.script.replies(seq, "an answer").await["seq"].as_u64().unwrap();
    for socket in &mut readers {
        socket.sees("Bob: an answer").await;
        assert!(socket.fragments.iter().any(|fragment| has_text(&fragment.html)));
    }

    let next = reply + 1;
    let of_ada = [format!("/rooms/lobby/{seq}/edit"), format!("/rooms/lobby/{seq}/delete")];
    let of_both = [
        "/rooms/lobby".to_owned(),
        format!("/rooms/lobby/{seq}"),
        format!("/rooms/lobby/{reply}"),
        format!("/rooms/lobby/threads/{seq}"),
        "/rooms/lobby/pins".to_owned(),
        format!("/rooms/lobby/messages?before={next}"),
        format!("/rooms/lobby/messages?from={seq}"),
        format!("/rooms/lobby/messages?after={before}"),
        "/api/messages?after=0".to_owned(),
        format!("/api/messages?before={next}"),
        format!("/api/messages?from={seq}"),
        format!("/api/messages?around={seq}"),
        "/api/messages?author=ada".to_owned(),
        "/api/rooms/lobby/messages?pinned=true".to_owned(),
        message.clone(),
    ];
    let of_bob = ["/mentions", "/saved", "/api/mentions", "/api/saved"].map(str::to_owned);
    let reads = of_ada.iter().chain(&of_both).map(|path| (&ada, path));
    let reads: Vec<_> = reads.chain(of_both.iter().chain(&of_bob).map(|path| (&bob, path))).collect();
    for (user, path) in &reads {
        let (status, body) = user.read(path).await;
        assert!(status == 200 && has_text(&body), "{path} shows it before: {status} {body}");
    }
    assert!(is_stored().await, "it is in the database before");

    ada.script.deletes(seq).await.is(204);
    let head = ada.script.says("after").await["rev"].as_u64().unwrap();
    for socket in &mut readers {
        socket.sees("Ada: after").await;
        assert!(socket.fragments.iter().any(|fragment| fragment.seq == seq && fragment.hidden));
    }
    for (user, path) in &reads {
        let (status, body) = user.read(path).await;
        let is_of_message = path.contains(&format!("/rooms/lobby/{seq}"));
        assert!(if is_of_message { status == 404 || status == 410 } else { status == 200 }, "{path}: {status} {body}");
        assert!(!has_text(&body), "{path}: {body}");
    }
    for user in [&ada, &bob] {
        assert_eq!(user.read(&format!("/rooms/lobby/{seq}")).await.0, 404);
        for (after, is_page) in [(0, false), (0, true), (before, false), (before, true)] {
            let received = user.catches_up(after, head, is_page).await;
            assert!(received.contains("an answer") && !has_text(&received), "{received}");
        }
    }
    assert!(!is_stored().await, "it is in the database after");
}

/// The files in the directory, or in one below, that have the text.
fn files_with_text(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files_with_text(&path),
            // a file that is gone meanwhile has nothing
            false => fs::read(&path).is_ok_and(has_text).then_some(path).into_iter().collect(),
        })
        .collect()
}

fn is_index(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_str().unwrap().starts_with("search"))
}

/// Waits until the words have left the index of the search, which they do a little later.
async fn leaves_the_index(directory: &Path) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let files = files_with_text(directory);
        assert!(files.iter().all(|file| is_index(file)), "{files:?}");
        if files.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "{files:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_text_is_nowhere() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &SETTINGS);
    let data = here.path().join("data");
    delete_a_text(&[natter.address], async || {
        let checkpoint = || {
            let database = Connection::open(data.join("natter.db")).unwrap();
            database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        while checkpoint() != 0 {
            sleep(Duration::from_millis(20)).await; // a reader has not ended yet
        }
        files_with_text(&data).iter().any(|file| !is_index(file))
    })
    .await;
    leaves_the_index(&data).await;
    spawn_blocking(move || natter.terminate()).await.unwrap();
    assert!(fs::read_to_string(here.path().join("log")).unwrap().contains("\"path\":\"/ws\""));
    assert_eq!(files_with_text(here.path()), [""; 0].map(PathBuf::from), "also in the log, and after the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_text_is_nowhere_in_mongodb_and_at_no_process() {
    let set = ReplicaSet::of_one().await;
    let (url, here) = (set.url("UsersData"), tempdir().unwrap());
    let processes = ["first", "second"].map(|name| {
        fs::create_dir(here.path().join(name)).unwrap();
        Process::start(&here.path().join(name), &[&SETTINGS[..], &["--database", &url]].concat())
    });
    let database = set.members[0].connect().await.database("UsersData");
    delete_a_text(&processes.each_ref().map(|natter| natter.address), async || {
        let mut is_stored = false;
        for name in database.list_collection_names().await.unwrap() {
            let documents = database.collection::<Document>(&name).find(doc! {}).await.unwrap();
            let documents: Vec<Document> = documents.try_collect().await.unwrap();
            is_stored |= has_text(format!("{documents:?}"));
        }
        is_stored
    })
    .await;
    for name in ["first", "second"] {
        leaves_the_index(&here.path().join(name).join("data")).await;
    }
    for natter in processes {
        spawn_blocking(move || natter.terminate()).await.unwrap();
    }
    assert_eq!(files_with_text(here.path()), [""; 0].map(PathBuf::from), "in the log");
}
