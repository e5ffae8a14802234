//! Nothing jumps while a room opens, older messages come, and others react, edit and post.

use natter_test_support::eventually;
use serde::Deserialize;

use super::site::Site;
use crate::support::{BrowserOptions, Person};

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

/// Fails if something has moved since the last call.
async fn is_still(person: &Person, what: &str) -> Vec<String> {
    // two frames later the shifts are reported
    let script = "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.shifts.splice(0)), 50))))";
    let shifts: Vec<Shift> = person.runs(script).await;
    shifts.iter().map(|Shift { value, sources }| format!("{what}: a shift of {value}: {}", sources.join("; "))).collect()
}

/// Looks at the row in the middle of the window. Returns its `seq`.
const LOOK: &str = "
    const { left, top, width, height } = document.querySelector('#scroller').getBoundingClientRect();
    window.seen = document.elementFromPoint(left + width / 2, top + height / 2).closest('#messages > [data-seq]');
    window.top_ = window.seen.getBoundingClientRect().top;
    return +window.seen.dataset.seq";
const MOVED: &str = "return window.seen.getBoundingClientRect().top - window.top_";

#[allow(dead_code)]
async fn stays(person: &Person, what: &str) -> Vec<String> {
    let moved: f64 = person.runs(MOVED).await;
    if moved == 0.0 { vec![] } else { vec![format!("{what}: the row that is read moved by {moved} pixels")] }
}

#[tokio::test]
async fn nothing_jumps() {
    let site = Site::start().await;
    let Site { natter, ann: token, bob, .. } = &site;
    let last = site.fill("lobby", 140).await;
    natter.read(token, "lobby", last).await;
    let ann = natter.visitor(BrowserOptions::default()).await;
    ann.log_in("ann").await;
    let mut found = Vec::new();
    let begun = std::time::Instant::now();
    for (name, path) in [("open", "/rooms/lobby"), ("open at the new line", &format!("/rooms/{}", site.news[0]))] {
        ann.goes_to(path).await;
        let _: bool = ann.runs(OBSERVE).await;
        ann.waits_until_connected().await;
        found.extend(is_still(&ann, name).await);
    }
    ann.goes_to("/rooms/lobby").await;
    let _: bool = ann.runs(OBSERVE).await;
    ann.waits_until_connected().await;

    eprintln!("opened {:?} {found:?}", begun.elapsed());
    for _ in 0..2 {
        let first = "return +document.querySelector('#messages > .message').dataset.seq";
        let before: u64 = ann.runs(first).await;
        let up = "const scroller = document.querySelector('#scroller'); scroller.scrollTop = 8 - (scroller.scrollHeight - scroller.clientHeight); return true";
        let _: bool = ann.runs(up).await;
        let _: u64 = ann.runs(LOOK).await;
        eventually("older messages", || async { (ann.runs::<u64>(first).await < before).then_some(()) }).await;
        found.extend(is_still(&ann, "paging").await);
        found.extend(stays(&ann, "paging").await);
    }

    eprintln!("paged {:?} {found:?}", begun.elapsed());
    // the reader is in the middle: what changes is above, in and below the window
    let middle = "document.querySelector('#messages .message:nth-child(70 of .message)').scrollIntoView({ block: 'center' }); return true";
    let _: bool = ann.runs(middle).await;
    let seen: u64 = ann.runs(LOOK).await;
    let _ = is_still(&ann, "").await;
    for seq in [seen - 30, seen + 30, last] {
        natter.react(bob, seq, "👍").await;
        ann.finds(&format!("#messages > [data-seq='{seq}'] [data-emoji='👍']")).await;
        found.extend(is_still(&ann, &format!("reaction to {seq} while {seen} is read")).await);
        found.extend(stays(&ann, &format!("reaction to {seq}")).await);
        natter.edit(bob, seq, "edited, and\n\nlonger\n\nthan before").await;
        ann.finds(&format!("#messages > [data-seq='{seq}'][data-edited]")).await;
        found.extend(is_still(&ann, &format!("edit of {seq} while {seen} is read")).await);
        found.extend(stays(&ann, &format!("edit of {seq}")).await);
    }
    natter.post(bob, "a new one").await;
    ann.sees("Bob: a new one").await;
    found.extend(is_still(&ann, "a post while older ones are read").await);
    found.extend(stays(&ann, "a post").await);

    eprintln!("middle {:?}", begun.elapsed());
    // at the end
    ann.goes_to("/rooms/lobby").await;
    let _: bool = ann.runs(OBSERVE).await;
    ann.waits_until_connected().await;
    found.extend(is_still(&ann, "open").await);
    let end = natter.post(bob, "the last one").await;
    ann.sees("Bob: the last one").await;
    found.extend(is_still(&ann, "a live message at the end").await);
    for seq in [end, end - 3] {
        natter.react(bob, seq, "🎉").await;
        ann.finds(&format!("#messages > [data-seq='{seq}'] [data-emoji='🎉']")).await;
        found.extend(is_still(&ann, &format!("reaction to {seq} at the end")).await);
    }
    ann.does(end, "react").await;
    ann.finds("#row-emoji:popover-open [data-give='👍']").await.click().await.unwrap();
    ann.finds(&format!("#messages > [data-seq='{end}'] .mine[data-emoji='👍']")).await;
    found.extend(is_still(&ann, "a reaction by oneself").await);
    natter.edit(bob, end, "the last one, edited").await;
    ann.finds(&format!("#messages > [data-seq='{end}'][data-edited]")).await;
    found.extend(is_still(&ann, "edit at the end").await);
    ann.says("my own").await;
    ann.sees("You: my own").await;
    found.extend(is_still(&ann, "a message by oneself").await);
    assert!(found.is_empty(), "{} shifts:\n{}", found.len(), found.join("\n"));
    ann.closes_browser(&[]).await;
}
