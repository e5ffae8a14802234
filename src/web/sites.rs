//! Where people find the users, auth and chat servers, and how a browser is handed from one to another.

use url::Url;

use super::page::local_path;

/// The public addresses of the three servers. A link is one of them with a path appended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    /// An origin like `https://chat.example.org`; empty where all three servers are on one address, which
    /// makes every link relative.
    pub users: String,
    pub auth: String,
    pub chat: String,
    /// The origins under which people are known to reach natter: what a page there sends is ours.
    pub trusted: Vec<String>,
}

impl Sites {
    /// All three on one address, which is `public` for people, if that is not where natter listens.
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

    /// Whether a browser sends the auth server's cookie to the users server too: it goes by the host and not by the
    /// port.
    pub fn share_cookies(&self) -> bool {
        let place = |address: &str| {
            Url::parse(address).ok().map(|url| (url.scheme().to_owned(), url.host().map(|host| host.to_owned())))
        };
        place(&self.users) == place(&self.auth)
    }

    /// `next`, if it leads to a path here or to one of the three servers, and not astray.
    pub fn next(&self, next: Option<&str>) -> Option<String> {
        if let Some(path) = local_path(next) {
            return Some(path.to_owned());
        }
        // what is compared is what is sent: the address as it was parsed, not as it was written
        let url = Url::parse(next.filter(|_| self.are_apart())?).ok()?;
        let ours = [&self.users, &self.auth, &self.chat].contains(&&origin(&url));
        let plain = url.username().is_empty() && url.password().is_none();
        (ours && plain).then(|| url.to_string())
    }

    /// Whether `next`, as [`Sites::next`] gave it, leads away from the auth server, where its cookie may not
    /// be known.
    pub fn leaves_auth(&self, next: &str) -> bool {
        self.are_apart() && Url::parse(next).is_ok_and(|url| origin(&url) != self.auth)
    }
}

/// `address` with `token` in its query, in place of any that was there.
pub fn with_token(address: &str, token: &str) -> String {
    let (path, query) = split(address);
    let mut query = kept(query);
    query.append_pair("jwt", token);
    format!("{path}?{}", query.finish())
}

/// `address` without a token in its query.
pub fn without_token(address: &str) -> String {
    let (path, query) = split(address);
    let query = kept(query).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn split(address: &str) -> (&str, &str) {
    let address = address.split('#').next().unwrap_or_default();
    address.split_once('?').unwrap_or((address, ""))
}

fn kept(query: &str) -> url::form_urlencoded::Serializer<'static, String> {
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    kept.extend_pairs(url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "jwt"));
    kept
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
        // a browser reads these as ours, and gets them spelled so
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
    fn together_only_paths_are_followed_and_links_are_relative() {
        let sites = Sites::together(Some(&url("https://chat.example")));
        assert_eq!(sites.next(Some("/account")).as_deref(), Some("/account"));
        assert_eq!(sites.next(Some("https://chat.example/account")), None);
        assert_eq!((sites.chat.as_str(), sites.are_apart()), ("", false));
        assert_eq!(sites.trusted, ["https://chat.example"]);
        assert!(!sites.leaves_auth("/account"));
    }

    #[test]
    fn cookies_go_by_the_host() {
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
    fn a_token_goes_along_only_to_another_server() {
        let sites = apart();
        assert!(sites.leaves_auth("https://chat.example/"));
        assert!(!sites.leaves_auth("https://auth.example/login"));
        assert!(!sites.leaves_auth("/login"));
    }

    #[test]
    fn a_token_takes_the_place_of_another() {
        assert_eq!(with_token("https://chat.example/", "new"), "https://chat.example/?jwt=new");
        assert_eq!(with_token("http://a/b?q=1&jwt=planted&%6Awt=too#end", "new"), "http://a/b?q=1&jwt=new");
        assert_eq!(without_token("/admin/users?jwt=a&q=b+c&jwt=d"), "/admin/users?q=b+c");
        assert_eq!(without_token("/account?jwt=a"), "/account");
    }
}
