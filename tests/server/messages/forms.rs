//! The forms of a message's page: delete, react, pin, save, reply.

use serde_json::json;

use super::{User, by_script, reaction};
use crate::support::Natter;

#[tokio::test]
async fn an_emoji_is_given_and_taken_back_by_its_button() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("hello").await;
    let reactions = async || ada.script.message(1).await["reactions"].clone();
    ada.submits("1/react", &[("emoji", "👍")]).await.leads_to("/rooms/lobby/1");
    assert_eq!(reactions().await, json!([reaction("👍", 1, true)]));
    let page = ada.browser.visit("/rooms/lobby/1").await.is(200);
    assert_eq!(page.attribute("#reactions ul form", "action"), "/rooms/lobby/1/unreact");
    assert_eq!(page.attribute("#reactions ul button", "aria-pressed"), "true");
    ada.submits("1/unreact", &[("emoji", "👍")]).await.leads_to("/rooms/lobby/1");
    ada.submits("1/react", &[("emoji", " :rocket: ")]).await.leads_to("/rooms/lobby/1");
    assert_eq!(reactions().await, json!([reaction("🚀", 1, true)]));
    let page = ada.submits("1/react", &[("emoji", ":no such thing:")]).await.is(422);
    assert_eq!(page.text("#emoji-note"), "Use one emoji.");
    assert_eq!(page.attribute("#emoji", "value"), ":no such thing:", "what was typed stays");
}

#[tokio::test]
async fn a_message_is_pinned_and_saved_by_buttons() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("hello").await;
    let buttons = async || {
        let page = ada.browser.visit("/rooms/lobby/1").await.is(200);
        [page.texts(".forms [action$='pin']"), page.texts(".forms [action$='save']")].concat()
    };
    assert_eq!(buttons().await, ["Pin to the room", "Save for later"]);
    for form in ["pin", "save"] {
        ada.submits(&format!("1/{form}"), &[]).await.leads_to("/rooms/lobby/1");
    }
    assert_eq!(ada.script.message(1).await["pinned"], true);
    assert_eq!(buttons().await, ["Unpin", "Remove from saved messages"]);
    for form in ["unpin", "unsave"] {
        ada.submits(&format!("1/{form}"), &[]).await.leads_to("/rooms/lobby/1");
    }
    assert_eq!(buttons().await, ["Pin to the room", "Save for later"]);
}

#[tokio::test]
async fn a_page_asks_before_a_message_is_deleted_and_leads_to_its_place() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    for text in ["one", "two", "three"] {
        ada.script.says(text).await;
    }
    let page = ada.browser.visit("/rooms/lobby/2/delete").await.is(200);
    assert_eq!(page.messages(), ["You: two"]);
    assert_eq!(page.attribute("main form", "action"), "/rooms/lobby/2/delete");
    ada.submits("2/delete", &[]).await.leads_to("/rooms/lobby?at=2");
    assert_eq!(ada.browser.visit("/rooms/lobby?at=2").await.is(200).messages(), ["You: one", "You: three"]);
    ada.submits("2/delete", &[]).await.leads_to("/rooms/lobby?at=2");
    let page = bob.submits("1/delete", &[]).await.is(403);
    assert_eq!(page.text("#delete-note"), "You may not change this.");
    assert_eq!(ada.script.message(1).await["message"], "one");
}

#[tokio::test]
async fn a_reply_leads_to_itself_and_a_refused_one_stays_below_its_parent() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("hello").await;
    let page = ada.browser.visit("/rooms/lobby/1").await.is(200);
    assert_eq!(page.attribute(".forms [name=replyTo]", "value"), "1");
    let reply = |text, id| [("message", text), ("clientID", id), ("replyTo", "1")];
    ada.submits("messages", &reply("welcome", "1")).await.leads_to("/rooms/lobby/2");
    let replied = ada.script.message(2).await;
    assert_eq!((&replied["replyTo"], &replied["root"]), (&json!(1), &json!(1)));
    ada.submits("messages", &reply("welcome", "1")).await.leads_to("/rooms/lobby/2"); // a repeat
    let long = "x".repeat(4001);
    let page = ada.submits("messages", &reply(&long, "2")).await.is(422);
    assert_eq!(page.text("#reply"), long);
    assert!(page.text("#reply-refused").starts_with("A message has at most 4000 characters"));
    assert_eq!(page.attribute(".forms [name=clientID]", "value"), "2");
    assert_eq!(page.text("textarea#message"), "", "the room's own form is as it was");
}

#[tokio::test]
async fn a_reply_to_what_is_gone_can_still_be_sent_to_the_room() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("hello").await;
    ada.script.deletes(1).await.is(204);
    let long = "x".repeat(4001);
    for (text, to, status, why) in [
        ("too late", "1", 410, "This message is deleted."),
        ("too late", "9", 404, "There is no such message."),
        (&long, "1", 422, "A message has at most 4000 characters; this one has 4001. Split it in two."),
    ] {
        let form = [("message", text), ("clientID", "1"), ("replyTo", to)];
        let page = ada.submits("messages", &form).await.is(status);
        assert_eq!((page.text("#refused").as_str(), page.text("textarea#message").as_str()), (why, text));
        assert_eq!(page.texts("[name=replyTo]").len(), 0);
    }
    let empty = [("message", "to all"), ("clientID", "2"), ("replyTo", ""), ("thread", "")];
    ada.submits("messages", &empty).await.leads_to("/rooms/lobby");
}

#[tokio::test]
async fn a_script_gets_an_empty_answer_or_an_alert() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("hello").await;
    let edit = [("message", "hello!"), ("textRev", "1")];
    let emoji = [("emoji", "👍")];
    let forms: [(&str, &[(&str, &str)]); 8] = [
        ("edit", &edit),
        ("react", &emoji),
        ("unreact", &emoji),
        ("pin", &[]),
        ("unpin", &[]),
        ("save", &[]),
        ("unsave", &[]),
        ("delete", &[]),
    ];
    for (form, fields) in forms {
        assert_eq!(by_script(&ada.browser, &format!("1/{form}"), fields).await.is(204).html, "", "{form}");
    }
    let refused = by_script(&ada.browser, "1/react", &emoji).await.is(410);
    assert_eq!(refused.text("hx-partial p.alert"), "This message is deleted.");
}

#[tokio::test]
async fn reactions_to_an_open_room_are_of_its_members() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    let meadow = bob.creates("open", "Meadow", &[]).await;
    bob.says_in(&meadow, "hello").await;
    let path = format!("/rooms/{meadow}/1");
    let reactions = format!("/api/rooms/{meadow}/messages/1/reactions");
    let react = [("emoji", "👍")];
    let page = ada.browser.submit(&format!("{path}/react"), &react).await.is(403);
    assert_eq!(page.text("#emoji-note"), "Only members may do this. Join the room first.");
    assert_eq!(page.texts(".react, #reactions button").len(), 0, "no reaction is offered");
    assert_eq!(bob.get(&reactions).await.is(200).json, json!({ "reactions": [] }));
    assert_eq!(ada.script.room(&meadow).await.get("role"), None, "nobody joins by it");
    ada.browser.submit(&format!("/rooms/{meadow}/join"), &[]).await;
    ada.browser.submit(&format!("{path}/react"), &react).await.leads_to(&path);
    ada.browser.submit(&format!("/rooms/{meadow}/leave"), &[]).await;
    let who = bob.get(&reactions).await.is(200).json;
    assert_eq!(who["reactions"][0]["users"][0]["userID"], "ada", "who is no member any more is named too");
    ada.browser.submit(&format!("{path}/unreact"), &react).await.leads_to(&path);
    assert_eq!(bob.get(&reactions).await.is(200).json, json!({ "reactions": [] }));
}

#[tokio::test]
async fn what_was_typed_stays_if_the_room_was_archived_meanwhile() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let meadow = ada.script.creates("open", "Meadow", &[]).await;
    ada.script.says_in(&meadow, "hello").await;
    ada.script.patch(&format!("/api/rooms/{meadow}"), json!({ "archived": true })).await.is(200);
    let submit = async |page: &str, form: &[(&str, &str)]| {
        ada.browser.submit(&format!("/rooms/{meadow}/{page}"), form).await.is(409)
    };
    let why = "This room is archived. It can be read only.";
    let page = submit("messages", &[("message", "too late"), ("clientID", "1"), ("replyTo", "1")]).await;
    assert_eq!((page.text("#reply-refused").as_str(), page.text("#reply").as_str()), (why, "too late"));
    let page = submit("1/edit", &[("message", "too late"), ("textRev", "1")]).await;
    assert_eq!((page.text(".alert").as_str(), page.text("textarea#edit").as_str()), (why, "too late"));
    for (form, note) in [("react", "#emoji-note"), ("pin", "#pin-note"), ("delete", "#delete-note")] {
        assert_eq!(submit(&format!("1/{form}"), &[("emoji", "👍")]).await.text(note), why);
    }
}
