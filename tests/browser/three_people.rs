//! Three people in three browsers: a room, who comes to it and who has to go.

use super::support::Natter;

#[tokio::test]
async fn a_closed_room_is_created_and_members_come_and_go() {
    let natter = Natter::start().await;
    let (ann, bob, cyd) = (natter.person("Ann").await, natter.person("Bob").await, natter.person("Cyd").await);
    for person in [&ann, &bob, &cyd] {
        person.waits_until_connected().await;
    }
    ann.presses("New room").await;
    ann.reaches("/rooms/new").await;
    ann.fills("name", "Garden").await;
    ann.finds("[name='kind'][value='closed']").await.click().await.unwrap();
    ann.fills("members", "bob").await;
    ann.presses("Create room").await;
    ann.holds("the room", "natter.here() && natter.here() !== 'lobby'").await;
    let room: String = ann.runs("return natter.here()").await;
    ann.waits_until_connected().await;
    ann.says("for Bob").await;
    bob.counts(&room, "1").await;
    bob.opens(&room).await;
    bob.sees("Ann: for Bob").await;
    assert!(cyd.runs::<bool>(&format!("return !natter.sidebar.itemOf('{room}')")).await);
    cyd.goes_to(&format!("/rooms/{room}")).await;
    cyd.holds("no such room", "document.body.textContent.includes('There is no such room.')").await;
    cyd.goes_to("/rooms/lobby").await;
    cyd.waits_until_connected().await;

    ann.presses("Members").await;
    ann.fills("members", "cyd").await;
    ann.presses("Add").await;
    ann.finds("a[href='/people/cyd']").await;
    bob.sees("Ann added Cyd").await;
    cyd.opens(&room).await;
    cyd.sees("Ann: for Bob").await;
    cyd.says("thank you").await;
    bob.sees("Cyd: thank you").await;

    ann.finds("li:has(a[href='/people/bob']) summary").await.click().await.unwrap();
    ann.presses("Remove Bob").await;
    ann.holds("without Bob", "!document.querySelector('a[href=\"/people/bob\"]')").await;
    bob.holds("gone", "document.querySelector('#status').textContent.startsWith('This room')").await;
    bob.holds("not in the list", &format!("!natter.sidebar.itemOf('{room}')")).await;
    ann.opens(&room).await;
    ann.sees("Ann removed Bob").await;
    ann.says("without Bob").await;
    cyd.sees("Ann: without Bob").await;
    let bobs = bob.list().await;
    assert!(!bobs.iter().any(|line| line.contains("without Bob")), "{bobs:?}");
    bob.opens("lobby").await;
    ann.opens("lobby").await;
    ann.says("all together").await;
    for person in [&bob, &cyd] {
        person.opens("lobby").await;
        person.sees("Ann: all together").await;
    }
    ann.closes_browser(&[]).await;
    bob.closes_browser(&[]).await;
    cyd.closes_browser(&["404"]).await;
}
