//! What the keyboard does.

use thirtyfour::{Key, prelude::*};

use super::support::{Natter, Person};

async fn presses_keys(person: &Person, modifier: Key, key: impl Into<TypingData>) {
    let keys = key.into();
    person.driver.action_chain().key_down(modifier.clone()).send_keys(keys).key_up(modifier).perform().await.unwrap();
}

#[tokio::test]
async fn the_quick_switcher_and_the_next_unread_room() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let design = natter.room(&robot, "design", "open", &["ann"]).await;
    let hiring = natter.room(&robot, "hiring", "closed", &["ann"]).await;
    ann.waits_until_connected().await;
    ann.counts(&hiring, "").await;
    ann.counts(&design, "").await;
    presses_keys(&ann, Key::Control, "k").await;
    let typed = ann.driver.action_chain().send_keys("HIR").send_keys(Key::Enter).perform().await;
    typed.unwrap();
    ann.reaches(&format!("/rooms/{hiring}")).await;
    // the arrows choose, Escape closes
    presses_keys(&ann, Key::Control, "k").await;
    ann.holds("three rooms", "document.querySelectorAll('#switcher li').length === 3").await;
    ann.driver.action_chain().send_keys(Key::Down).perform().await.unwrap();
    ann.holds("the second", "document.querySelector('#switcher li:nth-child(2)').ariaSelected === 'true'").await;
    ann.driver.action_chain().send_keys(Key::Escape).perform().await.unwrap();
    ann.holds("no dialog", "!document.querySelector('#switcher').open").await;
    ann.reaches(&format!("/rooms/{hiring}")).await;

    natter.post_to(&robot, &design, "news").await;
    ann.counts(&design, "1").await;
    presses_keys(&ann, Key::Alt, Key::Down).await;
    ann.reaches(&format!("/rooms/{design}")).await;
    ann.sees("Robot: news").await;
    ann.counts(&design, "").await;
    natter.post_to(&robot, &hiring, "more").await;
    ann.counts(&hiring, "1").await;
    presses_keys(&ann, Key::Shift, Key::Escape).await;
    ann.driver.dismiss_alert().await.unwrap();
    ann.counts(&hiring, "1").await;
    presses_keys(&ann, Key::Shift, Key::Escape).await;
    ann.driver.accept_alert().await.unwrap();
    ann.counts(&hiring, "").await;

    // the dialog has swallowed that the key was released
    ann.driver.action_chain().key_up(Key::Shift).perform().await.unwrap();
    // Enter sends the first message of a conversation, too
    ann.goes_to("/direct/robot").await;
    ann.holds("the focus", "document.activeElement.id === 'message'").await;
    // there is no message that an arrow could choose
    ann.driver.action_chain().send_keys(Key::Up).perform().await.unwrap();
    let typed = ann.driver.action_chain().send_keys("hello").send_keys(Key::Enter).perform().await;
    typed.unwrap();
    ann.sees("You: hello").await;
    ann.closes_browser(&[]).await;
}
