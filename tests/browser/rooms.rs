//! Another `#room` takes the place of the present one. The connection stays.

use natter_test_support::eventually;

use super::support::{BrowserOptions, Natter};

#[tokio::test]
async fn a_room_that_htmx_swaps_in_is_followed() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    natter.post(&robot, "one").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let watch = "
        const send = WebSocket.prototype.send;
        window.sent = [];
        window.socket = natter.socket;
        WebSocket.prototype.send = function (frame) { window.sent.push(frame); send.call(this, frame); };
        const room = { target: '#room', select: '#room', swap: 'outerHTML' };
        htmx.ajax('GET', location.href, room).then(() => { window.swapped = true; });
        return true;";
    let _: bool = ann.runs(watch).await;
    ann.holds("a swap", "window.swapped").await;
    ann.holds("a move", r#"window.sent.includes('{"room":"lobby","after":1}')"#).await;
    natter.post(&robot, "two").await;
    ann.sees("Robot: two").await;
    ann.says("three").await;
    ann.sees("You: three").await;
    assert_eq!(ann.list().await, ["Robot: one", "Robot: two", "You: three"]);
    ann.holds("the same connection", "natter.socket === window.socket").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_page_far_behind_fetches_its_room_and_keeps_its_input() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=1001 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.fills("message", "half a sentence").await;
    // pretend that the page has received nothing and was disconnected
    let pretend = "
        document.querySelectorAll('#messages li').forEach((item) => item.remove());
        document.querySelector('#message').setSelectionRange(4, 6);
        document.querySelector('#room').dataset.head = 0;
        window.stays = true;
        dispatchEvent(new Event('online'));
        return true;";
    let _: bool = ann.runs(pretend).await;
    ann.holds("a fresh room", "document.querySelectorAll('#messages .message').length === 50").await;
    ann.holds("the same page", "window.stays").await;
    assert_eq!(ann.value("message").await, "half a sentence");
    let caret = "return [document.activeElement.id, document.activeElement.selectionStart].join()";
    assert_eq!(ann.runs::<String>(caret).await, "message,4");
    natter.post(&robot, "news").await;
    ann.sees("Robot: news").await;
    assert_eq!(ann.list().await.len(), 51);
    ann.closes_browser(&[]).await;
}

/// What comes after a gap is shown, but a connection that is lost before the page has fetched its room must not go on
/// after the gap.
#[tokio::test]
async fn a_page_that_is_behind_keeps_its_cursor_until_it_has_fetched_its_room() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let report = "
        const send = window.fetch;
        window.requests = [];
        window.fetch = (...request) => new Promise((resolve) => { requests.push(() => resolve(send(...request))); });
        const data = JSON.stringify({ room: 'lobby', refetch: true });
        natter.socket.dispatchEvent(new MessageEvent('message', { data }));
        natter.socket.dispatchEvent(new MessageEvent('message', { data }));
        return true;";
    let _: bool = ann.runs(report).await;
    natter.post(&robot, "after the gap").await;
    ann.sees("Robot: after the gap").await;
    ann.says("mine").await;
    ann.sees("You: mine").await;
    eventually("an empty outbox", || async { ann.texts("#outbox li").await.is_empty().then_some(()) }).await;
    ann.holds("the old cursor", "document.querySelector('#room').dataset.head === '0'").await;
    ann.holds("one request, within 5 s", "requests.length === 1").await;
    let _: bool = ann.runs("requests[0](); return true").await;
    ann.holds("the new cursor", "document.querySelector('#room').dataset.head === '2'").await;
    natter.post(&robot, "more").await;
    ann.sees("Robot: more").await;
    assert_eq!(ann.list().await, ["Robot: after the gap", "You: mine", "Robot: more"]);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_list_without_the_end_counts_what_is_new() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=60 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let cut = "
        const list = document.querySelector('#messages');
        delete list.dataset.end;
        for (let n = 0; n < 5; n++) list.lastElementChild.remove();
        return true;";
    let _: bool = ann.runs(cut).await;
    natter.edit(&robot, 55, "fifty-five").await;
    natter.post(&robot, "news").await;
    natter.post(&robot, "more news").await;
    ann.holds("the count", "document.querySelector('#newer:not([hidden])')?.dataset.count === '2'").await;
    assert_eq!(ann.list().await.last().unwrap(), "Robot: fifty-five");
    ann.presses("New messages").await;
    ann.sees("Robot: more news").await;
    assert_eq!(ann.list().await.len(), 50);
    ann.holds("no count", "document.querySelector('#newer').hidden").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn no_list_is_larger_than_a_narrow_window() {
    let natter = Natter::with(&["--language", "de"]).await;
    let robot = natter.token("robot").await;
    let ann = natter.visitor(BrowserOptions { narrow: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    for n in 0..20 {
        natter.room(&robot, &format!("room {n}"), "open", &["ann"]).await;
    }
    let overflow = "const { documentElement: page } = document, room = document.querySelector('#room');
        return [page.scrollHeight - innerHeight, room.scrollWidth - room.clientWidth]";
    for path in ["/rooms", "/people", "/rooms/lobby/members", "/rooms/lobby/settings"] {
        ann.goes_to(path).await;
        assert_eq!(ann.runs::<[f64; 2]>(overflow).await, [0.0, 0.0], "{path}");
    }
    ann.closes_browser(&[]).await;
}
