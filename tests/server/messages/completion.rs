//! What completes a word in the message box, the emoji to pick from, and the list of the keys.

use serde_json::json;

use super::User;
use crate::support::{Browser, Natter, Page};

/// The options for a word; `more` are further fields of the query.
async fn options(browser: &Browser, room: &str, word: &str, more: &str) -> Page {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", word).finish();
    browser.visit(&format!("/rooms/{room}/complete?{query}{more}")).await.is(200)
}

async fn names(browser: &Browser, room: &str, word: &str) -> Vec<String> {
    options(browser, room, word, "").await.texts("li[role=option] > .name")
}

#[tokio::test]
async fn a_name_is_completed_with_members_of_the_room_only() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let (bob, _ann) = (natter.register("bob").await, natter.register("ann").await);
    bob.patch("/api/users/bob", json!({ "name": "Annabel <b>&" })).await.is(200);
    let room = bob.creates("closed", "Garden", &["ada"]).await;
    let page = options(&ada.browser, &room, "@AN", "").await;
    assert_eq!(page.texts("li .name"), ["Annabel <b>&"]);
    assert_eq!((page.text("li small"), page.attribute("li", "data-put")), ("@bob".into(), "@bob ".into()));
    assert_eq!(page.attribute("li", "id"), "completion-0");
    assert!(!page.html.contains("<b>&"), "names are escaped");
    assert_eq!(names(&ada.browser, "lobby", "@an").await, ["Ann", "Annabel <b>&"], "a userID that is the word first");
    assert_eq!(names(&ada.browser, &room, "@").await, ["Ada", "Annabel <b>&", "@room", "@here"]);
    assert_eq!(names(&ada.browser, &room, "@HE").await, ["@here"]);
    // those who are added or written to are no members
    let anybody = options(&ada.browser, &room, "@an", "&people=true").await;
    assert_eq!(anybody.texts("li .name"), ["Ann", "Annabel <b>&"]);
    assert_eq!(options(&ada.browser, &room, "@room", "&people=true").await.texts("li").len(), 0);
    // who left the room is not found, and finds nobody
    bob.delete(&format!("/api/rooms/{room}/members/ada")).await.is(204);
    ada.browser.visit(&format!("/rooms/{room}/complete?q=@an")).await.is(404);
}

#[tokio::test]
async fn a_word_has_at_most_eight_options() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    for n in 0..9 {
        natter.register(&format!("fan{n}")).await;
    }
    let all: Vec<String> = (0..8).map(|n| format!("Fan{n}")).collect();
    assert_eq!(names(&ada.browser, "lobby", "@fan").await, all);
    assert_eq!(names(&ada.browser, "lobby", "@").await.len(), 8);
    assert_eq!(options(&ada.browser, "lobby", "@fan", "&people=true").await.texts("li .name"), all);
    let last = options(&ada.browser, "lobby", "@fan8", "&people=true").await;
    assert_eq!(last.texts("li .name"), ["Fan8"]);
    assert_eq!(names(&ada.browser, "lobby", ":s").await.len(), 8);
    for nothing in ["", "fan", "#fan", "@nobody", ":nothing_like_it", "/dance", "@ä\0", &format!("@{}", "f".repeat(64))]
    {
        assert_eq!(names(&ada.browser, "lobby", nothing).await, [""; 0], "{nothing}");
    }
}

#[tokio::test]
async fn emoji_and_commands_are_completed_by_their_beginning() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let page = options(&ada.browser, "lobby", ":TAD", "").await;
    assert_eq!((page.text("li .name"), page.attribute("li", "data-put")), (":tada:".into(), "🎉".into()));
    assert_eq!(names(&ada.browser, "lobby", "/").await, ["/me", "/shrug", "/topic", "/invite", "/leave", "/msg"]);
    let page = options(&ada.browser, "lobby", "/T", "").await;
    assert_eq!(
        (page.text("li"), page.attribute("li", "data-put")),
        ("/topic Change the topic of this room".into(), "/topic ".into())
    );
}

#[tokio::test]
async fn the_emoji_to_pick_from_are_in_groups_and_can_be_searched() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let page = ada.browser.visit("/emoji").await.is(200);
    let groups = page.texts("h2");
    assert_eq!((groups.len(), groups[0].as_str(), groups[8].as_str()), (9, "Smileys and emotion", "Flags"));
    assert!(page.texts("button").len() > 1700 && page.html.len() < 100_000, "{}", page.html.len());
    assert!(page.html.contains("<button title=\":tada:\">🎉</button>"));
    assert_eq!((page.header("cache-control"), page.header("vary")), ("private, max-age=3600", "Accept-Language"));
    let german = ada.browser.follow_link("/emoji", &[("accept-language", "de")]).await.is(200);
    assert_eq!(german.texts("h2")[8], "Flaggen");
    let found = ada.browser.visit("/emoji?q=%20:Tada:").await.is(200);
    assert_eq!((found.texts("button"), found.texts("h2").len()), (vec!["🎉".to_owned()], 0));
    assert_eq!(ada.browser.visit("/emoji?q=a").await.is(200).texts("button").len(), 120);
    let none = ada.browser.visit("/emoji?q=%3Cb%3E").await.is(200);
    assert_eq!((none.text("p"), none.texts("button").len()), ("No emoji found".into(), 0));
    natter.browser().visit("/emoji").await.is(303);
}

#[tokio::test]
async fn the_keys_are_a_page_and_a_part_of_one_in_both_languages() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let page = ada.browser.visit("/keys").await.is(200);
    assert_eq!((page.text("main h1"), page.texts("main h2").len()), ("Keyboard shortcuts".into(), 3));
    assert!(page.texts("main dd").contains(&"begin a new line".to_owned()));
    assert_eq!(page.attribute("#sidebar .own-menu a[href='/keys']", "href"), "/keys");
    let part = ada.browser.follow_link("/keys?part=true", &[("accept-language", "de")]).await.is(200);
    assert_eq!((part.texts("h1").len(), part.text("form[method=dialog] h2")), (0, "Tastenkürzel".into()));
    assert_eq!(part.texts("dl > div").len(), page.texts("main dl > div").len());
    natter.browser().visit("/keys").await.is(303);
}
