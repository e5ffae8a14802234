//! The pages of mentions, saved messages and pins.

use super::support::Natter;

#[tokio::test]
async fn a_deleted_message_leaves_the_saved_ones_also_of_a_room_one_is_not_in() {
    let natter = Natter::start().await;
    let (robot, ann) = (natter.token("robot").await, natter.person("Ann").await);
    let room = natter.room(&robot, "design", "open", &[]).await;
    let [secret, other] = [natter.post_to(&robot, &room, "secret").await, natter.post_to(&robot, &room, "other").await];
    ann.goes_to(&format!("/rooms/{room}")).await;
    for seq in [secret, other] {
        ann.waits_until_connected().await;
        ann.chooses_at(seq, "save").await;
    }
    let rows = "#room .messages > [data-seq]";
    ann.goes_to("/saved").await;
    ann.waits_until_connected().await;
    ann.holds("both", &format!("document.querySelectorAll('{rows}').length === 2")).await;
    ann.holds("the same page", "window.stays = true").await;
    natter.delete_in(&robot, &room, secret).await;
    // a page looks again once a minute, and when the reader comes back to it
    ann.holds("an event", "document.dispatchEvent(new Event('visibilitychange'))").await;
    ann.holds("one", &format!("document.querySelectorAll('{rows}').length === 1")).await;
    assert_eq!(ann.texts("#room .text").await, ["other"]);
    ann.holds("the same page", "window.stays").await;
    ann.closes_browser(&[]).await;
}
