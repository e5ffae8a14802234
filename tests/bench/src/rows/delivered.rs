//! What an edit and a reaction cost until all sockets have received them, compared with a post.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::changes::{Client, number};
use crate::{
    listeners::{Listeners, Pace},
    natter::Natter,
    paths,
    process::Meter,
    report::{Finding, median},
    run::Run,
};

const READERS: usize = 1000;
/// Changes of a kind in one turn, each in a frame of its own.
const CHANGES: usize = 100;
const INTERVAL: Duration = Duration::from_millis(50);
/// Most CPU time, as a multiple of a post's.
const ENOUGH: f64 = 1.1;

#[derive(Clone, Copy)]
enum Kind {
    Post,
    Edit,
    React,
    TakeBack,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, 2).await?;
    let mut writer = Client::open(&natter, 0).await?;
    let listeners = Listeners::open(natter.address, READERS, Pace::Concurrent(128), |n| natter.socket_path(n)).await?;
    sleep(Duration::from_secs(2)).await; // the news of who entered
    listeners.received.wait_for_silence().await;
    let kinds = [Kind::Post, Kind::Edit, Kind::React, Kind::TakeBack];
    let mut costs = kinds.map(|_| Vec::new());
    for turn in 0..if paths::quick() { 5 } else { 15 } {
        let mut messages = Vec::new();
        for (kind, costs) in kinds.into_iter().zip(&mut costs) {
            costs.push(turn_of(&natter, &listeners, &mut writer, kind, &mut messages, turn).await?);
        }
    }
    let [post, edit, react, take_back] = costs.map(median);
    let ratios = [edit, react, take_back].map(|us| us / post);
    let text = format!(
        "{READERS} sockets, {} changes/s: a post costs {post:.0} µs of CPU, an edit {:.2} ×, a reaction {:.2} ×, taking it back {:.2} ×",
        1000 / INTERVAL.as_millis(),
        ratios[0],
        ratios[1],
        ratios[2],
    );
    let figures = json!({ "post_us": post, "edit": ratios[0], "reaction": ratios[1], "take_back": ratios[2] });
    let is_met = ratios.iter().all(|ratio| *ratio <= ENOUGH);
    run.report(Finding::new("delivered", "natter", text, figures).target(format!("each ≤ {ENOUGH} × a post"), is_met));
    Ok(())
}

/// Makes [`CHANGES`] changes of a kind. Returns the server's CPU time for one, in microseconds.
async fn turn_of(
    natter: &Natter,
    listeners: &Listeners,
    writer: &mut Client<'_>,
    kind: Kind,
    messages: &mut Vec<Value>,
    turn: usize,
) -> Result<f64, String> {
    let before = listeners.received.revs();
    let meter = Meter::start(natter.pid());
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in 0..CHANGES {
        ticks.tick().await;
        match kind {
            Kind::Post => messages.push(writer.post().await?.0),
            Kind::Edit => {
                let (seq, text_rev) = (number(&messages[n], "seq"), number(&messages[n], "textRev"));
                writer.edit(seq, text_rev, turn).await?;
            }
            Kind::React => drop(writer.react(number(&messages[n], "seq"), true).await?),
            Kind::TakeBack => drop(writer.react(number(&messages[n], "seq"), false).await?),
        }
    }
    sleep(INTERVAL).await;
    let used = meter.read();
    listeners.received.wait_for_silence().await;
    let received = listeners.received.revs() - before;
    if received != (CHANGES * READERS) as u64 {
        return Err(format!("{received} of {} changes arrived", CHANGES * READERS));
    }
    Ok(used.server * 1e6 / CHANGES as f64)
}
