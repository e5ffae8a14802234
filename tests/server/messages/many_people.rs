//! The question before a text mentions many people.

use serde_json::json;

use super::{User, by_script};
use crate::support::{Natter, Socket, new_user};

const QUESTION: &str = "@room notifies 20 people.";

/// ada, and 20 other members of the lobby.
async fn crowd(natter: &Natter) -> User {
    let ada = User::sign_up(natter, "ada").await;
    for n in 1..=20 {
        natter.script().post("/api/users", new_user(&format!("user{n}"))).await.is(201);
    }
    ada
}

#[tokio::test]
async fn a_form_asks_before_it_mentions_more_than_twenty_members() {
    let natter = Natter::unlimited().await;
    let ada = crowd(&natter).await;
    let form = [("message", "hello @room"), ("clientID", "1")];
    let page = ada.submits("messages", &form).await.is(409);
    assert_eq!((page.text("#refused").as_str(), page.text("textarea#message").as_str()), (QUESTION, "hello @room"));
    assert_eq!(page.attribute("#send [name=confirmed]", "type"), "checkbox");
    assert_eq!(page.value_of("clientID"), "1");
    assert_eq!(ada.seqs("/api/messages").await, [0; 0]);
    let confirmed = [form[0], form[1], ("confirmed", "true")];
    ada.submits("messages", &confirmed).await.leads_to("/rooms/lobby");
    assert_eq!(ada.script.message(1).await["mentions"], json!(["room"]));
    // a refusal for another reason keeps the answer
    let page = ada.submits("messages", &[("message", " "), ("clientID", "2"), ("confirmed", "true")]).await.is(422);
    assert_eq!(page.texts("#send [name=confirmed][checked]").len(), 1);
    // a reply asks below its parent
    let page = ada.submits("messages", &[form[0], ("clientID", "3"), ("replyTo", "1")]).await.is(409);
    assert_eq!(page.text("#reply-refused"), QUESTION);
    assert_eq!(page.texts("form.reply [name=confirmed]").len(), 1);
    for unasked in ["hello @user1", "`@room`", "room"] {
        ada.types(unasked).await.leads_to("/rooms/lobby");
    }
}

#[tokio::test]
async fn a_pages_socket_asks_and_a_script_does_not() {
    let natter = Natter::unlimited().await;
    let ada = crowd(&natter).await;
    let mut page = Socket::open_in(&ada.browser, "").await;
    let asked = page.sends("@here, listen", "1").await;
    let question = QUESTION.replace("room", "here");
    assert_eq!((&asked["status"], &asked["error"]["fields"]), (&json!(409), &json!({ "confirmed": question })));
    assert_eq!(asked["error"]["message"], question);
    let confirmed = json!({ "room": "lobby", "message": "@here, listen", "clientID": "1", "confirmed": true });
    assert_eq!(page.sends_frame(&confirmed.to_string()).await["seq"], 1);
    Socket::open(&ada.script, "").await.says("@here, listen").await;
    ada.script.says("@here, listen").await;
}

#[tokio::test]
async fn an_edit_asks_only_if_it_adds_the_mention() {
    let natter = Natter::unlimited().await;
    let ada = crowd(&natter).await;
    ada.script.says("hello").await;
    let form = [("message", "hello @room"), ("textRev", "1")];
    let page = ada.submits("1/edit", &form).await.is(409);
    assert_eq!((page.text(".alert").as_str(), page.text("textarea#edit").as_str()), (QUESTION, "hello @room"));
    assert_eq!(page.attribute("form.edit [name=confirmed]", "type"), "checkbox");
    by_script(&ada.browser, "1/edit", &form).await.is(409);
    ada.submits("1/edit", &[form[0], form[1], ("confirmed", "true")]).await.leads_to("/rooms/lobby/1");
    ada.submits("1/edit", &[("message", "again @room"), ("textRev", "2")]).await.leads_to("/rooms/lobby/1");
}

#[tokio::test]
async fn a_room_of_twenty_is_not_asked_about() {
    let natter = Natter::unlimited().await;
    let ada = crowd(&natter).await;
    let members: Vec<String> = (1..=19).map(|n| format!("user{n}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let garden = ada.script.creates("closed", "Garden", &members).await;
    let path = format!("/rooms/{garden}");
    let form = [("message", "@room"), ("clientID", "1")];
    ada.browser.submit(&format!("{path}/messages"), &form).await.leads_to(&path);
    ada.script.put(&format!("/api/rooms/{garden}/members/user20"), json!({})).await.is(201);
    ada.browser.submit(&format!("{path}/messages"), &[("message", "@room"), ("clientID", "2")]).await.is(409);
}
