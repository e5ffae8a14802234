//! Requests for pages.

use axum::http::{HeaderMap, header};

/// `next` if it is a path on this site. An address of another site is refused, however it is spelled.
pub fn local_path(next: Option<&str>) -> Option<&str> {
    next.filter(|path| {
        path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.contains(|c: char| c.is_control())
    })
}

/// Whether the request is one of htmx, on a page that stays.
pub fn is_from_htmx(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

/// Whether the client accepts HTML, as browsers do when they navigate.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(local_path(Some("/admin/users?q=a")), Some("/admin/users?q=a"));
        for foreign in ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", "/a\r\nb"] {
            assert_eq!(local_path(Some(foreign)), None, "{foreign:?}");
        }
    }
}
