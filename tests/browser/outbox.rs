//! Messages on their way: how they look, what becomes of those that are refused, and of what a tab keeps after a logout.

use std::ops::RangeInclusive;

use super::support::{LOBBY, Natter, Person};

const FAILED: &str = "document.querySelector('#outbox .failed span')?.textContent ?? ''";

/// Holds back what the page sends over its socket, until `release()`.
async fn hold(ann: &Person) {
    let script = "const socket = natter.socket, { send } = socket, held = [];
        socket.send = (data) => held.push(data);
        window.release = () => { socket.send = send; held.forEach((data) => socket.send(data)); }";
    ann.runs::<()>(script).await;
}

/// Sends these messages faster than they may be sent.
async fn says_at_once(ann: &Person, numbers: RangeInclusive<u32>) {
    let script = format!(
        "const box = document.querySelector('#message');
        for (let number = {}; number <= {}; number++) {{ box.value = `number ${{number}}`; box.form.requestSubmit(); }}",
        numbers.start(),
        numbers.end()
    );
    ann.runs::<()>(&script).await;
}

/// How many parts a row has, and how tall it is: what would move if another took its place.
async fn shape(ann: &Person, row: &str) -> (usize, f64) {
    let script = format!(
        "const row = document.querySelector('{row}');
        return [row.childElementCount, row.getBoundingClientRect().height]"
    );
    ann.runs(&script).await
}

#[tokio::test]
async fn a_message_on_its_way_looks_like_the_one_that_comes() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let root = natter.post(&robot, "the root").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.says("one").await;
    ann.sees("You: one").await;
    hold(&ann).await;
    ann.says("two, in the same group").await;
    ann.does(root, "reply").await;
    ann.says("three, an answer").await;
    ann.holds("two rows", "document.querySelectorAll('#outbox > .pending').length === 2").await;
    let pending = [shape(&ann, "#outbox > :first-child").await, shape(&ann, "#outbox > :last-child").await];
    let quote = "document.querySelector('#outbox blockquote').textContent";
    assert_eq!(ann.runs::<String>(&format!("return {quote}")).await, "Robot: the root");
    let classes: String = ann.runs("return document.querySelector('#outbox > :first-child').className").await;
    assert!(classes.contains("follows"), "{classes}");
    ann.runs::<()>("release()").await;
    ann.sees("You: three, an answer").await;
    ann.holds("an empty outbox", "!document.querySelector('#outbox > li')").await;
    let now = [shape(&ann, "#messages > :nth-last-child(2)").await, shape(&ann, "#messages > :last-child").await];
    assert_eq!(pending, now);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_refused_message_says_why_and_is_sent_again_or_edited() {
    let natter = Natter::with(&["--message-rate", "1"]).await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    says_at_once(&ann, 1..=6).await;
    ann.holds("a reason", &format!("({FAILED}).startsWith('You are sending too much too fast')")).await;
    ann.fills("message", "a draft").await;
    // it is still there after a reload
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    let texts =
        "return [...document.querySelectorAll('#outbox > li:has(.failed) .text')].map((text) => text.textContent)";
    let failed: Vec<String> = ann.runs(texts).await;
    assert!(failed.len() > 1, "{failed:?}");
    for text in &failed {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        ann.finds("#outbox [data-again]").await.click().await.unwrap();
        ann.sees(&format!("You: {text}")).await;
    }
    assert_eq!(ann.value("message").await, "a draft");
    // all of them once
    let mut all = natter.log(&natter.login("ann").await).await;
    all.sort();
    let expected = ["number 1", "number 2", "number 3", "number 4", "number 5", "number 6"];
    assert_eq!(all, expected);
    says_at_once(&ann, 7..=12).await;
    ann.holds("a reason", &format!("({FAILED}).startsWith('You are sending too much too fast')")).await;
    let text: String = ann.runs("return document.querySelector('#outbox > li:has(.failed) .text').textContent").await;
    ann.fills("message", "").await;
    ann.presses("Edit message").await;
    ann.holds("the text in the box", &format!("document.querySelector('#message').value === '{text}'")).await;
    let left: Vec<String> = ann.runs(texts).await;
    ann.presses("Discard").await;
    let rest = format!("document.querySelectorAll('#outbox > li:has(.failed)').length === {}", left.len() - 1);
    ann.holds("one less", &rest).await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn drafts_survive_an_expired_session_and_a_login_and_not_a_logout() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.fills("message", "a draft").await;
    ann.driver.delete_all_cookies().await.unwrap();
    ann.goes_to(LOBBY).await;
    ann.log_in("Ann").await;
    ann.waits_until_connected().await;
    assert_eq!(ann.value("message").await, "a draft");

    // a second tab with a draft of its own
    let first = ann.driver.window().await.unwrap();
    ann.driver.new_tab().await.unwrap();
    let second = ann.driver.windows().await.unwrap().into_iter().find(|one| *one != first).unwrap();
    ann.driver.switch_to_window(second.clone()).await.unwrap();
    ann.goes_to(LOBBY).await;
    ann.waits_until_connected().await;
    ann.fills("message", "of the second tab").await;
    ann.driver.switch_to_window(first).await.unwrap();
    ann.finds(".own-menu summary").await.click().await.unwrap();
    ann.finds("#sidebar [action='/logout'] button").await.click().await.unwrap();
    let kept = "return Object.keys(sessionStorage).filter((key) => key.includes('draft'))";
    ann.holds("the login page", "document.querySelector('[name=password]')").await;
    assert_eq!(ann.runs::<Vec<String>>(kept).await, [""; 0]);
    ann.driver.switch_to_window(second).await.unwrap();
    ann.holds("the login page", "document.querySelector('[name=password]')").await;
    assert_eq!(ann.runs::<Vec<String>>(kept).await, [""; 0]);
    // a page without the script leads to the same
    ann.log_in("Ann").await;
    ann.waits_until_connected().await;
    ann.fills("message", "before the account page").await;
    ann.goes_to("/account").await;
    ann.finds(".bar [action='/logout'] button").await.click().await.unwrap();
    ann.holds("the login page", "document.querySelector('[name=password]')").await;
    ann.log_in("Ann").await;
    ann.waits_until_connected().await;
    assert_eq!((ann.value("message").await, ann.runs::<Vec<String>>(kept).await), (String::new(), vec![]));
    ann.closes_browser(&[]).await;
}
