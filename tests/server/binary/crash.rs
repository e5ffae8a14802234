//! SIGKILL at any time loses no acknowledged message and doubles none.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use natter_test_support::{free_address, until};
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

/// Stops the writers and counts what they did.
#[derive(Default)]
struct Progress {
    finish: AtomicBool,
    acknowledged: AtomicU64,
    /// Requests without a response.
    unanswered: AtomicU64,
}

/// Sends messages one after another, each until it is acknowledged. Returns the acknowledgements.
async fn write(writer: usize, script: Script, progress: Arc<Progress>) -> Vec<(String, Value)> {
    let mut acknowledged = Vec::new();
    while !progress.finish.load(Relaxed) {
        let text = format!("{writer}: number {}", acknowledged.len());
        let send = json!({ "message": text, "clientID": format!("{writer}-{}", acknowledged.len()) });
        let answer = loop {
            match script.request(reqwest::Method::POST, "/api/messages").json(&send).send().await {
                Ok(response) if response.status().is_success() => match response.json::<Value>().await {
                    Ok(answer) => break answer,
                    Err(_) => progress.unanswered.fetch_add(1, Relaxed),
                },
                Ok(response) => panic!("{}", response.text().await.unwrap_or_default()),
                Err(error) if error.is_connect() => {
                    sleep(Duration::from_millis(5)).await; // natter does not run yet
                    continue;
                }
                Err(_) => progress.unanswered.fetch_add(1, Relaxed),
            };
        };
        assert_eq!(answer["message"], text);
        acknowledged.push((text, answer));
        progress.acknowledged.fetch_add(1, Relaxed);
    }
    acknowledged
}

/// Waits for 30 acknowledgements, then kills natter at a random moment within 30 ms and starts it again.
async fn kill_while_writing(mut natter: Process, progress: &Progress) -> Process {
    let enough = progress.acknowledged.load(Relaxed) + 30;
    until("30 messages are acknowledged", Duration::from_secs(60), async || {
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
    let progress = Arc::new(Progress::default());
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(writer, ada.clone(), Arc::clone(&progress)));
    }
    for _ in 0..KILLS {
        natter = kill_while_writing(natter, &progress).await;
    }
    progress.finish.store(true, Relaxed);
    let acknowledged: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    assert!(progress.unanswered.load(Relaxed) > 0, "a request was under way when natter was killed");

    let log = ada.reads_after(0, 500).await;
    let numbers: Vec<_> = log.iter().map(|message| (message["seq"].clone(), message["rev"].clone())).collect();
    let expected: Vec<_> = (1..=log.len()).map(|n| (json!(n), json!(n))).collect();
    assert_eq!(numbers, expected, "from 1, without a gap");
    let by_text: HashMap<_, _> = log.iter().map(|message| (message["message"].as_str().unwrap(), message)).collect();
    assert_eq!(by_text.len(), log.len(), "no message is in the log twice");
    assert_eq!(acknowledged.len(), log.len(), "every message in the log was acknowledged");
    for (text, answer) in &acknowledged {
        assert_eq!(by_text.get(text.as_str()), Some(&answer), "as it was acknowledged");
    }

    let mut socket = Socket::open(&ada, "?after=0").await;
    socket.sees_rev(log.len() as u64).await;
    let shown: Vec<_> = socket.fragments.iter().map(|fragment| fragment.text.trim_start_matches("You: ")).collect();
    assert_eq!(shown, log.iter().map(|message| message["message"].as_str().unwrap()).collect::<Vec<_>>());
    natter.kill();
}
