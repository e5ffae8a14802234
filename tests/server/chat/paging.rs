//! Paging through the log, backwards and forwards.

use std::collections::BTreeSet;

use crate::support::{Browser, Natter, Page, Script};

/// A natter with 500 messages, and their author's browser and script.
async fn natter_with_500_messages() -> (Natter, Browser, Script) {
    let natter = Natter::unlimited().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    for tens in 0..50 {
        let sends = (1..=10).map(|n| tens * 10 + n).map(|n| {
            let ada = ada.clone();
            async move { ada.says(&format!("number {n}")).await }
        });
        futures_util::future::join_all(sends.collect::<Vec<_>>()).await;
    }
    (natter, browser, ada)
}

fn seqs(page: &Page) -> Vec<u64> {
    page.fragments().iter().map(|fragment| fragment.seq).collect()
}

#[tokio::test]
async fn paging_backwards_returns_every_message_once() {
    let (_natter, browser, ada) = natter_with_500_messages().await;
    let mut page = browser.visit("/rooms/lobby").await.is(200);
    let mut all = seqs(&page);
    assert_eq!(all, (451..=500).collect::<Vec<_>>(), "the last 50");
    for step in 1..=9 {
        let link = page.attribute("li.older a", "data-hx-get");
        assert_eq!(link, format!("/rooms/lobby/messages?before={}", all[0]), "step {step}");
        page = browser.visit(&link).await.is(200);
        let older = seqs(&page);
        assert_eq!(older.len(), 50);
        all.splice(0..0, older);
    }
    assert!(page.texts("li.older").is_empty(), "there are no older messages");
    assert_eq!(all, (1..=500).collect::<Vec<_>>());
    let texts: BTreeSet<_> = ada.reads_after(0, 500).await.iter().map(|m| m["message"].to_string()).collect();
    assert_eq!(texts.len(), 500);
    assert!(seqs(&browser.visit("/rooms/lobby/messages?before=1").await.is(200)).is_empty());

    // the same over the API, with another page size
    let mut all = Vec::new();
    let mut next = Some("/api/messages?limit=77".to_owned());
    while let Some(path) = next {
        let page = ada.get(&path).await.is(200).json;
        assert_eq!(page["rev"], 500);
        let seqs = page["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap());
        all.splice(0..0, seqs);
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(all, (1..=500).collect::<Vec<_>>());
    let last = ada.get("/api/messages?before=3").await.is(200).json;
    assert_eq!(last["messages"].as_array().unwrap().len(), 2);
    assert!(last.get("next").is_none());
}

#[tokio::test]
async fn catching_up_by_requests_returns_every_change_in_order() {
    let (_natter, browser, ada) = natter_with_500_messages().await;
    let by_api: Vec<_> = ada.reads_after(0, 200).await.iter().map(|message| message["rev"].as_u64().unwrap()).collect();
    assert_eq!(by_api, (1..=500).collect::<Vec<_>>());
    let mut by_page = Vec::new();
    loop {
        let page =
            browser.visit(&format!("/rooms/lobby/messages?after={}", by_page.last().unwrap_or(&0))).await.is(200);
        let some = seqs(&page);
        assert!(some.len() <= 200);
        if some.is_empty() {
            break;
        }
        by_page.extend(some);
    }
    assert_eq!(by_page, by_api);
    let end = ada.get("/api/messages?after=500").await.is(200).json;
    assert_eq!(end, serde_json::json!({ "messages": [], "rev": 500 }));
}
