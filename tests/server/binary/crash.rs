//! SIGKILL at any time loses no acknowledged change of a message and doubles none: posts, replies, edits, deletions,
//! reactions, pins, and whom texts mention.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use natter_test_support::{free_address, until};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::sleep,
};
use uuid::Uuid;

use crate::support::{Process, Script, Socket, new_user, password_of};

const WRITERS: usize = 6;
const KILLS: usize = 6;
/// The number of the last message that a writer leaves pinned. A room has at most 50 pinned messages.
const MOST_PINNED: usize = 4;

/// Stops the writers and counts their changes.
#[derive(Default)]
struct Progress {
    finish: AtomicBool,
    acknowledged: AtomicU64,
    /// Requests without a response.
    unanswered: AtomicU64,
}

/// A message as its writer's acknowledgements have it.
struct Written {
    client_id: String,
    number: usize,
    /// The latest answer to a change of it; `None` after it was deleted.
    latest: Option<Value>,
}

/// Sends each change until it is acknowledged.
struct Sender {
    script: Script,
    progress: Arc<Progress>,
}

impl Sender {
    /// Returns the body, which is `Null` if it is empty.
    async fn change(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let answer = loop {
            let request = self.script.request(method.clone(), path);
            let request = if let Some(body) = &body { request.json(body) } else { request };
            match request.send().await {
                Ok(response) if response.status().is_success() => match response.text().await {
                    Ok(answer) => break answer,
                    Err(_) => self.progress.unanswered.fetch_add(1, Relaxed),
                },
                Ok(response) => panic!("{}", response.text().await.unwrap_or_default()),
                Err(error) if error.is_connect() => {
                    sleep(Duration::from_millis(5)).await; // natter does not run yet
                    continue;
                }
                Err(_) => self.progress.unanswered.fetch_add(1, Relaxed),
            };
        };
        self.progress.acknowledged.fetch_add(1, Relaxed);
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// Posts a message that mentions Bob, edits it, gives two reactions and takes one back, pins it, unpins most, and
    /// deletes some: each change after the one before is acknowledged. `root`: the message that it replies to.
    async fn write(&self, client_id: String, number: usize, root: Option<&mut Value>) -> Written {
        let reply_to = root.as_ref().map(|root| root["seq"].clone());
        let text = format!("{client_id}: first, @bob");
        let send = json!({ "message": text, "clientID": client_id, "replyTo": reply_to });
        let posted = self.change(Method::POST, "/api/messages", Some(send)).await;
        if let Some(root) = root {
            (root["replies"], root["rev"]) = (1.into(), posted["rev"].clone());
        }
        let path = format!("/api/rooms/lobby/messages/{}", posted["seq"]);
        let edit = json!({ "message": second(&client_id, number), "textRev": posted["textRev"] });
        self.change(Method::PATCH, &path, Some(edit)).await;
        self.change(Method::PUT, &format!("{path}/reactions/👍"), None).await;
        self.change(Method::PUT, &format!("{path}/reactions/🎉"), None).await;
        self.change(Method::DELETE, &format!("{path}/reactions/👍"), None).await;
        let mut latest = self.change(Method::PUT, &format!("{path}/pin"), None).await;
        if number > MOST_PINNED {
            latest = self.change(Method::DELETE, &format!("{path}/pin"), None).await;
        }
        if number % 3 == 2 {
            self.change(Method::DELETE, &path, None).await;
            return Written { client_id, number, latest: None };
        }
        Written { client_id, number, latest: Some(latest) }
    }
}

/// The text of a writer's message after its edit. Every second one mentions Bob no more.
fn second(client_id: &str, number: usize) -> String {
    format!("{client_id}: second{}", if number.is_multiple_of(2) { ", @bob" } else { "" })
}

/// Writes messages one after another. Every third is a reply to the one before, and every third is deleted.
async fn write(writer: usize, script: Script, progress: Arc<Progress>) -> Vec<Written> {
    let mut written: Vec<Written> = Vec::new();
    let sender = Sender { script, progress };
    while !sender.progress.finish.load(Relaxed) {
        let number = written.len();
        let root = written.last_mut().filter(|_| number % 3 == 1).and_then(|before| before.latest.as_mut());
        let next = sender.write(format!("{writer}-{number}"), number, root).await;
        written.push(next);
    }
    written
}

/// Waits for 30 acknowledgements, then kills natter at a random moment within 30 ms and starts it again.
async fn kill_while_writing(mut natter: Process, progress: &Progress) -> Process {
    let enough = progress.acknowledged.load(Relaxed) + 30;
    until("30 changes are acknowledged", Duration::from_secs(60), async || {
        progress.acknowledged.load(Relaxed) >= enough
    })
    .await;
    sleep(Duration::from_micros((Uuid::new_v4().as_u128() % 30_000) as u64)).await;
    let restart = move || {
        natter.kill_and_start_again();
        natter
    };
    spawn_blocking(restart).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_message_is_lost_and_none_is_doubled() {
    let here = tempdir().unwrap();
    let mut natter = Process::start_on(here.path(), free_address(), &["--rate-limits", "off"]);
    let script = natter.script();
    script.post("/api/users", new_user("ada")).await.is(201);
    let ada = script.log_in("ada", &password_of("ada")).await;
    script.post("/api/users", new_user("bob")).await.is(201);
    let progress = Arc::new(Progress::default());
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(writer, ada.clone(), Arc::clone(&progress)));
    }
    for _ in 0..KILLS {
        natter = kill_while_writing(natter, &progress).await;
    }
    progress.finish.store(true, Relaxed);
    let written: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    assert!(progress.unanswered.load(Relaxed) > 0, "a request was under way when natter was killed");

    let log = ada.reads_after(0, 500).await;
    let mut seqs: Vec<_> = log.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=log.len() as u64).collect::<Vec<_>>(), "from 1, without a gap");
    assert_eq!(written.len(), log.len(), "every message in the log was acknowledged");
    let head = log.last().unwrap()["rev"].as_u64().unwrap();
    assert_eq!(head, progress.acknowledged.load(Relaxed), "every change took one number, however often it was sent");
    let by_text: HashMap<_, _> = log.iter().map(|message| (message["message"].as_str(), message)).collect();
    for Written { client_id, number, latest } in &written {
        let text = second(client_id, *number);
        assert_eq!(by_text.get(&Some(text.as_str())).copied(), latest.as_ref(), "as it was acknowledged");
    }
    check_lists(&ada, &script.log_in("bob", &password_of("bob")).await, &log).await;

    let mut socket = Socket::open(&ada, "?after=0").await;
    socket.sees_rev(head).await;
    let shown: HashMap<_, _> = socket.fragments.iter().map(|one| (one.seq, one.text.as_str())).collect();
    let text = |message: &Value| {
        let named = |text| format!("{}: {text}", message["name"].as_str().unwrap());
        message["message"].as_str().map_or(String::new(), named)
    };
    for message in &log {
        assert_eq!(shown[&message["seq"].as_u64().unwrap()], text(message));
    }
    natter.kill();
}

/// The lists that are kept beside the log are of the same messages: those that are pinned, and those that mention Bob.
async fn check_lists(ada: &Script, bob: &Script, log: &[Value]) {
    let seqs = |messages: &[Value], is_listed: &dyn Fn(&Value) -> bool| -> BTreeSet<u64> {
        messages.iter().filter(|message| is_listed(message)).map(|message| message["seq"].as_u64().unwrap()).collect()
    };
    let pinned = ada.get("/api/rooms/lobby/messages?pinned=true").await.is(200).json;
    let expected = seqs(log, &|message| message["pinned"] == true);
    assert!(!expected.is_empty());
    assert_eq!(seqs(pinned["messages"].as_array().unwrap(), &|_| true), expected, "pinned");
    let (mut mentions, mut next) = (Vec::new(), Some("/api/mentions?limit=100".to_owned()));
    while let Some(path) = next {
        let page = bob.get(&path).await.is(200).json;
        mentions.extend(page["messages"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
    }
    let expected = seqs(log, &|message| message["mentions"] == json!(["bob"]));
    assert!(!expected.is_empty());
    assert_eq!(seqs(&mentions, &|_| true), expected, "mentions of Bob");
    assert_eq!(bob.room("lobby").await["mentions"], expected.len(), "those in the list of rooms");
}
