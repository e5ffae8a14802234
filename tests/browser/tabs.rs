//! Two tabs of one person.

use natter_test_support::eventually;

use super::support::Natter;

#[tokio::test]
async fn two_tabs_of_one_person_show_every_message_once() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let second = ann.driver.new_tab().await.unwrap();
    ann.driver.switch_to_window(second).await.unwrap();
    ann.goes_to("/").await;
    ann.waits_until_connected().await;
    let tabs = ann.driver.windows().await.unwrap();
    // both send at the same time, the same texts too; at no time may a row be there twice or be missing, the outbox
    // included
    let send = "
        window.most = {};
        window.missing = [];
        new MutationObserver(() => {
            const texts = Array.from(document.querySelectorAll('#messages .message > .text'), (text) => text.textContent);
            for (const row of document.querySelectorAll('#outbox li')) texts.push(row.querySelector('.text').textContent);
            for (const text of Object.keys(window.most)) if (!texts.includes(text)) window.missing.push(text);
            for (const text of new Set(texts)) {
                window.most[text] = Math.max(window.most[text] ?? 0, texts.filter((one) => one === text).length);
            }
        }).observe(document.querySelector('#room'), { childList: true, subtree: true });
        let n = 0;
        const timer = setInterval(() => {
            if (++n === 20) clearInterval(timer);
            document.querySelector('#message').value = n % 5 ? `TAB ${n}` : `both ${n}`;
            document.querySelector('#send').requestSubmit();
        }, 30);
        return true;";
    for (tab, name) in tabs.iter().zip(["left", "right"]) {
        ann.driver.switch_to_window(tab.clone()).await.unwrap();
        let _: bool = ann.runs(&send.replace("TAB", name)).await;
    }
    let robot = natter.token("robot").await;
    let log =
        eventually("40 messages", || async { Some(natter.log(&robot).await).filter(|log| log.len() == 40) }).await;
    let expected: Vec<String> = log.iter().map(|text| format!("You: {text}")).collect();
    for tab in tabs {
        ann.driver.switch_to_window(tab).await.unwrap();
        eventually("all", || async { (ann.list().await == expected).then_some(()) }).await;
        let empty = || async { ann.texts("#outbox li").await.is_empty().then_some(()) };
        eventually("an empty outbox", empty).await;
        let most: std::collections::HashMap<String, usize> = ann.runs("return window.most").await;
        assert_eq!(ann.runs::<Vec<String>>("return window.missing").await, [""; 0]);
        for (text, most) in most {
            assert!(most <= if text.starts_with("both") { 2 } else { 1 }, "{text} was there {most} times");
        }
    }
    ann.closes_browser(&[]).await;
}
