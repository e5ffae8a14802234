//! The pages of pins, mentions and saved messages.

use super::User;
use crate::support::{Natter, Page};

/// Each message in a list: the name of its room, its text, and where the link leads.
fn entries(page: &Page) -> Vec<(String, String, String)> {
    let texts = page.messages().into_iter();
    let document = scraper::Html::parse_document(&page.html);
    let css = scraper::Selector::parse("li.place a").unwrap();
    let links = document.select(&css).map(|a| (a.text().collect::<String>(), a.attr("href").unwrap().to_owned()));
    links.zip(texts).map(|((room, address), text)| (room, text, address)).collect()
}

fn entry(room: &str, text: &str, address: &str) -> (String, String, String) {
    (room.to_owned(), text.to_owned(), address.to_owned())
}

#[tokio::test]
async fn the_pins_of_a_room_have_a_page() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let page = ada.browser.visit("/rooms/lobby").await.is(200);
    assert_eq!(page.texts(".tools a[href='/rooms/lobby/pins']"), ["Pinned messages"]);
    let page = ada.browser.visit("/rooms/lobby/pins").await.is(200);
    assert_eq!(
        (page.text("h1"), page.text("li.empty")),
        ("Pinned in Lobby".into(), "Nothing is pinned here. Pin a message from its “…” menu.".into())
    );
    for text in ["one", "two"] {
        ada.script.says(text).await;
    }
    ada.pins(2).await.is(200);
    ada.pins(1).await.is(200);
    let page = ada.browser.visit("/rooms/lobby/pins").await.is(200);
    assert_eq!(page.messages(), ["You: one", "You: two"]);
    assert_eq!(page.texts(".messages a.at").len(), 2, "each leads to its place");
    assert_eq!(page.texts("main a[href='/rooms/lobby']").len(), 1, "the way back");
}

#[tokio::test]
async fn mentions_have_a_page_with_the_names_of_their_rooms() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    let page = ada.browser.visit("/mentions").await.is(200);
    assert_eq!(
        (page.text("h1"), page.text("li.empty")),
        ("Mentions".into(), "Nobody has mentioned you yet. Messages with your @name appear here.".into())
    );
    assert_eq!(page.texts("#sidebar a[href='/mentions']"), ["Mentions"]);
    let garden = bob.creates("closed", "Garden", &["ada"]).await;
    let direct = bob.opens_direct(&["ada"]).await;
    bob.says("hello @ada").await;
    bob.says_in(&garden, "@room!").await;
    bob.says_in(&direct, "@ada?").await;
    let page = ada.browser.visit("/mentions").await.is(200);
    let (garden, direct) = (format!("/rooms/{garden}/1"), format!("/rooms/{direct}/1"));
    let expected = [
        entry("Bob", "Bob: @ada?", &direct),
        entry("Garden", "Bob: @room!", &garden),
        entry("Lobby", "Bob: hello @ada", "/rooms/lobby/1"),
    ];
    assert_eq!(entries(&page), expected);
    ada.browser.visit(&garden).await.is(200);
}

#[tokio::test]
async fn a_long_list_has_further_pages() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    for n in 1..=51 {
        bob.says(&format!("@ada {n}")).await;
    }
    let page = ada.browser.visit("/mentions").await.is(200);
    assert_eq!(page.messages().len(), 50);
    let next = page.attribute("main p a", "href");
    let page = ada.browser.visit(&format!("/mentions{next}")).await.is(200);
    assert_eq!(page.messages(), ["Bob: @ada 1"]);
    assert_eq!(page.texts("main p a").len(), 0);
    ada.browser.visit("/mentions?before=x").await.is(422);
}

#[tokio::test]
async fn saved_messages_have_a_page_also_of_rooms_that_one_only_reads() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    let page = ada.browser.visit("/saved").await.is(200);
    assert_eq!(page.text("li.empty"), "You have saved nothing yet. Save a message from its “…” menu.");
    assert_eq!(page.texts("#sidebar a[href='/saved']"), ["Saved messages"]);
    let meadow = bob.creates("open", "Meadow", &[]).await;
    bob.says_in(&meadow, "grass").await;
    bob.says("hello").await;
    ada.saves(&meadow, 1).await.is(204);
    ada.saves("lobby", 1).await.is(204);
    let page = ada.browser.visit("/saved").await.is(200);
    let expected =
        [entry("Lobby", "Bob: hello", "/rooms/lobby/1"), entry("Meadow", "Bob: grass", &format!("/rooms/{meadow}/1"))];
    assert_eq!(entries(&page), expected);
    bob.deletes(1).await.is(204);
    assert_eq!(entries(&ada.browser.visit("/saved").await.is(200)).len(), 1);
}
