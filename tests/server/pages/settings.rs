//! The settings of the account page, and what pages make of them.

use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, Natter, Page, Socket};

const DEFAULT: [(&str, &str); 4] =
    [("theme", "auto"), ("language", "auto"), ("timeFormat", "auto"), ("enterSends", "true")];
const CHOSEN: [(&str, &str); 3] = [("theme", "dark"), ("language", "de"), ("timeFormat", "12")];

async fn visit_in(browser: &Browser, language: &str, path: &str) -> Page {
    Page::of(browser.request(Method::GET, path).header("accept-language", language).send().await.unwrap()).await
}

/// The language, the theme with the browser's part of it, the clock, and whether Enter sends, as the page's scripts and
/// styles have them.
fn set(page: &Page) -> [String; 5] {
    let of_html = |name: &str| page.attribute("html", name);
    let scheme = page.attribute("meta[name=color-scheme]", "content");
    [of_html("lang"), of_html("data-theme"), scheme, of_html("data-clock"), of_html("data-enter-sends")]
}

/// The values that the form has chosen.
fn chosen(page: &Page) -> Vec<String> {
    let radio = |name: &str| page.attribute(&format!("input[type=radio][name={name}][checked]"), "value");
    let enter = page.texts("input[name=enterSends][checked]").len().to_string();
    vec![radio("theme"), radio("language"), radio("timeFormat"), enter]
}

#[tokio::test]
async fn settings_are_saved_and_every_page_of_the_user_has_them() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    let elsewhere = natter.browser();
    elsewhere.log_in("ada").await;
    let page = ada.visit("/account").await.is(200);
    assert_eq!(chosen(&page), ["auto", "auto", "auto", "1"]);
    assert_eq!(set(&page), ["en", "auto", "light dark", "auto", "true"]);

    let saved = ada.submit("/account/settings", &CHOSEN).await.leads_to("/account?saved=settings");
    let page = ada.visit(saved.location()).await.is(200);
    assert_eq!(page.text(".done"), "Deine Einstellungen sind gespeichert.");
    assert_eq!(chosen(&page), ["dark", "de", "12", "0"]);
    let switch = format!("/?jwt={}", bob.token.as_deref().unwrap());
    for browser in [&ada, &elsewhere] {
        for (status, path) in [
            (200, "/rooms/lobby"),
            (200, "/rooms"),
            (200, "/people"),
            (200, "/account"),
            (200, "/admin/users"),
            (200, "/api/docs"),
            (200, "/signup"),
            (200, &*switch),
            (404, "/nowhere"),
            (404, "/rooms/nowhere"),
            (400, "/rooms/lobby/messages?before=x"),
            (405, "/account/password"),
        ] {
            let page = visit_in(browser, "en", path).await.is(status);
            assert_eq!(set(&page), ["de", "dark", "dark", "12", "false"], "{path}");
        }
    }
    assert_eq!(set(&bob.visit("/rooms/lobby").await), ["en", "auto", "light dark", "auto", "true"], "nobody else's");
    let refused = bob.submit("/account/settings", &[("theme", "light")]).await.is(422);
    assert_eq!(set(&refused)[1], "auto");

    ada.submit("/account/settings", &DEFAULT).await.is(303);
    assert_eq!(set(&visit_in(&elsewhere, "de", "/people").await), ["de", "auto", "light dark", "auto", "true"]);
    ada.submit("/account/settings", &CHOSEN).await.is(303);
    ada.submit("/logout", &[]).await.is(303);
    assert_eq!(set(&ada.visit("/login").await), ["en", "auto", "light dark", "auto", "true"]);
}

#[tokio::test]
async fn the_chosen_language_goes_before_that_of_the_operator_and_the_browser() {
    for (operator, asked, unchosen) in [("de", "en", "de"), ("en", "de", "en"), ("auto", "de", "de")] {
        let natter = Natter::with(&["--language", operator]).await;
        let ada = natter.browse_as("ada").await;
        for (choice, expected) in [("en", "en"), ("de", "de"), ("auto", unchosen)] {
            let form = [DEFAULT[0], ("language", choice), DEFAULT[2]];
            ada.submit("/account/settings", &form).await.is(303);
            for path in ["/rooms/lobby", "/account", "/nowhere"] {
                let page = visit_in(&ada, asked, path).await;
                assert_eq!(page.attribute("html", "lang"), expected, "{operator} {choice} {path}");
            }
        }
        assert_eq!(visit_in(&natter.browser(), asked, "/login").await.attribute("html", "lang"), unchosen);
    }
}

#[tokio::test]
async fn the_page_of_a_link_with_a_token_has_the_settings_of_its_user() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    ada.submit("/account/settings", &CHOSEN).await.is(303);
    let link = format!("/?jwt={}", ada.token.as_deref().unwrap());
    let page = natter.browser().visit(&link).await.is(200);
    assert_eq!(set(&page), ["de", "dark", "dark", "12", "false"]);
    assert_eq!(page.text("#roster h2"), "0 online");
}

#[tokio::test]
async fn refusals_and_the_socket_are_in_the_chosen_language() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    ada.submit("/account/settings", &CHOSEN).await.is(303);
    let page = ada.submit("/account", &[("name", ""), ("email", "ada@example.org")]).await.is(422);
    assert_eq!(page.error_beside("name"), "Verwende 1 bis 64 Zeichen.");
    let request = ada.request(Method::GET, "/rooms/nowhere").header("hx-request", "true");
    let fragment = Page::of(request.header("accept-language", "en").send().await.unwrap()).await.is(404);
    assert!(
        !fragment.html.contains("<html") && fragment.html.contains("Diesen Raum gibt es nicht."),
        "{}",
        fragment.html
    );
    let mut socket = Socket::open_in(&ada, "").await;
    let reply = socket.sends(" ", "1").await;
    assert_eq!(reply["error"]["fields"]["message"], "Schreib erst etwas.");
}

#[tokio::test]
async fn an_unknown_value_is_refused_at_its_field_and_the_rest_stays_chosen() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let form = [("theme", "sepia"), ("language", "de"), ("timeFormat", "25"), ("sound", "bell")];
    let page = ada.submit("/account/settings", &form).await.is(422);
    assert_eq!(page.text(".alert"), "Some fields need attention.");
    assert_eq!(page.text("#theme-note.error"), "Use \"auto\", \"light\" or \"dark\".");
    assert_eq!(page.text("#timeFormat-note.error"), "Use \"auto\", \"12\" or \"24\".");
    assert!(page.texts("#language-note").is_empty());
    assert_eq!(page.attribute("input[name=language][checked]", "value"), "de");
    assert!(page.texts("[name=theme][checked], [name=enterSends][checked]").is_empty());
    assert_eq!(page.value_of("email"), "ada@example.org", "the other forms are as before");
    let page = ada.submit("/account/settings", &[]).await.is(422);
    assert_eq!(page.texts(".error").len(), 3);
    assert_eq!(chosen(&ada.visit("/account").await), ["auto", "auto", "auto", "1"], "nothing is saved");
    natter.browser().submit("/account/settings", &DEFAULT).await.leads_to("/login");
}

#[tokio::test]
async fn the_api_reads_and_changes_ones_own_settings() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let default = json!({ "theme": "auto", "language": "auto", "timeFormat": "auto", "enterSends": true });
    assert_eq!(ada.get("/api/settings").await.is(200).json, default);
    let changed = ada.patch("/api/settings", json!({ "theme": "light", "enterSends": false })).await.is(200).json;
    assert_eq!(changed, json!({ "theme": "light", "language": "auto", "timeFormat": "auto", "enterSends": false }));
    let changed = ada.patch("/api/settings", json!({ "language": "de", "timeFormat": "24" })).await.is(200).json;
    assert_eq!(changed, json!({ "theme": "light", "language": "de", "timeFormat": "24", "enterSends": false }));
    assert_eq!(ada.patch("/api/settings", json!({})).await.is(200).json, changed);
    assert_eq!(ada.get("/api/settings").await.json, changed);
    assert_eq!(bob.get("/api/settings").await.json, default);
    let page = natter.browser();
    page.log_in("ada").await;
    assert_eq!(set(&page.visit("/rooms/lobby").await), ["de", "light", "light", "24", "false"]);

    let refused = ada.patch("/api/settings", json!({ "theme": "sepia", "enterSends": true })).await;
    refused.blames(422, "theme", "Use \"auto\", \"light\" or \"dark\".");
    let refused = ada.patch("/api/settings", json!({ "language": "fr" })).await;
    refused.blames(422, "language", "Use \"auto\", \"en\" or \"de\".");
    let refused = ada.patch("/api/settings", json!({ "timeFormat": "12h" })).await;
    refused.blames(422, "timeFormat", "Use \"auto\", \"12\" or \"24\".");
    let refused = ada.patch("/api/settings", json!({ "enterSends": "no" })).await.is(422);
    assert!(refused.json["fields"]["enterSends"].as_str().unwrap().contains("expected a boolean"), "{}", refused.text);
    let refused = ada.patch("/api/settings", json!({ "sound": "bell" })).await.is(422);
    assert!(refused.json["fields"]["sound"].as_str().unwrap().starts_with("unknown field"), "{}", refused.text);
    assert_eq!(ada.get("/api/settings").await.json, changed, "nothing is saved");
    natter.script().get("/api/settings").await.is(401);

    // nobody else sees them, an admin neither
    for user in [ada.get("/api/users/ada").await, bob.get("/api/users/ada").await, bob.get("/api/users").await] {
        let text = user.is(200).text;
        assert!(!["settings", "theme", "enterSends"].iter().any(|name| text.contains(name)), "{text}");
    }
}
