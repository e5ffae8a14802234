//! The three servers on three hosts: none sees another's cookie.

use super::support::{Browser, Natter, PASSWORD};

#[tokio::test]
async fn the_login_opens_the_users_server_too() {
    let natter = Natter::on_three_hosts().await;
    natter.user("ann").await;
    let Natter { users, auth, .. } = &natter;
    let ann = Browser::new();
    let away = ann.get(&format!("{users}/account?saved=profile")).await.location;
    assert!(away.starts_with(&format!("{auth}/login?next=")), "{away}");
    assert_eq!(ann.get(&away).await.status, 200);
    let back = ann.log_in(&natter, "ann", Some(&format!("{users}/account?saved=profile"))).await.location;
    assert!(back.starts_with(&format!("{users}/account?saved=profile&jwt=")), "{back}");
    let arrived = ann.get(&back).await;
    assert_eq!((arrived.location.as_str(), arrived.referrer.as_str()), ("/account?saved=profile", "no-referrer"));
    assert_eq!(ann.get(&format!("{users}/account")).await.status, 200);
    // signed in there, the login page hands over without asking
    let guest_of_chat = ann.get(&format!("{auth}/login")).await.location;
    assert!(guest_of_chat.starts_with(&format!("{}/?jwt=", natter.chat)));
    assert_eq!(ann.get(&format!("{users}/account?jwt=rubbish")).await.status, 401);
    // a token is for pages; scripts send theirs in a header
    let token = natter.token("ann").await;
    assert_eq!(Browser::new().get(&format!("{users}/api/users?jwt={token}")).await.status, 401);
}

#[tokio::test]
async fn logging_out_of_one_is_logging_out_of_all() {
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
        assert_eq!(ann.get(&to_chat).await.status, 401, "the address in the history, after {server}");
    }
}

#[tokio::test]
async fn nobody_becomes_somebody_else_by_a_link() {
    let natter = Natter::on_three_hosts().await;
    natter.user("ann").await;
    natter.user("eve").await;
    let Natter { users, .. } = &natter;
    let (ann, eves) = (Browser::new(), natter.token("eve").await);
    let account = format!("{users}/account");
    let lure = format!("{account}?jwt={eves}");

    // a stranger who comes from another site is asked
    let asked = ann.is_lured_to(&lure).await;
    assert!(asked.body.contains("Go on as eve?") && asked.cookie.is_empty(), "{asked:?}");
    assert_eq!(asked.referrer, "no-referrer");
    assert_eq!(ann.get(&account).await.status, 303, "still a stranger");

    // whoever is signed in is asked wherever they come from
    let back = ann.log_in(&natter, "ann", Some(&account)).await.location;
    ann.get(&back).await;
    let asked = ann.get(&lure).await;
    assert!(asked.body.contains("Sign out ann and go on as eve"), "{asked:?}");
    assert!(ann.get(&account).await.body.contains("<h1>ann</h1>"));

    // who says yes goes on, to where the link led and not to another site
    let form = [("jwt", eves.as_str()), ("next", "//evil.example")];
    assert_eq!(ann.post(&format!("{users}/switch"), &form).await.location, "/");
    assert!(ann.get(&account).await.body.contains("<h1>eve</h1>"));
    let form = [("jwt", eves.as_str()), ("next", "/account")];
    assert_eq!(ann.post_from("https://evil.example", &format!("{users}/switch"), &form).await.status, 403);
    assert_eq!(ann.post(&format!("{users}/switch"), &form).await.location, "/account");
}

#[tokio::test]
async fn a_changed_password_ends_every_session_but_the_one_it_was_changed_in() {
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
