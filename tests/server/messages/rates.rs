//! All changes of messages count against the rate of messages.

use serde_json::Value;

use super::User;
use crate::support::Natter;

const WHY: &str = "You are sending too much too fast. Wait a moment, then try again.";

#[tokio::test]
async fn every_change_over_the_api_counts_as_a_message() {
    for (method, path, body) in [
        ("PATCH", "", Some(serde_json::json!({ "message": "hello!", "textRev": 1 }))),
        ("DELETE", "", None),
        ("PUT", "/reactions/👍", None),
        ("DELETE", "/reactions/👍", None),
        ("PUT", "/pin", None),
        ("DELETE", "/pin", None),
        ("PUT", "/saved", None),
        ("DELETE", "/saved", None),
    ] {
        let natter = Natter::with(&["--message-rate", "1"]).await;
        let ada = User::sign_up(&natter, "ada").await;
        ada.script.says("hello").await;
        let path = format!("/api/rooms/lobby/messages/1{path}");
        let ask = async || {
            let request = ada.script.request(method.parse().unwrap(), &path);
            let request = body.iter().fold(request, |request, body: &Value| request.json(body));
            crate::support::Answer::of(request.send().await.unwrap()).await
        };
        // a burst is three seconds of the rate
        for _ in 0..2 {
            let status = ask().await.status;
            assert!(status == 200 || status == 204, "{method} {path}: {status}");
        }
        assert!(ask().await.says(429, WHY).headers.contains_key("retry-after"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_form_counts_as_a_message() {
    for (form, fields, note) in [
        ("edit", [("message", "hello!"), ("textRev", "1")].as_slice(), ".alert"),
        ("react", &[("emoji", "👍")], "#emoji-note"),
        ("unreact", &[("emoji", "👍")], "#emoji-note"),
        ("pin", &[], "#pin-note"),
        ("unpin", &[], "#pin-note"),
        ("save", &[], "#save-note"),
        ("unsave", &[], "#save-note"),
    ] {
        let natter = Natter::with(&["--message-rate", "1"]).await;
        let ada = User::sign_up(&natter, "ada").await;
        ada.script.says("hello").await;
        for _ in 0..2 {
            ada.submits(&format!("1/{form}"), fields).await.leads_to("/rooms/lobby/1");
        }
        let page = ada.submits(&format!("1/{form}"), fields).await.is(429);
        assert_eq!(page.text(note), WHY, "{form}");
        assert!(page.headers.contains_key("retry-after"));
    }
}
