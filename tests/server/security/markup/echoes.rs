//! What was typed and is shown again at once: in forms that are refused, in searches, in messages of errors.

use reqwest::Method;

use super::{checker::Read, texts::HOSTILE};
use crate::support::{Browser, Natter, Page};

/// How an answer shows what was typed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    Shown,
    /// It may be there or not.
    Perhaps,
}
use Echo::{Perhaps, Shown};

/// A form with a text in a field: its address, the field, the other fields, and how the text is shown.
type Form = (&'static str, &'static str, &'static [(&'static str, &'static str)], Echo);

const FORMS: [Form; 22] = [
    ("/login", "userID", &[("password", "x")], Shown),
    ("/login", "next", &[("userID", "ada"), ("password", "x")], Perhaps),
    ("/signup", "userID", &[], Shown),
    ("/signup", "name", &[], Shown),
    ("/signup", "email", &[], Shown),
    ("/signup", "phone", &[], Shown),
    ("/account", "name", &[("email", "x")], Shown),
    ("/account", "email", &[("name", "Ada")], Shown),
    ("/account", "phone", &[("name", "Ada"), ("email", "x")], Shown),
    ("/account", "about", &[("name", "Ada"), ("email", "x")], Shown),
    ("/account/settings", "theme", &[], Perhaps),
    ("/admin/users", "name", &[("userID", "x")], Shown),
    ("/admin/users/bob", "email", &[("name", "Bob")], Shown),
    ("/rooms/new", "members", &[("name", "x"), ("kind", "open")], Shown),
    ("/rooms/new", "kind", &[("name", "x")], Perhaps),
    ("/rooms/new", "topic", &[("name", ""), ("kind", "open")], Shown),
    ("/rooms/lobby/messages", "replyTo", &[("message", "x"), ("clientID", "1")], Perhaps),
    ("/rooms/lobby/messages", "clientID", &[("message", "x")], Perhaps),
    ("/rooms/lobby/messages", "read", &[("message", "x"), ("clientID", "1")], Perhaps),
    ("/rooms/lobby/1/react", "emoji", &[], Shown),
    ("/rooms/lobby/1/edit", "message", &[("textRev", "99")], Shown),
    ("/direct/bob/messages", "message", &[("clientID", "")], Shown),
];

/// Addresses with a text in their query or path.
const ADDRESSES: [(&str, Echo); 18] = [
    ("/search?q=TEXT", Shown),
    ("/search?q=x&in=TEXT", Shown),
    ("/search?q=x&from=TEXT", Shown),
    ("/search?q=x&before=TEXT", Shown),
    ("/search?q=x&has=TEXT", Shown),
    ("/search/complete?q=TEXT", Perhaps),
    ("/people?q=TEXT", Shown),
    ("/rooms?q=TEXT", Shown),
    ("/admin/users?q=TEXT", Shown),
    ("/admin/users?sort=TEXT", Perhaps),
    ("/admin/rooms?q=TEXT", Shown),
    ("/rooms/lobby?before=TEXT", Perhaps),
    ("/rooms/lobby/messages?after=TEXT", Perhaps),
    ("/rooms/lobby/complete?q=@TEXT", Perhaps),
    ("/rooms/lobby/members?after=TEXT", Perhaps),
    ("/login?next=TEXT", Perhaps),
    ("/login/link?token=TEXT", Perhaps),
    ("/TEXT", Perhaps),
];

async fn ask(browser: &Browser, path: &str, form: Option<&[(&str, &str)]>, from_htmx: bool) -> Page {
    let method = if form.is_some() { Method::POST } else { Method::GET };
    let mut request = browser.request(method, path).header("origin", browser.url(""));
    if from_htmx {
        request = request.header("hx-request", "true");
    }
    if let Some(form) = form {
        request = request.form(form);
    }
    Page::of(request.send().await.unwrap()).await
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// All requests that have `text` in a field, each with what it is, how it shows the text, and its answer.
async fn answers(nobody: &Browser, ada: &Browser, text: &str, from_htmx: bool) -> Vec<(String, Echo, Page)> {
    let mut answers = Vec::new();
    for (path, field, others, echo) in FORMS {
        let browser = if ["/login", "/signup"].contains(&path) { nobody } else { ada };
        let form = [others, &[(field, text)]].concat();
        answers.push((format!("{path} {field}"), echo, ask(browser, path, Some(&form), from_htmx).await));
    }
    for (pattern, echo) in ADDRESSES {
        let path = pattern.replace("TEXT", &percent_encoded(text));
        answers.push((pattern.to_owned(), echo, ask(ada, &path, None, from_htmx).await));
    }
    answers
}

#[tokio::test]
async fn what_was_typed_is_shown_again_as_text() {
    let natter = Natter::unlimited().await;
    let (ada, nobody) = (natter.browse_as("ada").await, natter.browser());
    natter.register("bob").await.says("x").await;
    for from_htmx in [false, true] {
        let plain: Vec<_> = answers(&nobody, &ada, "plain ! text", from_htmx).await;
        let plain: Vec<_> = plain.iter().map(|(_, _, page)| (page.status, Read::of(&page.html))).collect();
        // fragments for htmx are made by one template
        for text in HOSTILE.iter().step_by(if from_htmx { 6 } else { 2 }) {
            let answers = answers(&nobody, &ada, text, from_htmx).await;
            for ((what, echo, page), (status, plain)) in answers.iter().zip(&plain) {
                let what = format!("{what} {text:?} {from_htmx}");
                let read = check(page, text, *echo == Shown && !from_htmx, &what);
                let is_search = what.starts_with("/search");
                if let Some(read) = read.filter(|_| page.status == *status && !is_search) {
                    read.has_the_elements_of(plain, &what);
                }
            }
        }
    }
}

/// Checks an answer, and returns what is in it if it is HTML.
fn check(page: &Page, text: &str, is_shown: bool, what: &str) -> Option<Read> {
    assert!(page.status < 500, "{what}: {}", page.status);
    for (name, value) in &page.headers {
        assert!(!value.to_str().unwrap_or_default().contains('<'), "{what}: {name}: {value:?}");
    }
    let kind = page.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
    match kind {
        "text/html; charset=utf-8" => {}
        "application/json" | "" => return None,
        other => panic!("{what}: {other}"),
    }
    let read = Read::of(&page.html);
    read.is_clean(what);
    if is_shown {
        read.shows(text, what);
    }
    Some(read)
}
