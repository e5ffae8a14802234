//! How far a person has read.

use natter_test_support::eventually;
use thirtyfour::Key;

use super::support::{BrowserOptions, Natter, Person};

#[tokio::test]
async fn what_is_read_in_one_tab_is_read_in_the_other() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    let first = ann.driver.window().await.unwrap();
    ann.waits_until_connected().await;
    for text in ["one", "two", "three"] {
        natter.post_to(&robot, &room, text).await;
    }
    ann.counts(&room, "3").await;
    let second = ann.driver.new_tab().await.unwrap();
    ann.driver.switch_to_window(second).await.unwrap();
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.comes_to_front().await;
    ann.finds("#new").await;
    ann.sees("Robot: three").await;
    ann.counts(&room, "").await;
    ann.driver.switch_to_window(first).await.unwrap();
    ann.counts(&room, "").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_room_opens_at_its_first_unread_message() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let own = natter.login("ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    for n in 1..=120 {
        natter.post_to(&robot, &room, &format!("number {n}")).await;
    }
    natter.read(&own, &room, 40).await;
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.waits_until_connected().await;
    let after_line = "return document.querySelector('#new').nextElementSibling.dataset.seq";
    assert_eq!(ann.runs::<String>(after_line).await, "41");
    let range = "const all = document.querySelectorAll('#messages .message');
        return [all[0], all[all.length - 1]].map((row) => row.dataset.seq).join()";
    assert_eq!(ann.runs::<String>(range).await, "16,65", "25 messages on each side");
    let visible = "const line = document.querySelector('#new').getBoundingClientRect(), { top, bottom } =
        document.querySelector('#scroller').getBoundingClientRect(); return line.top > top && line.bottom < bottom";
    assert!(ann.runs::<bool>(visible).await);
    let is_offered = "return document.querySelector('.latest').checkVisibility()";
    assert!(ann.runs::<bool>(is_offered).await);
    // a live message is counted and not appended; scrolling down loads what is between, without a gap
    natter.post_to(&robot, &room, "number 121").await;
    ann.holds("a count", "document.querySelector('#newer').dataset.count === '1'").await;
    // the end is there before the last scrolling, so that it is on screen
    let scroll = "const isEnd = 'end' in document.querySelector('#messages').dataset;
        document.querySelector('#scroller').scrollTop = 0; return isEnd";
    let loaded = || async { ann.runs::<bool>(scroll).await.then_some(()) };
    eventually("the end", loaded).await;
    assert!(!ann.runs::<bool>(is_offered).await);
    let all: Vec<String> = (16..=121).map(|n| format!("Robot: number {n}")).collect();
    assert_eq!(ann.list().await, all);
    ann.counts(&room, "").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn messages_marked_as_unread_stay_so_until_the_room_is_opened_again() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    for text in ["one", "two", "three"] {
        natter.post_to(&robot, &room, text).await;
    }
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.waits_until_connected().await;
    ann.counts(&room, "").await;
    marks_the_second_last_as_unread(&ann).await;
    ann.counts(&room, "2").await;
    natter.post_to(&robot, &room, "four").await;
    ann.sees("Robot: four").await;
    ann.counts(&room, "3").await;
    // nor does the page mark them as read when it fetches the room anew
    let refetch = format!(
        "window.old = natter.room();
         const data = JSON.stringify({{ room: '{room}', refetch: true }});
         natter.socket.dispatchEvent(new MessageEvent('message', {{ data }}));
         return true"
    );
    let _: bool = ann.runs(&refetch).await;
    ann.holds("a fresh room", "natter.room() !== window.old").await;
    natter.post_to(&robot, &room, "five").await;
    ann.sees("Robot: five").await;
    ann.counts(&room, "4").await;
    ann.opens("lobby").await;
    ann.counts(&room, "4").await;
    ann.opens(&room).await;
    ann.counts(&room, "").await;
    ann.closes_browser(&[]).await;
}

/// By keyboard: Shift and up from the empty box to the last row, and up again.
async fn marks_the_second_last_as_unread(person: &Person) {
    person.finds("#message").await.send_keys("" + Key::Shift + Key::Up).await.unwrap();
    person.driver.action_chain().send_keys(Key::Up).perform().await.unwrap();
    person.holds("a bar at the row", "!document.querySelector('#row-tools').hidden").await;
    person.driver.action_chain().send_keys("u").perform().await.unwrap();
}

#[tokio::test]
async fn a_tab_that_shows_the_room_does_not_undo_a_mark_of_another() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    for text in ["one", "two", "three"] {
        natter.post_to(&robot, &room, text).await;
    }
    let first = ann.driver.window().await.unwrap();
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.waits_until_connected().await;
    ann.counts(&room, "").await;
    let second = ann.driver.new_tab().await.unwrap();
    ann.driver.switch_to_window(second).await.unwrap();
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.comes_to_front().await;
    ann.waits_until_connected().await;
    marks_the_second_last_as_unread(&ann).await;
    ann.counts(&room, "2").await;
    ann.driver.switch_to_window(first).await.unwrap();
    ann.comes_to_front().await;
    ann.counts(&room, "2").await;
    natter.post_to(&robot, &room, "four").await;
    ann.sees("Robot: four").await;
    ann.counts(&room, "3").await;
    ann.opens("lobby").await;
    ann.counts(&room, "3").await;
    ann.opens(&room).await;
    ann.counts(&room, "").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn without_javascript_marks_are_forms() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.visitor(BrowserOptions { no_script: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    for text in ["one", "two", "three"] {
        natter.post_to(&robot, &room, text).await;
    }
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.finds("#new").await;
    ann.counts(&room, "3").await;
    ann.driver.refresh().await.unwrap();
    ann.counts(&room, "3").await; // no GET marks anything
    ann.presses("Mark as read").await;
    ann.counts(&room, "").await;
    ann.presses("Mark this page as unread").await;
    ann.reaches("/rooms").await;
    ann.counts(&room, "3").await;
    // a message marks what was on its page
    ann.goes_to(&format!("/rooms/{room}")).await;
    natter.post_to(&robot, &room, "meanwhile").await;
    ann.fills("message", "by form").await;
    ann.presses("Send").await;
    ann.counts(&room, "1").await;
    ann.presses("All rooms").await;
    ann.reaches("/rooms").await;
    ann.closes_browser(&[]).await;
}
