//! Whether a WebSocket handshake or a link comes from one of our own pages.
//!
//! The CSRF layer accepts every GET, and browsers let any page open a socket to any server, with its cookies. So the
//! handshake checks `Origin` itself. A script sends no `Origin` and needs a token.

use axum::http::{HeaderMap, header};
use url::Url;

use super::Sites;

/// Whether the page that sent the request is ours. `None`: no browser sent it.
pub fn is_ours(headers: &HeaderMap, sites: &Sites) -> Option<bool> {
    let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or_default();
    let trusted = if sites.are_apart() { std::slice::from_ref(&sites.chat) } else { &sites.trusted };
    if trusted.iter().any(|trusted| trusted == origin) {
        return Some(true);
    }
    Some(is_host(headers, origin))
}

/// Whether `Referer` names a page of one of the three servers. `false` without a `Referer`.
pub fn is_link_ours(headers: &HeaderMap, sites: &Sites) -> bool {
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok());
    let Some(url) = referer.and_then(|referer| Url::parse(referer).ok()) else { return false };
    let origin = url.origin().ascii_serialization();
    sites.trusted.contains(&origin) || (!sites.are_apart() && is_host(headers, &origin))
}

/// Whether `origin` is the address of this request.
fn is_host(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some() && authority == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours_with(origin: Option<&str>, host: &str, public: Option<&str>) -> Option<bool> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        is_ours(&headers, &Sites::together(public.map(|url| Url::parse(url).unwrap()).as_ref()))
    }

    #[test]
    fn with_separate_addresses_only_the_chat_page_may_open_the_socket() {
        let [users, auth, chat] = ["https://users.example", "https://auth.example", "https://chat.example"];
        let url = |raw| Url::parse(raw).unwrap();
        let sites = Sites::apart(&url(users), &url(auth), &url(chat));
        for (origin, ours) in [(chat, true), (users, false), (auth, false), ("https://evil.example", false)] {
            let headers = [(header::HOST, "10.0.0.1:7000"), (header::ORIGIN, origin)];
            let headers = headers.map(|(name, value)| (name, value.parse().unwrap())).into_iter().collect();
            assert_eq!(is_ours(&headers, &sites), Some(ours), "{origin}");
        }
    }

    #[test]
    fn a_page_is_ours_by_its_host_or_by_the_public_address() {
        assert_eq!(is_ours_with(None, "localhost:7000", None), None);
        assert_eq!(is_ours_with(Some("http://localhost:7000"), "localhost:7000", None), Some(true));
        assert_eq!(
            is_ours_with(Some("https://chat.example.org"), "10.0.0.1:7000", Some("https://chat.example.org/")),
            Some(true)
        );
        for foreign in
            ["http://localhost:7001", "http://evil.example", "null", "", "http://localhost:7000.evil.example"]
        {
            assert_eq!(is_ours_with(Some(foreign), "localhost:7000", None), Some(false), "{foreign:?}");
        }
    }
}
