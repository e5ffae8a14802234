//! Scrolling back through the log.

use natter_test_support::eventually;

use super::support::Natter;

const FIRST: &str = "const first = document.querySelector('#messages .message'); return +first.dataset.seq;";

#[tokio::test]
async fn scrolling_back_through_500_messages_keeps_the_position() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=500 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    assert_eq!(ann.runs::<u64>(FIRST).await, 451, "the last 50");
    let at_end: bool = ann.runs("return document.querySelector('#scroller').scrollTop === 0").await;
    assert!(at_end, "the page opens at the end");

    let mut first = 451;
    while first > 1 {
        // scroll to the top, where older messages are loaded, and check that the first message stays in place
        let before: f64 = ann
            .runs(
                "const scroller = document.querySelector('#scroller');
                 window.mark = document.querySelector('#messages .message');
                 scroller.scrollTop = -scroller.scrollHeight;
                 return window.mark.getBoundingClientRect().top;",
            )
            .await;
        first = eventually("older messages", || async {
            let now = ann.runs::<u64>(FIRST).await;
            (now < first).then_some(now)
        })
        .await;
        let after: f64 = ann.runs("return window.mark.getBoundingClientRect().top;").await;
        // the line "Earlier messages" may disappear, but the list may not jump by a page of messages
        assert!((after - before).abs() < 60.0, "jumped from {before} to {after} at {first}");
    }
    let seen = ann.list().await;
    let expected: Vec<String> = (1..=500).map(|n| format!("Robot: number {n}")).collect();
    assert_eq!(seen[..500], expected[..], "every message once, in order");

    // a new message does not scroll a user who reads old ones; a button leads to it
    natter.post(&robot, "news").await;
    ann.sees("Robot: news").await;
    let away: bool = ann.runs("return document.querySelector('#scroller').scrollTop < -1000").await;
    assert!(away, "still reading");
    ann.presses("New messages").await;
    let back = "return document.querySelector('#scroller').scrollTop === 0 && document.querySelector('#newer').hidden";
    eventually("at the end", || async { ann.runs::<bool>(back).await.then_some(()) }).await;
    ann.closes_browser(&[]).await;
}
