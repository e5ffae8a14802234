//! The panel beside the room.

use thirtyfour::Key;

use super::support::{Natter, Person};

/// The rows of a list as one reads them, without those that are hidden.
async fn rows(person: &Person, list: &str) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('{list} > .message:not([hidden])')]
            .map((row) => row.querySelector('b').textContent + row.querySelector('.text').textContent)"
    );
    person.runs(&script).await
}

async fn shows(person: &Person, list: &str, expected: &[&str]) {
    let json = serde_json::to_string(expected).unwrap();
    let script = format!(
        "JSON.stringify([...document.querySelectorAll('{list} > .message:not([hidden])')]
            .map((row) => row.querySelector('b').textContent + row.querySelector('.text').textContent)) === `{json}`"
    );
    person.holds(&format!("{expected:?} in {list}"), &script).await;
}

async fn panel_of(person: &Person, address: &str) {
    person.holds(address, &format!("document.querySelector('#panel')?.dataset.address === '{address}'")).await;
}

async fn focus(person: &Person, id: &str) {
    person.holds(&format!("the focus at {id}"), &format!("document.activeElement.id === '{id}'")).await;
}

const LOG: &str = "#panel .log";

#[tokio::test]
async fn a_thread_is_beside_its_room_and_both_are_live() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let root = natter.post(&robot, "the root").await;
    let first = natter.reply(&robot, root, "first").await;
    natter.post(&robot, "outside").await;
    let ann = natter.person("Ann").await;
    ann.is_wide(1400, 900).await;
    ann.waits_until_connected().await;
    ann.fills("message", "a draft for the room").await;
    ann.chooses_at(first, "thread").await;
    panel_of(&ann, &format!("/rooms/lobby/threads/{root}")).await;
    assert_eq!(ann.path().await, "/rooms/lobby", "the room stays");
    focus(&ann, "panel-message").await;
    assert_eq!(ann.runs::<u32>("return document.querySelectorAll('h1').length").await, 1);
    let doubled = "const all = [...document.querySelectorAll('[id]')].map((one) => one.id);
        return all.filter((id, index) => all.indexOf(id) !== index)";
    assert_eq!(ann.runs::<Vec<String>>(doubled).await, [""; 0]);

    ann.finds("#panel-message").await.send_keys("from the *panel*" + Key::Enter).await.unwrap();
    let second = natter.reply(&robot, first, "second").await;
    natter.post(&robot, "outside too").await;
    shows(&ann, LOG, &["Robot: the root", "Robot: first", "You: from the panel", "Robot: second"]).await;
    ann.sees("Robot: outside too").await;
    let log = rows(&ann, "#messages").await;
    assert!(
        log.ends_with(&["You: from the panel", "Robot: second", "Robot: outside too"].map(str::to_owned)),
        "{log:?}"
    );
    assert_eq!(ann.runs::<u32>("return document.querySelectorAll('.outbox > li').length").await, 0);
    assert_eq!(ann.value("message").await, "a draft for the room");

    // a change is seen in both lists; the tools are at the row that has the focus
    natter.edit(&robot, second, "the second").await;
    shows(&ann, LOG, &["Robot: the root", "Robot: first", "You: from the panel", "Robot: the second"]).await;
    ann.sees("Robot: the second").await;
    ann.finds("#panel-message").await.send_keys("" + Key::Shift + Key::Up).await.unwrap();
    ann.holds("the tools in the panel", "document.querySelector('#panel #row-tools:not([hidden])')").await;
    ann.finds("#panel [data-do=reply]").await.click().await.unwrap();
    ann.holds("the context", "document.querySelector('#panel .context').textContent.includes('the second')").await;
    ann.holds("none", "document.querySelector('#context').hidden").await;
    natter.delete(&robot, second).await;
    ann.holds("no context", "document.querySelector('#panel .context').hidden").await;
    shows(&ann, LOG, &["Robot: the root", "Robot: first", "You: from the panel"]).await;

    // the draft comes back with the thread, and the panel after a reload
    ann.finds("#panel-message").await.send_keys("another draft").await.unwrap();
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    panel_of(&ann, &format!("/rooms/lobby/threads/{root}")).await;
    ann.holds("the draft", "document.querySelector('#panel-message').value === 'another draft'").await;
    assert_eq!(ann.value("message").await, "a draft for the room");
    ann.finds("#panel-message").await.send_keys("" + Key::Escape).await.unwrap();
    ann.holds("no panel", "!document.querySelector('#panel')").await;
    focus(&ann, "message").await;
    ann.does(first, "reply").await; // the tools are in the room again

    // a page without a log takes the place of the room, while the tools are in the panel
    ann.chooses_at(first, "thread").await;
    focus(&ann, "panel-message").await;
    ann.runs::<()>("document.querySelector('#panel-message').value = ''").await; // the draft
    ann.finds("#panel-message").await.send_keys("" + Key::Shift + Key::Up).await.unwrap();
    ann.holds("the tools in the panel", "document.querySelector('#panel #row-tools:not([hidden])')").await;
    ann.finds("#sidebar a[href='/mentions']").await.click().await.unwrap();
    ann.reaches("/mentions").await;
    ann.holds("no panel", "!document.querySelector('#panel, #row-tools')").await;
    ann.opens("lobby").await;
    ann.does(first, "reply").await;
    ann.closes_browser(&[]).await;
}

/// The panel is read at another time than the log.
#[tokio::test]
async fn no_change_is_missed_while_the_panel_comes() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let root = natter.post(&robot, "the root").await;
    let first = natter.reply(&robot, root, "first").await;
    let ann = natter.person("Ann").await;
    ann.is_wide(1400, 900).await;
    ann.waits_until_connected().await;
    let hold = "const { fetch } = window;
        window.fetch = async (...request) => {
            const response = await fetch(...request);
            if (String(request[0]).includes('/threads/')) await new Promise((go) => { window.release = go; });
            return response;
        }";
    ann.runs::<()>(hold).await;
    ann.chooses_at(first, "thread").await;
    ann.holds("an answer that is held back", "window.release").await;
    natter.edit(&robot, first, "edited meanwhile").await;
    natter.reply(&robot, root, "new meanwhile").await;
    natter.post(&robot, "outside").await;
    ann.sees("Robot: outside").await;
    ann.runs::<()>("release()").await;
    shows(&ann, LOG, &["Robot: the root", "Robot: edited meanwhile", "Robot: new meanwhile"]).await;
    natter.reply(&robot, root, "new later").await;
    shows(&ann, LOG, &["Robot: the root", "Robot: edited meanwhile", "Robot: new meanwhile", "Robot: new later"]).await;
    let log = rows(&ann, "#messages").await;
    assert_eq!(log.iter().filter(|row| row.contains("meanwhile")).count(), 2, "{log:?}");
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn members_and_pins_are_beside_the_room_and_pages_in_a_narrow_window() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let (bob, ann) = (natter.token("bob").await, natter.person("Ann").await);
    let room = natter.room(&robot, "design", "open", &["ann", "bob"]).await;
    ann.is_wide(1400, 900).await;
    natter.post_to(&bob, &room, "of bob").await;
    let own = natter.login("ann").await;
    let seq = natter.post_to(&own, &room, "of ann").await;
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.waits_until_connected().await;
    let tool = |what: &str| format!(".tools a[href$='/{what}']");
    ann.finds(&tool("members")).await.click().await.unwrap();
    panel_of(&ann, &format!("/rooms/{room}/members")).await;
    ann.holds("three members", "document.querySelectorAll('#panel .rows > li').length === 3").await;
    natter.remove_member(&robot, &room, "bob").await;
    ann.holds("two members", "document.querySelectorAll('#panel .rows > li').length === 2").await;

    ann.finds(&tool("pins")).await.click().await.unwrap();
    panel_of(&ann, &format!("/rooms/{room}/pins")).await;
    ann.holds("no pins", "document.querySelector('#panel .empty')").await;
    ann.chooses_at(seq, "pin").await;
    shows(&ann, "#panel .messages", &["You: of ann"]).await;
    // its time leads to the row in the log
    ann.finds("#panel .message .at").await.click().await.unwrap();
    ann.holds("the focus at the row", &format!("document.activeElement.matches('#messages > [data-seq=\"{seq}\"]')"))
        .await;
    ann.finds(&tool("pins")).await.click().await.unwrap();
    ann.holds("no panel", "!document.querySelector('#panel')").await;

    // it belongs to the room
    ann.finds(&tool("pins")).await.click().await.unwrap();
    panel_of(&ann, &format!("/rooms/{room}/pins")).await;
    ann.opens("lobby").await;
    ann.holds("no panel", "!document.querySelector('#panel')").await;
    ann.opens(&room).await;
    ann.finds(&tool("pins")).await.click().await.unwrap();
    panel_of(&ann, &format!("/rooms/{room}/pins")).await;
    ann.is_wide(1000, 800).await;
    ann.reaches(&format!("/rooms/{room}/pins")).await;
    ann.holds("no panel", "!document.querySelector('#panel')").await;
    ann.closes_browser(&[]).await;
}
