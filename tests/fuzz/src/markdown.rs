//! Texts of messages as fragments.

use natter::{
    domain::{MentionedUser, Mentions, Text, Typed},
    render::{Language, PageRow, TextCache, Viewer, beginning, message, row},
};
use url::Url;

use crate::{
    html::{Element, elements, unescaped},
    sample::{self, key},
};

/// What a text may consist of. Everything else was typed, and is text.
const ALLOWED: [&str; 24] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul", // and in the row around it
    "b",
    "time",
    "cite",
];
const CLASSES: [&str; 7] = ["table", "task", "heading", "mention", "mention me", "center", "right"];
/// Most characters of a quote, with the ellipsis.
const QUOTE: usize = 101;

/// Whatever the text, its fragment is well-formed, has only what Markdown may make, and is the same bytes each time.
pub fn markdown(data: &[u8]) {
    let typed = String::from_utf8_lossy(data);
    if let Ok(Typed::Text(text)) = Typed::parse(&typed) {
        fragment(&text);
    }
    fragment(&typed);
}

fn fragment(typed: &str) {
    let Ok(text) = Text::parse(typed) else { return };
    assert_eq!(Text::parse(text.as_str()).as_ref(), Ok(&text), "what is stored is valid");
    let members =
        [(2, "bob"), (3, "bob."), (4, "a-b_c")].map(|(n, id)| MentionedUser { key: key(n), user_id: id.into() });
    let mentions = Mentions::resolve(text.names(), &members, key(1));
    let message = &sample::message(text.as_str(), mentions);

    let texts = TextCache::default();
    let Some(rendered) = texts.text(message) else { panic!("a message with a text has one") };
    assert!(rendered.html.len() <= 64 << 10, "{} bytes", rendered.html.len());
    for element in checked(&rendered.html) {
        assert_is_of_text(&element, text.as_str());
    }
    let quote = beginning(message, &texts).unwrap_or_default();
    assert!(quote.chars().count() <= QUOTE, "{quote:?}");
    assert!(Text::parse(&quote).is_ok(), "nothing is seen of {text:?}");

    let live = self::message(message, None, &texts);
    assert_eq!(live, self::message(message, None, &TextCache::default()));
    let viewer = Viewer { key: key(2), language: Language::English };
    let page = row(message, PageRow { parent: Some(message), ..PageRow::default() }, &viewer, &texts);
    for row in [&live, &page] {
        for element in checked(row).iter().skip(1) {
            assert!(ALLOWED.contains(&element.name), "{element:?}");
        }
    }
}

/// The elements, none of which runs or loads anything.
fn checked(html: &str) -> Vec<Element<'_>> {
    let elements = elements(html).unwrap_or_else(|error| panic!("{error} in {html}"));
    for Element { name, attributes } in &elements {
        assert!(!["script", "style", "iframe", "form", "img", "svg"].contains(name), "{html}");
        for (attribute, _) in attributes {
            assert!(!attribute.starts_with("on") && !["style", "src", "srcset"].contains(attribute), "{html}");
        }
    }
    elements
}

/// No element has more than the renderer gives it.
fn assert_is_of_text(element: &Element<'_>, text: &str) {
    assert!(ALLOWED[..21].contains(&element.name), "{element:?} of {text:?}");
    for (attribute, value) in &element.attributes {
        let is_right = match *attribute {
            "class" => CLASSES.contains(value) || element.name == "code" && is_language(value),
            "dir" => *value == "auto",
            "tabindex" => *value == "0",
            "start" => value.parse::<u32>().is_ok(),
            "data-tag" => *value == "*" || value.len() == 11 && element.attribute("class") == Some("mention"),
            "href" => is_safe(&unescaped(value)) && element.attribute("rel") == Some("noopener nofollow ugc"),
            "rel" | "target" => element.attribute("href").is_some(),
            _ => false,
        };
        assert!(is_right, "{attribute} of {element:?} of {text:?}");
    }
}

fn is_language(class: &str) -> bool {
    let name = class.strip_prefix("language-").unwrap_or_default();
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+#-".contains(&byte))
}

/// Whether a browser takes it for an address of a site or of a person, in exactly these characters.
fn is_safe(address: &str) -> bool {
    let url = Url::parse(address);
    url.is_ok_and(|url| ["http", "https", "mailto"].contains(&url.scheme()) && url.as_str() == address)
}
