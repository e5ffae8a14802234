//! The page of a message, without JavaScript.

use super::User;
use crate::support::Natter;

#[tokio::test]
async fn a_permalink_shows_the_log_around_its_message_and_leads_both_ways() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    for n in 1..=120 {
        ada.script.says(&format!("number {n}")).await;
    }
    let page = ada.browser.visit("/rooms/lobby/60").await.is(200);
    assert_eq!(page.text("#target > .text"), "number 60");
    assert_eq!(page.attribute("#target", "data-seq"), "60");
    assert!(page.attribute("#target", "class").contains("target"));
    assert!(page.html.contains(r#"<li id="target" tabindex="-1" autofocus "#));
    assert_eq!(page.texts("li.forms").len(), 1);
    assert_eq!(page.texts("#target + li.forms").len(), 1, "below its row");
    assert_eq!(page.messages().len(), 50);
    let older = page.attribute("li.older a", "href");
    let newer = page.attribute("li.later a", "href");
    assert_eq!(ada.browser.visit(&older).await.is(200).messages().last().unwrap(), "You: number 34");
    assert_eq!(ada.browser.visit(&newer).await.is(200).messages().first().unwrap(), "You: number 85");
    assert_eq!(page.attribute("#room", "data-head"), "120");
}

#[tokio::test]
async fn a_deleted_and_an_unknown_message_have_a_page_that_leads_to_the_room() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("a secret").await;
    ada.script.deletes(1).await.is(204);
    for path in ["1", "2", "1/edit", "2/edit", "1/delete", "18446744073709551615"] {
        let page = ada.browser.visit(&format!("/rooms/lobby/{path}")).await.is(404);
        assert_eq!(page.text("main .content p:first-child"), "This message is deleted, or there never was one here.");
        let was_here = path.starts_with('1') && !path.starts_with("18");
        assert_eq!(page.texts("main .content a[href='/rooms/lobby?at=1']").len(), usize::from(was_here), "{path}");
        assert_eq!(page.attribute("main .content a:last-child", "href"), "/rooms/lobby");
        assert!(!page.html.contains("a secret"));
    }
    for form in ["1/pin", "1/react", "1/save", "9/pin"] {
        let status = if form.starts_with('1') { 410 } else { 404 };
        let page = ada.submits(form, &[("emoji", "👍")]).await.is(status);
        assert_eq!(page.attribute("main .content a:last-child", "href"), "/rooms/lobby");
    }
    ada.browser.visit("/rooms/lobby/x").await.is(404);
    ada.browser.visit("/rooms/lobby/-1").await.is(404);
}

/// The addresses of the forms and links below a message, without those of its room.
async fn offers(user: &User, room: &str, seq: u64) -> Vec<String> {
    let page = user.browser.visit(&format!("/rooms/{room}/{seq}")).await.is(200);
    let document = scraper::Html::parse_document(&page.html);
    let css = scraper::Selector::parse("li.forms form, li.forms a").unwrap();
    let address = |element: scraper::ElementRef<'_>| {
        let address = element.attr("action").or(element.attr("href")).unwrap().to_owned();
        address.replace(&format!("/rooms/{room}/"), "").replace(&format!("{seq}/"), "")
    };
    let mut all: Vec<String> = document.select(&css).map(address).collect();
    all.retain(|address| *address != seq.to_string()); // cancel
    all.sort_unstable();
    all.dedup();
    all
}

#[tokio::test]
async fn only_what_one_may_do_is_offered() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    bob.script.says("hello").await;
    let everybody = ["messages", "pin", "react", "save", "threads/1", "unread"];
    assert_eq!(offers(&bob, "lobby", 1).await, ["delete", "edit"].into_iter().chain(everybody).collect::<Vec<_>>());
    assert_eq!(offers(&ada, "lobby", 1).await, ["delete"].into_iter().chain(everybody).collect::<Vec<_>>(), "an admin");
    let cyd = User::sign_up(&natter, "cyd").await;
    assert_eq!(offers(&cyd, "lobby", 1).await, everybody);
    // an admin does not manage a closed room
    let garden = bob.script.creates("closed", "Garden", &["ada", "cyd"]).await;
    cyd.script.says_in(&garden, "hello").await;
    assert_eq!(offers(&ada, &garden, 1).await, everybody);
    assert!(offers(&bob, &garden, 1).await.contains(&"delete".to_owned()), "its owner");
    // who is no member has no read mark, does not react, and does not choose what is pinned
    let meadow = bob.script.creates("open", "Meadow", &[]).await;
    bob.script.says_in(&meadow, "hello").await;
    assert_eq!(offers(&cyd, &meadow, 1).await, ["messages", "save", "threads/1"]);
    // a notice
    let notice = cyd.script.put(&format!("/api/rooms/{meadow}/members/cyd"), serde_json::json!({})).await;
    notice.is(201);
    assert_eq!(offers(&cyd, &meadow, 2).await, ["unread"]);
    // an archived room is read only
    bob.script.patch(&format!("/api/rooms/{meadow}"), serde_json::json!({ "archived": true })).await.is(200);
    assert_eq!(offers(&bob, &meadow, 1).await, ["save", "threads/1", "unread"]);
}

#[tokio::test]
async fn a_page_names_who_reacted() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    ada.script.says("hello").await;
    bob.script.reacts(1, "🚀").await.is(200);
    ada.script.reacts(1, "🚀").await.is(200);
    let page = ada.browser.visit("/rooms/lobby/1").await.is(200);
    assert_eq!(page.texts("#reactions > ul > li"), ["🚀 2 Bob, Ada"]);
    assert_eq!(page.texts("#reactions .buttons button"), ["👍", "❤️", "😄", "🎉", "👀", "✅"]);
    bob.script.reacts(1, "👍").await.is(200);
    let page = ada.browser.visit("/rooms/lobby/1").await.is(200);
    assert_eq!(page.texts("#reactions > ul > li"), ["🚀 2 Bob, Ada", "👍 1 Bob"]);
    assert_eq!(page.texts("#reactions .buttons button"), ["❤️", "😄", "🎉", "👀", "✅"], "each once");
}

#[tokio::test]
async fn a_message_is_marked_as_unread_on_its_page() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    for text in ["one", "two", "three"] {
        bob.says(text).await;
    }
    ada.browser.submit("/rooms/read-all", &[]).await.is(303);
    assert_eq!(ada.script.room("lobby").await["unread"], 0);
    let page = ada.browser.visit("/rooms/lobby/2").await.is(200);
    assert_eq!(page.attribute(".forms [action$='/unread'] input", "value"), "1");
    assert_eq!(ada.script.room("lobby").await["unread"], 0, "a page moves no mark");
    ada.submits("unread", &[("seq", "1")]).await.leads_to("/rooms");
    assert_eq!(ada.script.room("lobby").await["unread"], 2);
}
