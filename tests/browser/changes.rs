//! Edits and deletions by scripts, as an open page shows them.

use super::support::Natter;

#[tokio::test]
async fn an_open_page_shows_changes_in_place() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=60 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    assert_eq!(ann.list().await[0], "Robot: number 11", "the last 50");
    natter.edit(&robot, 12, "twelve").await;
    ann.sees("Robot: twelve").await;
    natter.delete(&robot, 11).await;
    natter.edit(&robot, 60, "sixty").await;
    ann.sees("Robot: sixty").await;
    // a message that is not loaded yet
    natter.edit(&robot, 1, "one").await;
    natter.delete(&robot, 2).await;
    natter.post(&robot, "the end").await;
    ann.sees("Robot: the end").await;
    let expected = ["twelve".to_owned()]
        .into_iter()
        .chain((13..60).map(|n| format!("number {n}")))
        .chain(["sixty", "the end"].map(str::to_owned));
    let expected: Vec<String> = expected.map(|text| format!("Robot: {text}")).collect();
    let shown = ann.list().await;
    let shown: Vec<&String> = shown.iter().filter(|text| text.starts_with("Robot: ")).collect();
    assert_eq!(shown, expected.iter().collect::<Vec<_>>());
    ann.closes_browser(&[]).await;
}
