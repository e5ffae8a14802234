//! Signing up, links with tokens, the account page.

use natter_test_support::eventually;

use super::support::{BrowserOptions, LOBBY, Natter, PASSWORD};

#[tokio::test]
async fn a_rejected_sign_up_keeps_its_input() {
    let natter = Natter::start().await;
    natter.token("ann").await;
    let ann = natter.visitor(BrowserOptions { narrow: true, ..BrowserOptions::default() }).await;
    ann.goes_to("/").await;
    ann.reaches("/login").await;
    ann.presses("Sign up").await;
    for (name, value) in [("userID", "ANN"), ("name", "Ann B."), ("email", "ann.b@example.org"), ("password", PASSWORD)]
    {
        ann.fills(name, value).await;
    }
    ann.presses("Sign up").await;
    eventually("an error at the field", || async {
        let why = ann.texts("#userID-note").await;
        (why == ["This user ID is taken. Use another."]).then_some(())
    })
    .await;
    assert_eq!(ann.value("userID").await, "ANN");
    assert_eq!(ann.value("name").await, "Ann B.");
    assert_eq!(ann.value("password").await, "", "the password is not kept");
    ann.fills("userID", "annb").await;
    ann.fills("password", PASSWORD).await;
    ann.presses("Sign up").await;
    ann.finds("#room").await;
    ann.closes_browser(&["status of 409"]).await;
}

#[tokio::test]
async fn a_link_with_a_token_opens_the_chat_and_asks_before_it_switches() {
    let natter = Natter::start().await;
    let (ann, bob) = (natter.token("ann").await, natter.token("bob").await);
    let guest = natter.visitor(BrowserOptions::default()).await;
    guest.goes_to(&format!("/?jwt={ann}")).await;
    guest.reaches(LOBBY).await;
    guest.waits_until_connected().await;
    guest.says("by link").await;
    guest.sees("You: by link").await;
    guest.driver.refresh().await.unwrap();
    guest.sees("You: by link").await;

    guest.goes_to(&format!("/?jwt={bob}")).await;
    assert_eq!(guest.texts("h1").await, ["Switch account?"]);
    guest.presses("Stay logged in as Ann").await;
    guest.sees("You: by link").await;
    guest.goes_to(&format!("/?jwt={bob}")).await;
    guest.presses("Log out Ann and continue as Bob").await;
    guest.reaches(LOBBY).await;
    guest.sees("Ann: by link").await;

    guest.goes_to("/?jwt=rubbish").await;
    assert!(guest.text("main").await.contains("Token didn't match"));
    guest.closes_browser(&["status of 401"]).await;
}

#[tokio::test]
async fn users_change_and_delete_their_own_account() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await; // the admin
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.says("remember me").await;
    ann.sees("You: remember me").await;
    ann.chooses("Account").await;
    assert_eq!(ann.value("name").await, "Ann");
    ann.fills("name", "Ann Lee").await;
    ann.presses("Save profile").await;
    ann.finds(".done").await;
    ann.fills("currentPassword", "wrong").await;
    ann.fills("password", "another good one").await;
    ann.presses("Change password").await;
    let why = || async { (ann.texts("#currentPassword-note").await.len() == 1).then_some(()) };
    eventually("an error at the field", why).await;
    ann.fills("currentPassword", PASSWORD).await;
    ann.fills("password", "another good one").await;
    ann.presses("Change password").await;
    ann.reaches("/account?saved=password").await;
    ann.fills("deletePassword", "another good one").await;
    ann.finds("[name='messages']").await.click().await.unwrap();
    ann.presses("Delete my account").await;
    ann.reaches("/login").await;
    assert_eq!(natter.log(&robot).await, ["(deleted)"]);
    ann.closes_browser(&["status of 422"]).await;
}

#[tokio::test]
async fn a_page_does_not_continue_as_another_user_who_signs_in() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.fills("message", "mine").await;
    let first = ann.driver.window().await.unwrap();
    let second = ann.driver.new_tab().await.unwrap();
    ann.driver.switch_to_window(second).await.unwrap();
    ann.sign_up(&natter, "Bob").await;
    ann.waits_until_connected().await;
    ann.driver.switch_to_window(first).await.unwrap();
    let signed_out = || async { ann.text("#status").await.starts_with("You are logged out").then_some(()) };
    eventually("signed out", signed_out).await;
    assert_eq!(ann.value("message").await, "mine");
    ann.closes_browser(&[]).await;
}
