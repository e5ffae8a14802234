//! Many users react to one message within a second. Each reader receives the message's latest state, not each reaction.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until},
};

use super::changes::{Client, number, reaction};
use crate::{
    http::Http,
    listeners::{Listeners, Pace},
    natter::Natter,
    report::{Finding, thousands},
    run::Run,
};

const READERS: usize = 1000;
/// Users who react, each once.
const REACTIONS: usize = 200;
/// Time in which they do.
const TIME: Duration = Duration::from_secs(1);
/// Most bytes of all reactions, as a multiple of one.
const ENOUGH: f64 = 10.0;

pub async fn measure(run: &Run) -> Result<(), String> {
    // the last user reacts alone
    let natter = Natter::start(run, REACTIONS + 1).await?;
    let mut alone = Client::open(&natter, REACTIONS).await?;
    if !alone.has_changes().await? {
        eprintln!("bench: reactions: {} has no reactions", run.binary.display());
        return Ok(());
    }
    let listeners = Listeners::open(natter.address, READERS, Pace::Concurrent(128), |n| natter.socket_path(n)).await?;
    let seq = number(&alone.post().await?.0, "seq");
    settle(&listeners).await;

    let before = listeners.received.bytes();
    alone.react(seq, true).await?;
    settle(&listeners).await;
    let (between, frames) = (listeners.received.bytes(), listeners.received.frames());
    let took = react(&natter, seq).await?;
    settle(&listeners).await;
    let frames = (listeners.received.frames() - frames) as f64 / READERS as f64;
    let of_reader = |bytes: u64| bytes as f64 / READERS as f64;
    let (one, all) = (of_reader(between - before), of_reader(listeners.received.bytes() - between));

    let head = natter.head().await;
    if head != (REACTIONS + 2) as u64 || listeners.received.revs() != head * READERS as u64 {
        return Err(format!(
            "the room is at {head}, the sockets at {} on average",
            of_reader(listeners.received.revs())
        ));
    }
    let ratio = all / one;
    // a busy machine delays the reactions, and then more of them share a frame
    let in_time = took <= 1.2 * TIME.as_secs_f64();
    let text = format!(
        "{REACTIONS} reactions in {took:.1} s: {} bytes in {frames:.0} frames to each reader, {ratio:.1} × one reaction's {}",
        thousands(all),
        thousands(one)
    );
    let figures = json!({ "bytes": all, "alone": one, "ratio": ratio, "frames": frames, "secs": took });
    let target = format!("≤ {ENOUGH:.0} × one reaction's bytes, all within 1.2 s");
    run.report(Finding::new("reactions", "natter", text, figures).target(target, ratio <= ENOUGH && in_time));
    Ok(())
}

/// Waits until everything has arrived, also the news of who entered.
async fn settle(listeners: &Listeners) {
    sleep(Duration::from_secs(2)).await;
    listeners.received.wait_for_silence().await;
}

/// Each user reacts once, evenly over [`TIME`]. Returns the seconds until the last answer.
async fn react(natter: &Natter, seq: u64) -> Result<f64, String> {
    let mut connections = Vec::with_capacity(REACTIONS);
    for _ in 0..REACTIONS {
        connections.push(Http::open(natter.address).await.map_err(|why| why.to_string())?);
    }
    let (mut reacting, started) = (JoinSet::new(), Instant::now());
    for (user, mut http) in connections.into_iter().enumerate() {
        let request = reaction("PUT", seq, &natter.bearer(user));
        let at = started + TIME.mul_f64(user as f64 / REACTIONS as f64);
        reacting.spawn(async move {
            sleep_until(at.into()).await;
            let response = http.send(&request).await.map_err(|why| why.to_string())?;
            if response.status == 200 { Ok(()) } else { Err(format!("{}: {}", response.status, response.body)) }
        });
    }
    while let Some(done) = reacting.join_next().await {
        done.map_err(|why| why.to_string())??;
    }
    Ok(started.elapsed().as_secs_f64())
}
