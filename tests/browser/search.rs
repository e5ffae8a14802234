//! The search box in the head of a room, and the page of a search.

use thirtyfour::Key;

use super::support::Natter;

#[tokio::test]
async fn a_search_is_typed_completed_and_followed_by_the_keyboard() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    natter.post(&robot, "the launch plan").await;
    for n in 0..60 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.finds("#scroller").await.send_keys("/").await.unwrap();
    let in_box = "document.activeElement.matches('.find-box .finds')";
    ann.holds("the focus in the search box", in_box).await;
    let offered = "document.querySelectorAll('#completion:popover-open [role=option]').length";
    ann.holds("all filters", &format!("{offered} === 6")).await;
    let types = async |keys: thirtyfour::TypingData| {
        ann.finds(".find-box .finds").await.send_keys(keys).await.unwrap();
    };
    types("from:rob".into()).await;
    ann.holds("one person", &format!("{offered} === 1")).await;
    types("" + Key::Enter).await;
    ann.holds("the filter", "document.activeElement.value === 'from:robot '").await;
    types("lau" + Key::Enter).await;
    ann.holds("a hit with a mark", "document.querySelector('.hits .text mark')?.textContent === 'lau'").await;
    assert_eq!(ann.value("q").await, "in:lobby from:robot lau");
    ann.finds(".hits .text").await.send_keys("" + Key::Enter).await.unwrap();
    ann.holds("the place in the room", "document.querySelector('#target .text')?.textContent === 'the launch plan'")
        .await;
}
