//! Files in forms: of the API, and of pages without JavaScript.

use reqwest::Method;
use serde_json::json;

use super::{PIXEL, multipart, with_two};
use crate::support::{Answer, Browser, Natter, Page, Script};

impl Script {
    async fn sends_form(&self, path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Answer {
        let (content_type, body) = multipart(parts);
        let request = self.request(Method::POST, path).header("content-type", content_type).body(body);
        Answer::of(request.send().await.unwrap()).await
    }
}

async fn submit(browser: &Browser, path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Page {
    let (content_type, body) = multipart(parts);
    let request = browser.request(Method::POST, path).header("content-type", content_type).body(body);
    Page::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn one_form_has_the_text_and_the_files() {
    let (_natter, ada, _) = with_two().await;
    let parts: [(&str, Option<&str>, &[u8]); 6] = [
        ("message", None, "grüße".as_bytes()),
        ("clientID", None, b"c1"),
        ("alt", None, b"a pixel"),
        ("file", Some("a.png"), PIXEL),
        ("file", Some("b.txt"), b"text"),
        ("file", Some(""), b""),
    ];
    let posted = ada.sends_form("/api/rooms/lobby/messages", &parts).await.is(201).json;
    let file = |index: usize| posted["files"][index].clone();
    assert_eq!(
        (&posted["message"], &file(0)["name"], &file(1)["name"]),
        (&json!("grüße"), &json!("a.png"), &json!("b.txt"))
    );
    assert_eq!((&file(0)["alt"], &file(1)["alt"], &file(2)), (&json!("a pixel"), &json!(null), &json!(null)));
    let reply = [("message", None, &b"re"[..]), ("replyTo", None, b"1"), ("clientID", None, b"c2")];
    assert_eq!(ada.sends_form("/api/messages", &reply).await.is(201).json["replyTo"], 1);
    ada.sends_form("/api/messages", &[("message", None, b"x"), ("replyTo", None, b"one")]).await.is(422);
    ada.sends_form("/api/messages", &[("file", Some("a.txt"), b"")]).await.blames(
        422,
        "file",
        "A file without content cannot be sent. Choose another one.",
    );
}

#[tokio::test]
async fn a_message_with_files_is_sent_without_javascript() {
    let natter = Natter::unlimited().await;
    let ada = natter.browse_as("ada").await;
    let page = ada.visit("/rooms/lobby").await.is(200);
    assert_eq!(page.attribute("#send", "enctype"), "multipart/form-data");
    let id = page.value_of("clientID");
    let parts: [(&str, Option<&str>, &[u8]); 6] = [
        ("clientID", None, id.as_bytes()),
        ("replyTo", None, b""),
        ("message", None, b"look"),
        ("file", Some("a.txt"), b"the first line\nthe second"),
        ("file", Some("b.bin"), b"\0\x01"),
        ("alt", None, b""),
    ];
    submit(&ada, "/rooms/lobby/messages", &parts).await.leads_to("/rooms/lobby");
    // pressed twice: the message and its files are there once
    submit(&ada, "/rooms/lobby/messages", &parts).await.leads_to("/rooms/lobby");
    let page = ada.visit("/rooms/lobby").await.is(200);
    assert_eq!(page.messages().len(), 1);
    assert_eq!(page.texts("#messages .files a"), ["a.txt", "b.bin"]);
    assert_eq!(page.texts("#messages .files pre"), ["the first line the second"]);
    let page = ada.visit("/rooms/lobby/1").await.is(200);
    let remove = page.each(".forms form[action$='/remove']", |form| form.attr("action").unwrap().to_owned());
    assert_eq!(remove.len(), 2);
    ada.submit(&remove[0], &[]).await.leads_to("/rooms/lobby/1");
    assert_eq!(ada.visit("/rooms/lobby").await.texts("#messages .files a"), ["b.bin"]);
}

#[tokio::test]
async fn what_was_typed_and_chosen_stays_if_it_is_refused() {
    let natter = Natter::with(&["--rate-limits", "off", "--max-file", "1"]).await;
    let ada = natter.browse_as("ada").await;
    let large = vec![1_u8; (1 << 20) + 1];
    let parts: [(&str, Option<&str>, &[u8]); 5] = [
        ("clientID", None, b"c1"),
        ("message", None, b"two files"),
        ("file", Some("good.txt"), b"good"),
        ("file", Some("large.bin"), &large),
        ("alt", None, b"a good file"),
    ];
    let page = submit(&ada, "/rooms/lobby/messages", &parts).await.is(413);
    assert_eq!(page.text("#refused"), "A file has at most 1 MiB. Make it smaller, or send a link to it.");
    assert_eq!(page.text("#message"), "two files");
    assert_eq!(
        (page.texts(".kept label"), page.attribute(".kept input[name^='alt-']", "value")),
        (vec!["good.txt".to_owned()], "a good file".to_owned())
    );
    let (kept, alt) =
        (page.attribute("input[name='upload']", "value"), page.attribute(".kept input[name^='alt-']", "name"));
    let again: [(&str, Option<&str>, &[u8]); 4] = [
        ("clientID", None, b"c1"),
        ("message", None, b"one file"),
        ("upload", None, kept.as_bytes()),
        (&alt, None, b"a very good file"),
    ];
    submit(&ada, "/rooms/lobby/messages", &again).await.leads_to("/rooms/lobby");
    let page = ada.visit("/rooms/lobby").await.is(200);
    assert_eq!((page.messages().len(), page.texts("#messages .files a")), (1, vec!["good.txt".to_owned()]));
}

#[tokio::test]
async fn a_form_that_breaks_off_posts_nothing() {
    let (_natter, ada, _) = with_two().await;
    let (content_type, body) = multipart(&[("message", None, b"half"), ("file", Some("a.txt"), b"text")]);
    for cut in [10, body.len() / 2, body.len() - 8] {
        let request = ada.request(Method::POST, "/api/messages").header("content-type", content_type);
        Answer::of(request.body(body[..cut].to_vec()).send().await.unwrap()).await.is(400);
    }
    assert_eq!(ada.get("/api/messages").await.json["messages"], json!([]));
}
