//! The users, auth and chat servers, each on an address of its own.

use super::support::{LOBBY, Natter, PASSWORD};

#[tokio::test]
async fn pages_on_three_ports_lead_to_each_other() {
    visit_all_pages(Natter::on_three_addresses("localhost", "localhost").await).await;
}

/// For a browser these are three sites. natter recognizes its own links by `Referer`, and does not ask.
#[tokio::test]
async fn pages_on_three_hosts_lead_to_each_other() {
    visit_all_pages(Natter::on_three_addresses("127.0.0.2", "127.0.0.3").await).await;
}

async fn visit_all_pages(natter: Natter) {
    let (login, account) = (format!("{}/login", natter.auth), format!("{}/account", natter.users));
    let ann = natter.person("Ann").await;
    ann.arrives_at(&natter.url(LOBBY)).await; // without the token in the URL
    ann.waits_until_connected().await;
    ann.says("from elsewhere").await;
    ann.sees("You: from elsewhere").await;

    ann.chooses("Account").await;
    ann.arrives_at(&account).await;
    ann.fills("name", "Ann Lee").await;
    ann.presses("Save profile").await;
    ann.arrives_at(&format!("{account}?saved=profile")).await;
    ann.presses("Back to the chat").await;
    ann.arrives_at(&natter.url(LOBBY)).await;
    ann.sees("You: from elsewhere").await;
    ann.chooses("Administration").await;
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
    ann.arrives_at(&natter.url(LOBBY)).await;
    ann.waits_until_connected().await;
    ann.chooses("Account").await;
    ann.arrives_at(&account).await;
    ann.finds(".brand").await.click().await.unwrap();
    ann.arrives_at(&natter.url(LOBBY)).await;
    ann.waits_until_connected().await;
    ann.chooses("Log out").await;
    ann.arrives_at(&login).await;
    ann.closes_browser(&[]).await;
}
