//! The head of every page: the user who is signed in, a heading, a description.

use reqwest::Method;

use crate::support::{Browser, Natter, Page};

/// The name of the user in the head of the page; empty without a session.
fn signed_in(page: &Page) -> Vec<String> {
    page.texts("header nav a[href='/account'], #sidebar .own-menu summary .name")
}

async fn send(browser: &Browser, method: Method, path: &str) -> Page {
    Page::of(browser.request(method, path).header("origin", browser.url("")).send().await.unwrap()).await
}

#[tokio::test]
async fn every_page_shows_who_is_signed_in() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    let switch = format!("/?jwt={}", bob.token.as_deref().unwrap());
    let pages = [
        (200, "/rooms/lobby", Method::GET),
        (200, "/rooms", Method::GET),
        (200, "/people", Method::GET),
        (200, "/account", Method::GET),
        (200, "/admin/users", Method::GET),
        (200, "/api/docs", Method::GET),
        (200, "/signup", Method::GET),
        (200, &switch, Method::GET),
        (400, "/rooms/lobby/messages?before=x", Method::GET),
        (401, "/?jwt=bad", Method::GET),
        (404, "/nowhere", Method::GET),
        (405, "/account/password", Method::GET),
        (415, "/account/password", Method::POST),
    ];
    for (status, path, method) in pages {
        let page = send(&ada, method.clone(), path).await.is(status);
        assert_eq!(signed_in(&page), ["Ada"], "{method} {path}");
        if path != switch {
            let signed_out = send(&natter.browser(), method.clone(), path).await;
            assert!(signed_in(&signed_out).is_empty(), "{method} {path}");
        }
    }
    let refused = bob.visit("/admin/users").await.is(403);
    assert_eq!(signed_in(&refused), ["Bob"]);
}

#[tokio::test]
async fn every_page_has_one_heading_and_a_description() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    let switch = format!("/?jwt={}", bob.token.as_deref().unwrap());
    let signed_out = natter.browser();
    for (browser, path) in [
        (&ada, "/rooms/lobby"),
        (&ada, "/rooms/lobby?before=3"),
        (&ada, "/rooms/lobby/settings"),
        (&ada, "/rooms/lobby/members"),
        (&ada, "/rooms"),
        (&ada, "/rooms/new"),
        (&ada, "/people"),
        (&ada, "/people/bob"),
        (&ada, "/keys"),
        (&ada, "/direct/bob"),
        (&ada, "/account"),
        (&ada, "/admin/users"),
        (&ada, "/api/docs"),
        (&ada, &switch),
        (&ada, "/nowhere"),
        (&signed_out, "/login"),
        (&signed_out, "/signup"),
    ] {
        let page = browser.visit(path).await;
        assert_eq!(page.texts("h1").len(), 1, "{path}");
        assert!(!page.attribute("meta[name=description]", "content").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn an_unsupported_method_is_refused_with_the_supported_ones() {
    let natter = Natter::start().await;
    let page = send(&natter.browser(), Method::GET, "/logout").await.is(405);
    assert_eq!(page.header("allow"), "POST");
    assert!(page.text("main").contains("This address does not take that method."));
}
