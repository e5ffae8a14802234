//! The page of a thread, without JavaScript.

use super::User;
use crate::support::Natter;

#[tokio::test]
async fn a_thread_shows_its_root_and_the_latest_replies() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    ada.script.says("root").await;
    bob.says("beside it").await;
    for n in 1..=53 {
        bob.replies(1, &format!("reply {n}")).await;
    }
    let page = ada.browser.visit("/rooms/lobby/threads/1").await.is(200);
    let messages = page.messages();
    assert_eq!((messages.len(), messages[0].as_str(), messages[1].as_str()), (51, "You: root", "Bob: reply 4"));
    assert_eq!(messages[50], "Bob: reply 53");
    assert_eq!(page.attribute("#room", "class"), "room thread pane");
    assert_eq!(page.attribute("main > .head a", "href"), "/rooms/lobby/1");
    assert_eq!(
        (page.attribute("#room", "data-thread"), page.attribute("#room", "data-head")),
        ("1".into(), "55".into())
    );
    assert_eq!(page.texts("#messages[data-end][data-thread='1']").len(), 1);
    assert!(!page.html.contains("data-read-seq=\"0\" data-read-version"), "{}", page.html);
    let earlier = page.attribute("li.older a", "href");
    let page = ada.browser.visit(&earlier).await.is(200);
    assert_eq!(page.messages(), ["You: root", "Bob: reply 1", "Bob: reply 2", "Bob: reply 3"]);
    assert_eq!(page.attribute("p.latest a", "href"), "/rooms/lobby/threads/1");
    assert_eq!(page.texts("li.older").len(), 0);
}

#[tokio::test]
async fn the_thread_of_a_reply_is_at_its_root() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("root").await;
    ada.script.replies(1, "reply").await;
    ada.script.replies(2, "reply to it").await;
    for reply in [2, 3] {
        ada.browser.visit(&format!("/rooms/lobby/threads/{reply}")).await.leads_to("/rooms/lobby/threads/1");
        let page = ada.browser.visit(&format!("/rooms/lobby/{reply}")).await.is(200);
        assert_eq!(page.texts(".forms a[href='/rooms/lobby/threads/1']"), ["Open thread"]);
    }
    for none in ["9", "x"] {
        ada.browser.visit(&format!("/rooms/lobby/threads/{none}")).await.is(404);
    }
}

#[tokio::test]
async fn who_writes_in_a_thread_stays_there() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("root").await;
    let page = ada.browser.visit("/rooms/lobby/threads/1").await.is(200);
    let (reply_to, thread, id) = (page.value_of("replyTo"), page.value_of("thread"), page.value_of("clientID"));
    let form = |text| [("message", text), ("clientID", id.as_str()), ("replyTo", &reply_to), ("thread", &thread)];
    let refused = ada.submits("messages", &form(" ")).await.is(422);
    assert_eq!(refused.attribute("#room", "data-thread"), "1");
    assert_eq!((refused.text("#refused"), refused.value_of("clientID")), ("Write something first.".into(), id.clone()));
    ada.submits("messages", &form("reply")).await.leads_to("/rooms/lobby/threads/1");
    assert_eq!(ada.browser.visit("/rooms/lobby/threads/1").await.messages(), ["You: root", "You: reply"]);
}

#[tokio::test]
async fn a_thread_outlives_its_root() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("root").await;
    ada.script.replies(1, "reply").await;
    let form = |text| [("message", text), ("clientID", "1"), ("replyTo", "1"), ("thread", "1")];
    ada.script.deletes(1).await.is(204);
    let refused = ada.submits("messages", &form("too late")).await.is(410);
    assert_eq!((refused.value_of("replyTo"), refused.text("textarea#message")), ("2".into(), "too late".into()));
    let page = ada.browser.visit("/rooms/lobby/threads/1").await.is(200);
    assert_eq!(page.messages(), ["You: reply"]);
    assert_eq!(page.text("#scroller .notice"), "This message is deleted.", "in place of the root");
    assert_eq!(page.value_of("replyTo"), "2", "a deleted message has no new replies");
    assert_eq!(page.attribute("main > .head a", "href"), "/rooms/lobby?at=1");
    ada.script.deletes(2).await.is(204);
    ada.browser.visit("/rooms/lobby/threads/1").await.is(404);
}

#[tokio::test]
async fn a_thread_moves_no_read_mark() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    bob.says("root").await;
    bob.replies(1, "reply").await;
    ada.browser.visit("/rooms/lobby/threads/1").await.is(200);
    assert_eq!(ada.script.room("lobby").await["unread"], 2);
}
