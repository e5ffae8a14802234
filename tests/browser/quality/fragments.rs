//! The fragments: what htmx, the scripts of a page and its socket put into it.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::timeout;
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

use super::site::Site;

/// What is around a fragment in a page.
#[derive(Debug, Clone, Copy)]
pub enum Wrapper {
    Div,
    List,
    Options,
    Dialog,
    /// Of a frame, whose parts a script takes apart.
    Template,
}

impl Wrapper {
    /// The fragment in a document of its own.
    pub fn around(self, fragment: &str) -> String {
        let [start, end] = match self {
            Self::Div => ["<div>", "</div>"],
            Self::List => ["<ul>", "</ul>"],
            Self::Options => ["<ul role=\"listbox\" aria-label=\"options\">", "</ul>"],
            Self::Dialog => ["<dialog>", "</dialog>"],
            Self::Template => ["<template>", "</template>"],
        };
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<title>fragment</title>\n<body>\n{start}\n{fragment}\n{end}\n</body>\n</html>"
        )
    }
}

/// Those with an address.
pub fn of(site: &Site) -> Vec<(String, Wrapper)> {
    let Site { root, .. } = site;
    let complete = |q: &str| (format!("/rooms/lobby/complete?q={q}&people=false"), Wrapper::Options);
    vec![
        (format!("/rooms/lobby/messages?before={root}"), Wrapper::List),
        ("/rooms/lobby/messages?from=1".into(), Wrapper::List),
        ("/emoji?q=".into(), Wrapper::Div),
        ("/emoji?q=qqqq".into(), Wrapper::Div),
        ("/keys?part=true".into(), Wrapper::Dialog),
        complete("@"),
        complete(":smi"),
        complete("/"),
    ]
}

/// The frames of a socket that follows the lobby from its first change on, and sees some more, as documents.
pub async fn live(site: &Site) -> Vec<String> {
    let address = format!("ws://localhost:{}/ws?room=lobby&after=0", site.natter.port());
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", site.ann).parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let mut documents = Vec::new();
    let natter = &site.natter;
    let seq = natter.post(&site.bob, "live, for @ann").await;
    natter.react(&site.ann, seq, "👍").await;
    natter.reply(&site.ann, seq, "an answer").await;
    natter.edit(&site.bob, seq, "edited").await;
    natter.delete(&site.bob, seq).await;
    while let Ok(Some(frame)) = timeout(Duration::from_secs(2), socket.next()).await {
        let frame = frame.unwrap().into_text().unwrap();
        if !frame.starts_with('{') {
            documents.push(Wrapper::Template.around(&frame));
        }
    }
    for part in ["<li class=\"message", "data-deleted", "<data ", "roster"] {
        assert!(documents.iter().any(|document| document.contains(part)), "no {part} in {documents:?}");
    }
    documents
}
