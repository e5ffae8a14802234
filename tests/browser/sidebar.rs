//! The list of rooms beside the page.

use serde_json::json;

use super::support::{BrowserOptions, Natter};

#[tokio::test]
async fn the_counts_of_other_rooms_are_live_and_exact() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let own = natter.login("ann").await;
    let room = natter.room(&robot, "design", "closed", &["ann"]).await;
    ann.waits_until_connected().await;
    ann.counts(&room, "").await; // a room that somebody else created appears
    let first = natter.post_to(&robot, &room, "one").await;
    natter.post_to(&robot, &room, "two").await;
    ann.counts(&room, "2").await;
    natter.post_to(&own, &room, "my own, from elsewhere").await;
    natter.post_to(&robot, &room, "three").await;
    ann.counts(&room, "3").await;
    natter.delete_in(&robot, &room, first).await;
    ann.counts(&room, "2").await;
    // the same numbers as those of a fresh page
    ann.driver.refresh().await.unwrap();
    assert_eq!(ann.text(&format!("#sidebar [data-room='{room}'] .count")).await, "2");
    natter.patch_room(&robot, &room, json!({ "name": "sketches" })).await;
    ann.holds("the new name", "document.querySelector('#sidebar').textContent.includes('sketches')").await;
    natter.remove_member(&robot, &room, "ann").await;
    ann.holds("no such room", &format!("!document.querySelector('#sidebar [data-room=\"{room}\"]')")).await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_title_and_the_icon_count_what_is_for_the_reader() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    let direct = natter.direct(&robot, &["ann"]).await;
    ann.waits_until_connected().await;
    natter.post_to(&robot, &room, "not for Ann alone").await;
    natter.post_to(&robot, &direct, "for Ann").await;
    ann.counts(&direct, "1").await;
    ann.counts(&room, "1").await;
    ann.holds("the title", "document.title === '(1) Lobby · natter'").await;
    ann.holds("the icon", "document.querySelector('#icon').href.includes('favicon-new')").await;
    ann.opens(&direct).await;
    ann.sees("Robot: for Ann").await;
    ann.holds("no count", "document.title === 'Robot · natter'").await;
    ann.holds("the icon", "!document.querySelector('#icon').href.includes('favicon-new')").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn starred_conversations_stay_above_the_others() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    let own = natter.login("ann").await;
    let [bob, cyd, dan] = [natter.token("bob").await, natter.token("cyd").await, natter.token("dan").await];
    let starred = natter.direct(&bob, &["ann"]).await;
    let (newer, older) = (natter.direct(&cyd, &["ann"]).await, natter.direct(&dan, &["ann"]).await);
    natter.star(&own, &starred).await;
    natter.post_to(&dan, &older, "first").await;
    let deleted = natter.post_to(&bob, &starred, "second").await;
    natter.post_to(&bob, &starred, "third").await;
    natter.post_to(&cyd, &newer, "fourth").await;
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    ann.counts(&starred, "2").await;
    let rooms =
        "return Array.from(document.querySelectorAll('#sidebar [data-kind=direct]'), (item) => item.dataset.room)";
    assert_eq!(ann.runs::<Vec<String>>(rooms).await, [&*starred, &newer, &older]);
    // its latest message is older than that of the next one
    natter.delete_in(&bob, &starred, deleted).await;
    ann.counts(&starred, "1").await;
    assert_eq!(ann.runs::<Vec<String>>(rooms).await, [&*starred, &newer, &older]);
    natter.post_to(&dan, &older, "the latest").await;
    ann.counts(&older, "2").await;
    assert_eq!(ann.runs::<Vec<String>>(rooms).await, [&*starred, &older, &newer]);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn conversations_have_the_new_names_of_their_members() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    let [bob, _cyd] = [natter.token("bob").await, natter.token("cyd").await];
    let (two, three) = (natter.direct(&bob, &["ann"]).await, natter.direct(&bob, &["ann", "cyd"]).await);
    natter.post_to(&bob, &two, "hello").await;
    ann.goes_to(&format!("/rooms/{two}")).await;
    ann.waits_until_connected().await;
    let name = |room: &str| format!("#sidebar [data-room='{room}'] .name");
    assert_eq!(ann.texts(&name(&three)).await, ["Bob, Cyd"]);
    natter.rename(&bob, "bob", "Robert").await;
    ann.sees("Robert: hello").await;
    ann.holds("the heading", "document.querySelector('#room-name').textContent === 'Robert'").await;
    ann.holds("the title", "document.title.endsWith('Robert · natter')").await;
    assert_eq!(
        (ann.texts(&name(&two)).await, ann.texts(&name(&three)).await),
        (vec!["Robert".into()], vec!["Cyd, Robert".into()])
    );
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn on_a_narrow_page_the_list_is_a_drawer() {
    let natter = Natter::start().await;
    let ann = natter.visitor(BrowserOptions { narrow: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    let own = natter.login("ann").await;
    let room = natter.room(&own, "design", "open", &[]).await;
    ann.waits_until_connected().await;
    ann.counts(&room, "").await;
    let sidebar = ann.finds("#sidebar").await;
    assert!(!sidebar.is_displayed().await.unwrap());
    ann.finds("#menu").await.click().await.unwrap();
    assert!(sidebar.is_displayed().await.unwrap());
    ann.holds("the focus in the list", "document.activeElement.closest('#sidebar')").await;
    ann.driver.action_chain().send_keys(thirtyfour::Key::Escape).perform().await.unwrap();
    assert!(!sidebar.is_displayed().await.unwrap());
    ann.finds("#menu").await.click().await.unwrap();
    ann.opens(&room).await;
    ann.holds("a closed drawer", "!document.querySelector('#sidebar.is-open')").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn numbers_are_asked_for_after_news_that_did_not_come() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    ann.waits_until_connected().await;
    ann.counts(&room, "").await;
    let loses_news = "
        const { receive } = natter.sidebar;
        natter.sidebar.receive = (frame) => {
            if (frame.news) window.lost = true; else receive(frame);
            if (frame.news) natter.sidebar.receive = receive;
        };
        return true;";
    let _: bool = ann.runs(loses_news).await;
    natter.post_to(&robot, &room, "one").await;
    ann.holds("lost news", "window.lost").await;
    assert_eq!(ann.text(&format!("#sidebar [data-room='{room}'] .count")).await, "");
    natter.post_to(&robot, &room, "two").await;
    ann.counts(&room, "2").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_hidden_conversation_appears_although_the_list_did_not_come_at_first() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let own = natter.login("ann").await;
    let direct = natter.direct(&robot, &["ann"]).await;
    ann.waits_until_connected().await;
    ann.counts(&direct, "").await;
    natter.set_level(&own, &direct, "hidden").await;
    ann.holds("not in the list", &format!("!natter.sidebar.itemOf('{direct}')")).await;
    let fails_once = "
        const { ajax } = htmx;
        htmx.ajax = async () => { window.failed = true; htmx.ajax = ajax; };
        return true;";
    let _: bool = ann.runs(fails_once).await;
    natter.post_to(&robot, &direct, "for Ann").await;
    ann.holds("a request that failed", "window.failed").await;
    ann.counts(&direct, "1").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_room_that_is_hidden_in_one_tab_is_hidden_in_the_other() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    let direct = natter.direct(&robot, &["ann"]).await;
    ann.waits_until_connected().await;
    ann.counts(&direct, "").await;
    let first = ann.driver.window().await.unwrap();
    let second = ann.driver.new_tab().await.unwrap();
    ann.driver.switch_to_window(second).await.unwrap();
    for hidden in [&room, &direct] {
        ann.goes_to(&format!("/rooms/{hidden}/settings")).await;
        ann.finds("[name='level'][value='hidden']").await.click().await.unwrap();
        ann.finds("form[action$='/level'] button").await.click().await.unwrap();
        ann.holds("not in the list", &format!("!document.querySelector('#sidebar [data-room=\"{hidden}\"]')")).await;
    }
    ann.driver.switch_to_window(first).await.unwrap();
    for hidden in [&room, &direct] {
        ann.holds("not in the list", &format!("!document.querySelector('#sidebar [data-room=\"{hidden}\"]')")).await;
    }
    // a direct room is there again with a message; another is not
    natter.post_to(&robot, &room, "nobody counts this").await;
    natter.post_to(&robot, &direct, "for Ann").await;
    ann.counts(&direct, "1").await;
    assert!(ann.texts(&format!("#sidebar [data-room='{room}']")).await.is_empty());
    ann.closes_browser(&[]).await;
}
