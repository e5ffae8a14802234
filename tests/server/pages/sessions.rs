//! The sessions of the account page.

use reqwest::Method;

use crate::support::{Browser, Natter, Page, Socket, password_of};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Version/18.6 Mobile/15E148 Safari/604.1";

async fn visit_with(browser: &Browser, user_agent: &str, path: &str) -> Page {
    Page::of(browser.request(Method::GET, path).header("user-agent", user_agent).send().await.unwrap()).await
}

/// A browser of `ada` that has shown a page.
async fn elsewhere(natter: &Natter, user_agent: &str) -> Browser {
    let browser = natter.browser();
    browser.log_in("ada").await;
    visit_with(&browser, user_agent, "/rooms/lobby").await.is(200);
    browser
}

/// The devices that the account page lists.
fn devices(page: &Page) -> Vec<String> {
    page.texts("section .rows b")
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    visit_with(&ada, FIREFOX, "/rooms/lobby").await.is(200);
    assert_eq!(devices(&ada.visit("/account").await), ["Firefox · Linux"]);
    assert!(ada.visit("/account").await.texts("[action='/account/sessions/end']").is_empty(), "log out ends it");

    let phone = elsewhere(&natter, IPHONE).await;
    let other = elsewhere(&natter, "").await;
    let mut tab = Socket::open_in(&phone, "").await;
    let page = visit_with(&ada, IPHONE, "/account").await.is(200);
    let mut listed = devices(&page);
    assert_eq!(listed.remove(0), "Firefox · Linux", "the own one is first");
    listed.sort_unstable();
    assert_eq!(listed, ["Safari · iPhone", "Unknown device"]);
    assert_eq!(page.texts("section .rows small"), ["127.0.0.1 · active just now"; 3]);
    assert_eq!(page.texts("section .rows .tag"), ["this session"]);
    let german = ada.request(Method::GET, "/account").header("accept-language", "de").send().await.unwrap();
    let german = Page::of(german).await;
    assert_eq!(devices(&german)[0], "Firefox · Linux");

    let of_phone = page.attribute("[aria-label='End: Safari · iPhone']", "value");
    let form = [("session", of_phone.as_str())];
    let ended = ada.submit("/account/sessions/end", &form).await.leads_to("/account?saved=session");
    assert_eq!(tab.close_frame().await, (1008, "signed out".to_owned()));
    phone.visit("/account").await.leads_to("/login?next=%2Faccount");
    let page = ada.visit(ended.location()).await.is(200);
    assert_eq!(page.text(".done"), "The session has ended.");
    assert_eq!(devices(&page), ["Firefox · Linux", "Unknown device"]);
    assert!(other.is_signed_in().await);
    ada.submit("/account/sessions/end", &form).await.is(303);
}

#[tokio::test]
async fn all_other_sessions_are_ended_at_once() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    let others = [elsewhere(&natter, FIREFOX).await, elsewhere(&natter, IPHONE).await];
    // of another login, and not of a browser
    let script = natter.script().log_in("ada", &password_of("ada")).await;
    assert_eq!(devices(&ada.visit("/account").await).len(), 3);
    let ended = ada.submit("/account/sessions/end", &[]).await.leads_to("/account?saved=sessions");
    let page = ada.visit(ended.location()).await.is(200);
    assert_eq!(page.text(".done"), "All other sessions have ended.");
    assert_eq!(devices(&page).len(), 1);
    for other in &others {
        assert!(!other.is_signed_in().await);
    }
    assert!(bob.is_signed_in().await);
    script.get("/api/users/ada").await.is(200);
}

#[tokio::test]
async fn nobody_ends_a_session_of_another_user() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    let other = elsewhere(&natter, IPHONE).await;
    let id = ada.visit("/account").await.attribute("button[name=session]", "value");
    for id in [id.as_str(), "", "not an id"] {
        bob.submit("/account/sessions/end", &[("session", id)]).await.leads_to("/account?saved=session");
    }
    assert!(ada.is_signed_in().await && other.is_signed_in().await && bob.is_signed_in().await);
    natter.browser().submit("/account/sessions/end", &[("session", &id)]).await.leads_to("/login");
    assert!(other.is_signed_in().await);
}

#[tokio::test]
async fn a_logged_out_session_is_not_listed() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let other = elsewhere(&natter, IPHONE).await;
    other.submit("/logout", &[]).await.is(303);
    assert_eq!(devices(&ada.visit("/account").await).len(), 1);
    // a link with the token of a login is the same login: both end together
    let guest = natter.browser();
    guest.submit("/switch", &[("jwt", ada.token.as_deref().unwrap())]).await.leads_to("/");
    visit_with(&guest, FIREFOX, "/rooms/lobby").await.is(200);
    let page = ada.visit("/account").await;
    assert_eq!(page.texts(".rows .tag"), ["this session", "same login: ends when you log out"]);
    assert_eq!(devices(&page), ["Unknown device", "Firefox · Linux"]);
    assert_eq!(devices(&guest.visit("/account").await), ["Firefox · Linux", "Unknown device"], "the own one is first");
}

#[tokio::test]
async fn the_end_of_a_session_leaves_the_token_of_who_asks() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let of_another_login = natter.script().log_in("ada", &password_of("ada")).await.token().to_owned();
    let guest = natter.browser();
    // its session is of the other login, and has the token of ada's too
    for token in [of_another_login.as_str(), ada.token.as_deref().unwrap()] {
        guest.visit(&format!("/?jwt={token}")).await.is(200);
    }
    assert_eq!(ada.visit("/account").await.texts(".rows .tag"), ["this session"]);
    ada.submit("/account/sessions/end", &[]).await.leads_to("/account?saved=sessions");
    assert!(!guest.is_signed_in().await, "it has ended");
    assert!(ada.is_signed_in().await, "who asked is still signed in");
}

/// The seconds for which the browser keeps the session's cookie, if the page has set it.
fn lifetime(page: &Page) -> Option<u64> {
    let cookie = page.headers.get("set-cookie")?.to_str().unwrap();
    let age = cookie.split("; ").find_map(|part| part.strip_prefix("Max-Age="));
    Some(age.expect("an age").parse().unwrap())
}

#[tokio::test]
async fn few_visits_are_recorded_and_none_extends_the_session_of_a_token() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let month = 30 * 24 * 3600;
    assert!(lifetime(&ada.visit("/rooms").await).is_some_and(|seconds| seconds > month - 60));
    for path in ["/rooms", "/account", "/people"] {
        assert_eq!(lifetime(&ada.visit(path).await), None, "{path}");
    }
    let [early, late] =
        [ada.token.clone().unwrap(), natter.script().log_in("ada", &password_of("ada")).await.token().to_owned()];
    let guest = natter.browser();
    let begun = lifetime(&guest.visit(&format!("/?jwt={late}")).await.is(200));
    let visited = lifetime(&guest.visit("/rooms").await.is(200));
    let again = lifetime(&guest.visit(&format!("/?jwt={early}")).await.is(200));
    for (what, lifetime) in [("a token", begun), ("a visit", visited), ("an earlier token", again)] {
        assert!(lifetime.is_some_and(|seconds| seconds <= 3600), "{what}: {lifetime:?}");
    }
}
