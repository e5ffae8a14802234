//! Editing without JavaScript.

use serde_json::json;

use super::{User, by_script};
use crate::support::Natter;

#[tokio::test]
async fn ones_own_text_is_edited_on_its_page_in_its_source() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("**two**\n<b>lines</b>").await;
    for path in ["/rooms/lobby/1", "/rooms/lobby/1/edit"] {
        let page = ada.browser.visit(path).await.is(200);
        assert_eq!(page.text("textarea#edit"), "**two** <b>lines</b>");
        assert!(page.html.contains("**two**\n&#60;b&#62;lines&#60;/b&#62;</textarea>"));
        assert_eq!(page.attribute("form.edit", "action"), "/rooms/lobby/1/edit");
        assert_eq!(page.value_of("textRev"), "1");
    }
    ada.submits("1/edit", &[("message", "one\r\nline"), ("textRev", "1")]).await.leads_to("/rooms/lobby/1");
    let edited = ada.script.message(1).await;
    assert_eq!((&edited["message"], &edited["textRev"]), (&json!("one\nline"), &json!(2)));
    assert!(edited["editedTime"].is_string());
}

#[tokio::test]
async fn a_reaction_does_not_refuse_an_edit() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    ada.script.says("hello").await;
    bob.reacts(1, "👍").await.is(200);
    ada.pins(1).await.is(200);
    bob.replies(1, "reply").await;
    ada.submits("1/edit", &[("message", "hello!"), ("textRev", "1")]).await.leads_to("/rooms/lobby/1");
}

#[tokio::test]
async fn a_stale_edit_shows_the_present_text_and_replaces_it_the_second_time() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("hello").await;
    ada.script.edits(1, 1, "from another tab").await.is(200);
    let form = [("message", "what I typed"), ("textRev", "1")];
    let page = ada.submits("1/edit", &form).await.is(409);
    assert_eq!(page.text(".alert"), "The message was changed in the meantime. Edit the current text.");
    assert_eq!((page.text("#present"), page.text("textarea#edit")), ("from another tab".into(), "what I typed".into()));
    assert_eq!(page.value_of("textRev"), "2");
    assert_eq!(ada.script.message(1).await["message"], "from another tab");
    let script = by_script(&ada.browser, "1/edit", &form).await.is(409);
    assert_eq!((script.text("#present"), script.value_of("textRev")), ("from another tab".into(), "2".into()));
    ada.submits("1/edit", &[("message", "what I typed"), ("textRev", "2")]).await.leads_to("/rooms/lobby/1");
    assert_eq!(ada.script.message(1).await["message"], "what I typed");
}

#[tokio::test]
async fn a_refused_text_stays_in_the_form() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    ada.script.says("hello").await;
    let long = "Größe ".repeat(2_000);
    for (user, text, status, why) in [
        (&ada, " ", 422, "Write something first."),
        (&ada, long.as_str(), 422, "A message has at most 4000 characters; this one has 11999. Split it in two."),
        (&bob, "not mine", 403, "You may not change this."),
    ] {
        let page = user.submits("1/edit", &[("message", text), ("textRev", "1")]).await.is(status);
        assert_eq!((page.text(".alert").as_str(), page.text("textarea#edit").as_str()), (why, text.trim()));
        assert_eq!(page.value_of("textRev"), "1");
    }
    bob.browser.visit("/rooms/lobby/1/edit").await.is(403);
    ada.script.deletes(1).await.is(204);
    let page = ada.submits("1/edit", &[("message", "too late"), ("textRev", "1")]).await.is(410);
    assert_eq!(
        (page.text(".alert").as_str(), page.text("textarea#edit").as_str()),
        ("This message is deleted.", "too late")
    );
}
