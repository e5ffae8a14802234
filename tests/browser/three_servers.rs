//! The users, auth and chat servers on an address each.

use super::support::{Natter, PASSWORD};

#[tokio::test]
async fn pages_on_three_ports_lead_to_each_other() {
    tour(Natter::on_three_addresses("localhost", "localhost").await).await;
}

/// To a browser the three are different sites; `Referer` tells natter that the links are its own, so it does not ask.
#[tokio::test]
async fn pages_on_three_hosts_lead_to_each_other() {
    tour(Natter::on_three_addresses("127.0.0.2", "127.0.0.3").await).await;
}

async fn tour(natter: Natter) {
    let (login, account) = (format!("{}/login", natter.auth), format!("{}/account", natter.users));
    let ann = natter.person("Ann").await;
    ann.arrives_at(&natter.url("/")).await; // the token is gone from the address
    ann.waits_until_connected().await;
    ann.says("from elsewhere").await;
    ann.sees("You: from elsewhere").await;

    ann.presses("Ann").await;
    ann.arrives_at(&account).await;
    ann.fills("name", "Ann Lee").await;
    ann.presses("Save profile").await;
    ann.arrives_at(&format!("{account}?saved=profile")).await;
    ann.presses("Back to the chat").await;
    ann.arrives_at(&natter.url("/")).await;
    ann.sees("You: from elsewhere").await;
    ann.presses("Users").await;
    ann.arrives_at(&format!("{}/admin/users", natter.users)).await;
    ann.presses("Log out").await;
    ann.arrives_at(&login).await;

    // signed out everywhere
    ann.driver.goto(&account).await.unwrap();
    ann.finds("[name='next']").await;
    ann.goes_to("/").await;
    ann.arrives_at(&login).await;
    ann.fills("userID", "ann").await;
    ann.fills("password", PASSWORD).await;
    ann.presses("Log in").await;
    ann.arrives_at(&natter.url("/")).await;
    ann.waits_until_connected().await;
    ann.presses("Ann Lee").await;
    ann.arrives_at(&account).await;
    ann.presses("natter").await;
    ann.arrives_at(&natter.url("/")).await;
    ann.waits_until_connected().await;
    ann.presses("Log out").await;
    ann.arrives_at(&login).await;
    ann.closes_browser(&[]).await;
}
