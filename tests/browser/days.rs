//! Lines with the day between messages, in the reader's time zone.

use natter::{
    domain::{Action, ClientId, Command, Post, RoomId, Text, Timestamp, UserId},
    store,
};
use serde_json::json;

use super::support::{Natter, Person};

const DAY: i64 = 24 * 60 * 60 * 1000; // ms
const HALF_AN_HOUR: i64 = 30 * 60 * 1000;

/// The rows of the list: the label of a line with a day, or a message.
async fn rows(person: &Person) -> Vec<String> {
    let script = "return Array.from(document.querySelectorAll('#messages > :is(.day, .message)'), (row) =>
        row.matches('.day') ? row.textContent : row.querySelector('.text').textContent)";
    person.runs(script).await
}

#[tokio::test]
async fn a_line_with_the_day_stands_before_the_first_message_of_each_day_of_the_reader() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let store = store::open_embedded(&natter.data()).unwrap();
    let author = store.user(&UserId::parse("robot").unwrap()).await.unwrap().unwrap();
    let access = store.access(&author, &RoomId::lobby()).await.unwrap();
    let today = Timestamp::now().0 / DAY * DAY;
    for (text, at) in [("late", today - HALF_AN_HOUR), ("early", today + HALF_AN_HOUR), ("then", today + HALF_AN_HOUR)]
    {
        let post =
            Post { client: ClientId::generate(), text: Text::parse(text).unwrap(), reply_to: None, files: Vec::new() };
        store.change(&access, Command { at: Timestamp(at), action: Action::Post(post) }).await.unwrap();
    }
    store.close().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    assert_eq!(rows(&ann).await, ["Yesterday", "late", "Today", "early", "then"]);
    assert_eq!(ann.texts("#messages .follows .text").await, ["then"], "a day begins with the name");
    // a live message, and one that was the only one of its day
    natter.post(&robot, "now").await;
    ann.sees("Robot: now").await;
    assert_eq!(rows(&ann).await, ["Yesterday", "late", "Today", "early", "then", "now"]);
    natter.delete(&robot, 1).await;
    ann.holds("one line", "document.querySelectorAll('#messages > .day').length === 1").await;
    assert_eq!(rows(&ann).await, ["Today", "early", "then", "now"]);
    // where it was the same day already
    natter.delete(&robot, 4).await;
    ann.commands("Emulation.setTimezoneOverride", json!({ "timezoneId": "Etc/GMT+1" })).await;
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    let days: Vec<String> =
        ann.runs("return Array.from(document.querySelectorAll('#messages > .day'), (line) => line.dataset.day)").await;
    assert_eq!(days, [Timestamp(today - HALF_AN_HOUR).day()], "half past eleven in the evening there");
    ann.closes_browser(&[]).await;
}
