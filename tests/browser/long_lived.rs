//! A page that stays open.

use std::sync::Arc;

use futures_util::future::join_all;
use natter::{
    domain::{Action, ClientId, Command, Text},
    store::{Access, Database},
};
use natter_test_support::eventually;

use super::support::{Natter, Person};

/// Changes that are made at once. A page gets all of them: it fetches its room anew only if it is 1,000 behind.
const CHANGES: u64 = 500;

/// Makes [`CHANGES`] changes in the database beside the running server, which is faster than any API; every tenth is an
/// edit. Returns the last `rev`.
async fn change(store: &Arc<dyn Database>, access: &Access, first: u64) -> u64 {
    let posts = (0..CHANGES).filter(|n| n % 10 != 0).map(async |n| {
        let text =
            Text::parse(&format!("number {n} after {first}, with a few words more, as people write them")).unwrap();
        store.change(access, Command::post(ClientId::generate(), text)).await.unwrap().message
    });
    let posted = join_all(posts).await;
    let edits = posted.iter().take(CHANGES as usize / 10).map(async |message| {
        let text = Text::parse(&format!("edited: {}", message.text().unwrap())).unwrap();
        let edit = Action::Edit { seq: message.seq(), text_rev: message.text_rev, text };
        store.change(access, Command::new(edit)).await.unwrap().message.rev
    });
    join_all(edits).await.into_iter().max().unwrap()
}

/// DOM nodes, bytes of the heap and rows.
async fn measure(person: &Person, what: &str) -> [f64; 3] {
    let rows = person.runs::<f64>("return document.querySelectorAll('#messages > li').length").await;
    let (nodes, heap) = person.memory().await;
    println!("{what}: {nodes} nodes, {heap} bytes, {rows} rows");
    [nodes, heap, rows]
}

#[tokio::test]
async fn the_memory_of_a_page_is_flat_over_10_000_changes() {
    let natter = Natter::start().await;
    natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let (store, access) = natter.lobby_of("robot").await;
    let mut measured = Vec::new();
    for part in 1..=20 {
        let rev = change(&store, &access, part * CHANGES).await;
        let head = "return +document.querySelector('#room').dataset.head";
        eventually("the changes", || async { (ann.runs::<u64>(head).await == rev).then_some(()) }).await;
        if part % 10 == 0 {
            measured.push(measure(&ann, &format!("after {rev} changes")).await);
        }
    }
    let [[nodes, heap, rows], [nodes_now, heap_now, rows_now]] = measured[..] else { panic!("{measured:?}") };
    assert!(rows_now <= 901.0, "{rows_now} rows");
    // how many of the last 900 rows are there depends on when they were last trimmed; an edited row has 18 nodes, and some
    // that have left may not be collected yet. Without trimming there would be 80,000
    let more_rows = (rows_now - rows).max(0.0);
    assert!(nodes_now < nodes + 18.0 * more_rows + 2000.0, "{nodes} nodes and then {nodes_now}");
    assert!(heap_now < 1.1 * heap + 1000.0 * more_rows, "{heap} bytes and then {heap_now}");
    // and history is still there
    let first = "return +document.querySelector('#messages .message').dataset.seq";
    let before: u64 = ann.runs(first).await;
    let _: bool = ann.runs("document.querySelector('.older a').click(); return true").await;
    eventually("older messages", || async { (ann.runs::<u64>(first).await < before).then_some(()) }).await;
    ann.closes_browser(&[]).await;
}
