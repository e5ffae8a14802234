//! The form of a page: editing, replying and slash commands.

use thirtyfour::Key;

use super::support::{Natter, Person};

/// Waits until the form says what is answered or edited; empty: nothing.
async fn context(person: &Person, expected: &str) {
    let shown = "document.querySelector('#context:not([hidden])')?.textContent.trim() ?? ''";
    person.holds(&format!("the context {expected:?}"), &format!("({shown}) === '{expected}'")).await;
}

async fn typed(person: &Person, expected: &str) {
    person.holds(expected, &format!("document.querySelector('#message').value === '{expected}'")).await;
}

async fn refused(person: &Person, reason: &str) {
    person.holds(reason, &format!("document.querySelector('#refused').textContent.includes('{reason}')")).await;
}

async fn press(person: &Person, key: Key) {
    person.finds("#message").await.send_keys("" + key).await.unwrap();
}

#[tokio::test]
async fn an_edit_begins_with_the_source_and_gives_the_draft_back() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let seq = natter.post(&natter.login("ann").await, "some *source*").await;
    ann.sees("You: some source").await;
    ann.fills("message", "a draft").await;
    ann.does(seq, "edit").await;
    context(&ann, "Editing a message").await;
    typed(&ann, "some *source*").await;
    press(&ann, Key::Escape).await;
    context(&ann, "").await;
    typed(&ann, "a draft").await;
    ann.does(seq, "edit").await;
    typed(&ann, "some *source*").await;
    ann.says("another **source**").await;
    ann.sees("You: another source").await;
    assert!(ann.text("#messages .message small").await.starts_with("edited "), "and the time");
    assert_eq!(ann.texts("#messages .message strong").await, ["source"]);
    context(&ann, "").await;
    typed(&ann, "a draft").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_stale_edit_keeps_what_was_typed_and_replaces_the_present_text_if_sent_again() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let own = natter.login("ann").await;
    let seq = natter.post(&own, "first").await;
    ann.does(seq, "edit").await;
    typed(&ann, "first").await;
    // a reaction does not make it stale
    natter.react(&own, seq, "👍").await;
    natter.edit(&own, seq, "of another tab").await;
    ann.sees("You: of another tab").await;
    ann.says("of this tab").await;
    refused(&ann, "The message was changed in the meantime").await;
    refused(&ann, "of another tab").await;
    typed(&ann, "of this tab").await;
    context(&ann, "Editing a message").await;
    assert!(ann.list().await.contains(&"You: of another tab".to_owned()));
    press(&ann, Key::Enter).await;
    ann.sees("You: of this tab").await;
    context(&ann, "").await;
    typed(&ann, "").await;
    assert_eq!(ann.text("#refused").await, "");
    ann.does(seq, "edit").await;
    typed(&ann, "of this tab").await;
    natter.react(&own, seq, "🎉").await;
    ann.finds("#messages [data-emoji='🎉']").await;
    ann.says("after a reaction").await;
    ann.sees("You: after a reaction").await;
    ann.closes_browser(&["409"]).await;
}

#[tokio::test]
async fn a_reply_says_what_it_answers_and_its_quote_leads_there() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let parent = natter.post(&robot, "the *parent*").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.does(parent, "reply").await;
    context(&ann, "Reply to “Robot: the parent”").await;
    press(&ann, Key::Escape).await;
    context(&ann, "").await;
    ann.does(parent, "reply").await;
    ann.says("an answer").await;
    ann.sees("You: an answer").await;
    context(&ann, "").await;
    assert_eq!(ann.texts("#messages blockquote").await, ["Robot: the parent"]);
    ann.holds("a count", "document.querySelector('#messages .replies')?.textContent === '1 reply'").await;
    // the next message answers nothing
    ann.says("by the way").await;
    ann.sees("You: by the way").await;
    assert_eq!(ann.texts("#messages blockquote").await.len(), 1);
    ann.finds("#messages blockquote a").await.click().await.unwrap();
    ann.holds("the parent", &format!("document.activeElement.dataset.seq === '{parent}'")).await;
    assert_eq!(ann.path().await, "/rooms/lobby");
    natter.delete(&robot, parent).await;
    let slot = "document.querySelector('#messages blockquote').textContent === '↩ deleted message'";
    ann.holds("an empty quote", slot).await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn slash_commands_are_obeyed_or_come_back_with_the_reason() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let room = natter.room(&natter.login("ann").await, "design", "open", &["robot"]).await;
    ann.counts(&room, "").await;
    ann.opens(&room).await;
    ann.says("/topic the plan").await;
    ann.holds("the topic", "document.querySelector('#room-topic').textContent === 'the plan'").await;
    typed(&ann, "").await;
    ann.holds("an empty outbox", "!document.querySelector('#outbox li')").await;
    ann.says("/dance now").await;
    refused(&ann, "There is no command /dance").await;
    typed(&ann, "/dance now").await;
    ann.holds("an empty outbox", "!document.querySelector('#outbox li')").await;
    ann.says("/msg @robot hello there").await;
    ann.sees("You: hello there").await;
    let direct = natter.direct(&robot, &["ann"]).await;
    ann.reaches(&format!("/rooms/{direct}")).await;
    typed(&ann, "").await;
    ann.opens(&room).await;
    typed(&ann, "").await;
    ann.holds("an empty outbox", "!document.querySelector('#outbox li')").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_mention_of_many_people_is_sent_after_it_is_confirmed() {
    let natter = Natter::start().await;
    for n in 1..=21 {
        natter.token(&format!("fan{n}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let own = natter.login("ann").await;
    ann.says("@room, hello").await;
    refused(&ann, "@room notifies 21 people").await;
    typed(&ann, "@room, hello").await;
    assert_eq!(natter.log(&own).await, [""; 0]);
    // what is confirmed is this message only
    ann.presses("Send anyway").await;
    ann.sees("You: @room, hello").await;
    typed(&ann, "").await;
    ann.says("@room, again").await;
    refused(&ann, "@room notifies 21 people").await;
    // an edit asks as well
    let seq = natter.post(&own, "quiet").await;
    ann.fills("message", "").await;
    ann.does(seq, "edit").await;
    typed(&ann, "quiet").await;
    ann.says("loud @here").await;
    refused(&ann, "@here notifies 21 people").await;
    ann.presses("Send anyway").await;
    ann.sees("You: loud @here").await;
    context(&ann, "").await;
    ann.closes_browser(&["409"]).await;
}

#[tokio::test]
async fn a_deleted_text_is_kept_neither_for_the_form_nor_for_the_hidden_log_of_a_room_one_has_left() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    ann.counts(&room, "").await;
    let seq = natter.post(&robot, "a secret").await;
    ann.sees("Robot: a secret").await;
    ann.does(seq, "reply").await;
    ann.holds("what is answered", "document.querySelector('#context').textContent.includes('a secret')").await;
    natter.edit(&robot, seq, "another secret").await;
    ann.holds("its new text", "document.querySelector('#context').textContent.includes('another secret')").await;
    ann.opens(&room).await;
    natter.delete(&robot, seq).await;
    natter.post_to(&robot, &room, "meanwhile").await;
    ann.sees("Robot: meanwhile").await;
    let kept = "document.documentElement.outerHTML + JSON.stringify({ ...sessionStorage })";
    ann.holds("no secret", &format!("!({kept}).includes('secret')")).await;
    ann.opens("lobby").await;
    ann.waits_until_connected().await;
    ann.holds("no secret", &format!("!({kept}).includes('secret')")).await;
    ann.closes_browser(&[]).await;
}
