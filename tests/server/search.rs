//! The search over the API and on its page.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Natter, Script};

impl Script {
    /// The texts of the hits, in their order.
    async fn finds(&self, q: &str) -> Vec<String> {
        let found = self.search(q).await;
        found["hits"].as_array().unwrap().iter().map(|hit| hit["message"].as_str().unwrap().to_owned()).collect()
    }

    async fn search(&self, q: &str) -> Value {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
        self.get(&format!("/api/search?{query}")).await.is(200).json
    }

    /// Waits until a search finds this many.
    pub async fn finds_in_time(&self, q: &str, count: usize) -> Vec<String> {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let found = self.finds(q).await;
            if found.len() == count || Instant::now() > until {
                assert_eq!(found.len(), count, "{q}: {found:?}");
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn what_was_posted_is_found_within_a_second_and_newest_first() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    for text in ["The Ärger in the office", "deploy `foo_bar` at noon", "東京都庁 で会う", "an office party"] {
        ada.post("/api/messages", json!({ "message": text })).await.is(201);
    }
    let posted = Instant::now();
    assert_eq!(bob.finds_in_time("OFFICE", 2).await, ["an office party", "The Ärger in the office"]);
    assert!(posted.elapsed() < Duration::from_secs(1), "{:?}", posted.elapsed());
    for (q, text) in [
        ("arger", "The Ärger in the office"),
        ("office arg", "The Ärger in the office"),
        ("\"office party\"", "an office party"),
        ("foo", "deploy `foo_bar` at noon"),
        ("京都", "東京都庁 で会う"),
        ("庁", "東京都庁 で会う"),
        ("has:code", "deploy `foo_bar` at noon"),
    ] {
        assert_eq!(bob.finds(q).await, [text], "{q}");
    }
    for q in ["", "\"party office\"", "from:bob office", "from:nobody office", "in:nowhere office", "((( AND \" *"] {
        assert_eq!(bob.finds(q).await, [""; 0], "{q}");
    }
    let hit = &bob.search("ärger").await["hits"][0];
    assert_eq!(
        hit["snippet"],
        json!([
            { "text": "The ", "hit": false }, { "text": "Ärger", "hit": true }, { "text": " in the office", "hit": false },
        ])
    );
    assert_eq!((&hit["userID"], &hit["room"], &hit["url"]), (&json!("ada"), &json!("lobby"), &json!("/rooms/lobby/1")));
}

#[tokio::test]
async fn nothing_is_found_that_one_may_not_read_or_that_is_gone() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = json!({ "name": "Secret", "kind": "closed", "members": ["bob"] });
    let room = ada.post("/api/rooms", room).await.is(201).json["id"].as_str().unwrap().to_owned();
    let post = async |text: &str| {
        let path = format!("/api/rooms/{room}/messages");
        ada.post(&path, json!({ "message": text })).await.is(201).json["seq"].as_u64().unwrap()
    };
    let (kept, edited, deleted) = (post("plan kept").await, post("plan edited").await, post("plan deleted").await);
    bob.finds_in_time("plan", 3).await;
    // at once, though the index may not know yet
    ada.delete(&format!("/api/rooms/{room}/messages/{deleted}")).await.is(204);
    let edit = json!({ "message": "other words", "textRev": edited });
    ada.patch(&format!("/api/rooms/{room}/messages/{edited}"), edit).await.is(200);
    assert_eq!(bob.finds("plan").await, ["plan kept"]);
    bob.finds_in_time("other words", 1).await;
    ada.delete(&format!("/api/rooms/{room}/members/bob")).await.is(204);
    assert_eq!(bob.finds("plan").await, [""; 0]);
    assert_eq!(ada.finds("plan").await, ["plan kept"]);
    assert_eq!(ada.search("plan in:secret").await["hits"][0]["seq"], kept);
    assert_eq!(bob.finds("in:secret plan").await, [""; 0]);
}

#[tokio::test]
async fn pages_follow_each_other_and_the_page_shows_the_same() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    for n in 0..25 {
        ada.post("/api/messages", json!({ "message": format!("number {n} <b>of</b> many") })).await.is(201);
    }
    ada.finds_in_time("many", 20).await;
    let mut all = Vec::new();
    let mut next = Some("/api/search?q=many&limit=10".to_owned());
    while let Some(path) = next {
        let page = ada.get(&path).await.is(200).json;
        all.extend(page["hits"].as_array().unwrap().iter().map(|hit| hit["seq"].as_u64().unwrap()));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(all, (1..=25).rev().collect::<Vec<_>>());
    ada.get("/api/search?q=many&limit=0").await.is(422);
    ada.get("/api/search?q=many&after=nonsense").await.is(400);
    let page = natter.browse_as("bob").await.visit("/search?q=number+3+many").await.is(200);
    assert!(
        page.html.contains("<mark>number</mark> <mark>3</mark> &#60;b&#62;of&#60;/b&#62; <mark>many</mark>"),
        "{}",
        page.html
    );
}

#[tokio::test]
async fn the_form_of_the_page_adds_filters_to_what_was_typed() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = ada.creates("open", "Design board", &[]).await;
    ada.says_in(&room, "a plan in the room").await;
    ada.says("a plan in the lobby").await;
    bob.says("a plan of bob's").await;
    bob.finds_in_time("plan", 3).await;
    let browser = natter.browse_as("cyd").await;
    let page = browser.visit("/search?q=pla&in=Design+board&from=&has=&is=&before=&after=").await.is(200);
    assert_eq!(
        (page.value_of("q"), page.texts(".hits .text")),
        ("in:\"Design board\" pla".into(), vec!["a plan in the room".into()])
    );
    assert_eq!(page.texts(".hits .place"), ["Design board"]);
    assert_eq!(page.attribute(".hits .text", "href"), format!("/rooms/{room}/1"));
    let page = browser.visit(&format!("/search?q=pla&in={room}&from=ada")).await.is(200);
    assert_eq!(page.texts(".chip"), ["from:ada", "in:Design board"], "an id says nothing to people");
    let without = page.each(".chip", |chip| chip.value().attr("href").unwrap().to_owned()).remove(0);
    assert_eq!(browser.visit(&without).await.is(200).value_of("q"), format!("in:{room} pla"));
    let page = browser.visit("/search?q=plan+is:mine").await.is(200);
    assert_eq!(page.texts(".hits .empty").len(), 1);
    browser.visit("/search?q=plan&next=nonsense&before=never").await.is(200);
}

#[tokio::test]
async fn filters_are_completed_for_those_who_may_know() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let closed = ada.creates("closed", "Secret board", &[]).await;
    let open = ada.creates("open", "Design board", &[]).await;
    bob.opens_direct(&["ada"]).await;
    let put = async |browser: &crate::support::Browser, q: &str| {
        let page = browser.visit(&format!("/search/complete?q={q}")).await.is(200);
        page.each("[role=option]", |option| option.value().attr("data-put").unwrap().to_owned())
    };
    let (ada, bob) = (natter.browser(), natter.browser());
    ada.log_in("ada").await;
    bob.log_in("bob").await;
    assert_eq!(put(&bob, "").await, ["from:", "in:", "before:", "after:", "has:", "is:"]);
    assert_eq!(put(&bob, "has:").await, ["has:file ", "has:image ", "has:link ", "has:code "]);
    assert_eq!(put(&bob, "is:M").await, ["is:mine "]);
    assert_eq!(put(&bob, "from:@ad").await, ["from:ada "]);
    assert_eq!(put(&bob, "in:board").await, [format!("in:{open} ")]);
    let mut both = put(&ada, "in:board").await;
    both.sort_unstable();
    assert_eq!(both, [format!("in:{closed} "), format!("in:{open} ")], "the older one first");
    assert_eq!(put(&bob, "in:ada").await.len(), 1, "the conversation");
    for q in ["before:", "nothing", "in:none", "%F0%9F%98%80:", &format!("in:{}", "x".repeat(100))] {
        assert_eq!(put(&bob, q).await, [""; 0], "{q}");
    }
}

#[tokio::test]
async fn an_index_that_is_deleted_or_damaged_is_made_anew_while_natter_runs() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let file = natter.database().with_file_name("search.db");
    ada.says("first of all").await;
    ada.finds_in_time("first", 1).await;
    std::fs::remove_file(&file).unwrap();
    ada.says("second of all").await;
    ada.finds_in_time("all", 2).await;
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, vec![b'x'; bytes.len()]).unwrap();
    ada.says("third of all").await; // the chat goes on
    let found = ada.finds_in_time("all", 3).await;
    assert_eq!(found, ["third of all", "second of all", "first of all"]);
}

/// How often a word occurs in rooms that one may not read must not change the order.
#[tokio::test]
async fn the_best_come_first_whatever_is_said_where_one_may_not_read() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    for text in ["zephyr calib calib", "calib and many other words that make it longer zephyr", "zephyr zephyr calib"] {
        ada.says(text).await;
    }
    bob.finds_in_time("zephyr", 3).await;
    let best = async || -> Vec<u64> {
        let found = bob.get("/api/search?q=zephyr+calib.&sort=best").await.is(200).json;
        found["hits"].as_array().unwrap().iter().map(|hit| hit["seq"].as_u64().unwrap()).collect()
    };
    let before = best().await;
    assert_eq!((before.len(), before[2]), (3, 2), "the longest is the last");
    let secret = ada.creates("closed", "Secret", &[]).await;
    for _ in 0..20 {
        ada.says_in(&secret, "zephyr").await;
    }
    ada.finds_in_time("zephyr in:secret", 20).await;
    assert_eq!(best().await, before);
}

#[tokio::test]
async fn filters_of_days_hold_at_their_ends() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    ada.says("today").await;
    ada.finds_in_time("today", 1).await;
    for (filter, count) in [
        ("after:9999-12-31", 0),
        ("before:9999-12-31", 1),
        ("after:0000-01-01", 1),
        ("before:0000-01-01", 0),
        ("after:2020-01-01 before:2020-01-02", 0),
    ] {
        assert_eq!(ada.finds(&format!("today {filter}")).await.len(), count, "{filter}");
    }
}
