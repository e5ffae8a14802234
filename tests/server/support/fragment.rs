//! A message as a page or a socket shows it.

use scraper::{ElementRef, Selector};

/// A message's fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub seq: u64,
    pub rev: u64,
    /// As it is read: `Ada: hello`. Empty where it is hidden.
    pub text: String,
    pub sent_by_user: bool,
    /// Deleted.
    pub hidden: bool,
}

impl Line {
    pub fn of(li: ElementRef<'_>) -> Self {
        let id = li.attr("id").unwrap();
        let parts = Selector::parse("b, span").unwrap();
        Self {
            seq: id.strip_prefix('m').unwrap().parse().unwrap(),
            rev: li.attr("data-rev").unwrap().parse().unwrap(),
            text: li.select(&parts).flat_map(|part| part.text()).collect(),
            sent_by_user: li.value().classes().any(|class| class == "sent-by-user"),
            hidden: li.attr("hidden").is_some(),
        }
    }
}
