//! A page, or a part of one, as a browser receives it.

use reqwest::{Response, header::HeaderMap};
use scraper::{ElementRef, Html, Selector};

use super::Fragment;

#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

impl Page {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, html: response.text().await.unwrap() }
    }

    /// Asserts the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.html);
        self
    }

    /// Asserts that this is a redirect to exactly this location.
    #[track_caller]
    pub fn leads_to(self, location: &str) -> Self {
        let page = self.is(303);
        assert_eq!(page.location(), location);
        page
    }

    #[track_caller]
    pub fn location(&self) -> &str {
        self.header("location")
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).to_str().unwrap()
    }

    /// The texts of all elements that match `css`, with white space folded.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.each(css, |element| folded(&element.text().collect::<String>()))
    }

    /// The text of the only element that matches `css`.
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        one(css, self.texts(css), &self.html)
    }

    /// An attribute of the only element that matches `css`.
    #[track_caller]
    pub fn attribute(&self, css: &str, name: &str) -> String {
        one(css, self.each(css, |element| element.attr(name).unwrap_or_default().to_owned()), &self.html)
    }

    /// The value of the input `name`.
    #[track_caller]
    pub fn value_of(&self, name: &str) -> String {
        self.attribute(&format!("input[name={name}]"), "value")
    }

    /// The error message of the input `name`; asserts that the input is marked as invalid.
    #[track_caller]
    pub fn error_beside(&self, name: &str) -> String {
        assert_eq!(self.attribute(&format!("input[name={name}]"), "aria-invalid"), "true");
        assert_eq!(self.attribute(&format!("input[name={name}]"), "aria-describedby"), format!("{name}-note"));
        self.text(&format!("#{name}-note.error"))
    }

    /// The fragments of all messages in it, deleted ones too. The rooms of the sidebar have numbers too, and what is unread.
    pub fn fragments(&self) -> Vec<Fragment> {
        self.each("li[data-rev]:not([data-unread])", Fragment::parse)
    }

    /// The visible texts of the messages in it: `Ada: hello`.
    pub fn messages(&self) -> Vec<String> {
        self.each("li.message", |li| Fragment::parse(li).text)
    }

    /// What `read` returns of each element that matches `css`.
    pub fn each<T>(&self, css: &str, read: impl Fn(ElementRef<'_>) -> T) -> Vec<T> {
        let document = Html::parse_document(&self.html);
        document.select(&Selector::parse(css).unwrap()).map(read).collect()
    }
}

#[track_caller]
fn one<T>(css: &str, mut found: Vec<T>, html: &str) -> T {
    assert_eq!(found.len(), 1, "{css} in {html}");
    found.remove(0)
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
