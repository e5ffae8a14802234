//! The size of a response does not grow with the size of messages.

use std::collections::BTreeSet;

use crate::support::{Natter, Script, Socket};

/// Most bytes of a response: 256 KiB of text, and the fields and tags around it.
const MOST_BYTES: usize = 320 * 1024;
/// Most bytes of a response of messages in JSON, which has each text twice: its source, and as HTML.
const MOST_JSON_BYTES: usize = MOST_BYTES + 256 * 1024;
/// Messages posted by each user: of 16,000 bytes, or of 4,000 characters that take five bytes each in HTML. They exceed
/// two responses.
const COUNT: u64 = 40;

async fn says_large(script: &Script) {
    let texts = ["🐝", "'"].map(|character| character.repeat(4000));
    let sends = (0..COUNT).map(|n| script.says(&texts[n as usize % 2]));
    futures_util::future::join_all(sends.collect::<Vec<_>>()).await;
}

/// Follows `next` from `path` to its end; returns the `seq` of each message in order.
async fn follow(script: &Script, path: &str) -> Vec<u64> {
    let (mut seqs, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let answer = script.get(&path).await.is(200);
        assert!(answer.text.len() <= MOST_JSON_BYTES, "{path}: {} bytes", answer.text.len());
        let messages = answer.json["messages"].as_array().unwrap();
        assert!(!messages.is_empty(), "{path}: a page with `next` is not empty");
        seqs.extend(messages.iter().map(|message| message["seq"].as_u64().unwrap()));
        next = answer.json["next"].as_str().map(str::to_owned);
    }
    seqs
}

#[tokio::test]
async fn pages_of_the_api_with_large_messages_contain_each_once() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    says_large(&ada).await;
    let all: Vec<u64> = (1..=COUNT).collect();
    assert_eq!(follow(&ada, "/api/messages?after=0&limit=500").await, all);
    for path in ["/api/messages?limit=500", "/api/messages?limit=500&author=ada"] {
        let mut seqs = follow(&ada, path).await;
        seqs.sort_unstable();
        assert_eq!(seqs, all, "{path}");
    }
}

#[tokio::test]
async fn chat_pages_with_large_messages_contain_each_once() {
    let natter = Natter::unlimited().await;
    let browser = natter.browse_as("ada").await;
    says_large(&natter.script().with_token(browser.token.as_deref().unwrap())).await;
    let all: Vec<u64> = (1..=COUNT).collect();
    let (mut seqs, mut path) = (Vec::new(), "/rooms/lobby?before=1000000".to_owned());
    loop {
        let page = browser.visit(&path).await.is(200);
        assert!(page.html.len() <= MOST_BYTES, "{path}: {} bytes", page.html.len());
        seqs.splice(0..0, page.fragments().iter().map(|fragment| fragment.seq));
        if page.texts("li.older").is_empty() {
            break;
        }
        path = page.attribute("li.older a", "data-hx-get");
    }
    assert_eq!(seqs, all);

    let mut revs = vec![0];
    loop {
        let path = format!("/rooms/lobby/messages?after={}", revs.last().unwrap());
        let page = browser.visit(&path).await.is(200);
        assert!(page.html.len() <= MOST_BYTES, "{path}: {} bytes", page.html.len());
        let fragments = page.fragments();
        if fragments.is_empty() {
            break;
        }
        revs.extend(fragments.iter().map(|fragment| fragment.rev));
    }
    assert_eq!(revs[1..], all);
}

#[tokio::test]
async fn a_list_of_users_with_large_messages_has_a_size_limit() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    for user_id in ["ada", "bob", "cyd"] {
        let script = if user_id == "ada" { ada.clone() } else { natter.register(user_id).await };
        says_large(&script).await;
    }
    natter.register("dan").await.says("small").await;
    let answer = ada.get("/api/users?limit=100").await.is(200);
    assert!(answer.text.len() <= MOST_BYTES, "{} bytes", answer.text.len());
    let users = answer.json["users"].as_array().unwrap();
    assert_eq!(users[3]["messages"][0]["message"], "small", "a user with small messages is complete");
    assert!(users[3].get("moreMessages").is_none());
    let mut all = BTreeSet::new();
    for user in &users[..3] {
        let shown = user["messages"].as_array().unwrap().len();
        let rest = follow(&ada, user["moreMessages"].as_str().unwrap()).await;
        assert_eq!(shown + rest.len(), COUNT as usize, "every message is in the list or behind the link");
        all.extend(rest);
    }
    assert!(all.len() > COUNT as usize, "only {} messages are behind the links", all.len());

    let one = ada.get("/api/users/ada").await.is(200);
    assert!(one.text.len() <= MOST_BYTES, "{} bytes", one.text.len());
    let rest = follow(&ada, one.json["moreMessages"].as_str().unwrap()).await;
    assert_eq!(one.json["messages"].as_array().unwrap().len() + rest.len(), COUNT as usize);
}

/// A frame stays in memory until its client has read it.
#[tokio::test]
async fn frames_of_a_catch_up_have_a_size_limit() {
    let mut natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    says_large(&ada).await;
    natter.restart().await; // the ring is empty, so the socket reads from the store
    let mut socket = Socket::open(&ada, "?after=0").await;
    socket.sees_rev(COUNT).await;
    assert_eq!(
        socket.fragments.iter().map(|fragment| fragment.rev).collect::<Vec<_>>(),
        (1..=COUNT).collect::<Vec<_>>()
    );
    assert!(socket.largest < 128 * 1024, "{} bytes", socket.largest);
}
