//! Replies quote their parents.

use natter_test_support::eventually;

use super::support::{Natter, Person};

/// Waits until the slots for the quote of message `seq` say this.
async fn quotes(person: &Person, seq: u64, expected: &[&str]) {
    let slots = format!("#messages [data-reply-to='{seq}']");
    let probe = || async { (person.texts(&slots).await == expected).then_some(()) };
    eventually(&format!("{expected:?} in {slots}"), probe).await;
}

#[tokio::test]
async fn quotes_follow_their_parents() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let unloaded = natter.post(&robot, "an early one").await;
    for n in 1..=48 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let loaded = natter.post(&robot, &"long ".repeat(50)).await;
    natter.reply(&robot, unloaded, "to the early one").await;
    natter.reply(&robot, loaded, "to the long one").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let first = ann.texts("#messages .message > .text").await.remove(0);
    assert_eq!(first, "number 2", "the parent of the first reply is not on the page");

    // on the page, from the server
    let long = format!("Robot: {}…", "long ".repeat(20));
    quotes(&ann, unloaded, &["Robot: an early one"]).await;
    quotes(&ann, loaded, &[&long]).await;

    // live
    natter.reply(&robot, unloaded, "again").await;
    natter.reply(&robot, loaded, "again").await;
    quotes(&ann, unloaded, &["Robot: an early one", "↩ earlier message"]).await;
    quotes(&ann, loaded, &[&long, &long]).await;
    natter.edit(&robot, loaded, "short").await;
    quotes(&ann, loaded, &["Robot: short"; 2]).await;
    natter.edit(&robot, unloaded, "an edited one").await;
    quotes(&ann, unloaded, &["Robot: an edited one"; 2]).await;
    // a change of a reply keeps the quote of a parent that is not loaded
    natter.react(&robot, loaded + 1, "👍").await;
    ann.finds("[data-emoji='👍']").await;
    quotes(&ann, unloaded, &["Robot: an edited one"; 2]).await;

    // a deleted text lives on in no quote
    natter.delete(&robot, loaded).await;
    natter.delete(&robot, unloaded).await;
    quotes(&ann, loaded, &["↩ deleted message"; 2]).await;
    quotes(&ann, unloaded, &["↩ deleted message"; 2]).await;
    ann.driver.refresh().await.unwrap();
    quotes(&ann, unloaded, &["↩ deleted message"; 2]).await;
    ann.closes_browser(&[]).await;
}
