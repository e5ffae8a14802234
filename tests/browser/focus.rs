//! Where the focus is: at the row that it was at, and never lost with what leaves the page.

use thirtyfour::Key;

use super::support::{LOBBY, Natter, Person};

async fn presses(ann: &Person, key: Key) {
    ann.driver.action_chain().send_keys("" + key).perform().await.unwrap();
}

async fn presses_with_shift(ann: &Person, key: Key) {
    let chain = ann.driver.action_chain().key_down(Key::Shift).send_keys("" + key).key_up(Key::Shift);
    chain.perform().await.unwrap();
}

/// The focus is on the row itself.
async fn is_at(ann: &Person, seq: u64) {
    ann.holds(&format!("the focus at {seq}"), &format!("document.activeElement.dataset.seq === '{seq}'")).await;
}

async fn goes_to_row(ann: &Person, seq: u64) {
    ann.runs::<()>(&format!(
        "const row = document.querySelector(`#messages > [data-seq='{seq}']`); row.tabIndex = -1; row.focus()"
    ))
    .await;
}

#[tokio::test]
async fn the_tools_lead_back_to_their_row() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    let own = natter.login("ann").await;
    let (first, last) = (natter.post(&own, "the first").await, natter.post(&own, "the last").await);
    ann.sees("You: the last").await;
    presses_with_shift(&ann, Key::Up).await;
    is_at(&ann, last).await;
    presses(&ann, Key::Up).await;
    is_at(&ann, first).await;
    presses(&ann, Key::Tab).await;
    ann.holds("the tools", "document.activeElement.matches('#row-tools [data-do=react]')").await;
    presses_with_shift(&ann, Key::Tab).await;
    is_at(&ann, first).await;
    let page = "return document.querySelector('#row-menu .row-page').pathname";
    assert_eq!(ann.runs::<String>(page).await, format!("{LOBBY}/{first}"), "the tools are those of this row");
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn what_leaves_the_page_does_not_take_the_focus_along() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    let (first, second) = (natter.post(&robot, "the first").await, natter.post(&robot, "the second").await);
    ann.sees("Robot: the second").await;
    // one's own reaction, taken back at its chip
    let own = natter.login("ann").await;
    natter.react(&own, second, "👍").await;
    ann.finds(".reactions > .mine > a").await;
    ann.runs::<()>("document.querySelector('.reactions > .mine > a').focus()").await;
    presses(&ann, Key::Enter).await;
    is_at(&ann, second).await;
    // a row that is deleted, and one whose tools have the focus
    natter.delete(&robot, second).await;
    is_at(&ann, first).await;
    let third = natter.post(&robot, "the third").await;
    ann.sees("Robot: the third").await;
    goes_to_row(&ann, third).await;
    presses(&ann, Key::Tab).await;
    natter.delete(&robot, third).await;
    is_at(&ann, first).await;
    // the form of a room that is archived, and of one that the reader is removed from
    ann.opens(&room).await;
    ann.holds("the box", "document.activeElement.id === 'message'").await;
    natter.patch_room(&robot, &room, serde_json::json!({ "archived": true })).await;
    ann.holds("the log", "document.activeElement.id === 'scroller'").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_arrow_leads_to_older_messages_and_to_ones_own_last_one() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for number in 0..120 {
        natter.post(&robot, &format!("number {number}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let first = "return +document.querySelector('#messages > .message').dataset.seq";
    let before: u64 = ann.runs(first).await;
    goes_to_row(&ann, before).await;
    for _ in 0..2 {
        presses(&ann, Key::Up).await;
        ann.holds("older ones", &format!("+document.querySelector('#messages > .message').dataset.seq < {before}"))
            .await;
    }
    is_at(&ann, before - 1).await;
    // the link itself, with the keyboard
    ann.opens("lobby").await;
    ann.says("my own").await;
    ann.sees("You: my own").await;
    natter.post(&robot, "another").await;
    ann.sees("Robot: another").await;
    ann.finds("#message").await.send_keys("" + Key::Up).await.unwrap();
    ann.holds("the edit", "!document.querySelector('#context').hidden").await;
    assert_eq!(ann.value("message").await, "my own");
    presses(&ann, Key::Escape).await;
    // the message that an address names
    ann.goes_to(&format!("{LOBBY}/{}", before + 5)).await;
    is_at(&ann, before + 5).await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn what_one_sends_from_an_older_page_is_shown() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.goes_to("/rooms/new").await;
    for number in 0..120 {
        natter.post(&robot, &format!("number {number}")).await;
    }
    ann.goes_to(LOBBY).await;
    ann.waits_until_connected().await;
    ann.finds("#new").await;
    ann.says("from here").await;
    let shown = "[...document.querySelectorAll('#messages > .sent-by-user')].some((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return top > 0 && bottom < innerHeight && row.textContent.includes('from here');
    })";
    ann.holds("the own message in the window", shown).await;
    ann.closes_browser(&[]).await;
}
