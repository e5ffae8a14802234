//! 500 live messages a minute come into a page of 600 rows.

use std::time::Duration;

use natter::{
    domain::{ClientId, Command, RoomId, Text, UserId},
    store,
};
use tokio::time::sleep;

use crate::support::Natter;

/// The rows of the page, and those that come before each round: a page drops the oldest 300 rows when it has 900.
const ROWS: u32 = 600;
const BETWEEN: u32 = 250;
/// A tenth of a minute.
const MESSAGES: u32 = 50;
const TIME: Duration = Duration::from_secs(6);
const ROUNDS: u32 = 3;

/// Measures how long the page's thread is busy at a time: a message that a page sends to itself waits for the task before it.
const MEASURE: &str = "
    const { port1, port2 } = new MessageChannel();
    window.tasks = [];
    window.isMeasured = false;
    window.long = [];
    new PerformanceObserver((l) => window.long.push(...l.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
    let last = performance.now();
    port1.onmessage = () => {
      const now = performance.now();
      window.tasks.push(now - last);
      last = now;
      if (!window.isMeasured) port2.postMessage(null);
    };
    port2.postMessage(null);
    return true";

/// Parses and appends a row of plain HTML 50 times, as a task of its own; returns the milliseconds that this takes, the
/// least and the most of ten times.
const BASELINE: &str = "
    const list = document.querySelector('#messages'), html = list.querySelector('.message').outerHTML, times = [];
    for (let turn = 0; turn < 10; turn++) {
      await new Promise((done) => setTimeout(done, 50));
      const begun = performance.now();
      for (let n = 0; n < 50; n++) {
        const template = document.createElement('template');
        template.innerHTML = html;
        list.append(template.content);
        APPENDED
      }
      list.offsetHeight;
      times.push(performance.now() - begun);
      for (let n = 0; n < 50; n++) list.lastElementChild.remove();
      list.offsetHeight;
    }
    times.sort((a, b) => a - b);
    return times";

#[tokio::test]
async fn live_messages_make_no_long_task() {
    let natter = Natter::start_alone().await;
    natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let store = store::open_embedded(&natter.data()).unwrap();
    let robot = store.user(&UserId::parse("robot").unwrap()).await.unwrap().unwrap();
    let access = store.access(&robot, &RoomId::lobby()).await.unwrap();
    // posts so many messages in this time, and waits until the page has all of them
    let post = async |count: u32, time: Duration| {
        let mut seq = 0;
        for _ in 0..count {
            let text = Text::parse("one more line, with a few *words* in it, as people write them").unwrap();
            let pause = time / count;
            seq = store.change(&access, Command::post(ClientId::generate(), text)).await.unwrap().message.seq();
            sleep(pause).await;
        }
        ann.finds(&format!("#messages > [data-seq='{seq}']")).await;
    };
    post(ROWS, Duration::ZERO).await;
    let mut longest = f64::MAX;
    for _ in 0..ROUNDS {
        post(BETWEEN, Duration::ZERO).await;
        let rows = "return document.querySelectorAll('#messages > .message').length";
        let before: u32 = ann.runs(rows).await;
        let _: bool = ann.runs(MEASURE).await;
        post(MESSAGES, TIME).await;
        let mut tasks: Vec<f64> = ann.runs("window.isMeasured = true; return window.tasks").await;
        tasks.sort_by(f64::total_cmp);
        let after: u32 = ann.runs(rows).await;
        let long: Vec<f64> = ann.runs("return window.long").await;
        println!("{before} rows, then {after}: {:.1?} {long:?}", &tasks[tasks.len().saturating_sub(10)..]);
        longest = longest.min(tasks.pop().unwrap());
    }
    let plain: Vec<f64> = ann.runs(&BASELINE.replace("APPENDED", "")).await;
    let laid_out: Vec<f64> = ann.runs(&BASELINE.replace("APPENDED", "list.offsetHeight;")).await;
    println!("longest: {longest}; 50 plain rows: {plain:.1?}, laid out: {laid_out:.1?}");
    ann.closes_browser(&[]).await;
}
