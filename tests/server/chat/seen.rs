//! A message as a live row and the API show it: the same.

use std::collections::{BTreeMap, BTreeSet};

use scraper::Html;
use serde_json::Value;

use crate::support::Fragment;

/// A message as readers are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub rev: u64,
    pub seq: u64,
    /// `None` if it is deleted, and then nothing else is shown.
    pub shown: Option<Shown>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub html: String,
    pub reply_to: Option<u64>,
    pub replies: u64,
    pub edited: Option<String>,
    pub is_pinned: bool,
    /// Tags of users, and `*`.
    pub mentions: BTreeSet<String>,
    pub reactions: Vec<(String, u64)>,
}

impl Seen {
    pub fn live(fragment: Fragment) -> Self {
        let Fragment { rev, seq, hidden, html, reply_to, replies, edited, pinned, mentions, reactions, .. } = fragment;
        let mentions = mentions.into_iter().collect();
        let shown = Shown { html, reply_to, replies, edited, is_pinned: pinned, mentions, reactions };
        Self { rev, seq, shown: (!hidden).then_some(shown) }
    }

    /// From the API's JSON; `tags` are the users'.
    pub fn read(message: &Value, tags: &BTreeMap<&str, String>) -> Self {
        let number = |field: &str| message[field].as_u64();
        let list = |field: &str| message[field].as_array().unwrap().iter();
        let tag = |mention: &Value| match mention.as_str().unwrap() {
            "room" => "*".to_owned(),
            user => tags[user].clone(),
        };
        let reaction = |one: &Value| (one["emoji"].as_str().unwrap().to_owned(), one["count"].as_u64().unwrap());
        let shown = message["html"].as_str().map(|html| Shown {
            html: Html::parse_fragment(html).root_element().inner_html(),
            reply_to: number("replyTo"),
            replies: number("replies").unwrap_or(0),
            edited: message["editedTime"].as_str().map(str::to_owned),
            is_pinned: message["pinned"] == true,
            mentions: list("mentions").map(tag).collect(),
            reactions: list("reactions").map(reaction).collect(),
        });
        Self { rev: number("rev").unwrap(), seq: number("seq").unwrap(), shown }
    }
}
