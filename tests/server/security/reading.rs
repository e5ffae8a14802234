//! Requests that another site may make a browser send, because they only read: they change nothing.

use reqwest::Method;

use super::{FORM, address_of, records::Records};
use crate::{
    rights::all_routes,
    support::{Browser, Natter, Page, Script, password_of},
};

/// A natter with a message, a room, a file and an upload of ada, and ada's browser and script.
async fn with_records() -> (Natter, Browser, Script) {
    let natter = Natter::unlimited().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    let bob = natter.register("bob").await;
    ada.says("hello").await;
    bob.replies(1, "hello @ada").await;
    ada.creates("closed", "Attic", &["bob"]).await;
    ada.uploads("a.txt", b"text").await;
    // the visit is recorded, so that the next ones are not
    browser.visit("/rooms/lobby").await.is(200);
    (natter, browser, ada)
}

async fn get(browser: &Browser, method: &Method, path: &str, headers: &[(&str, &str)]) -> Page {
    let request = browser.request(method.clone(), path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Page::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn no_request_that_reads_changes_anything() {
    let (natter, browser, ada) = with_records().await;
    let before = Records::of(&natter);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(FORM).finish();
    let paths = all_routes().into_iter().filter(|(method, _)| method == "GET").map(|(_, pattern)| address_of(&pattern));
    let paths: Vec<String> = paths.filter(|path| path != "/ws").collect();
    assert!(paths.len() > 60, "{paths:?}");
    for path in &paths {
        for method in [Method::GET, Method::HEAD] {
            for asked in [path.clone(), format!("{path}?{query}")] {
                let page = get(&browser, &method, &asked, &[("origin", "https://evil.example")]).await;
                assert!(page.status < 500, "{method} {asked}: {}", page.html);
                ada.request(method.clone(), &asked).send().await.unwrap();
            }
        }
    }
    before.are_those_of(&natter);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn what_changes_something_is_not_reached_by_a_request_that_reads() {
    let (natter, browser, _ada) = with_records().await;
    let before = Records::of(&natter);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(FORM).finish();
    let routes = all_routes();
    let is_read = |pattern: &String| routes.contains(&("GET".to_owned(), pattern.clone()));
    for (method, pattern) in routes.iter().filter(|(method, pattern)| method != "GET" && !is_read(pattern)) {
        let path = format!("{}?{query}&_method={method}", address_of(pattern));
        for asked in [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE] {
            let headers = [("x-http-method-override", method.as_str()), ("x-http-method", method.as_str())];
            let page = get(&browser, &asked, &path, &headers).await;
            // a route with a placeholder in the same place may answer instead
            assert!([303, 400, 403, 404, 405].contains(&page.status), "{asked} {path}: {} {}", page.status, page.html);
        }
    }
    before.are_those_of(&natter);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_change_is_seen_in_the_records() {
    let (natter, _browser, ada) = with_records().await;
    let before = Records::of(&natter);
    before.are_those_of(&natter);
    ada.reacts(1, "👍").await.is(200);
    assert_ne!(before, Records::of(&natter));
}
