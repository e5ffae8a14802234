//! Forms that are made to take memory or time: they are refused, or read as any other form, on both stores.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::{measured::Measured, natters};
use crate::support::{Answer, Script};

const KIND: &str = "multipart/form-data; boundary=B";

/// A hostile form: what it is, its Content-Type, its bytes, and how it is answered.
type Form = (&'static str, String, Vec<u8>, &'static [u16]);

fn part(headers: &str, value: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; {headers}\r\n\r\n{value}\r\n")
}

fn small_forms() -> Vec<Form> {
    let kind = || KIND.to_owned();
    let message = part("name=\"message\"", "hello");
    let many_parts = part("name=\"x\"", "x").repeat(10_000) + "--B--\r\n";
    let many_files = part("name=\"file\"; filename=\"\"", "").repeat(10_000) + "--B--\r\n";
    let headers = format!("name=\"message\"\r\n{}", "X-A: a\r\n".repeat(10_000));
    let many_headers = part(headers.trim_end(), "x") + "--B--\r\n";
    let long_header = part(&format!("name=\"{}\"", "n".repeat(500_000)), "x") + "--B--\r\n";
    let inner = "--C\r\nContent-Disposition: file; filename=\"a\"\r\n\r\nx\r\n--C--";
    let nested_headers = "name=\"message\"\r\nContent-Type: multipart/mixed; boundary=C";
    let nested = part(nested_headers, inner) + "--B--\r\n";
    let same_boundary = part("name=\"message\"\r\nContent-Type: multipart/mixed; boundary=B", &message) + "--B--\r\n";
    let deep = part("name=\"message\"", &"--C\r\n\r\n".repeat(400)) + "--B--\r\n";
    let long = format!("multipart/form-data; boundary={}", "B".repeat(5_000));
    vec![
        ("10,000 parts", kind(), many_parts.into(), &[413]),
        ("10,000 files without a name", kind(), many_files.into(), &[413]),
        ("a part with 10,000 headers", kind(), many_headers.into(), &[400]),
        ("a name of 500,000 characters", kind(), long_header.into(), &[422]),
        ("a form in a form", kind(), nested.into(), &[201]),
        ("a form in a form with its boundary", kind(), same_boundary.into(), &[201, 400, 422]),
        ("400 boundaries of another form", kind(), deep.into(), &[201]),
        ("no last boundary", kind(), message.clone().into(), &[400]),
        ("half a last boundary", kind(), (message.clone() + "--B").into(), &[400]),
        ("half a part", kind(), message[..30].into(), &[400]),
        ("no boundary", kind(), b"hello".to_vec(), &[400]),
        ("nothing", kind(), Vec::new(), &[400]),
        ("only the last boundary", kind(), b"--B--\r\n".to_vec(), &[422]),
        ("a boundary of 5,000 characters", long, message.clone().into(), &[400]),
        ("an empty boundary", "multipart/form-data; boundary=".into(), message.clone().into(), &[400, 415]),
        ("a boundary with a line break", "multipart/form-data; boundary=\"a\tb\"".into(), message.into(), &[400, 415]),
        ("no name", kind(), part("filename=\"\0\"", "x").into_bytes(), &[400]),
        ("bytes that are no UTF-8", kind(), b"--B\r\n\xFF\xFE: \xFF\r\n\r\n\xFF\r\n--B--".to_vec(), &[400, 422]),
    ]
}

async fn send(ada: &Script, (what, kind, body, expected): Form) {
    let started = Instant::now();
    let request = ada.request(Method::POST, "/api/messages").header("content-type", kind).body(body);
    let answer = Answer::of(request.send().await.unwrap_or_else(|error| panic!("{what}: {error}"))).await;
    assert!(expected.contains(&answer.status), "{what}: {} {}", answer.status, answer.text);
    assert!(answer.json["message"].is_string(), "{what}: {}", answer.text);
    assert!(started.elapsed() < Duration::from_secs(5), "{what}: {:?}", started.elapsed());
}

#[tokio::test]
async fn a_hostile_form_is_refused_or_read_as_any_other() {
    let (natters, _set) = natters().await;
    for natter in &natters {
        let ada = natter.register("ada").await;
        for form in small_forms() {
            send(&ada, form).await;
        }
        let texts = ada.get("/api/messages").await.is(200).json;
        let texts: Vec<_> = texts["messages"].as_array().unwrap().iter().map(|message| &message["message"]).collect();
        assert!(texts[0].as_str().unwrap().starts_with("--C\nContent-Disposition: file"), "{texts:?}");
        assert!(texts.len() <= 3, "{texts:?}");
    }
}

/// Bytes that a form may begin with, or that may be headers of a part, without an end.
const UNENDING: [(&str, &str, &[u8]); 4] = [
    ("before the first boundary", "", b"no boundary here "),
    ("headers", "--B\r\n", b"X-A: aaaaaaaaaaaaaaaa\r\n"),
    ("one header", "--B\r\nX-A: ", b"aaaaaaaaaaaaaaaa"),
    ("a text", "--B\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n", b"aaaaaaaaaaaaaaaa"),
];

/// Each is read in a process of its own, whose memory is measured.
#[tokio::test]
async fn a_form_without_an_end_takes_neither_memory_nor_time() {
    let natter = Measured::start();
    let ada = natter.register("ada").await;
    for path in ["/api/messages", "/rooms/lobby/messages", "/direct/ada/messages"] {
        for (what, start, unit) in UNENDING {
            let body = [start.as_bytes(), &unit.repeat((96 << 20) / unit.len())].concat();
            let what = format!("{what} {path}");
            let work = natter.refuses(&what, ada.request(Method::POST, path).header("content-type", KIND).body(body));
            work.await;
        }
    }
    ada.get("/api/users/ada").await.is(200);
}
