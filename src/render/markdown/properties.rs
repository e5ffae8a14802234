//! What holds of every text.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use scraper::Html;

use super::*;
use crate::domain::{
    MentionNames, MentionedUser, Text, UserKey,
    mention::{EVERYONE_TAG, Everyone},
};

/// What texts are made of: marks of Markdown, HTML, addresses, mentions.
const PIECES: [&str; 62] = [
    "*",
    "**",
    "_",
    "~~",
    "`",
    "```",
    "```rust\n",
    "~~~",
    "> ",
    ">",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "3) ",
    "- [ ] ",
    "- [x] ",
    "# ",
    "### ",
    "\n---\n",
    "===",
    "|",
    "|-|-|",
    ":-:",
    "\n",
    "\n\n",
    "    ",
    "\t",
    "  \n",
    "\\",
    "&amp;",
    "&#60;",
    "&nbsp;",
    "<",
    ">",
    "<b>",
    "</b>",
    "<div>",
    "<script>",
    "<!--",
    "-->",
    "<a href=\"x\">",
    "[",
    "]",
    "(",
    ")",
    "![",
    "](",
    "](javascript:alert(1))",
    "](data:image/png;base64,x)",
    "](https://a.example \"t\")",
    "[a]: https://b.example/\"x",
    "https://c.example/?a=b&c=\"d\"",
    "mailto:a\"<b>@c.example",
    "www.d.example",
    "e@f.example",
    "@ada",
    "@room",
    ":tada:",
    "👍",
    "/me ",
    "\u{a0}",
];

fn ada() -> UserKey {
    UserKey(uuid::Uuid::from_u64_pair(0, 1))
}

fn mentions() -> Mentions {
    Mentions { users: vec![MentionedUser { key: ada(), user_id: "ada".into() }], everyone: Some(Everyone::Room) }
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "[a-z ]{1,6}",
        1 => any::<String>(),
    ];
    let text = prop::collection::vec(piece, 1..40).prop_map(|pieces| pieces.concat());
    text.prop_filter_map("empty", |text| Text::parse(&text).ok().map(Text::into_string))
}

/// Lets through what messages may have, and nothing else.
fn ammonia() -> ammonia::Builder<'static> {
    let mut cleaner = ammonia::Builder::empty();
    let tags = "a blockquote br code del div em hr li ol p pre span strong table tbody td th thead tr ul";
    cleaner
        .tags(tags.split(' ').collect())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "rel", "target"])),
            ("code", HashSet::from(["class"])), // the language
            ("div", HashSet::from(["tabindex"])),
            ("blockquote", HashSet::from(["dir"])),
            ("ul", HashSet::from(["dir"])),
            ("ol", HashSet::from(["dir", "start"])),
            ("pre", HashSet::from(["tabindex"])),
            ("span", HashSet::from(["data-tag"])),
        ]))
        .allowed_classes(HashMap::from([
            ("div", HashSet::from(["table"])),
            ("li", HashSet::from(["task"])),
            ("p", HashSet::from(["heading"])),
            ("span", HashSet::from(["mention"])),
            ("td", HashSet::from(["center", "right"])),
            ("th", HashSet::from(["center", "right"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(None);
    cleaner
}

/// The same escapes as ammonia writes.
fn as_ammonia_escapes(html: &str) -> String {
    html.split_inclusive('>')
        .map(|part| {
            let (text, tag) =
                part.rfind('<').filter(|_| part.ends_with('>')).map_or((part, ""), |at| part.split_at(at));
            text.replace("&quot;", "\"") + tag
        })
        .collect::<String>()
        .replace('\u{a0}', "&nbsp;")
}

proptest! {
    #[test]
    fn ammonia_removes_nothing(text in texts()) {
        let html = render(&text, &mentions()).html;
        prop_assert_eq!(ammonia().clean(&html).to_string(), as_ammonia_escapes(&html));
        for forbidden in ["<script", "<img", "=\"javascript:", "href=\"data:", "style=", " id=", " on"] {
            let is_in_tag = html.split('<').skip(1).any(|tag| format!("<{}", tag.split('>').next().unwrap()).contains(forbidden));
            prop_assert!(!is_in_tag, "{} in {}", forbidden, html);
        }
    }

    #[test]
    fn a_preview_is_what_a_browser_has_as_text(text in texts()) {
        let html = render(&text, &mentions()).html;
        let browsers: String = Html::parse_fragment(&html).root_element().text().collect();
        let line = browsers.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(plain(&html, usize::MAX), line);
    }

    #[test]
    fn a_plain_text_is_what_markdown_makes_of_it(text in "[a-zA-Z0-9 ,?'\"();/%$+=#>!.:é👍-]{1,12}") {
        let text = text.trim();
        if !text.is_empty() && typed::is_plain(text) {
            prop_assert_eq!(marked(text, &Mentions::default()), Some((typed::html(text), true)));
        }
    }

    #[test]
    fn a_plain_text_is_rendered_in_the_same_way_without_the_parser(text in "(/me )?[a-z ,?'\"()/%$!.:é👍-]{1,12}") {
        if let Some(rendered) = render_plain(&text) {
            prop_assert_eq!(rendered, render(&text, &Mentions::default()));
        }
    }

    #[test]
    fn who_is_mentioned_is_marked_and_nobody_else(text in texts()) {
        let mentions = Mentions::resolve(&MentionNames::of(&text), &mentions().users, UserKey(uuid::Uuid::nil()));
        let html = render(&text, &mentions).html;
        let tags = super::mention::tags(&mentions);
        prop_assume!(!html.is_empty() && (typed::is_plain(&text) || html != typed::html(&text)));
        for tag in [EVERYONE_TAG, &ada().tag()] {
            let is_marked = html.contains(&format!("<span class=\"mention\" data-tag=\"{tag}\">"));
            prop_assert_eq!(is_marked, tags.split(' ').any(|mentioned| mentioned == tag), "{} in {}", tag, html);
        }
    }

    #[test]
    fn something_is_always_seen(text in texts()) {
        prop_assert!(!plain(&render(&text, &mentions()).html, 10).is_empty());
    }
}
