//! The pages of rooms, without JavaScript.

use serde_json::json;

use crate::support::{Browser, Natter};

/// The rooms in the list, and the words beside each.
async fn listed(browser: &Browser) -> Vec<String> {
    browser.visit("/rooms").await.is(200).texts("main .rows .text a")
}

#[tokio::test]
async fn a_room_is_created_on_a_page_that_keeps_what_was_typed() {
    let natter = Natter::unlimited().await;
    natter.register("bob").await;
    let browser = natter.browse_as("ada").await;
    assert_eq!(browser.visit("/rooms/new").await.is(200).text("main h1"), "New room");
    let typed = [("name", ""), ("topic", "plants"), ("kind", "closed"), ("members", "bob, nobody")];
    let page = browser.submit("/rooms/new", &typed).await.is(422);
    assert_eq!(page.text(".alert"), "Some fields need attention.");
    assert_eq!(page.error_beside("name"), "Use 1 to 80 characters.");
    assert_eq!(page.error_beside("members"), "There is no user nobody.");
    assert_eq!((page.value_of("topic"), page.value_of("members")), ("plants".into(), "bob, nobody".into()));
    assert_eq!(page.attribute("input[name=kind][checked]", "value"), "closed");
    let typed = [("name", "Garden"), ("topic", "plants"), ("kind", "closed"), ("members", "@bob")];
    let to = browser.submit("/rooms/new", &typed).await.is(303).location().to_owned();
    let members = browser.visit(&format!("{to}/members")).await.is(200);
    assert_eq!(members.texts(".rows .text a"), ["Ada", "Bob"]);
    assert!(listed(&browser).await.contains(&"Garden".to_owned()));
}

#[tokio::test]
async fn who_has_joined_a_whole_page_of_open_rooms_sees_the_next() {
    let natter = Natter::unlimited().await;
    let bob = natter.register("bob").await;
    let browser = natter.browse_as("ada").await;
    for number in 0..51 {
        bob.creates("open", &format!("Garden {number:02}"), &["ada"]).await;
    }
    bob.creates("open", "Shed", &[]).await;
    let page = browser.visit("/rooms").await.is(200);
    assert_eq!(page.texts("[action$='/join'] .unseen"), ["Shed"]);
    assert_eq!(page.texts("a[href^='/rooms?']"), [""; 0], "there are no more");
}

#[tokio::test]
async fn settings_change_a_room_and_show_why_a_change_is_refused() {
    let natter = Natter::unlimited().await;
    let bob = natter.register("bob").await;
    let ada = natter.browse_as("ada").await;
    bob.creates("open", "Taken", &[]).await;
    let id = bob.creates("open", "Garden", &["ada"]).await;
    let path = format!("/rooms/{id}");
    // ada is no owner and no admin
    let page = ada.visit(&format!("{path}/settings")).await.is(200);
    assert_eq!((page.texts("input[name=name]").len(), page.texts(".danger").len()), (0, 0));
    ada.submit(&format!("{path}/settings"), &[("name", "Mine")]).await.is(403);
    ada.visit(&format!("{path}/delete")).await.is(403);
    bob.put(&format!("/api/rooms/{id}/members/ada"), json!({ "role": "owner" })).await.is(200);
    let typed = [("name", "taken"), ("topic", "plants"), ("kind", "open")];
    let page = ada.submit(&format!("{path}/settings"), &typed).await.is(409);
    assert_eq!(page.error_beside("name"), "Another open room has this name. Choose another one.");
    assert_eq!((page.value_of("name"), page.value_of("topic")), ("taken".into(), "plants".into()));
    let typed = [("name", "Shed"), ("topic", "tools"), ("kind", "closed")];
    ada.submit(&format!("{path}/settings"), &typed).await.leads_to(&format!("{path}/settings?saved=true"));
    assert_eq!(ada.visit(&format!("{path}/settings?saved=true")).await.text(".done"), "Saved.");
    assert_eq!(bob.room(&id).await["name"], "Shed");
    ada.submit(&format!("{path}/archive"), &[]).await.is(303);
    assert_eq!(bob.room(&id).await["archived"], true);
    ada.submit(&format!("{path}/unarchive"), &[]).await.is(303);
    let asks = ada.visit(&format!("{path}/delete")).await.is(200);
    assert_eq!(asks.text("form b"), "Shed");
    ada.submit(&format!("{path}/delete"), &[]).await.leads_to("/rooms");
    bob.get(&format!("/api/rooms/{id}")).await.is(404);
}

/// A closed room may have any name, and one that is to be open may not.
#[tokio::test]
async fn settings_that_are_saved_in_part_say_so_and_can_be_put_right() {
    let natter = Natter::unlimited().await;
    let bob = natter.register("bob").await;
    bob.creates("open", "Taken", &[]).await;
    let ada = natter.browse_as("ada").await;
    let id = bob.creates("closed", "Old", &["ada"]).await;
    bob.put(&format!("/api/rooms/{id}/members/ada"), json!({ "role": "owner" })).await.is(200);
    let settings = format!("/rooms/{id}/settings");
    let before = [("nameBefore", "Old"), ("topicBefore", ""), ("kindBefore", "closed")];
    let typed = [[("name", "Taken"), ("topic", ""), ("kind", "open")], before].concat();
    let page = ada.submit(&settings, &typed).await.is(409);
    assert_eq!(page.text(".alert"), "Another open room has this name. Choose another one. The rest is saved.");
    assert_eq!((page.value_of("name"), page.value_of("nameBefore")), ("Taken".into(), "Taken".into()));
    let typed = [("name", "Old"), ("topic", ""), ("kind", "open"), ("nameBefore", "Taken"), ("kindBefore", "closed")];
    ada.submit(&settings, &typed).await.is(303);
    let room = bob.room(&id).await;
    assert_eq!((&room["name"], &room["kind"]), (&json!("Old"), &json!("open")));
}

#[tokio::test]
async fn an_admin_who_closes_a_room_does_not_see_it_any_more() {
    let natter = Natter::unlimited().await;
    let admin = natter.browse_as("ada").await;
    let bob = natter.register("bob").await;
    let id = bob.creates("open", "Garden", &[]).await;
    admin.submit(&format!("/rooms/{id}/everyone"), &[("everyone", "true")]).await.is(303);
    assert_eq!(bob.room(&id).await["everyone"], true);
    admin.submit(&format!("/rooms/{id}/everyone"), &[("everyone", "false")]).await.is(303);
    admin.submit(&format!("/rooms/{id}/leave"), &[]).await.leads_to("/rooms");
    let close = [("name", "Garden"), ("topic", ""), ("kind", "closed")];
    admin.submit(&format!("/rooms/{id}/settings"), &close).await.leads_to("/rooms");
    admin.visit(&format!("/rooms/{id}/settings")).await.is(404);
}

#[tokio::test]
async fn the_buttons_of_a_member_work_in_one_click() {
    let natter = Natter::unlimited().await;
    let bob = natter.register("bob").await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let id = bob.creates("open", "Garden", &[]).await;
    let path = format!("/rooms/{id}");
    bob.says_in(&id, "hello").await;
    browser.submit(&format!("{path}/join"), &[]).await.leads_to(&path);
    bob.says_in(&id, "welcome").await;
    let page = browser.visit("/rooms?q=gard").await.is(200);
    assert_eq!((page.texts(".rows .text a"), page.text(".unread")), (vec!["Garden".to_owned()], "1 unread".into()));
    for (what, form, field, expected) in [
        ("star", ("starred", "true"), "starred", json!(true)),
        ("star", ("starred", "false"), "starred", json!(false)),
        ("level", ("level", "nothing"), "level", json!("nothing")),
        ("level", ("level", "hidden"), "level", json!("hidden")),
    ] {
        browser.submit(&format!("{path}/{what}"), &[form, ("next", "/rooms")]).await.leads_to("/rooms");
        assert_eq!(ada.room(&id).await[field], expected);
    }
    let foreign = [("starred", "true"), ("next", "https://evil.example")];
    browser.submit(&format!("{path}/star"), &foreign).await.leads_to(&path);
    let version = ada.room(&id).await["readVersion"].to_string();
    browser.submit(&format!("{path}/read"), &[("seq", "3"), ("version", &version)]).await.leads_to(&path);
    assert_eq!(ada.room(&id).await["unread"], 0);
    browser.submit(&format!("{path}/unread"), &[("seq", "2")]).await.leads_to("/rooms");
    assert_eq!(ada.room(&id).await["unread"], 1);
    browser.submit("/rooms/read-all", &[]).await.leads_to("/rooms");
    assert_eq!(ada.room(&id).await["unread"], 0);
    browser.submit(&format!("{path}/leave"), &[]).await.leads_to("/rooms");
    assert_eq!(ada.room(&id).await.get("role"), None);
}

#[tokio::test]
async fn members_are_managed_on_their_page() {
    let natter = Natter::unlimited().await;
    for user_id in ["bob", "cyd"] {
        natter.register(user_id).await;
    }
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let id = ada.creates("closed", "Garden", &[]).await;
    let path = format!("/rooms/{id}/members");
    browser.submit(&path, &[("members", "bob cyd")]).await.leads_to(&path);
    let page = browser.submit(&path, &[("members", "nobody")]).await.is(422);
    assert_eq!(
        (page.error_beside("members"), page.value_of("members")),
        ("There is no user nobody.".into(), "nobody".into())
    );
    browser.submit(&format!("{path}/bob/role"), &[("role", "owner")]).await.leads_to(&path);
    browser.submit(&format!("{path}/cyd/remove"), &[]).await.leads_to(&path);
    let page = browser.visit(&path).await.is(200);
    assert_eq!(page.texts(".rows .text a"), ["Ada", "Bob"]);
    assert_eq!(page.texts(".rows .tag"), ["owner", "owner"]);
    browser.submit(&format!("{path}/ada/role"), &[("role", "member")]).await.leads_to(&path);
    // ada is no owner any more
    browser.submit(&format!("{path}/bob/remove"), &[]).await.is(403);
    let german = browser.request("GET".parse().unwrap(), &path).header("accept-language", "de").send().await.unwrap();
    assert!(german.text().await.unwrap().contains("Mitglieder von Garden"));
}
