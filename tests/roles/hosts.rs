//! The three servers on three hosts, where none receives the cookies of another.

use super::support::{Browser, Natter, PASSWORD};

#[tokio::test]
async fn a_login_is_valid_at_the_users_server() {
    let natter = Natter::on_three_hosts().await;
    natter.user("ann").await;
    let Natter { users, auth, .. } = &natter;
    let ann = Browser::new();
    let redirect = ann.get(&format!("{users}/account?saved=profile")).await.location;
    assert!(redirect.starts_with(&format!("{auth}/login?next=")), "{redirect}");
    assert_eq!(ann.get(&redirect).await.status, 200);
    let back = ann.log_in(&natter, "ann", Some(&format!("{users}/account?saved=profile"))).await.location;
    assert!(back.starts_with(&format!("{users}/account?saved=profile&jwt=")), "{back}");
    let arrived = ann.get(&back).await;
    assert_eq!((arrived.location.as_str(), arrived.referrer.as_str()), ("/account?saved=profile", "no-referrer"));
    assert_eq!(ann.get(&format!("{users}/account")).await.status, 200);
    // with a session there, the login page redirects without asking
    let to_chat = ann.get(&format!("{auth}/login")).await.location;
    assert!(to_chat.starts_with(&format!("{}/?jwt=", natter.chat)));
    assert_eq!(ann.get(&format!("{users}/account?jwt=rubbish")).await.status, 401);
    // a token in the URL is for pages only; scripts send it in a header
    let token = natter.token("ann").await;
    assert_eq!(Browser::new().get(&format!("{users}/api/users?jwt={token}")).await.status, 401);
}

#[tokio::test]
async fn a_logout_at_one_server_is_a_logout_at_all() {
    let natter = Natter::on_three_hosts().await;
    natter.user("ann").await;
    let Natter { users, auth, chat, .. } = &natter;
    for server in [users, auth, chat] {
        let ann = Browser::new();
        let to_chat = ann.log_in(&natter, "ann", None).await.location;
        assert_eq!(ann.get(&to_chat).await.status, 200);
        let to_account = ann.get(&ann.get(&format!("{users}/account")).await.location).await.location;
        assert_eq!(ann.get(&to_account).await.location, "/account");
        assert_eq!(ann.post(&format!("{server}/logout"), &[]).await.location, format!("{auth}/login"));
        assert_eq!(ann.get(&format!("{auth}/login")).await.status, 200, "after {server}");
        assert_eq!(ann.get(&format!("{chat}/")).await.location, format!("{auth}/login"), "after {server}");
        assert_eq!(ann.get(&format!("{users}/account")).await.status, 303, "after {server}");
        assert_eq!(ann.get(&to_chat).await.status, 401, "the URL in the history, after {server}");
    }
}

#[tokio::test]
async fn a_link_with_another_users_token_asks_before_it_switches() {
    let natter = Natter::on_three_hosts().await;
    natter.user("ann").await;
    natter.user("eve").await;
    let Natter { users, .. } = &natter;
    let (ann, eves_token) = (Browser::new(), natter.token("eve").await);
    let account = format!("{users}/account");
    let link = format!("{account}?jwt={eves_token}");

    // a browser without a session that comes from another site is asked
    let asked = ann.follow_foreign_link(&link).await;
    assert!(asked.body.contains("Continue as eve?") && asked.cookie.is_empty(), "{asked:?}");
    assert_eq!(asked.referrer, "no-referrer");
    assert_eq!(ann.get(&account).await.status, 303, "still without a session");

    // a browser with a session is always asked
    let back = ann.log_in(&natter, "ann", Some(&account)).await.location;
    ann.get(&back).await;
    let asked = ann.get(&link).await;
    assert!(asked.body.contains("Log out ann and continue as eve"), "{asked:?}");
    assert!(ann.get(&account).await.body.contains("<p class=\"hint\">ann</p>"));

    // after a yes it continues at the link, but never on another site
    let form = [("jwt", eves_token.as_str()), ("next", "//evil.example")];
    assert_eq!(ann.post(&format!("{users}/switch"), &form).await.location, "/");
    assert!(ann.get(&account).await.body.contains("<p class=\"hint\">eve</p>"));
    let form = [("jwt", eves_token.as_str()), ("next", "/account")];
    assert_eq!(ann.post_from("https://evil.example", &format!("{users}/switch"), &form).await.status, 403);
    assert_eq!(ann.post(&format!("{users}/switch"), &form).await.location, "/account");
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let natter = Natter::on_three_hosts().await;
    natter.user("ann").await;
    let Natter { users, auth, chat, .. } = &natter;
    let ann = Browser::new();
    let to_chat = ann.log_in(&natter, "ann", None).await.location;
    ann.get(&to_chat).await;
    ann.get(&ann.get(&format!("{auth}/login?next={users}/account")).await.location).await;
    let form = [("currentPassword", PASSWORD), ("password", "another good one")];
    assert_eq!(ann.post(&format!("{users}/account/password"), &form).await.location, "/account?saved=password");
    assert_eq!(ann.get(&format!("{users}/account")).await.status, 200);
    assert_eq!(ann.get(&format!("{chat}/")).await.location, format!("{auth}/login"));
    assert_eq!(ann.get(&format!("{auth}/login")).await.status, 200);
}

#[tokio::test]
async fn links_between_the_three_servers_do_not_ask() {
    let natter = Natter::on_three_hosts().await;
    let Natter { users, auth, chat, .. } = &natter;
    let ann = Browser::new();
    let form = [("userID", "ann"), ("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    let page = ann.get(&format!("{users}/signup")).await;
    let signed_up = ann.post(&format!("{users}/signup"), &form).await;
    // the page and the redirect; browsers use the policy of the latter
    assert_eq!((page.referrer.as_str(), signed_up.referrer.as_str()), ("origin", "origin"));
    let opened = ann.follow_link(&signed_up.location, &format!("{users}/")).await;
    assert!(opened.body.contains("id=\"room\"") && !opened.cookie.is_empty(), "{opened:?}");

    let (other, login) = (Browser::new(), format!("{auth}/login"));
    assert_eq!(other.get(&login).await.referrer, "origin");
    let to_account = other.log_in(&natter, "ann", Some(&format!("{users}/account"))).await;
    assert_eq!(to_account.referrer, "origin");
    let arrived = other.follow_link(&to_account.location, &format!("{auth}/")).await;
    assert_eq!(arrived.location, "/account", "{arrived:?}");
    // from the chat by its link to the account, through the auth server, which has a session
    let third = Browser::new();
    let to_chat = third.log_in(&natter, "ann", None).await.location;
    assert!(third.follow_link(&to_chat, &format!("{auth}/")).await.body.contains("id=\"room\""));
    let chats = format!("{chat}/");
    let redirect = third.follow_link(&format!("{users}/account"), &chats).await;
    let back = third.follow_link(&redirect.location, &chats).await;
    assert_eq!((redirect.referrer.as_str(), back.referrer.as_str()), ("origin", "origin"));
    assert_eq!(third.follow_link(&back.location, &chats).await.location, "/account");
}

#[tokio::test]
async fn a_link_on_another_site_asks_on_every_server() {
    let natter = Natter::on_three_hosts().await;
    natter.user("eve").await;
    let eves = natter.token("eve").await;
    for link in [format!("{}/?jwt={eves}", natter.chat), format!("{}/account?jwt={eves}", natter.users)] {
        for referer in ["", "http://evil.example/", "http://localhost:1/"] {
            let asked = Browser::new().follow_link(&link, referer).await;
            assert!(asked.body.contains("Continue as eve?") && asked.cookie.is_empty(), "{link} {referer}: {asked:?}");
        }
        let asked = Browser::new().follow_foreign_link(&link).await;
        assert!(asked.body.contains("Continue as eve?") && asked.cookie.is_empty(), "{asked:?}");
    }
}

#[tokio::test]
async fn a_logout_ends_the_session_of_a_sign_up_on_another_host() {
    let natter = Natter::on_three_hosts().await;
    let Natter { users, auth, chat, .. } = &natter;
    let ann = Browser::new();
    let form = [("userID", "ann"), ("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    let signed_up = ann.post(&format!("{users}/signup"), &form).await;
    // as long as the token, an hour; the session of a login lasts 30 days
    let seconds = |cookie: &str| -> u32 {
        let age = cookie.split("; ").find_map(|part| part.strip_prefix("Max-Age="));
        age.unwrap_or_else(|| panic!("{cookie}")).parse().unwrap()
    };
    assert!(seconds(&signed_up.cookie) <= 3600, "{}", signed_up.cookie);
    assert_eq!(ann.get(&signed_up.location).await.status, 200);
    assert_eq!(ann.get(&format!("{users}/account")).await.status, 200);

    // a login within that hour
    let to_chat = ann.log_in(&natter, "ann", None).await;
    assert!(seconds(&to_chat.cookie) > 3600, "{}", to_chat.cookie);
    let to_chat = ann.get(&format!("{auth}/login")).await;
    assert_eq!(ann.get(&to_chat.location).await.status, 200);
    assert_eq!(ann.get(&format!("{users}/account")).await.status, 200, "the login signs nothing out");

    let elsewhere = Browser::new();
    let there = elsewhere.log_in(&natter, "ann", None).await.location;
    elsewhere.get(&there).await;
    assert_eq!(ann.post(&format!("{chat}/logout"), &[]).await.location, format!("{auth}/login"));
    for server in [format!("{users}/account"), format!("{chat}/rooms/lobby")] {
        assert_eq!(ann.get(&server).await.status, 303, "{server}");
    }
    assert_eq!(elsewhere.get(&format!("{chat}/rooms/lobby")).await.status, 200, "another browser stays signed in");
}

#[tokio::test]
async fn a_logout_ends_all_logins_of_the_browser() {
    let natter = Natter::on_three_hosts().await;
    let Natter { users, auth, chat, .. } = &natter;
    let ann = Browser::new();
    let form = [("userID", "ann"), ("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    Browser::new().post(&format!("{users}/signup"), &form).await;
    let to_chat = ann.log_in(&natter, "ann", None).await.location;
    assert_eq!(ann.get(&to_chat).await.status, 200);
    let to_account = ann.log_in(&natter, "ann", Some(&format!("{users}/account"))).await.location;
    assert_eq!(ann.get(&to_account).await.status, 303);
    assert_eq!(ann.get(&format!("{users}/account")).await.status, 200);
    ann.post(&format!("{chat}/logout"), &[]).await;
    for server in [format!("{users}/account"), format!("{chat}/rooms/lobby")] {
        assert_eq!(ann.get(&server).await.status, 303, "{server}");
    }
    assert_eq!(ann.get(&format!("{auth}/login")).await.status, 200, "the login page does not redirect");
}

#[tokio::test]
async fn on_one_host_a_sign_up_session_lasts_as_long_as_a_login() {
    let natter = Natter::on_one_host(&[]).await;
    let Natter { users, chat, .. } = &natter;
    let ann = Browser::new();
    let form = [("userID", "ann"), ("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    let signed_up = ann.post(&format!("{users}/signup"), &form).await;
    assert!(signed_up.cookie.contains("Max-Age=2592000"), "{}", signed_up.cookie);
    assert_eq!(ann.get(&format!("{chat}/rooms/lobby")).await.status, 200);
}
