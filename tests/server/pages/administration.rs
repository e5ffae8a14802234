//! What admins do with users, and the lists of open rooms and of what admins did.

use reqwest::Method;
use serde_json::json;

use super::admin::rows;
use crate::support::{Browser, Natter, Page, password_of};

/// Makes a login link for `user_id`; returns its path.
async fn link(admin: &Browser, user_id: &str) -> String {
    let page = admin.submit(&format!("/admin/users/{user_id}/link"), &[]).await.is(200);
    let url = page.attribute("#link", "value");
    let path = url.strip_prefix(&format!("http://{}", admin.address)).expect("the address of natter");
    assert!(path.starts_with("/login/link?token="), "{url}");
    path.to_owned()
}

fn token(path: &str) -> &str {
    path.split('=').nth(1).unwrap()
}

async fn open(browser: &Browser, path: &str) -> Page {
    browser.submit("/login/link", &[("token", token(path))]).await
}

#[tokio::test]
async fn a_login_link_leads_to_a_new_password() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.browse_as("ada").await, natter.sign_up("bob").await);
    let path = link(&ada, "bob").await;
    let browser = natter.browser();
    for _ in 0..2 {
        // programs open links too
        let page = browser.visit(&path).await.is(200);
        assert_eq!(page.text("h1"), "Log in as Bob");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.attribute("input[name=token]", "value"), token(&path));
    }
    assert!(!browser.is_signed_in().await);
    open(&browser, &path).await.leads_to("/login/password");
    assert!(browser.is_signed_in().await);
    assert_eq!(browser.visit("/login/password").await.is(200).text("h1"), "Choose a new password");
    let short = browser.submit("/login/password", &[("password", "short")]).await.is(422);
    assert_eq!(short.error_beside("password"), "Use 8 characters or more.");
    let chat = browser.submit("/login/password", &[("password", "a new one for bob")]).await.is(303);
    assert!(chat.location().starts_with("/?jwt="), "{}", chat.location());
    assert!(browser.is_signed_in().await);
    assert_eq!(bob.socket.close_frame().await, (1008, "signed out".to_owned()));
    natter.script().log_in("bob", "a new one for bob").await;
    natter.script().try_log_in("bob", &password_of("bob")).await.is(401);
    // only after the link
    browser.visit("/login/password").await.leads_to("/account");
    browser.submit("/login/password", &[("password", "a third one for bob")]).await.leads_to("/account");
    natter.script().log_in("bob", "a new one for bob").await;
}

#[tokio::test]
async fn a_login_link_works_once() {
    let natter = Natter::start().await;
    let (ada, _bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let (first, second) = (link(&ada, "bob").await, link(&ada, "bob").await);
    let browser = natter.browser();
    let void = "This link is not valid";
    assert_eq!(browser.visit(&first).await.is(410).text("h1"), void, "a newer one was made");
    assert_eq!(open(&browser, &first).await.is(410).text("h1"), void);
    open(&browser, &second).await.leads_to("/login/password");
    assert_eq!(open(&natter.browser(), &second).await.is(410).text("h1"), void);
    for other in ["/login/link", "/login/link?token=", "/login/link?token=x"] {
        assert_eq!(browser.visit(other).await.is(410).text("h1"), void);
    }
    let third = link(&ada, "bob").await;
    let bob = natter.script().log_in("bob", &password_of("bob")).await;
    let change = json!({ "password": "another secret", "currentPassword": password_of("bob") });
    bob.patch("/api/users/bob", change).await.is(200);
    browser.visit(&third).await.is(410);
}

#[tokio::test]
async fn a_login_link_signs_another_user_of_the_browser_out() {
    let natter = Natter::start().await;
    let (ada, _bob, cyd) = (natter.browse_as("ada").await, natter.register("bob").await, natter.browse_as("cyd").await);
    let path = link(&ada, "bob").await;
    let page = cyd.visit(&path).await.is(200);
    assert!(page.text("main").contains("You are logged in as Cyd, and will be logged out."));
    open(&cyd, &path).await.leads_to("/login/password");
    assert!(cyd.visit("/account").await.is(200).text("h1 + p") == "bob");
}

#[tokio::test]
async fn a_password_that_was_not_forgotten_needs_the_current_one() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    ada.visit("/login/password").await.leads_to("/account");
    ada.submit("/login/password", &[("password", "another secret")]).await.leads_to("/account");
    natter.browser().visit("/login/password").await.is(303);
    natter.script().log_in("ada", &password_of("ada")).await;
    let login = natter.browser().visit("/login").await.is(200);
    assert!(login.text("main").contains("Forgotten your password? Ask an admin for a login link."));
}

#[tokio::test]
async fn users_are_disabled_and_enabled_in_the_table() {
    let natter = Natter::start().await;
    let (ada, _bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let page = ada.visit("/admin/users?q=b&more=bob").await.is(200);
    assert_eq!(page.texts(".acts button").len(), 3);
    let action = page.attribute(".acts form[action*=disable]", "action");
    assert_eq!(action, "/admin/users/bob/disable?q=b");
    let done = ada.submit(&action, &[]).await.is(303);
    let page = ada.visit(done.location()).await.is(200);
    assert_eq!(page.text(".done"), "bob is disabled and logged out everywhere.");
    assert_eq!((rows(&page), page.texts("td .tag")), (vec!["bob".to_owned()], vec!["disabled".to_owned()]));
    let page = ada.visit("/admin/users?more=bob").await.is(200);
    assert_eq!(page.texts(".acts button").len(), 1, "no link, no logout");
    let refused = ada.submit("/admin/users/bob/link", &[]).await.is(409);
    assert_eq!(refused.text("#users > .alert"), "This account is disabled. Enable it before you make a link.");
    let done = ada.submit(&page.attribute(".acts form", "action"), &[]).await.is(303);
    assert_eq!(ada.visit(done.location()).await.text(".done"), "bob is enabled.");
    let done = ada.submit("/admin/users/bob/logout", &[]).await.is(303);
    assert_eq!(ada.visit(done.location()).await.text(".done"), "bob is logged out everywhere.");

    let made_up = ada.visit("/admin/users?done=disabled&user=everybody").await.is(200);
    assert!(made_up.texts(".done").is_empty(), "{}", made_up.html);
    assert_eq!(made_up.attribute(".scroll-x[role=region][tabindex='0']", "aria-label"), "Users");
    let own = ada.visit("/admin/users?more=ada").await.is(200);
    assert_eq!(own.texts(".acts form"), Vec::<String>::new());
    let refused = ada.submit("/admin/users/ada/link", &[]).await.is(409);
    assert!(refused.text("#users > .alert").starts_with("Change your own password under Account"));
    assert!(refused.texts("#link").is_empty());
    let refused = ada.submit("/admin/users/ada/disable", &[]).await.is(409);
    assert_eq!(refused.text("#users > .alert"), "You cannot disable your own account.");
    for act in ["disable", "enable", "logout", "link"] {
        ada.submit(&format!("/admin/users/nobody/{act}"), &[]).await.is(404);
    }
}

#[tokio::test]
async fn the_audit_page_says_what_admins_did() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    assert_eq!(ada.visit("/admin/audit").await.is(200).text(".empty"), "No entries.");
    let admin = natter.script().log_in("ada", &password_of("ada")).await;
    natter.register("bob").await;
    natter.register("cyd").await;
    ada.submit("/admin/users/bob/disable", &[]).await.is(303);
    ada.submit("/admin/users/bob", &[("role", "bot")]).await.is(303);
    admin.creates("open", "<b>Garden</b>", &[]).await;
    let room = admin.get("/api/rooms?browse=true&q=garden").await.json["rooms"][0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/rooms/{room}")).await.is(204);
    ada.submit("/admin/users/bob/delete", &[]).await.is(303);
    let page = ada.visit("/admin/audit").await.is(200);
    let acts =
        ["Deleted the account bob", "Deleted the room <b>Garden</b>", "Changed the role of bob to bot", "Disabled bob"];
    assert_eq!(page.texts("tbody td:nth-child(3)"), acts);
    assert!(page.text("tbody tr:first-child td:first-child").ends_with(" UTC"));
    let german = ada.request(Method::GET, "/admin/audit").header("accept-language", "de").send().await.unwrap();
    assert!(Page::of(german).await.texts("td").contains(&"Hat bob gesperrt".to_owned()));
    for n in 0..50 {
        let phone = format!("+49 {n:03}");
        ada.submit("/admin/users/cyd", &[("phone", phone.as_str())]).await.is(303);
    }
    let page = ada.visit("/admin/audit").await.is(200);
    assert_eq!(page.texts("tbody tr").len(), 50);
    let older = ada.visit(&page.attribute("a.button", "href")).await.is(200);
    assert_eq!(older.texts("tbody td:nth-child(3)"), acts);
    assert_eq!(older.attribute("main p.above a", "href"), "/admin/audit");
}

#[tokio::test]
async fn an_admin_who_deletes_the_own_account_and_the_use_of_a_link_are_listed() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    natter.register("cyd").await;
    let path = link(&ada, "cyd").await;
    let browser = natter.browser();
    browser.visit(&path).await.is(200);
    open(&browser, &path).await.leads_to("/login/password");
    open(&browser, &path).await.is(410);
    ada.submit("/admin/users/bob", &[("role", "admin")]).await.is(303);
    bob.submit("/account/delete", &[("deletePassword", &password_of("bob"))]).await.is(303);
    browser.submit("/account/delete", &[("deletePassword", &password_of("cyd"))]).await.is(303);
    let page = ada.visit("/admin/audit").await.is(200);
    let expected = [
        "Deleted the account bob",
        "Changed the role of bob to admin",
        "Used the login link for cyd",
        "Made a login link for cyd",
    ];
    assert_eq!(page.texts("tbody td:nth-child(3)"), expected);
    assert_eq!(page.texts("tbody td:nth-child(2)"), ["bob", "ada", "cyd", "ada"]);
}

#[tokio::test]
async fn the_pages_of_admins_are_for_admins() {
    let natter = Natter::start().await;
    let (_ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    for path in ["/admin/audit", "/admin/rooms", "/admin/users"] {
        bob.visit(path).await.is(403);
        natter.browser().visit(path).await.is(303);
    }
    for act in ["disable", "enable", "logout", "link", "delete"] {
        bob.submit(&format!("/admin/users/ada/{act}"), &[]).await.is(403);
        natter.browser().submit(&format!("/admin/users/ada/{act}"), &[]).await.leads_to("/login");
    }
}

#[tokio::test]
async fn the_list_of_rooms_has_open_rooms() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let garden = bob.creates("open", "Garden", &["ada"]).await;
    bob.creates("closed", "Secret", &[]).await;
    bob.opens_direct(&["ada"]).await;
    bob.says_in(&garden, "hello").await;
    bob.patch(&format!("/api/rooms/{garden}"), json!({ "archived": true })).await.is(200);
    let page = ada.visit("/admin/rooms").await.is(200);
    assert_eq!(page.texts("tbody td:first-child"), ["Garden archived", "Lobby"]);
    assert_eq!(page.texts("tbody tr:first-child .number"), ["2", "1"]);
    assert_eq!(page.attribute("tbody tr:first-child td:first-child a", "href"), format!("/rooms/{garden}"));
    assert_eq!(ada.visit("/admin/rooms?q=lob").await.texts("tbody td:first-child"), ["Lobby"]);
    assert_eq!(ada.visit("/admin/rooms?q=secret").await.text(".empty"), "No rooms found");
}
