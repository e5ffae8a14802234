//! What a page's socket receives: fragments of messages, notices, the roster.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use scraper::{Html, Selector};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{
    checker::Read,
    texts::{HOSTILE, MARKDOWN},
};
use crate::support::{Browser, Natter, Script, Socket, password_of};

/// The frames that a page of `room` receives until one of them has `count` messages or notices in all.
async fn frames(browser: &Browser, room: &str, count: usize, acts: impl Future<Output = ()>) -> Vec<String> {
    let request = Socket::request_in(browser, &format!("?room={room}&after=0"));
    let (mut socket, _) = connect_async(request).await.unwrap();
    acts.await;
    let (mut frames, mut found) = (Vec::new(), 0);
    while found < count {
        let frame = timeout(Duration::from_secs(20), socket.next()).await.expect("a frame").unwrap().unwrap();
        if let Message::Text(frame) = frame {
            found += rows(&frame);
            frames.push(frame.to_string());
        }
    }
    assert_eq!(found, count, "{frames:?}");
    frames
}

/// The messages and notices of a frame.
fn rows(frame: &str) -> usize {
    if frame.starts_with('{') {
        return 0;
    }
    Html::parse_fragment(frame).select(&Selector::parse("li[data-seq][data-rev]").unwrap()).count()
}

fn assert_all_clean(frames: &[String]) {
    for frame in frames {
        match frame.starts_with('{') {
            true => drop(serde_json::from_str::<Value>(frame).unwrap()),
            false => Read::of(frame).is_clean("a frame"),
        }
    }
}

/// The text of a message in a frame.
fn texts(frames: &[String]) -> Vec<String> {
    let text = Selector::parse("li.message > .text").unwrap();
    let shown = |frame: &String| -> Vec<String> {
        Html::parse_fragment(frame).select(&text).map(|text| text.text().collect()).collect()
    };
    frames.iter().filter(|frame| !frame.starts_with('{')).flat_map(shown).collect()
}

async fn with_ada() -> (Natter, Browser, Script) {
    let natter = Natter::unlimited().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    (natter, browser, ada)
}

#[tokio::test]
async fn a_message_that_is_markup_is_text_in_its_fragment() {
    let (_natter, browser, ada) = with_ada().await;
    let acts = async {
        for text in HOSTILE {
            ada.says(text).await;
        }
    };
    let frames = frames(&browser, "lobby", HOSTILE.len(), acts).await;
    assert_all_clean(&frames);
    let shown = texts(&frames);
    assert_eq!(shown.len(), HOSTILE.len());
    // what Markdown does not change is there as it was typed
    let unchanged = HOSTILE.iter().filter(|text| !text.contains(['&', '`', '\\']));
    let missing: Vec<_> = unchanged.filter(|text| !shown.contains(&(**text).to_owned())).collect();
    assert!(missing.is_empty(), "{missing:#?} in {shown:#?}");
}

#[tokio::test]
async fn markdown_leads_to_sites_and_mail_addresses_only() {
    let (_natter, browser, ada) = with_ada().await;
    let acts = async {
        for text in MARKDOWN {
            let message = ada.says(text).await;
            // other control characters show nothing
            let kept: String = text.chars().filter(|c| !c.is_control() || "\n\t".contains(*c)).collect();
            assert_eq!(message["message"], kept);
        }
    };
    let frames = frames(&browser, "lobby", MARKDOWN.len(), acts).await;
    assert_all_clean(&frames);
    // the pages show the same
    for path in ["/rooms/lobby", "/rooms/lobby/messages?after=0", "/mentions", "/search?q=alert"] {
        let page = browser.visit(path).await.is(200);
        Read::of(&page.html).is_clean(path);
    }
    for seq in 1..=MARKDOWN.len() {
        for path in [format!("/rooms/lobby/{seq}"), format!("/rooms/lobby/{seq}/edit")] {
            Read::of(&browser.visit(&path).await.is(200).html).is_clean(&path);
        }
    }
}

#[tokio::test]
async fn notices_rosters_and_signals_have_names_as_text() {
    let (natter, browser, ada) = with_ada().await;
    let room = ada.creates("open", "before", &[]).await;
    let acts = async {
        for text in HOSTILE {
            ada.patch(&format!("/api/rooms/{room}"), json!({ "name": text, "topic": text })).await.is(200);
        }
    };
    let notices = frames(&browser, &room, 2 * HOSTILE.len(), acts).await;
    assert_all_clean(&notices);
    let acts = async {
        for (n, text) in HOSTILE.iter().enumerate() {
            ada.patch("/api/users/ada", json!({ "name": text })).await.is(200);
            let (_socket, _) = connect_async(Socket::request_in(&browser, "?room=lobby")).await.unwrap();
            ada.says(&n.to_string()).await;
        }
        let refused = ada.request(Method::PUT, "/api/rooms/lobby/messages/1/reactions/%3Cb%3E").send().await.unwrap();
        assert_eq!(refused.status(), 422);
    };
    let frames = frames(&browser, "lobby", HOSTILE.len(), acts).await;
    assert_all_clean(&frames);
    assert!(frames.iter().any(|frame| frame.contains("hx-partial")), "a roster: {frames:?}");
    drop(natter);
}
