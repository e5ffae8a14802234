//! The language of pages: the browser's or the operator's. The JSON API is English.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Browser, Natter, Page, Socket, password_of};

const GERMAN: &str = "de-AT,de;q=0.9,en;q=0.8";

async fn visit(browser: &Browser, path: &str) -> Page {
    Page::of(browser.request(Method::GET, path).header("accept-language", GERMAN).send().await.unwrap()).await
}

async fn submit(browser: &Browser, path: &str, form: &[(&str, &str)]) -> Page {
    let request = browser.request(Method::POST, path).header("origin", browser.url("")).form(form);
    Page::of(request.header("accept-language", GERMAN).send().await.unwrap()).await
}

#[tokio::test]
async fn every_page_is_in_the_language_of_the_browser() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    let switch = format!("/?jwt={}", bob.token.as_deref().unwrap());
    let signed_out = natter.browser();
    for (browser, path, heading) in [
        (&ada, "/rooms/lobby", "Lobby"),
        (&ada, "/rooms/new", "Neuer Raum"),
        (&ada, "/rooms/lobby/members", "Mitglieder von Lobby"),
        (&ada, "/people", "Leute"),
        (&ada, "/keys", "Tastenkürzel"),
        (&ada, "/account", "Konto"),
        (&ada, "/admin/users", "Benutzer"),
        (&ada, "/api/docs", "API"),
        (&ada, &switch, "Konto wechseln?"),
        (&ada, "/nowhere", "Nicht gefunden"),
        (&signed_out, "/login", "Anmelden"),
        (&signed_out, "/signup", "Registrieren"),
        (&signed_out, "/?jwt=bad", "Dieser Link funktioniert nicht"),
    ] {
        let page = visit(browser, path).await;
        assert_eq!(page.text("h1"), heading, "{path}");
        assert_eq!(page.attribute("html", "lang"), "de", "{path}");
        let english = browser.visit(path).await;
        assert_eq!(english.attribute("html", "lang"), "en", "{path}");
        if browser.address == ada.address && path == "/admin/users" {
            assert_eq!(page.text(".above span"), "2 Benutzer");
            assert_eq!(english.text(".above span"), "2 users");
        }
    }
}

#[tokio::test]
async fn a_form_is_refused_in_the_language_of_the_browser() {
    let natter = Natter::start().await;
    let form = [("userID", "ad"), ("name", "Du"), ("email", "ada@example.org")];
    let page = submit(&natter.browser(), "/signup", &form).await.is(422);
    assert_eq!(page.texts(".alert"), ["Einige Felder brauchen eine Korrektur."]);
    assert_eq!(page.error_beside("userID"), "Verwende 3 bis 32 Zeichen.");
    assert!(page.error_beside("name").contains("Verwende einen anderen Namen."));
    assert_eq!(page.value_of("email"), "ada@example.org");
}

#[tokio::test]
async fn messages_and_the_roster_are_in_the_language_of_the_page() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    ada.submit("/rooms/lobby/messages", &[("message", "hallo"), ("clientID", "1")]).await.is(303);
    bob.submit("/rooms/lobby/messages", &[("message", "servus"), ("clientID", "1")]).await.is(303);
    bob.submit("/account/delete", &[("deletePassword", &password_of("bob"))]).await.is(303);
    let page = visit(&ada, "/rooms/lobby").await.is(200);
    assert_eq!(page.messages(), ["Du: hallo", "gelöschtes Konto: servus"]);
    assert_eq!(page.text("#roster h2"), "0 online");
    let refused = submit(&ada, "/rooms/lobby/messages", &[("message", " "), ("clientID", "2")]).await.is(422);
    assert_eq!(refused.text("#refused"), "Schreib erst etwas.");
    let words: serde_json::Value = serde_json::from_str(&page.attribute("body", "data-words")).unwrap();
    assert_eq!(words["copied"], "Kopiert");
    let alone = visit(&ada, "/rooms/lobby/messages?before=x").await.is(400);
    assert_eq!(alone.text("h1"), "Fehlerhafte Anfrage");
}

#[tokio::test]
async fn the_api_is_english() {
    let natter = Natter::start().await;
    let url = format!("http://{}/api/users", natter.address);
    let request = reqwest::Client::new().post(url).header("accept-language", GERMAN).json(&json!({ "userID": "ad" }));
    let answer = Answer::of(request.send().await.unwrap()).await.is(422);
    assert_eq!(answer.json["message"], "Some fields need attention.");
    assert_eq!(answer.json["fields"]["userID"], "Use 3 to 32 characters.");
}

#[tokio::test]
async fn the_operator_can_set_one_language_for_all() {
    let natter = Natter::with(&["--language", "de"]).await;
    let page = natter.browser().visit("/login").await.is(200);
    assert_eq!((page.attribute("html", "lang").as_str(), page.text("h1").as_str()), ("de", "Anmelden"));
    let lost = natter.browser().visit("/nowhere").await.is(404);
    assert_eq!(lost.text("h1"), "Nicht gefunden");
    let natter = Natter::with(&["--language", "en"]).await;
    assert_eq!(visit(&natter.browser(), "/login").await.is(200).text("h1"), "Log in");
}

#[tokio::test]
async fn a_socket_replies_to_a_page_in_its_language_and_to_a_script_in_english() {
    let natter = Natter::with(&["--language", "de"]).await;
    let ada = natter.browse_as("ada").await;
    let reply = Socket::open_in(&ada, "").await.sends(" ", "1").await;
    assert_eq!(reply["error"]["fields"]["message"], "Schreib erst etwas.");
    let reply = natter.sign_up("bob").await.socket.sends(" ", "1").await;
    assert_eq!(reply["error"]["fields"]["message"], "Write something first.");
}
