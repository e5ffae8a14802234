//! Deleting users over the API.

use serde_json::{Value, json};

use crate::support::{Natter, Socket};

#[tokio::test]
async fn a_deleted_users_messages_stay_under_deleted_user() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.browse_as("ada").await, natter.sign_up("bob").await);
    let cyd = natter.register("cyd").await;
    bob.says("I was here").await;
    bob.script.delete("/api/users/bob").await.is(204);

    bob.script.get("/api/users").await.says_token_did_not_match();
    assert_eq!(bob.socket.close_frame().await, (1008, "signed out".to_owned()));
    natter.script().try_log_in("bob", "bob's long secret").await.is(401);
    cyd.get("/api/users/bob").await.is(404);
    assert_eq!(ada.visit("/rooms/lobby").await.is(200).messages(), ["deleted user: I was here"]);
    let log = cyd.reads_after(0, 50).await;
    assert_eq!(log[0]["message"], "I was here");
    assert_eq!((&log[0]["userID"], &log[0]["name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn messages_are_deleted_on_request_and_hidden_in_open_chats() {
    let natter = Natter::start().await;
    let (ada, mut cyd) = (natter.browse_as("ada").await, natter.sign_up("cyd").await);
    let bob = natter.register("bob").await;
    bob.says("one").await;
    cyd.says("two").await;
    bob.says("three").await;
    cyd.sees("Bob: three").await;
    bob.delete("/api/users/bob?messages=delete").await.is(204);

    for (rev, seq) in [(4, 1), (5, 3)] {
        let fragment = cyd.socket.sees_rev(rev).await;
        assert!(fragment.hidden && fragment.seq == seq && fragment.text.is_empty(), "{fragment:?}");
    }
    assert_eq!(ada.visit("/rooms/lobby").await.messages(), ["Cyd: two"]);
    let log = cyd.script.reads_after(0, 50).await;
    let log: Vec<_> = log.iter().map(|m| (m["rev"].clone(), m["seq"].clone(), m["message"].clone())).collect();
    let expected = [(2, 2, json!("two")), (4, 1, Value::Null), (5, 3, Value::Null)];
    assert_eq!(log, expected.map(|(rev, seq, text)| (json!(rev), json!(seq), text)));
    let latest = cyd.script.get("/api/messages").await.json;
    assert_eq!(latest["messages"].as_array().unwrap().len(), 1, "paging omits deleted messages");

    // a client that was disconnected receives the deletions when it catches up
    let mut late = Socket::open(&cyd.script, "?after=3").await;
    late.sees_rev(5).await;
    assert_eq!(
        late.fragments.iter().map(|fragment| (fragment.rev, fragment.hidden)).collect::<Vec<_>>(),
        [(4, true), (5, true)]
    );
}

#[tokio::test]
async fn an_admin_deletes_other_users() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.register("ada").await, natter.sign_up("bob").await);
    let unclear = ada.delete("/api/users/bob?messages=maybe").await;
    unclear.blames(422, "messages", "Use \"keep\" or \"delete\".");
    ada.delete("/api/users/bob?messages=keep").await.is(204);
    assert_eq!(bob.socket.close_frame().await.0, 1008);
    ada.delete("/api/users/bob").await.says(404, "There is no such user.");
}

#[tokio::test]
async fn a_reused_user_id_has_no_access_to_the_old_account() {
    let natter = Natter::start().await;
    let (_admin, old) = (natter.register("ada").await, natter.register("bob").await);
    old.says("from the old bob").await;
    old.delete("/api/users/bob").await.is(204);
    let new = natter.register("bob").await;
    old.get("/api/users/bob").await.says_token_did_not_match();
    assert_eq!(new.get("/api/users/bob").await.is(200).json["messages"], json!([]));
    assert_eq!(new.reads_after(0, 50).await[0]["name"], Value::Null);
}
