//! The public addresses of the users, auth and chat servers, and redirects between them.

use url::Url;

use super::page::local_path;

/// The public addresses of the three servers. A link is one of them followed by a path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    /// An origin like `https://chat.example.org`. Empty if all three servers have one address: then links are
    /// relative.
    pub users: String,
    pub auth: String,
    pub chat: String,
    /// The origins of our own pages.
    pub trusted: Vec<String>,
}

impl Sites {
    /// All three servers on one address. `public` is that address for people, if natter is behind a proxy.
    pub fn together(public: Option<&Url>) -> Self {
        Self { trusted: public.map(origin).into_iter().collect(), ..Self::default() }
    }

    pub fn apart(users: &Url, auth: &Url, chat: &Url) -> Self {
        let (users, auth, chat) = (origin(users), origin(auth), origin(chat));
        let mut trusted = vec![users.clone(), auth.clone(), chat.clone()];
        trusted.sort();
        trusted.dedup();
        Self { users, auth, chat, trusted }
    }

    pub fn are_apart(&self) -> bool {
        !self.auth.is_empty()
    }

    /// Whether a browser sends the auth server's cookie to the users server too: cookies belong to a host, whatever
    /// the port.
    pub fn share_cookies(&self) -> bool {
        let host = |address: &str| {
            Url::parse(address).ok().map(|url| (url.scheme().to_owned(), url.host().map(|host| host.to_owned())))
        };
        host(&self.users) == host(&self.auth)
    }

    /// `next` if it is a path on this server or an address of one of the three.
    pub fn next(&self, next: Option<&str>) -> Option<String> {
        if let Some(path) = local_path(next) {
            return Some(path.to_owned());
        }
        // the parsed address is compared and sent, so the spelling cannot deceive
        let url = Url::parse(next.filter(|_| self.are_apart())?).ok()?;
        let ours = [&self.users, &self.auth, &self.chat].contains(&&origin(&url));
        let plain = url.username().is_empty() && url.password().is_none();
        (ours && plain).then(|| url.to_string())
    }

    /// Whether `next`, a result of [`Sites::next`], leaves the auth server, whose cookie another server may not get.
    pub fn leaves_auth(&self, next: &str) -> bool {
        self.are_apart() && Url::parse(next).is_ok_and(|url| origin(&url) != self.auth)
    }
}

/// `address` with `token` as its only token in the query.
pub fn with_token(address: &str, token: &str) -> String {
    let (path, query) = split(address);
    let mut query = other_pairs(query);
    query.append_pair("jwt", token);
    format!("{path}?{}", query.finish())
}

/// `address` without tokens in the query.
pub fn without_token(address: &str) -> String {
    let (path, query) = split(address);
    let query = other_pairs(query).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn split(address: &str) -> (&str, &str) {
    let address = address.split('#').next().unwrap_or_default();
    address.split_once('?').unwrap_or((address, ""))
}

fn other_pairs(query: &str) -> url::form_urlencoded::Serializer<'static, String> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "jwt"));
    pairs
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(raw: &str) -> Url {
        Url::parse(raw).unwrap()
    }

    fn apart() -> Sites {
        Sites::apart(&url("http://localhost:5000"), &url("https://auth.example"), &url("https://chat.example:443/"))
    }

    #[test]
    fn next_leads_to_the_three_servers_and_nowhere_else() {
        let sites = apart();
        for ours in ["/login", "/?before=3", "http://localhost:5000/admin/users?q=a", "https://chat.example/"] {
            assert_eq!(sites.next(Some(ours)).as_deref(), Some(ours));
        }
        // browsers read these as our addresses
        assert_eq!(sites.next(Some("HTTPS:\\\\CHAT.example:443")).as_deref(), Some("https://chat.example/"));
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "https://chat.example.evil.example/",
            "https://chat.example@evil.example/",
            "https://you:and@chat.example/",
            "http://chat.example/",
            "http://localhost:5001/",
            "https://chat.example:444/",
            "javascript:alert(1)",
            "data:text/html,x",
            "null",
            "/a\r\nb",
        ] {
            assert_eq!(sites.next(Some(foreign)), None, "{foreign:?}");
        }
    }

    #[test]
    fn with_one_address_links_are_relative_and_only_paths_are_followed() {
        let sites = Sites::together(Some(&url("https://chat.example")));
        assert_eq!(sites.next(Some("/account")).as_deref(), Some("/account"));
        assert_eq!(sites.next(Some("https://chat.example/account")), None);
        assert_eq!((sites.chat.as_str(), sites.are_apart()), ("", false));
        assert_eq!(sites.trusted, ["https://chat.example"]);
        assert!(!sites.leaves_auth("/account"));
    }

    #[test]
    fn servers_on_one_host_share_cookies() {
        assert!(Sites::together(None).share_cookies());
        let chat = url("http://localhost:7000");
        for (users, auth, shared) in [
            ("http://localhost:5000", "http://localhost:4000", true),
            ("http://127.0.0.2:5000", "http://127.0.0.3:5000", false),
            ("https://users.example", "https://auth.example", false),
            ("http://users.example", "https://users.example", false),
        ] {
            assert_eq!(Sites::apart(&url(users), &url(auth), &chat).share_cookies(), shared, "{users} {auth}");
        }
    }

    #[test]
    fn only_another_server_gets_a_token() {
        let sites = apart();
        assert!(sites.leaves_auth("https://chat.example/"));
        assert!(!sites.leaves_auth("https://auth.example/login"));
        assert!(!sites.leaves_auth("/login"));
    }

    #[test]
    fn a_token_replaces_any_other() {
        assert_eq!(with_token("https://chat.example/", "new"), "https://chat.example/?jwt=new");
        assert_eq!(with_token("http://a/b?q=1&jwt=planted&%6Awt=too#end", "new"), "http://a/b?q=1&jwt=new");
        assert_eq!(without_token("/admin/users?jwt=a&q=b+c&jwt=d"), "/admin/users?q=b+c");
        assert_eq!(without_token("/account?jwt=a"), "/account");
    }
}
