//! Reads HTML as a browser does, and says what in it natter never writes.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html};

/// The elements that natter makes of Markdown, with the attributes that they may have.
const MARKDOWN: [(&str, &[&str]); 22] = [
    ("a", &["href", "rel", "target"]),
    ("blockquote", &["dir"]),
    ("br", &[]),
    ("code", &["class"]),
    ("del", &[]),
    ("div", &["class", "tabindex"]),
    ("em", &[]),
    ("hr", &[]),
    ("li", &["class"]),
    ("mark", &[]),
    ("ol", &["dir", "start"]),
    ("p", &["class"]),
    ("pre", &["tabindex", "dir"]),
    ("span", &["class", "data-tag"]),
    ("strong", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["class"]),
    ("th", &["class"]),
    ("thead", &[]),
    ("tr", &[]),
    ("ul", &["dir"]),
];

/// Elements that no page has.
const NEVER: [&str; 19] = [
    "base",
    "iframe",
    "frame",
    "object",
    "embed",
    "applet",
    "style",
    "template",
    "math",
    "marquee",
    "plaintext",
    "xmp",
    "noembed",
    "listing",
    "portal",
    "foreignobject",
    "animate",
    "set",
    "mtext",
];

/// Attributes that no element has. Those that begin with `on` are refused too.
const NEVER_ATTRIBUTES: [&str; 9] =
    ["style", "srcdoc", "srcset", "formaction", "ping", "ws-send", "background", "lowsrc", "xlink:href"];

/// Attributes of htmx on natter's own elements. In a message there are none.
const OF_HTMX: [&str; 17] = [
    "hx-boost:inherited",
    "hx-target:inherited",
    "hx-select:inherited",
    "hx-swap:inherited",
    "hx-sync:inherited",
    "hx-ws:connect",
    "hx-ws:send",
    "hx-target",
    "hx-swap",
    "data-hx-get",
    "data-hx-post",
    "data-hx-trigger",
    "data-hx-target",
    "data-hx-select",
    "data-hx-swap",
    "data-hx-include",
    "data-hx-sync",
];

/// What a browser makes of a page or a part of one.
#[derive(Default)]
pub struct Read {
    /// What is wrong in it.
    pub faults: Vec<String>,
    /// How often each element with the same attributes is there. A text that is only text does not change it. What natter
    /// makes of Markdown is left out.
    pub elements: BTreeMap<String, usize>,
    /// All texts, and all values of attributes, each on a line.
    pub texts: String,
}

impl Read {
    pub fn of(html: &str) -> Self {
        let mut read = Self::default();
        read.add(html);
        read
    }

    /// Adds all elements, also those that a browser makes only without scripts, or that a script of natter's puts into the
    /// page.
    fn add(&mut self, html: &str) {
        let is_page = html.trim_start().to_ascii_lowercase().starts_with("<!doctype");
        let document = if is_page { Html::parse_document(html) } else { Html::parse_fragment(html) };
        self.texts.extend(document.root_element().text());
        self.texts.push('\n');
        for element in document.root_element().descendants().filter_map(ElementRef::wrap) {
            self.add_element(element);
            let is_inert = element.value().name() == "script" && element.attr("type") == Some("text/html");
            if is_inert || element.value().name() == "noscript" {
                self.add(&element.text().collect::<String>());
            }
        }
    }

    fn add_element(&mut self, element: ElementRef<'_>) {
        for fault in faults_of(element) {
            self.faults.push(format!("{fault}: {}", element.html().chars().take(200).collect::<String>()));
        }
        let mut kind = element.value().name().to_owned();
        let mut attributes: Vec<_> = element.value().attrs().collect();
        attributes.sort_unstable();
        for (name, value) in attributes {
            kind.extend([" ", name]);
            self.texts.extend([value, "\n"]);
        }
        if !is_in_text(element) {
            *self.elements.entry(kind).or_default() += 1;
        }
    }
}

fn faults_of(element: ElementRef<'_>) -> Vec<String> {
    let (name, in_text) = (element.value().name(), is_in_text(element));
    let mut faults = Vec::new();
    if NEVER.contains(&name) {
        faults.push(format!("<{name}>"));
    }
    let is_own = match name {
        "script" => element.attr("type") == Some("text/html") || element.attr("src").is_some_and(is_asset),
        "meta" => element.attr("http-equiv").is_none() || element.attr("content").is_some_and(is_refresh),
        "svg" => element.attr("class") == Some("icon"),
        "link" => element.attr("href").is_some_and(|to| is_asset(to) || to.starts_with("/manifest.") || to == "#said"),
        "img" => element.attr("src").is_some_and(is_picture),
        "form" => element.attr("action").is_none_or(is_local),
        _ => true,
    };
    if !is_own {
        faults.push(format!("a foreign <{name}>"));
    }
    let allowed = MARKDOWN.iter().find(|(markdown, _)| *markdown == name);
    if in_text && allowed.is_none() {
        faults.push(format!("<{name}> in a text"));
    }
    for (attribute, value) in element.value().attrs() {
        let of_htmx = attribute.starts_with("hx-") || attribute.starts_with("data-hx-");
        let is_wrong = attribute.starts_with("on")
            || NEVER_ATTRIBUTES.contains(&attribute)
            || of_htmx && (in_message(element) || !OF_HTMX.contains(&attribute))
            || ["data-hx-get", "data-hx-post", "action", "src"].contains(&attribute) && !is_local(value)
            || attribute == "href" && !is_local(value) && !(name == "a" && is_link_elsewhere(element, value))
            || in_text && allowed.is_some_and(|(_, attributes)| !attributes.contains(&attribute));
        if is_wrong {
            faults.push(format!("{attribute}={value:?}"));
        }
    }
    faults
}

/// Inside the text of a message, which natter makes of Markdown.
fn is_in_text(element: ElementRef<'_>) -> bool {
    let is_text = |element: ElementRef<'_>| element.value().classes().any(|class| class == "text");
    in_message(element) && element.ancestors().filter_map(ElementRef::wrap).any(is_text)
}

fn in_message(element: ElementRef<'_>) -> bool {
    let is_message = |element: ElementRef<'_>| element.value().classes().any(|class| class == "message");
    is_message(element) || element.ancestors().filter_map(ElementRef::wrap).any(is_message)
}

fn is_picture(address: &str) -> bool {
    ["/rooms/", "/avatars/", "/static/"].iter().any(|folder| address.starts_with(folder))
}

fn is_asset(address: &str) -> bool {
    address.starts_with("/static/")
}

/// The one of the chat's address with a token, without JavaScript.
fn is_refresh(content: &str) -> bool {
    content.strip_prefix("0; url=/rooms/").is_some_and(|room| room.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// An address of this server.
fn is_local(address: &str) -> bool {
    match address.as_bytes() {
        [b'/', second, ..] => !b"/\\\t\n\r".contains(second),
        [first, ..] => b"/#?".contains(first),
        [] => false,
    }
}

/// A link that a text has to a site or a mail address.
fn is_link_elsewhere(element: ElementRef<'_>, address: &str) -> bool {
    let is_allowed = ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
    is_allowed && element.attr("rel") == Some("noopener nofollow ugc") && element.attr("target") == Some("_blank")
}

#[test]
fn what_is_hostile_is_found() {
    for hostile in [
        "<img src=x onerror=alert(1)>",
        "<img src=//evil.example/x.png>",
        "<script>alert(1)</script>",
        "<script src=//evil.example/x.js></script>",
        "<a href=javascript:alert(1)>x</a>",
        "<a href=\" javascript:alert(1)\">x</a>",
        "<a href=//evil.example>x</a>",
        "<a href=https://evil.example>x</a>",
        "<b onclick=alert(1)>x</b>",
        "<b hx-on:click=alert(1)>x</b>",
        "<b hx-get=/logout>x</b>",
        "<p style=color:red>x</p>",
        "<li class=message><b data-hx-post=/logout>x</b></li>",
        "<li class=message><span class=text><form>x</form></span></li>",
        "<li class=message><span class=text><a href=https://a.example rel=x target=_blank>x</a></span></li>",
        "<form action=https://evil.example></form>",
        "<svg onload=alert(1)></svg>",
        "<svg><script>alert(1)</script></svg>",
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content=0;url=//evil.example>",
        "<noscript><img src=x onerror=alert(1)></noscript>",
        "<script type=text/html><img src=x onerror=alert(1)></script>",
        "<!doctype html><title></title><style>*{}</style>",
    ] {
        assert!(!Read::of(hostile).faults.is_empty(), "{hostile}");
    }
    let good = "<li class=message data-seq=1><b>Ada</b><span class=text>&lt;img src=x onerror=alert(1)&gt; \
        <a href=https://a.example/ rel=\"noopener nofollow ugc\" target=_blank>x</a></span></li>";
    let read = Read::of(good);
    assert_eq!(read.faults, [""; 0]);
    assert!(read.texts.contains("<img src=x onerror=alert(1)>"), "{}", read.texts);
    let elements = |html: &str| Read::of(html).elements;
    assert_ne!(elements("<li>x</li>"), elements("<li>x</li><li>y</li>"));
    assert_ne!(elements("<li>x</li>"), elements("<li title=x>x</li>"));
    assert_eq!(elements("<li title=y>x</li>"), elements("<li title=x>&lt;b&gt;</li>"));
}
