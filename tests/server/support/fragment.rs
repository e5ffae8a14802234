//! The fragment of a message, as a page or a socket receives it.

use std::sync::LazyLock;

use scraper::{ElementRef, Selector};

/// An emoji of a row.
static REACTION: LazyLock<Selector> = LazyLock::new(|| Selector::parse(".reactions > li").unwrap());

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    pub room: String,
    pub seq: u64,
    pub rev: u64,
    /// The visible text: `Ada: hello`. Empty if the message is deleted.
    pub text: String,
    pub sent_by_user: bool,
    /// Whether the message is deleted.
    pub hidden: bool,
    /// The HTML of the text alone. Empty if the message is deleted.
    pub html: String,
    pub reply_to: Option<u64>,
    /// The replies in the thread that starts with it.
    pub replies: u64,
    pub edited: Option<String>,
    pub pinned: bool,
    /// The tags of those whom it mentions, `*` for all.
    pub mentions: Vec<String>,
    /// Each emoji, and how many users gave it.
    pub reactions: Vec<(String, u64)>,
}

impl Fragment {
    pub fn parse(li: ElementRef<'_>) -> Self {
        let number = |name: &str| li.attr(name).unwrap().parse().unwrap();
        let attribute = |name: &str| li.attr(name).map(str::to_owned);
        let html = li.child_elements().find(|part| part.attr("class") == Some("text")).map(|text| text.inner_html());
        let quote = li.child_elements().find_map(|part| part.attr("data-reply-to"));
        let reaction = |li: ElementRef<'_>| {
            (li.attr("data-emoji").unwrap().to_owned(), li.attr("data-count").unwrap().parse().unwrap())
        };
        // neither the quote of a reply, nor the parts of the name
        let is_shown = |part: &ElementRef<'_>| part.value().name() == "b" || part.attr("class") == Some("text");
        let parts = li.child_elements().filter(is_shown);
        Self {
            room: li.attr("data-room").unwrap().to_owned(),
            seq: number("data-seq"),
            rev: number("data-rev"),
            text: parts.flat_map(|part| part.text()).collect(),
            sent_by_user: li.value().classes().any(|class| class == "sent-by-user"),
            hidden: li.attr("hidden").is_some(),
            html: html.unwrap_or_default(),
            reply_to: quote.map(|seq| seq.parse().unwrap()),
            replies: attribute("data-replies").map_or(0, |count| count.parse().unwrap()),
            edited: attribute("data-edited"),
            pinned: li.attr("data-pinned").is_some(),
            mentions: attribute("data-mentions").iter().flat_map(|tags| tags.split(' ')).map(str::to_owned).collect(),
            reactions: li.select(&REACTION).map(reaction).collect(),
        }
    }
}
