//! The fragment of a message, as a page or a socket receives it.

use scraper::ElementRef;

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
}

impl Fragment {
    pub fn parse(li: ElementRef<'_>) -> Self {
        let number = |name: &str| li.attr(name).unwrap().parse().unwrap();
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
        }
    }
}
