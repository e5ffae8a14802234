//! Cellar Wi-Fi: the line delays, is slow, stalls, and is cut.

use std::time::Duration;

use natter_test_support::eventually;

use super::support::{BrowserOptions, Natter, Proxy, Random};

#[tokio::test]
async fn over_a_weak_line_everything_arrives_once_and_in_order() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let mut random = Random::new();
    let proxy = Proxy::start(natter.port(), &random).await;
    let ann = natter.visitor(BrowserOptions { port: Some(proxy.port), ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.waits_until_connected().await;
    proxy.set_bad(true);
    for n in 1..=40 {
        natter.post(&robot, &format!("robot {n}")).await;
        if n % 4 == 0 {
            let say = format!(
                "document.querySelector('#message').value = 'ann {n}';
                 document.querySelector('#send').requestSubmit();
                 return true;"
            );
            let _: bool = ann.runs(&say).await;
        }
        if n % 10 == 0 {
            natter.edit(&robot, 1, &format!("edited {n}")).await;
        }
        tokio::time::sleep(Duration::from_millis(random.below(800))).await;
    }
    proxy.set_bad(false);
    let log = eventually("50 messages", || async { Some(natter.log(&robot).await).filter(|log| log.len() == 50) });
    let log = log.await;
    let own: Vec<&String> = log.iter().filter(|text| text.starts_with("ann")).collect();
    assert_eq!(own, (1..=10).map(|n| format!("ann {}", 4 * n)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    ann.sees("Robot: robot 40").await;
    eventually("an empty outbox", || async { ann.texts("#outbox li").await.is_empty().then_some(()) }).await;
    let shown: Vec<String> = ann.list().await.into_iter().filter(|line| !line.ends_with(" the chat")).collect();
    let mut expected: Vec<String> =
        log.iter().map(|text| format!("{}: {text}", if text.starts_with("ann") { "You" } else { "Robot" })).collect();
    // the log is in the order of changes: the edited message is its last one
    expected.sort_by_key(|line| !line.starts_with("Robot: edited"));
    assert_eq!(shown, expected);
    ann.closes_browser(&["WebSocket connection to", "htmx: htmx:ws:error", "net::ERR_"]).await;
}
