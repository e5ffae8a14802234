//! Security headers, assets, and requests from other sites.

use reqwest::Method;
use scraper::{Html, Selector};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::{Browser, Natter, Page, Socket, refused_handshake};

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    media-src 'self'; connect-src 'self'; \
                   manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn every_page_has_security_headers_and_no_inline_code() {
    let natter = Natter::start().await;
    let (admin, nobody, bob) = (natter.browse_as("ada").await, natter.browser(), natter.register("bob").await);
    admin.submit("/rooms/lobby/messages", &[("message", "hello"), ("clientID", "1")]).await.is(303);
    let admin_pages = [
        "/rooms/lobby",
        "/rooms/lobby/settings",
        "/rooms/lobby/members",
        "/rooms/lobby/pins",
        "/rooms/lobby/1",
        "/rooms/lobby/1/edit",
        "/rooms/lobby/1/delete",
        "/rooms/lobby/threads/1",
        "/mentions",
        "/notifications",
        "/saved",
        "/rooms",
        "/rooms/new",
        "/people",
        "/people/bob",
        "/direct/bob",
        "/account",
        "/admin/users",
        "/admin/users?new=true",
        "/admin/users?edit=bob",
        "/api/docs",
    ];
    let open_pages = ["/login", "/signup", "/nowhere", "/?jwt=bad"];
    let switch = format!("/?jwt={}", bob.token());
    let pages = admin_pages.into_iter().chain([switch.as_str()]).map(|path| (&admin, path));
    for (browser, path) in pages.chain(open_pages.map(|path| (&nobody, path))) {
        println!("{path}");
        let page = browser.visit(path).await;
        assert_eq!(page.header("content-security-policy"), CSP);
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
        let referrer = if path.starts_with("/?jwt=") { "no-referrer" } else { "same-origin" };
        assert_eq!(page.header("referrer-policy"), referrer);
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.headers.contains_key("x-request-id"));
        assert!(page.header("content-type").starts_with("text/html"));
        assert_nothing_inline(&page);
    }
    for path in ["/api/users", "/healthz"] {
        assert_eq!(nobody.visit(path).await.header("content-security-policy"), CSP);
    }
}

fn assert_nothing_inline(page: &Page) {
    let document = Html::parse_document(&page.html);
    let inline = Selector::parse("script:not([src], [type='text/html']), style, [style]").unwrap();
    assert!(document.select(&inline).next().is_none(), "{}", page.html);
    for element in document.select(&Selector::parse("*").unwrap()) {
        let handlers: Vec<_> = element.value().attrs().filter(|(name, _)| name.starts_with("on")).collect();
        assert!(handlers.is_empty(), "{handlers:?}");
    }
}

#[tokio::test]
async fn assets_are_cached_for_a_year_under_hashed_names() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let page = browser.visit("/rooms/lobby").await;
    let document = Html::parse_document(&page.html);
    let named = |css: &str, attribute: &str| -> Vec<String> {
        let css = Selector::parse(css).unwrap();
        document.select(&css).map(|element| element.attr(attribute).unwrap().to_owned()).collect()
    };
    let (styles, scripts) = (named("link[rel=stylesheet]", "href"), named("script[src]", "src"));
    assert!(styles.len() == 1 && scripts.len() == 1, "{styles:?} {scripts:?}");
    let assets = [styles, scripts, named("link[rel=icon]", "href")].concat();
    for asset in assets {
        let answer = natter.browser().visit(&asset).await.is(200);
        assert_eq!(answer.header("cache-control"), "max-age=31536000, immutable");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("vary"), "accept-encoding");
        let known = natter.browser().request(Method::GET, &asset).header("if-none-match", answer.header("etag"));
        let known = known.send().await.unwrap();
        assert_eq!((known.status().as_u16(), known.bytes().await.unwrap().len()), (304, 0));
        let head = natter.browser().request(Method::HEAD, &asset).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.bytes().await.unwrap().len()), (200, 0));
    }
    natter.browser().visit("/static/natter.js").await.is(404);
}

async fn post_from(browser: &Browser, path: &str, headers: &[(&str, &str)]) -> Page {
    let mut request = browser.request(Method::POST, path).form(&[("message", "forged"), ("clientID", "1")]);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Page::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let paths =
        ["/rooms/lobby/messages", "/login", "/signup", "/logout", "/account", "/account/password", "/account/delete"];
    let more = [
        "/rooms/lobby/1/delete",
        "/rooms/lobby/1/edit",
        "/switch",
        "/admin/users",
        "/admin/users/ada",
        "/admin/users/ada/delete",
        "/api/messages",
    ];
    for path in paths.into_iter().chain(more) {
        let foreign: [&[_]; 4] = [
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "http://other.example.org")],
        ];
        for headers in foreign {
            let page = post_from(&ada, path, headers).await.is(403);
            assert!(page.html.contains("This request came from another site."), "{}", page.html);
        }
    }
    assert!(ada.is_signed_in().await);
    assert!(ada.visit("/rooms/lobby").await.messages().is_empty());
    post_from(&ada, "/rooms/lobby/messages", &[("sec-fetch-site", "same-origin")]).await.leads_to("/rooms/lobby");
}

#[tokio::test]
async fn sockets_from_other_sites_are_refused() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let handshake = |origin: &str| {
        let mut request = format!("ws://{}/ws?room=lobby", natter.address).into_client_request().unwrap();
        request.headers_mut().insert("cookie", ada.cookies().parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request
    };
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "https://evil.example:7000"] {
        let (status, body) = refused_handshake(handshake(origin)).await;
        assert_eq!((status, body.as_str()), (403, "{\"message\":\"This page is not on the chat's own address.\"}"));
    }
    let mut own = Socket::connect(handshake(&natter.url(""))).await.unwrap();
    own.says("from our own page").await;
}

#[tokio::test]
async fn a_page_without_a_session_receives_a_close_frame() {
    let natter = Natter::start().await;
    let mut request = format!("ws://{}/ws", natter.address).into_client_request().unwrap();
    let (status, _) = refused_handshake(request.clone()).await;
    assert_eq!(status, 401, "a script reads the status of the handshake");
    request.headers_mut().insert("origin", natter.url("").parse().unwrap());
    let mut page = Socket::connect(request).await.unwrap();
    assert_eq!(page.close_frame().await, (1008, "signed out".to_owned()), "a page reads the Close frame only");
}
