//! The links at both ends of a list that lead to more messages. They load by themselves when they come into view.

use std::borrow::Cow;

use askama::Template;

use super::{Language, fragment::render};

#[derive(Template)]
#[template(path = "chat/_more.html")]
struct MoreLink<'a> {
    class: &'static str,
    room: &'a str,
    parameter: &'static str,
    seq: u64,
    text: Cow<'static, str>,
}

/// The link to the messages of the room before `seq`.
pub fn older_link(room: &str, seq: u64, language: Language) -> String {
    render(&MoreLink { class: "older", room, parameter: "before", seq, text: language.text("chat-earlier") })
}

/// The link to the messages of the room from `seq` on.
pub fn newer_link(room: &str, seq: u64, language: Language) -> String {
    render(&MoreLink { class: "later", room, parameter: "from", seq, text: language.text("chat-later") })
}
