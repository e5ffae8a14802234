//! Older messages arrive while others change.

use natter_test_support::eventually;

use super::support::Natter;

/// Holds back the response to the next request for older messages until `release()` is called.
const HOLD: &str = "
    const send = window.fetch;
    window.fetch = async (...request) => {
      const response = await send(...request);
      if (String(request[0]).includes('before=')) {
        window.held = true;
        await new Promise((resolve) => { window.release = resolve; });
      }
      return response;
    };
    const scroller = document.querySelector('#scroller');
    scroller.scrollTop = -scroller.scrollHeight;
    return true;";

#[tokio::test]
async fn a_page_of_history_that_is_overtaken_shows_no_old_state() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=60 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    natter.reply(&robot, 3, "a reply").await; // its parent is not loaded
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let _: bool = ann.runs(HOLD).await;
    eventually("a request", || async { ann.runs::<bool>("return window.held === true").await.then_some(()) }).await;
    natter.edit(&robot, 2, "two").await;
    natter.delete(&robot, 3).await;
    natter.rename(&robot, "robot", "Marvin").await;
    natter.edit(&robot, 60, "sixty").await;
    ann.sees("Marvin: sixty").await;
    let _: bool = ann.runs("window.release(); return true").await;
    ann.sees("Marvin: number 1").await;
    let first: Vec<String> = ann.list().await.into_iter().take(3).collect();
    assert_eq!(first, ["Marvin: number 1", "Marvin: two", "Marvin: number 4"]);
    assert_eq!(ann.texts("#messages blockquote").await, ["↩ deleted message"]);
    ann.closes_browser(&[]).await;
}
