//! The connection is lost and restored.

use std::path::Path;

use natter_test_support::eventually;

use super::support::{BrowserOptions, Natter, Proxy, Random};

/// What Chromium and htmx log about a server that does not run: one of each for every attempt to connect.
const UNREACHABLE: &[&str] =
    &["WebSocket connection to", "net::ERR_CONNECTION_REFUSED", "htmx: htmx:ws:error: [object Event]"];

#[tokio::test]
async fn after_a_kill_every_message_is_shown_once_and_in_order() {
    let mut natter = Natter::start().await;
    let script = natter.token("robot").await;
    let (ann, bob) = (natter.person("Ann").await, natter.person("Bob").await);
    ann.waits_until_connected().await;
    bob.waits_until_connected().await;
    ann.says("one").await;
    bob.sees("Ann: one").await;
    let count_failures =
        "window.failures = 0; addEventListener('htmx:ws:error', () => { window.failures++; }); return true";
    let _: bool = ann.runs(count_failures).await;

    natter.kill();
    let lost = || async { ann.text("#status").await.starts_with("Connection lost").then_some(()) };
    eventually("the banner", lost).await;
    ann.says("two, written without a connection").await;
    assert_eq!(ann.texts("#outbox .pending .text").await, ["two, written without a connection"]);
    let failed = || async { ann.runs::<bool>("return window.failures > 0").await.then_some(()) };
    eventually("an attempt to connect that fails", failed).await;
    // the message survives a reload too, but a page cannot be loaded without a server: see below
    natter.start_again();
    natter.post(&script, "three, by a script").await;
    for person in [&ann, &bob] {
        person.waits_until_connected().await;
        person.sees("Robot: three, by a script").await;
    }
    ann.sees("You: two, written without a connection").await;
    bob.sees("Ann: two, written without a connection").await;
    assert_eq!(ann.texts("#outbox li").await, [""; 0]);
    bob.says("four").await;
    ann.sees("Bob: four").await;

    let log = natter.log(&script).await;
    assert_eq!(log.len(), 4, "{log:?}");
    for (person, me) in [(&ann, "Ann"), (&bob, "Bob")] {
        let seen: Vec<String> = person.list().await;
        let said: Vec<String> = seen.into_iter().filter(|line| !line.ends_with(" the chat")).collect();
        let expected: Vec<String> = log
            .iter()
            .map(|text| {
                let author = match text.split([',', ' ']).next().unwrap() {
                    "three" => "Robot",
                    "four" => "Bob",
                    _ => "Ann",
                };
                format!("{}: {text}", if author == me { "You" } else { author })
            })
            .collect();
        assert_eq!(said, expected, "as {me} sees it");
    }
    // returning after a restart is not announced
    assert!(!ann.list().await.contains(&"Ann has entered the chat".to_owned()));
    ann.closes_browser(UNREACHABLE).await;
    bob.closes_browser(UNREACHABLE).await;
}

#[tokio::test]
async fn a_page_that_slept_connects_again() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let proxy = Proxy::start(natter.port(), &Random::new()).await;
    let ann = natter.visitor(BrowserOptions { port: Some(proxy.port), ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.waits_until_connected().await;
    proxy.freeze();
    natter.post(&robot, "while you slept").await;
    // pretend that the machine slept for an hour: its connection died without a close
    let _: bool = ann.runs("const now = Date.now; Date.now = () => now() + 3600000; return true").await;
    ann.sees("Robot: while you slept").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn an_unacknowledged_message_survives_a_reload() {
    let mut natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    natter.kill();
    eventually("the banner", || async { (!ann.text("#status").await.is_empty()).then_some(()) }).await;
    ann.says("hold this for me").await;
    natter.start_again();
    // whether or not the page has reconnected already: the reload sends the message with the same client id
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    ann.sees("You: hold this for me").await;
    let robot = natter.token("robot").await;
    assert_eq!(natter.log(&robot).await, ["hold this for me"]);
    ann.closes_browser(UNREACHABLE).await;
}

/// In a failover the database takes up to 15 s for a message. Meanwhile the server reports every second that it waits.
#[tokio::test]
async fn a_connection_is_kept_while_the_server_reports_that_it_waits() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    // pretend that a sent message does not arrive, and that the server reports every second that it waits
    let _: bool = ann
        .runs(
            "const send = WebSocket.prototype.send;
             WebSocket.prototype.send = function (frame) {
               const { clientID } = JSON.parse(frame);
               if (!clientID) return;
               WebSocket.prototype.send = send;
               window.heard = 0;
               window.waiting = setInterval(() => {
                 const data = JSON.stringify({ pending: clientID });
                 window.heard++;
                 this.dispatchEvent(new MessageEvent('message', { data }));
               }, 1000);
             };
             addEventListener('htmx:ws:close', () => { window.dropped = true; });
             return true;",
        )
        .await;
    ann.says("please wait").await;
    let heard = "return window.dropped ? -1 : window.heard";
    let over = || async { Some(ann.runs::<i64>(heard).await).filter(|heard| !(0..16).contains(heard)) };
    assert_ne!(eventually("16 reports", over).await, -1, "the connection was dropped");
    assert_eq!(ann.texts("#outbox .pending .text").await, ["please wait"]);
    // without reports, the connection is dropped and the next one sends the message
    let _: bool = ann.runs("clearInterval(window.waiting); return true;").await;
    ann.sees("You: please wait").await;
    assert!(ann.runs::<bool>("return window.dropped === true").await);
    let robot = natter.token("robot").await;
    assert_eq!(natter.log(&robot).await, ["please wait"]);
    ann.closes_browser(&[]).await;
}

const LOST: &str = "document.querySelector('#status').textContent.startsWith('Connection lost')";

#[tokio::test]
async fn a_page_shows_what_an_earlier_backup_has() {
    let mut natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    natter.post(&robot, "in the backup").await;
    ann.sees("Robot: in the backup").await;
    natter.kill();
    ann.holds("the banner", LOST).await;
    let backup = tempfile::tempdir().unwrap();
    copy_files(&natter.data(), backup.path());
    natter.start_again();
    for number in 0..3 {
        natter.post(&robot, &format!("lost {number}")).await;
    }
    ann.sees("Robot: lost 2").await;
    natter.kill();
    ann.holds("the banner", LOST).await;
    std::fs::remove_dir_all(natter.data()).unwrap();
    copy_files(backup.path(), &natter.data());
    natter.start_again();
    natter.post(&robot, "after the restore").await;
    ann.sees("Robot: after the restore").await;
    let said: Vec<String> = ann.list().await.into_iter().filter(|line| line.starts_with("Robot")).collect();
    assert_eq!(said, ["Robot: in the backup", "Robot: after the restore"]);
    ann.closes_browser(UNREACHABLE).await;
}

/// Copies the files of a directory, and those of the directories in it.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_files(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
