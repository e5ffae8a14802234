//! Mentions in the HTML of a text, with the tag of who is mentioned.

use super::writer::{Result, Writer};
use crate::domain::{
    Mentions, UserKey,
    mention::{EVERYONE_TAG, Mentioned},
};

/// The tags of whom the text mentions, separated by spaces.
pub fn tags(mentions: &Mentions) -> String {
    let everyone = mentions.everyone.map(|_| EVERYONE_TAG.to_owned());
    let users = mentions.users.iter().map(|user| user.key.tag());
    everyone.into_iter().chain(users).collect::<Vec<_>>().join(" ")
}

/// The HTML of a text with the mentions of the viewer marked. Nobody can type the element: what is typed is escaped.
pub fn mark(html: &str, viewer: UserKey) -> String {
    let element = |class: &str, tag: &str| format!("<span class=\"{class}\" data-tag=\"{tag}\">");
    [EVERYONE_TAG, &viewer.tag()]
        .into_iter()
        .fold(html.to_owned(), |html, tag| html.replace(&element("mention", tag), &element("mention me", tag)))
}

/// Writes text in which each mention is an element.
pub(super) fn text(out: &mut Writer, text: &str, mentions: &Mentions) -> Result {
    if mentions.is_empty() {
        return out.text(text);
    }
    let mut end = 0;
    for (place, mentioned) in mentions.places(text) {
        out.text(&text[end..place.start])?;
        end = place.end;
        out.raw("<span class=\"mention\"")?;
        match mentioned {
            Mentioned::User(user) => out.attribute("data-tag", &user.key.tag())?,
            Mentioned::Everyone => out.attribute("data-tag", EVERYONE_TAG)?,
        }
        out.raw(">")?;
        out.text(&text[place])?;
        out.raw("</span>")?;
    }
    out.text(&text[end..])
}
