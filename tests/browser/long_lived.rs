//! A page that stays open.

use natter_test_support::eventually;

use super::support::{Natter, Person};

/// Makes 2,500 changes; every tenth one is an edit.
async fn change(natter: &Natter, token: &str, part: u64) {
    let poster = async |worker: u64| {
        for n in 0..250 {
            let text = format!("part {part}, worker {worker}, number {n}, and a few words more as people write them");
            if n % 10 == 9 {
                natter.edit(token, 1, &text).await;
            } else {
                natter.post(token, &text).await;
            }
        }
    };
    tokio::join!(
        poster(0),
        poster(1),
        poster(2),
        poster(3),
        poster(4),
        poster(5),
        poster(6),
        poster(7),
        poster(8),
        poster(9),
    );
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
    let robot = natter.token("robot").await;
    natter.post(&robot, "the first").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let mut measured = Vec::new();
    for part in 1..=4 {
        change(&natter, &robot, part).await;
        let end = format!("the end of part {part}");
        natter.post(&robot, &end).await;
        ann.sees(&format!("Robot: {end}")).await;
        measured.push(measure(&ann, &end).await);
    }
    let ([nodes, heap, rows], [nodes_now, heap_now, rows_now]) = (measured[1], measured[3]);
    assert!(rows_now <= 902.0, "{rows_now} rows");
    // how many of the last 900 rows are there depends on when they were last trimmed; a row has nine nodes
    let nodes_for_rows = 9.0 * (rows_now - rows).max(0.0);
    assert!(nodes_now < nodes + nodes_for_rows + 500.0, "{nodes} nodes and then {nodes_now}");
    assert!(heap_now < heap * 1.2 + 500.0 * (rows_now - rows).max(0.0), "{heap} bytes and then {heap_now}");
    // and history is still there
    let first = "return +document.querySelector('#messages .message').dataset.seq";
    let before: u64 = ann.runs(first).await;
    let _: bool = ann.runs("document.querySelector('.older a').click(); return true").await;
    eventually("older messages", || async { (ann.runs::<u64>(first).await < before).then_some(()) }).await;
    ann.closes_browser(&[]).await;
}
