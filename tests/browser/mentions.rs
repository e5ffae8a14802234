//! Who is mentioned sees it.

use super::support::{Natter, Person};

/// Waits until the sidebar has this number of mentions in the lobby.
async fn mentions(person: &Person, count: u64) {
    let shown = format!("document.querySelector('#sidebar [data-room=lobby]').dataset.mentions === '{count}'");
    person.holds(&format!("{count} mentions"), &shown).await;
}

#[tokio::test]
async fn a_mention_is_marked_and_counted_until_it_is_read() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    ann.counts(&room, "").await;
    ann.opens(&room).await;
    ann.holds("the same page", "window.stays = true").await;
    natter.post(&robot, "nobody").await;
    ann.counts("lobby", "1").await;
    mentions(&ann, 0).await;
    natter.post(&robot, "@ann, look").await;
    mentions(&ann, 1).await;
    natter.post(&robot, "@room, look").await;
    mentions(&ann, 2).await;
    natter.post(&robot, "@robot `@ann`").await;
    ann.counts("lobby", "4").await;
    mentions(&ann, 2).await;
    // an edit can add one, or take it away
    natter.edit(&robot, 1, "@ann after all").await;
    mentions(&ann, 3).await;
    natter.edit(&robot, 3, "nobody").await;
    mentions(&ann, 2).await;
    natter.delete(&robot, 2).await;
    mentions(&ann, 1).await;
    ann.counts("lobby", "3").await;
    ann.opens("lobby").await;
    ann.sees("Robot: @ann after all").await;
    assert_eq!(ann.texts("#messages .mentions-me .text").await, ["@ann after all"]);
    assert_eq!(ann.texts("#messages .mention.me").await, ["@ann"]);
    ann.counts("lobby", "").await;
    mentions(&ann, 0).await;
    // live, in the room that is shown
    natter.post(&robot, "@ann, now").await;
    ann.holds("a mark", "document.querySelectorAll('#messages .mentions-me').length === 2").await;
    mentions(&ann, 0).await;
    ann.holds("the same page", "window.stays").await;
    ann.closes_browser(&[]).await;
}
