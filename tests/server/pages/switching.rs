//! Links with a token of another user.

use crate::support::{Natter, Page};

#[tokio::test]
async fn a_link_with_another_users_token_asks_before_it_switches() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    ada.visit("/account").await.is(200); // the visit is recorded, which sets the cookie
    let page = ada.visit(&format!("/?jwt={}", bob.token())).await.is(200);
    assert_eq!(page.text("h1"), "Switch account?");
    assert_eq!(page.texts("main b"), ["Ada", "Bob"]);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.headers.contains_key("set-cookie"));
    assert_eq!(ada.visit("/account").await.text("h1 + p"), "ada", "nothing has changed so far");

    assert_eq!(page.attribute("main form", "action"), "/switch");
    ada.submit("/switch", &[("jwt", &page.value_of("jwt"))]).await.leads_to("/");
    assert_eq!(ada.visit("/account").await.text("h1 + p"), "bob");
    let token = ada.token.clone().unwrap();
    natter.script().with_token(&token).get("/api/users").await.says_token_did_not_match();
}

#[tokio::test]
async fn an_invalid_token_does_not_switch_the_account() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let page = ada.submit("/switch", &[("jwt", "x.y.z")]).await.is(401);
    assert!(page.text("main").contains("Token didn't match"));
    ada.visit("/?jwt=x.y.z").await.is(401);
    assert_eq!(ada.visit("/account").await.text("h1 + p"), "ada");
}

#[tokio::test]
async fn a_link_with_the_own_token_opens_without_asking() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let other = natter.script().log_in("ada", &crate::support::password_of("ada")).await;
    let page = ada.visit(&format!("/?jwt={}", other.token())).await.is(200);
    assert_eq!(page.attribute("body", "data-user"), "ada");
    other.request(reqwest::Method::POST, "/logout").send().await.unwrap().error_for_status().unwrap();
    assert!(ada.is_signed_in().await, "the session belongs to the login, not to the link");
}

const NONE: &[(&str, &str)] = &[];
const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");
const EVIL: (&str, &str) = ("referer", "http://evil.example/");

/// Whether the chat opened; otherwise asserts that the page asks.
fn opened(page: &Page) -> bool {
    let opened = page.texts("#room").len() == 1;
    assert!(opened || page.text("h1") == "Continue as Ada?", "{}", page.html);
    assert_eq!(page.headers.contains_key("set-cookie"), opened);
    opened
}

#[tokio::test]
async fn a_link_on_another_site_asks_a_signed_out_browser() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let link = format!("/?jwt={}", ada.token());
    let own = natter.url("/login");
    let own = ("referer", own.as_str());
    for (headers, opens) in [
        (&[CROSS][..], false),
        (&[CROSS, EVIL], false),
        // over plain http to another machine, browsers send no sec-fetch-site
        (NONE, false),
        (&[EVIL], false),
        (&[("referer", "http://127.0.0.1:1/")], false),
        (&[own], true),
        (&[CROSS, own], true),
        // typed or pasted, and links on natter's own pages
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "same-origin")], true),
        // of another host of the same site
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "same-site"), own], true),
    ] {
        let browser = natter.browser();
        assert_eq!(opened(&browser.follow_link(&link, headers).await.is(200)), opens, "{headers:?}");
        assert_eq!(browser.is_signed_in().await, opens, "{headers:?}");
    }
    let curl = natter.script().get(&link).await.is(200);
    assert!(curl.text.contains("id=\"room\"") && !curl.text.contains("Continue as"), "a script is not asked");
    natter.browser().follow_link("/?jwt=x.y.z", &[CROSS]).await.is(401);

    let browser = natter.browser();
    let asked = browser.follow_link(&link, &[CROSS]).await;
    assert_eq!((asked.header("referrer-policy"), asked.header("cache-control")), ("no-referrer", "no-store"));
    browser.submit("/switch", &[("jwt", &asked.value_of("jwt"))]).await.leads_to("/");
    assert_eq!(browser.visit("/account").await.text("h1 + p"), "ada");
    // a signed-in user's own link opens from every site
    assert_eq!(browser.follow_link(&link, &[CROSS, EVIL]).await.texts("#room").len(), 1);
}

#[tokio::test]
async fn links_on_the_public_url_do_not_ask() {
    let natter = Natter::with(&["--public-url", "https://chat.example.org"]).await;
    let ada = natter.register("ada").await;
    let link = format!("/?jwt={}", ada.token());
    for (referer, opens) in
        [("https://chat.example.org/login", true), ("https://chat.example.org.evil.example/", false)]
    {
        let page = natter.browser().follow_link(&link, &[("referer", referer)]).await.is(200);
        assert_eq!(opened(&page), opens, "{referer}");
    }
}
