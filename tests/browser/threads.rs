//! The page of a thread.

use super::support::Natter;

#[tokio::test]
async fn a_thread_is_live_and_what_is_written_on_it_is_in_the_room_too() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let root = natter.post(&robot, "the root").await;
    let first = natter.reply(&robot, root, "first").await;
    natter.post(&robot, "outside").await;
    let (ann, bob) = (natter.person("Ann").await, natter.person("Bob").await);
    bob.waits_until_connected().await;
    ann.waits_until_connected().await;
    ann.chooses_at(first, "thread").await;
    ann.reaches(&format!("/rooms/lobby/threads/{root}")).await;
    ann.sees("Robot: first").await;
    ann.waits_until_connected().await;
    natter.post(&robot, "outside too").await;
    natter.reply(&robot, first, "to the first").await;
    ann.sees("Robot: to the first").await;
    ann.says("from the thread").await;
    ann.sees("You: from the thread").await;
    bob.sees("Ann: from the thread").await;
    let expected = ["Robot: the root", "Robot: first", "Robot: to the first", "You: from the thread"];
    assert_eq!(ann.list().await, expected);
    ann.holds("an empty outbox", "!document.querySelector('#outbox li')").await;
    ann.holds("a count", "document.querySelector('#messages .replies')?.textContent === '3 replies'").await;
    // a message that replies to the last one, and one that is deleted
    natter.delete(&robot, first).await;
    ann.holds("a count", "document.querySelector('#messages .replies')?.textContent === '2 replies'").await;
    assert_eq!(ann.list().await, ["Robot: the root", "Robot: to the first", "You: from the thread"]);
    assert_eq!(ann.texts("#messages blockquote").await[0], "↩ deleted message");
    // the page is that of the server
    let live = ann.list().await;
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    assert_eq!(ann.list().await, live);
    let shown = bob.list().await;
    for text in ["Robot: outside", "Robot: outside too", "Robot: to the first", "Ann: from the thread"] {
        assert!(shown.contains(&text.to_owned()), "{text} is not in {shown:?}");
    }
    ann.closes_browser(&[]).await;
    bob.closes_browser(&[]).await;
}

/// What stands between the messages of a thread is not on its page.
#[tokio::test]
async fn the_page_of_a_thread_marks_nothing_of_the_room_as_read() {
    let natter = Natter::start().await;
    let (robot, ann) = (natter.token("robot").await, natter.person("Ann").await);
    ann.waits_until_connected().await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    for text in ["the root", "one", "two", "three"] {
        natter.post_to(&robot, &room, text).await;
    }
    ann.counts(&room, "4").await;
    ann.goes_to(&format!("/rooms/{room}/threads/1")).await;
    ann.waits_until_connected().await;
    ann.sees("Robot: the root").await;
    ann.says("to the root").await;
    ann.sees("You: to the root").await;
    natter.post_to(&robot, &room, "four").await;
    ann.counts(&room, "5").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await; // longer than a page waits before it reports
    ann.counts(&room, "5").await;
    ann.closes_browser(&[]).await;
}
