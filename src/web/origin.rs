//! Whether a WebSocket handshake, a link or a change comes from one of our own pages.
//!
//! The CSRF layer accepts every GET, and browsers let any page open a socket to any server, with its cookies. So the
//! handshake checks `Origin` itself. A script sends no `Origin` and needs a token. Of a change, [`is_foreign`] checks what
//! that layer does not.

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
    Some(is_host(headers, origin, sites))
}

/// Whether a request that changes something comes from a page of another site, as far as the CSRF layer does not know. That
/// layer compares no schemes, and a text browser sends neither `Sec-Fetch-Site` nor `Origin`, but `Referer`.
pub fn is_foreign(headers: &HeaderMap, sites: &Sites) -> bool {
    if headers.contains_key("sec-fetch-site") {
        return false; // the layer knows
    }
    match headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
        Some(origin) => is_without_tls(origin, sites),
        None => headers.contains_key(header::REFERER) && !is_link_ours(headers, sites),
    }
}

/// Whether `Referer` names a page of one of the three servers. `false` without a `Referer`.
pub fn is_link_ours(headers: &HeaderMap, sites: &Sites) -> bool {
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok());
    let Some(url) = referer.and_then(|referer| Url::parse(referer).ok()) else { return false };
    let origin = url.origin().ascii_serialization();
    sites.trusted.contains(&origin) || (!sites.are_apart() && is_host(headers, &origin, sites))
}

/// Whether `origin` is the address of this request.
fn is_host(headers: &HeaderMap, origin: &str, sites: &Sites) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some() && authority == host && !is_without_tls(origin, sites)
}

/// Whether `origin` is one of our addresses, but with http instead of https: anybody on the line can have written its pages.
fn is_without_tls(origin: &str, sites: &Sites) -> bool {
    let with_tls = origin.strip_prefix("http://").map(|authority| format!("https://{authority}"));
    with_tls.is_some_and(|with_tls| sites.trusted.contains(&with_tls))
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
        let public = Some("https://chat.example.org/");
        assert_eq!(is_ours_with(Some("http://chat.example.org"), "chat.example.org", public), Some(false));
        assert_eq!(is_ours_with(Some("http://10.0.0.1:7000"), "10.0.0.1:7000", public), Some(true), "past the proxy");
    }

    #[test]
    fn a_change_is_foreign_by_its_scheme_or_its_referer() {
        let sites = Sites::together(Some(&Url::parse("https://chat.example.org").unwrap()));
        for (name, value, foreign) in [
            ("origin", "https://chat.example.org", false),
            ("origin", "http://chat.example.org", true),
            ("origin", "http://10.0.0.1:7000", false),
            ("referer", "https://chat.example.org/rooms/lobby", false),
            ("referer", "http://10.0.0.1:7000/login", false),
            ("referer", "http://chat.example.org/", true),
            ("referer", "https://evil.example/", true),
            ("x-other", "", false),
        ] {
            let headers = [("host", "10.0.0.1:7000"), (name, value)];
            let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).into_iter();
            let mut headers: HeaderMap = headers.collect();
            assert_eq!(is_foreign(&headers, &sites), foreign, "{name}: {value}");
            headers.insert("sec-fetch-site", axum::http::HeaderValue::from_static("same-origin"));
            assert!(!is_foreign(&headers, &sites), "{name}: {value}");
        }
    }
}
