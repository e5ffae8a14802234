//! The roster, and the notices of users who enter and leave.

use crate::support::{Natter, Person, Socket};

/// Sends a message and waits for it: every notice before it has arrived then.
async fn wait_for_notices(speaker: &mut Person, listener: &mut Person, what: &str) {
    speaker.says(what).await;
    let name = if what.starts_with('b') { "Bob" } else { "Ada" };
    listener.sees(&format!("{name}: {what}")).await;
}

#[tokio::test]
async fn a_user_with_several_tabs_enters_once_and_leaves_with_the_last() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    ada.socket.sees_roster(&["Ada"]).await;
    let mut bob = natter.sign_up("bob").await;
    ada.socket.sees_notice("Bob has entered the chat").await;
    ada.socket.sees_roster(&["Ada", "Bob"]).await;
    let second_tab = Socket::open(&bob.script, "").await;
    drop(second_tab);
    wait_for_notices(&mut bob, &mut ada, "b1").await;
    assert_eq!(bob.socket.notices, ["Bob has entered the chat"], "the page leaves out its own");

    drop(bob.socket);
    ada.socket.sees_notice("Bob has left the chat").await;
    ada.socket.sees_roster(&["Ada"]).await;
    assert_eq!(ada.socket.notices[1..], ["Bob has entered the chat", "Bob has left the chat"]);
}

#[tokio::test]
async fn a_reload_is_not_announced() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    let mut bob = natter.sign_up("bob").await;
    ada.socket.sees_notice("Bob has entered the chat").await;
    for _ in 0..3 {
        drop(bob.socket);
        bob.socket = Socket::open(&bob.script, "?returning=true").await;
    }
    // Cyd leaves after Bob; once Cyd's notice has arrived, Bob's would have too
    let cyd = natter.sign_up("cyd").await;
    ada.socket.sees_notice("Cyd has entered the chat").await;
    drop(cyd);
    ada.socket.sees_notice("Cyd has left the chat").await;
    ada.socket.sees_roster(&["Ada", "Bob"]).await;
    let expected =
        ["Ada has entered the chat", "Bob has entered the chat", "Cyd has entered the chat", "Cyd has left the chat"];
    assert_eq!(ada.socket.notices, expected);
}

#[tokio::test]
async fn returning_after_a_restart_is_not_announced() {
    let mut natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    let mut bob = natter.sign_up("bob").await;
    ada.socket.sees_roster(&["Ada", "Bob"]).await;
    natter.restart().await;
    ada.socket = Socket::open(&ada.script, "?returning=true").await;
    bob.socket = Socket::open(&bob.script, "?returning=true").await;
    ada.socket.sees_roster(&["Ada", "Bob"]).await;
    wait_for_notices(&mut bob, &mut ada, "b1").await;
    assert!(ada.socket.notices.is_empty(), "{:?}", ada.socket.notices);
}

#[tokio::test]
async fn name_changes_and_deletions_update_the_roster() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    let bob = natter.sign_up("bob").await;
    ada.socket.sees_roster(&["Ada", "Bob"]).await;
    bob.script.patch("/api/users/bob", serde_json::json!({ "name": "Abe" })).await.is(200);
    ada.socket.sees_roster(&["Abe", "Ada"]).await;
    let page = natter.browser().visit(&format!("/?jwt={}", ada.script.token())).await;
    assert_eq!(page.texts("#roster li"), ["Abe", "Ada"]);
    assert_eq!(page.text("#roster h2"), "2 online");
    bob.script.delete("/api/users/bob").await.is(204);
    ada.socket.sees_notice("Abe has left the chat").await;
    assert_eq!(ada.socket.notices[1..], ["Bob has entered the chat", "Abe has left the chat"]);
}

/// Everybody gets the same notice. It names the keys of those who entered, so that a page can leave out its own user.
#[tokio::test]
async fn users_who_enter_together_are_announced_together() {
    let natter = Natter::start().await;
    let (bob, cyd) = (natter.register("bob").await, natter.register("cyd").await);
    let mut ada = natter.sign_up("ada").await;
    ada.socket.sees_roster(&["Ada"]).await;
    // Ada was announced a moment ago, so the next notice is a second away and contains both
    let (mut bob, mut cyd) = tokio::join!(Socket::open(&bob, ""), Socket::open(&cyd, ""));
    for socket in [&mut ada.socket, &mut bob, &mut cyd] {
        socket.sees_roster(&["Ada", "Bob", "Cyd"]).await;
    }
    let together = [["Bob and Cyd have entered the chat"], ["Cyd and Bob have entered the chat"]];
    assert!(together.iter().any(|notice| bob.notices == notice), "{:?}", bob.notices);
    assert_eq!(bob.notices, cyd.notices);
    assert!(ada.socket.notices.ends_with(&bob.notices), "{:?}", ada.socket.notices);
}
