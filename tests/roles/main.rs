//! The users, auth and chat servers, each on an address of its own.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod hosts;
mod shared;
mod support;

use reqwest::Client;
use serde_json::json;
use support::{Browser, Natter, PASSWORD, start};

#[tokio::test]
async fn each_address_serves_its_own_and_the_common_routes() {
    let natter = Natter::on_one_host(&[]).await;
    let browser = Browser::new();
    let routes = [
        (&natter.users, vec!["/signup", "/account", "/admin/users", "/api/users"]),
        (&natter.auth, vec!["/login", "/api/login"]),
        (
            &natter.chat,
            vec!["/", "/rooms", "/rooms/lobby", "/people", "/sidebar", "/ws", "/api/messages", "/api/rooms"],
        ),
    ];
    for (server, paths) in &routes {
        for path in paths {
            for (other, _) in &routes {
                let status = browser.get(&format!("{other}{path}")).await.status;
                assert_eq!(status != 404, other == server, "{other}{path}: {status}");
            }
        }
        for path in ["/healthz", "/readyz", "/metrics", "/api/docs", "/api/openapi.json"] {
            assert_eq!(browser.get(&format!("{server}{path}")).await.status, 200, "{server}{path}");
        }
        let docs = browser.get(&format!("{server}/api/docs")).await.body;
        let style = docs.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(browser.get(&format!("{server}{style}")).await.status, 200);
    }
    let addresses = [natter.users.clone(), natter.chat.clone()];
    natter.stop().await;
    for address in addresses {
        assert!(Client::new().get(address).send().await.unwrap_err().is_connect());
    }
}

#[tokio::test]
async fn signing_up_and_logging_in_redirect_to_the_chat() {
    let natter = Natter::on_one_host(&[]).await;
    let Natter { users, auth, chat, .. } = &natter;
    let ann = Browser::new();
    assert_eq!(ann.get(&format!("{chat}/")).await.location, format!("{auth}/login"));
    let login = ann.get(&format!("{auth}/login")).await.body;
    assert!(login.contains(&format!("href=\"{users}/signup\"")));
    let form = [("userID", "ann"), ("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    let signed_up = ann.post(&format!("{users}/signup"), &form).await;
    assert!(signed_up.location.starts_with(&format!("{chat}/?jwt=")), "{signed_up:?}");
    let page = ann.get(&signed_up.location).await;
    for link in [format!("{users}/account"), format!("{users}/admin/users"), "/rooms".into()] {
        assert!(page.body.contains(&format!("href=\"{link}\"")), "{link}");
    }
    assert_eq!(page.referrer, "no-referrer");
    for server in [users, auth, chat] {
        assert!(page.policy.contains("form-action 'self'") && page.policy.contains(server), "{}", page.policy);
    }
    // one host has one cookie
    assert_eq!(ann.get(&format!("{users}/account")).await.status, 200);
    assert!(ann.get(&format!("{auth}/login")).await.location.starts_with(&format!("{chat}/?jwt=")));

    let guest = Browser::new();
    let redirect = guest.get(&format!("{users}/admin/users?q=a")).await.location;
    assert_eq!(redirect, format!("{auth}/login?next={}%2Fadmin%2Fusers%3Fq%3Da", percent_encoded(users)));
    let logged_in = guest.log_in(&natter, "ann", None).await;
    assert!(logged_in.location.starts_with(&format!("{chat}/?jwt=")), "{logged_in:?}");
    assert_eq!(guest.get(&logged_in.location).await.status, 200);
    let logout = guest.post(&format!("{chat}/logout"), &[]).await;
    assert_eq!(logout.location, format!("{auth}/login"));
    assert_eq!(guest.get(&format!("{auth}/login")).await.status, 200, "signed out");
}

#[tokio::test]
async fn a_token_is_valid_at_all_three_servers() {
    let natter = Natter::on_one_host(&[]).await;
    let Natter { users, auth, chat, .. } = &natter;
    natter.user("ann").await;
    let (script, token) = (Client::new(), natter.token("ann").await);
    let read = script.get(format!("{users}/api/users/ann")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(read.status(), 200);
    let said = script.post(format!("{chat}/api/messages")).bearer_auth(&token).json(&json!({ "message": "hello" }));
    assert_eq!(said.send().await.unwrap().status(), 201);
    let logout = script.post(format!("{auth}/logout")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(logout.status(), 204);
    let read = script.get(format!("{users}/api/users/ann")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(read.status(), 401);
}

#[tokio::test]
async fn the_login_redirects_only_to_the_three_servers() {
    let natter = Natter::on_one_host(&[]).await;
    natter.user("ann").await;
    let Natter { users, auth, chat, .. } = &natter;
    let account = format!("{users}/account");
    for (next, to) in [
        (account.clone(), format!("{users}/account?jwt=")),
        (format!("{users}/account?jwt=planted"), format!("{users}/account?jwt=ey")),
        (format!("{chat}/?before=3"), format!("{chat}/?before=3&jwt=")),
        ("https://evil.example/".into(), format!("{chat}/?jwt=")),
        ("//evil.example".into(), format!("{chat}/?jwt=")),
        ("/\\evil.example".into(), format!("{chat}/?jwt=")),
        (format!("{chat}@evil.example/"), format!("{chat}/?jwt=")),
        (format!("{users}.evil.example/"), format!("{chat}/?jwt=")),
        ("http://localhost:1/".into(), format!("{chat}/?jwt=")),
    ] {
        let ann = Browser::new();
        let form = ann.get(&format!("{auth}/login?next={}", percent_encoded(&next))).await.body;
        let kept = form.contains("name=\"next\"");
        assert_eq!(kept, next.starts_with(&account) || next.starts_with(&format!("{chat}/?")), "{next}");
        let location = ann.log_in(&natter, "ann", Some(&next)).await.location;
        assert!(location.starts_with(&to), "{next}: {location}");
        // and again with a session
        let location = ann.get(&format!("{auth}/login?next={}", percent_encoded(&next))).await.location;
        assert!(location.starts_with(&to), "{next}: {location}");
    }
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let args = ["--chat-url", "https://chat.example", "--auth-url", "https://auth.example"];
    let natter = Natter::on_one_host(&args).await;
    natter.user("ann").await;
    let (browser, login) = (Browser::new(), format!("{}/login", natter.auth));
    let form = [("userID", "ann"), ("password", PASSWORD)];
    for (origin, status) in [("https://auth.example", 303), ("https://evil.example", 403), ("http://localhost:1", 403)]
    {
        assert_eq!(browser.post_from(origin, &login, &form).await.status, status, "{origin}");
    }
    let logged_in = browser.log_in(&natter, "ann", None).await;
    assert!(logged_in.location.starts_with("https://chat.example/?jwt="));
    assert!(logged_in.cookie.contains("Secure"), "the URL of the auth server is https");
    let form = [("userID", "bob"), ("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    let signed_up = Browser::new().post(&format!("{}/signup", natter.users), &form).await;
    assert!(!signed_up.cookie.is_empty() && !signed_up.cookie.contains("Secure"), "the URL of the users server is not");
}

#[tokio::test]
async fn invalid_combinations_of_roles_are_refused_with_a_remedy() {
    for (args, hint) in [
        (vec!["--roles", "users,auth"], "--database mongodb://"),
        (vec!["--roles", "chat"], "--users-addr"),
        (vec!["--roles", "users,auth", "--chat-addr", "127.0.0.1:0"], "--chat-addr is given"),
    ] {
        let error = start(&args).await.err().unwrap().to_string();
        assert!(error.contains(hint) && !error.contains('\n'), "{error}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = start(&["--auth-addr", &address]).await.err().unwrap().to_string();
    assert!(error.contains("--auth-addr"), "{error}");
}

#[tokio::test]
async fn on_one_address_all_links_are_relative() {
    let natter = start(&[]).await.unwrap();
    natter.user("ann").await;
    let ann = Browser::new();
    let base = &natter.chat;
    assert_eq!(ann.get(&format!("{base}/")).await.location, "/login");
    assert_eq!(ann.get(&format!("{base}/account")).await.location, "/login?next=%2Faccount");
    assert!(ann.log_in(&natter, "ann", None).await.location.starts_with("/?jwt="));
    assert_eq!(ann.log_in(&natter, "ann", Some("/account")).await.location, "/account");
    let page = ann.get(&format!("{base}/rooms/lobby")).await;
    assert!(page.body.contains("href=\"/account\"") && page.policy.contains("form-action 'self';"));
    // the account page uses the cookie and ignores a token in its URL
    natter.user("bob").await;
    let bob = natter.token("bob").await;
    assert_eq!(Browser::new().get(&format!("{base}/account?jwt={bob}")).await.status, 303);
    assert!(ann.get(&format!("{base}/account?jwt={bob}")).await.body.contains("<p class=\"hint\">ann</p>"));
}

fn percent_encoded(url: &str) -> String {
    url.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
                char::from(byte).into()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
