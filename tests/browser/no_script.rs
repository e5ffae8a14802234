//! The pages with JavaScript turned off.

use natter_test_support::eventually;

use super::support::{BrowserOptions, LOBBY, Natter};

#[tokio::test]
async fn everything_but_the_live_list_works_without_javascript() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=60 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.visitor(BrowserOptions { no_script: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.reaches(LOBBY).await; // the page redirects to its URL without the token
    assert_eq!(ann.texts("#messages .message").await.len(), 50);
    assert!(ann.text("#roster h2").await.ends_with(" online"));

    ann.fills("message", "by form").await;
    ann.presses("Send").await;
    let last_says = async |start: &str| {
        let look = || async { ann.texts("#messages .message").await.pop().filter(|last| last.starts_with(start)) };
        let last = eventually(start, look).await;
        assert!(last.ends_with("UTC"), "{last:?}");
    };
    last_says("You: by form").await;
    assert_eq!(ann.texts("#messages li.sent-by-user b").await, ["You:"]);
    natter.post(&robot, "meanwhile").await;
    ann.presses("reload").await;
    last_says("Robot: meanwhile").await;

    // too long: refused, and kept in the form
    // set by the driver, because 4,001 key strokes take a minute; the scripts of the page stay off
    let _: bool = ann.runs("document.querySelector('#message').value = 'x'.repeat(4001); return true;").await;
    ann.presses("Send").await;
    let refused = || async { ann.text("#refused").await.contains("at most 4000 characters").then_some(()) };
    eventually("the reason", refused).await;
    assert_eq!(ann.value("message").await.len(), 4001);

    ann.goes_to("/").await;
    // the driver needs scripts of its own to scroll a link into view
    let earlier = ann.finds(".older a").await.attr("href").await.unwrap().unwrap();
    ann.goes_to(&earlier).await;
    let first = || async { ann.text("#messages .message").await.starts_with("Robot: number 1").then_some(()) };
    eventually("the first message", first).await;
    ann.presses("Latest messages").await;
    eventually("the end", || async {
        ann.text("#messages li:last-child").await.starts_with("Robot: meanwhile").then_some(())
    })
    .await;
    ann.chooses("Log out").await;
    ann.reaches("/login").await;
    ann.closes_browser(&["status of 422"]).await;
}
