//! Nothing jumps while a room opens, older messages come, and others react, edit and post.

use natter_test_support::eventually;
use serde::Deserialize;
use serde_json::json;
use thirtyfour::Key;

use super::site::Site;
use crate::support::{BrowserOptions, LOBBY, Person};

/// A shift that the browser reports, and what moved: its element, from where to where.
#[derive(Debug, Deserialize)]
struct Shift {
    value: f64,
    sources: Vec<String>,
}

/// Collects the shifts of the page from its beginning on, also those after an input.
const OBSERVE: &str = "
    window.shifts = [];
    const what = ({ node, previousRect, currentRect }) =>
      `${node?.nodeName}#${node?.id}.${node?.className} ${node?.dataset?.seq ?? ''}: ${JSON.stringify(previousRect)} ${JSON.stringify(currentRect)}`;
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries()) window.shifts.push({ value, sources: sources.map(what) });
    }).observe({ type: 'layout-shift', buffered: true });
    return true";

/// What has moved since the last call.
async fn is_still(person: &Person, what: &str) -> Vec<String> {
    // two frames later the shifts are reported
    let script = "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.shifts.splice(0)), 50))))";
    let shifts: Vec<Shift> = person.runs(script).await;
    shifts
        .iter()
        .map(|Shift { value, sources }| format!("{what}: a shift of {value}: {}", sources.join("; ")))
        .collect()
}

/// Looks at the row in the middle of the window. Returns its `seq`.
const LOOK: &str = "
    const { left, top, width, height } = document.querySelector('#scroller').getBoundingClientRect();
    window.seen = document.elementFromPoint(left + width / 2, top + height / 2).closest('#messages > [data-seq]');
    window.top_ = window.seen.getBoundingClientRect().top;
    return +window.seen.dataset.seq";
const MOVED: &str = "return window.seen.getBoundingClientRect().top - window.top_";

/// To the pixel: a browser scrolls by whole ones, and the rows have parts of one.
async fn stays(person: &Person, what: &str) -> Vec<String> {
    let moved: f64 = person.runs(MOVED).await;
    if moved.abs() < 1.0 { vec![] } else { vec![format!("{what}: the row that is read moved by {moved} pixels")] }
}

/// Ann's browser, with a lobby of some pages that she has read.
async fn reader(site: &Site) -> (Person, u64) {
    let last = site.fill("lobby", 140).await;
    site.natter.read(&site.ann, "lobby", last).await;
    let ann = site.natter.visitor(BrowserOptions::default()).await;
    ann.log_in("ann").await;
    (ann, last)
}

async fn opens(ann: &Person, path: &str) -> Vec<String> {
    ann.goes_to(path).await;
    let _: bool = ann.runs(OBSERVE).await;
    ann.waits_until_connected().await;
    is_still(ann, &format!("opening {path}")).await
}

fn is_quiet(found: &[String]) {
    assert!(found.is_empty(), "{} shifts:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn nothing_jumps_in_an_opened_room_or_above_what_is_read() {
    let site = Site::start().await;
    let Site { natter, bob, .. } = &site;
    let (ann, last) = reader(&site).await;
    let mut found = Vec::new();
    for path in [
        &format!("/rooms/{}", site.news[0]),
        &format!("/rooms/{}", site.own),
        &format!("/rooms/lobby/{}", site.mine),
        &format!("/rooms/lobby/threads/{}", site.root),
        LOBBY,
    ] {
        found.extend(opens(&ann, path).await);
    }
    // what changes is above the window, below its middle, and below it
    let middle = "document.querySelector('#messages .message:nth-child(25 of .message)').scrollIntoView({ block: 'center' }); return true";
    let _: bool = ann.runs(middle).await;
    let seen: u64 = ann.runs(LOOK).await;
    for seq in [seen - 24, seen + 3, last] {
        natter.react(bob, seq, "👍").await;
        ann.finds(&format!("#messages > [data-seq='{seq}'] [data-emoji='👍']")).await;
        found.extend(stays(&ann, &format!("reaction to {seq}")).await);
        natter.edit(bob, seq, "edited, and\n\nlonger\n\nthan before").await;
        ann.finds(&format!("#messages > [data-seq='{seq}'][data-edited]")).await;
        found.extend(stays(&ann, &format!("edit of {seq}")).await);
    }
    natter.post(bob, "a new one").await;
    ann.sees("Bob: a new one").await;
    found.extend(stays(&ann, "a post").await);
    is_quiet(&found);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn nothing_jumps_at_the_end_of_the_log() {
    let site = Site::start().await;
    let Site { natter, bob, .. } = &site;
    let (ann, _) = reader(&site).await;
    let mut found = opens(&ann, LOBBY).await;
    let end = natter.post(bob, "the last one").await;
    ann.sees("Bob: the last one").await;
    found.extend(is_still(&ann, "a live message").await);
    for seq in [end, end - 3] {
        natter.react(bob, seq, "🎉").await;
        let chip = format!("#messages > [data-seq='{seq}'] [data-emoji='🎉']");
        ann.finds(&chip).await;
        found.extend(is_still(&ann, &format!("reaction to {seq}")).await);
        // without a pointer, which the bar of a row would follow
        let _: bool = ann.runs(&format!("document.querySelector(`{chip} > a`).click(); return true")).await;
        ann.finds(&format!("{chip}.mine")).await;
        found.extend(is_still(&ann, &format!("own reaction to {seq}")).await);
    }
    natter.edit(bob, end, "the last one, edited").await;
    ann.finds(&format!("#messages > [data-seq='{end}'][data-edited]")).await;
    found.extend(is_still(&ann, "edit").await);
    ann.says("my own").await;
    ann.sees("You: my own").await;
    found.extend(is_still(&ann, "an own message").await);
    is_quiet(&found);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn nothing_jumps_while_a_page_arrives_in_parts() {
    let site = Site::start().await;
    let (ann, _) = reader(&site).await;
    // the style sheet and the script are in the cache, so what is slow is the page
    ann.goes_to(LOBBY).await;
    let slow = json!({ "offline": false, "latency": 0, "downloadThroughput": 8192, "uploadThroughput": -1 });
    ann.commands("Network.emulateNetworkConditions", slow).await;
    let found = opens(&ann, LOBBY).await;
    let took: f64 = ann.runs("const [{ requestStart, responseEnd }] = performance.getEntriesByType('navigation'); return responseEnd - requestStart").await;
    assert!(took > 500.0, "the page came in {took} ms");
    is_quiet(&found);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn older_messages_move_nothing() {
    let site = Site::start().await;
    let (ann, _) = reader(&site).await;
    let mut found = opens(&ann, LOBBY).await;
    for _ in 0..2 {
        let first = "return +document.querySelector('#messages > .message').dataset.seq";
        let before: u64 = ann.runs(first).await;
        let up = "const scroller = document.querySelector('#scroller');
            scroller.scrollTop = 8 - (scroller.scrollHeight - scroller.clientHeight);
            return true";
        let _: bool = ann.runs(up).await;
        let _: u64 = ann.runs(LOOK).await;
        eventually("older messages", || async { (ann.runs::<u64>(first).await < before).then_some(()) }).await;
        found.extend(is_still(&ann, "paging").await);
        found.extend(stays(&ann, "paging").await);
    }
    is_quiet(&found);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_tools_of_a_row_appear_where_they_stay() {
    let site = Site::start().await;
    let (ann, last) = reader(&site).await;
    let mut found = opens(&ann, LOBBY).await;
    for (seq, tool) in [(last, "[data-do='react']"), (last - 2, "[popovertarget='row-menu']")] {
        ann.points_at(seq).await;
        found.extend(is_still(&ann, "the bar").await);
        ann.finds(&format!("#row-tools {tool}")).await.click().await.unwrap();
        found.extend(is_still(&ann, tool).await);
        ann.driver.action_chain().send_keys(Key::Escape + "").perform().await.unwrap();
    }
    ann.finds("#send .pick").await.click().await.unwrap();
    ann.holds("the emoji", "document.querySelectorAll('#picker:popover-open button').length > 1000").await;
    found.extend(is_still(&ann, "the emoji picker").await);
    is_quiet(&found);
    ann.closes_browser(&[]).await;
}
