//! Requests that a page of another site makes a browser send, with its cookies: every route that changes something
//! refuses them.

use reqwest::Method;

use super::{FORM, address_of, records::Records};
use crate::{
    rights::all_routes,
    support::{Browser, Natter, Page},
};

const PUBLIC: &str = "https://chat.example.org";

/// Headers that only a page of another site makes a browser send to [`PUBLIC`], and to an address without a public name.
const FOREIGN: [&[(&str, &str)]; 19] = [
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "https://chat.example.org.evil.example")],
    &[("origin", "https://chat.example.evil.example")],
    &[("origin", "https://evilchat.example.org")],
    &[("origin", "https://example.org")],
    &[("origin", "http://chat.example.org")],
    &[("origin", "https://chat.example.org:444")],
    &[("origin", "https://chat.example.org.")],
    &[("origin", "HTTPS://CHAT.EXAMPLE.ORG")],
    &[("origin", "https://chat.example.org@evil.example")],
    &[("origin", "https://ada@chat.example.org")],
    &[("origin", "chat.example.org")],
    &[("origin", "file://")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://chat.example.org")],
    &[("sec-fetch-site", "same-site"), ("origin", "https://wiki.example.org")],
    &[("referer", "https://evil.example/form.html")],
];

/// Every route that changes something, as method and address.
fn changes() -> Vec<(Method, String)> {
    let changes = all_routes().into_iter().filter(|(method, _)| method != "GET" && method != "HEAD");
    changes.map(|(method, pattern)| (method.parse().unwrap(), address_of(&pattern))).collect()
}

async fn ask(browser: &Browser, method: &Method, path: &str, headers: &[(&str, &str)]) -> Page {
    let mut request = browser.request(method.clone(), path).form(&FORM);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Page::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn no_page_of_another_site_changes_anything() {
    let natter = Natter::with(&["--rate-limits", "off", "--public-url", PUBLIC]).await;
    let ada = natter.register("ada").await;
    natter.register("bob").await;
    ada.says("hello").await;
    let browser = secure_browser(&natter).await;
    let cookie = ("cookie", browser.as_str());
    let before = Records::of(&natter);
    let (routes, browser) = (changes(), natter.browser());
    assert!(routes.len() > 80, "{routes:?}");
    for (method, path) in &routes {
        for headers in FOREIGN {
            // a proxy passes the name on that the browser asked for
            let headers = [headers, &[cookie, ("host", "chat.example.org")]].concat();
            let page = ask(&browser, method, path, &headers).await;
            let is_refused = page.status == 403 && page.html.contains("This request came from another site.");
            assert!(is_refused, "{method} {path} {headers:?}: {} {}", page.status, page.html);
        }
    }
    before.are_those_of(&natter);
}

/// The cookie of a session of ada behind the proxy: it is for https only.
async fn secure_browser(natter: &Natter) -> String {
    let form = [("userID", "ada"), ("password", "ada's long secret")];
    let request = natter.browser().request(Method::POST, "/login").header("origin", PUBLIC).form(&form);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 303);
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn without_a_public_name_the_host_decides() {
    let natter = Natter::unlimited().await;
    let browser = natter.browse_as("ada").await;
    natter.register("bob").await;
    browser.submit("/rooms/lobby/messages", &[("message", "hello"), ("clientID", "1")]).await.is(303);
    let port = natter.address.port();
    let foreign = [
        format!("http://127.0.0.1:{}", port.wrapping_add(1)),
        format!("http://127.0.0.1.evil.example:{port}"),
        format!("http://127.0.0.1.:{port}"),
        format!("http://127.0.0.1:{port}@evil.example"),
        format!("http://localhost:{port}"),
        "http://127.0.0.1".to_owned(),
        "null".to_owned(),
    ];
    let before = Records::of(&natter);
    for (method, path) in changes() {
        for origin in &foreign {
            let page = ask(&browser, &method, &path, &[("origin", origin)]).await;
            let is_refused = page.status == 403 && page.html.contains("This request came from another site.");
            assert!(is_refused, "{method} {path} {origin}: {} {}", page.status, page.html);
        }
    }
    before.are_those_of(&natter);
}

/// What shows that the refusals above are because of the headers.
#[tokio::test]
async fn own_pages_and_scripts_are_not_taken_for_other_sites() {
    let natter = Natter::with(&["--rate-limits", "off", "--public-url", PUBLIC]).await;
    // without a session nothing is changed
    let nobody = natter.browser();
    let own: [&[(&str, &str)]; 7] = [
        &[("origin", PUBLIC)],
        &[("origin", PUBLIC), ("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("referer", "https://chat.example.org/rooms/lobby")],
        // of a browser at the machine itself, past the proxy
        &[("origin", "http://127.0.0.1:7000"), ("host", "127.0.0.1:7000")],
        // a script; a page of another site cannot send this, and browsers keep the cookie back (SameSite=Lax)
        &[],
    ];
    for (method, path) in changes().into_iter().filter(|(_, path)| path != "/signup" && path != "/api/users") {
        for headers in own {
            let page = ask(&nobody, &method, &path, headers).await;
            let is_refused = page.html.contains("came from another site");
            assert!(!is_refused && page.status < 500, "{method} {path} {headers:?}: {} {}", page.status, page.html);
        }
    }
}
