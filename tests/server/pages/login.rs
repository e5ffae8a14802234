//! The login form and its redirects.

use crate::support::{Natter, password_of};

#[tokio::test]
async fn logging_in_redirects_to_the_chat_with_a_token() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    let browser = natter.browser();
    let redirect = browser.log_in("ada").await;
    let token = redirect.location().strip_prefix("/?jwt=").expect("the chat's address");
    natter.script().with_token(token).get("/api/users/ada").await.is(200);
    assert_eq!(redirect.header("cache-control"), "no-store");
    let cookie = redirect.header("set-cookie");
    let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
    assert!(cookie.starts_with("natter="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(attributes.contains(&attribute), "{cookie}");
    }
    assert!(!attributes.contains(&"Secure"), "this is http: {cookie}");
    browser.visit("/login").await.leads_to("/");
}

#[tokio::test]
async fn the_cookies_are_secure_behind_https() {
    let natter = Natter::with(&["--public-url", "https://chat.example.org"]).await;
    natter.register("ada").await;
    let (password, browser) = (password_of("ada"), natter.browser());
    let form = [("userID", "ada"), ("password", password.as_str())];
    let request = browser.request(reqwest::Method::POST, "/login").header("origin", "https://chat.example.org");
    let redirect = request.form(&form).send().await.unwrap();
    let cookie = redirect.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.split("; ").any(|attribute| attribute == "Secure"), "{cookie}");
    assert_eq!(redirect.headers()["strict-transport-security"], "max-age=31536000");
    let session = cookie.split("; ").next().unwrap();
    let page = browser.request(reqwest::Method::GET, "/rooms/lobby").header("cookie", session).send().await.unwrap();
    let mut cookies = page.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.find(|cookie| cookie.starts_with("room=lobby;")).unwrap();
    assert!(cookie.split("; ").any(|attribute| attribute == "Secure"), "{cookie}");
}

#[tokio::test]
async fn a_wrong_password_keeps_the_user_id_and_the_return_url() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    let form = [("userID", "ada"), ("password", "not her secret"), ("next", "/account")];
    let page = natter.browser().submit("/login", &form).await.is(401);
    assert_eq!(page.text(".alert"), "This user ID and password don't match.");
    assert_eq!((page.value_of("userID"), page.value_of("password")), ("ada".into(), String::new()));
    assert_eq!(page.value_of("next"), "/account");
    assert!(!page.html.contains("not her secret"));
    assert!(!page.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn browsers_without_a_session_are_redirected_to_the_login_and_back() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    let browser = natter.browser();
    browser.visit("/account").await.leads_to("/login?next=%2Faccount");
    let redirect = browser.visit("/admin/users?q=a&sort=name").await;
    let login = browser.visit(redirect.location()).await.is(200);
    assert_eq!(login.value_of("next"), "/admin/users?q=a&sort=name");
    let form = [("userID", "ada"), ("password", &password_of("ada")), ("next", &login.value_of("next"))];
    browser.submit("/login", &form).await.leads_to("/admin/users?q=a&sort=name");
    browser.visit("/login?next=%2Faccount").await.leads_to("/account");
}

#[tokio::test]
async fn the_login_never_redirects_to_another_site() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    let elsewhere = ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1"];
    for next in elsewhere {
        let browser = natter.browser();
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let login = browser.visit(&format!("/login?{query}")).await.is(200);
        assert!(login.texts("input[name=next]").is_empty(), "{next}");
        let form = [("userID", "ada"), ("password", &password_of("ada")), ("next", next)];
        let redirect = browser.submit("/login", &form).await.is(303);
        assert!(redirect.location().starts_with("/?jwt="), "{}", redirect.location());
        browser.visit(&format!("/login?{query}")).await.leads_to("/");
    }
}

#[tokio::test]
async fn a_login_replaces_an_earlier_session() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    natter.register("bob").await;
    let browser = natter.browser();
    browser.log_in("bob").await;
    let planted = browser.cookies();
    browser.log_in("ada").await;
    assert_ne!(browser.cookies(), planted);
    let request = natter.browser().request(reqwest::Method::GET, "/account").header("cookie", planted);
    let page = crate::support::Page::of(request.send().await.unwrap()).await;
    assert_ne!(page.texts("h1 + p"), ["ada"]);
}

#[tokio::test]
async fn sessions_and_tokens_survive_a_restart() {
    let mut natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let token = browser.token.clone().unwrap();
    natter.restart().await;
    assert_eq!(browser.visit("/account").await.is(200).text("h1 + p"), "ada");
    natter.script().with_token(&token).get("/api/users/ada").await.is(200);
    browser.submit("/logout", &[]).await.is(303);
    natter.restart().await;
    natter.script().with_token(&token).get("/api/users/ada").await.says_token_did_not_match();
}

#[tokio::test]
async fn the_first_start_says_that_nobody_has_an_account() {
    let natter = Natter::start().await;
    let browser = natter.browser();
    assert!(browser.visit("/login").await.text("main").contains("Nobody has an account here yet."));
    assert!(browser.visit("/signup").await.text("main").contains("You are the first here"));
    natter.register("ada").await;
    assert!(!browser.visit("/login").await.text("main").contains("Nobody"));
    assert!(!browser.visit("/signup").await.text("main").contains("You are the first"));
}
