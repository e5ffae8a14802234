//! Back and forward, and a room that does not exist any more.

use super::support::{Natter, Person};

async fn shows(person: &Person, room: &str, message: &str) {
    person.reaches(&format!("/rooms/{room}")).await;
    person.holds("the room", &format!("natter.here() === '{room}'")).await;
    person.sees(message).await;
}

#[tokio::test]
async fn back_twice_shows_the_room_before_the_last_and_follows_it() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let [first, second] = [natter.room(&robot, "first", "open", &["ann"]).await, natter.direct(&robot, &["ann"]).await];
    natter.post(&robot, "in the lobby").await;
    natter.post_to(&robot, &first, "in the first").await;
    natter.post_to(&robot, &second, "in the second").await;
    ann.waits_until_connected().await;
    ann.holds("the same page", "window.stays = true").await;
    ann.opens(&first).await;
    shows(&ann, &first, "Robot: in the first").await;
    ann.opens(&second).await;
    shows(&ann, &second, "Robot: in the second").await;
    for (back, forward) in [
        // the second one before the page has answered the first
        ("history.back(); setTimeout(() => history.back())", "history.forward(); setTimeout(() => history.forward())"),
        ("history.go(-2)", "history.go(2)"),
    ] {
        let _: bool = ann.runs(&format!("{back}; return true")).await;
        shows(&ann, "lobby", "Robot: in the lobby").await;
        natter.post(&robot, back).await;
        ann.sees(&format!("Robot: {back}")).await;
        let _: bool = ann.runs(&format!("{forward}; return true")).await;
        shows(&ann, &second, "Robot: in the second").await;
        natter.post_to(&robot, &second, forward).await;
        ann.sees(&format!("Robot: {forward}")).await;
    }
    ann.driver.back().await.unwrap();
    shows(&ann, &first, "Robot: in the first").await;
    natter.post_to(&robot, &first, "live").await;
    ann.sees("Robot: live").await;
    ann.holds("the same page", "window.stays").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_click_on_a_room_that_is_gone_keeps_the_page_and_says_why() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "closed", &["ann"]).await;
    ann.waits_until_connected().await;
    ann.counts(&room, "").await;
    // as if the news had not come yet
    let deaf = "window.receive = natter.sidebar.receive; natter.sidebar.receive = () => {}; return true";
    let _: bool = ann.runs(deaf).await;
    natter.delete_room(&robot, &room).await;
    ann.finds(&format!("#sidebar [data-room='{room}'] > a")).await.click().await.unwrap();
    ann.holds("the reason", "document.querySelector('#alert').textContent.includes('There is no such room.')").await;
    ann.reaches("/rooms/lobby").await;
    ann.says("still here").await;
    ann.sees("You: still here").await;
    let _: bool = ann.runs("natter.sidebar.receive = window.receive; natter.send({ rooms: null }); return true").await;
    ann.holds("no such room", &format!("!natter.sidebar.itemOf('{room}')")).await;
    ann.closes_browser(&["404"]).await;
}
