//! Which addresses are links.

use url::Url;

/// What a link in a message may lead to.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// The address as browsers write it; `None` if it is no link. It is parsed as a browser does: one that only looks like
/// an address of a site is not taken for one.
pub(super) fn allowed(address: &str) -> Option<String> {
    Url::parse(address).ok().filter(|url| SCHEMES.contains(&url.scheme())).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sites_and_mail_addresses_are_links() {
        for (address, link) in [
            ("https://example.com/a?b=c&d#e", "https://example.com/a?b=c&d#e"),
            ("HTTP://example.com", "http://example.com/"),
            ("mailto:ada@example.com", "mailto:ada@example.com"),
            ("https://bücher.example/ü \"", "https://xn--bcher-kva.example/%C3%BC%20%22"),
        ] {
            assert_eq!(allowed(address).as_deref(), Some(link), "{address}");
        }
        for none in [
            "",
            "/rooms/lobby",
            "//example.com",
            "#new",
            "example.com",
            "http://",
            "http://a b/",
            "ftp://example.com",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,<script>",
            "data:image/png;base64,AAAA",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://example.com/1",
            "xmpp:ada@example.com",
        ] {
            assert_eq!(allowed(none), None, "{none}");
        }
    }
}
