//! The users, auth and chat servers: which of them this process runs, the address that each listens on, and its public
//! address.

use std::net::{Ipv4Addr, SocketAddr};

use clap::{Args, ValueEnum};
use url::Url;

use super::addresses::{listen_address, public_url};
use crate::web::Sites;

/// One of the three servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServerRole {
    Users,
    Auth,
    Chat,
}

impl ServerRole {
    pub const ALL: [Self; 3] = [Self::Users, Self::Auth, Self::Chat];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Auth => "auth",
            Self::Chat => "chat",
        }
    }
}

/// Why the roles cannot be served, with the setting to change.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    #[error(
        "the embedded database belongs to one process, and --roles leaves out {0}; serve all three here, on separate \
         addresses if necessary (--users-addr, --auth-addr, --chat-addr), or share a MongoDB: --database mongodb://…"
    )]
    Embedded(String),
    #[error("--{0}-addr is given, but --roles leaves {0} out; add it there, or remove the address")]
    NotServed(&'static str),
    #[error("another process serves {0}, because --roles leaves it out; set its public address with --{0}-url")]
    NoPublicUrl(&'static str),
}

#[derive(Debug, Clone, Args)]
pub struct Roles {
    /// The servers that this process runs; fewer than all three require a MongoDB, which processes can share
    #[arg(
        id = "roles",
        long,
        env = "NATTER_ROLES",
        value_delimiter = ',',
        default_value = "users,auth,chat",
        value_name = "ROLES"
    )]
    pub served: Vec<ServerRole>,

    /// Separate address of the users server (sign-up, accounts); usually with port 5000
    #[arg(long, env = "NATTER_USERS_ADDR", value_name = "ADDRESS", value_parser = listen_address)]
    pub users_addr: Option<SocketAddr>,

    /// Separate address of the auth server (login, tokens); usually with port 4000
    #[arg(long, env = "NATTER_AUTH_ADDR", value_name = "ADDRESS", value_parser = listen_address)]
    pub auth_addr: Option<SocketAddr>,

    /// Separate address of the chat server; usually with port 7000
    #[arg(long, env = "NATTER_CHAT_ADDR", value_name = "ADDRESS", value_parser = listen_address)]
    pub chat_addr: Option<SocketAddr>,

    /// Public address of the users server, if it differs from the one it listens on, like https://users.example.org
    #[arg(long, env = "NATTER_USERS_URL", value_name = "URL", value_parser = public_url)]
    pub users_url: Option<Url>,

    /// Public address of the auth server, if it differs from the one it listens on
    #[arg(long, env = "NATTER_AUTH_URL", value_name = "URL", value_parser = public_url)]
    pub auth_url: Option<Url>,

    /// Public address of the chat server, if it differs from the one it listens on
    #[arg(long, env = "NATTER_CHAT_URL", value_name = "URL", value_parser = public_url)]
    pub chat_url: Option<Url>,
}

/// An address to listen on, and the roles that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub roles: Vec<ServerRole>,
    pub address: SocketAddr,
    /// The setting that it comes from.
    pub flag: &'static str,
}

impl Roles {
    pub(super) fn serves(&self, role: ServerRole) -> bool {
        self.served.contains(&role)
    }

    fn own_address(&self, role: ServerRole) -> Option<SocketAddr> {
        match role {
            ServerRole::Users => self.users_addr,
            ServerRole::Auth => self.auth_addr,
            ServerRole::Chat => self.chat_addr,
        }
    }

    fn url(&self, role: ServerRole) -> Option<&Url> {
        match role {
            ServerRole::Users => self.users_url.as_ref(),
            ServerRole::Auth => self.auth_url.as_ref(),
            ServerRole::Chat => self.chat_url.as_ref(),
        }
    }

    /// Checks the roles. `shared_database`: several processes can use the database.
    ///
    /// # Errors
    /// See [`RolesError`].
    pub(super) fn check(&self, shared_database: bool, public: Option<&Url>) -> Result<(), RolesError> {
        let left_out: Vec<ServerRole> = ServerRole::ALL.into_iter().filter(|role| !self.serves(*role)).collect();
        for role in left_out.iter().copied() {
            if self.own_address(role).is_some() {
                return Err(RolesError::NotServed(role.as_str()));
            }
            if shared_database && self.url(role).or(public).is_none() {
                return Err(RolesError::NoPublicUrl(role.as_str()));
            }
        }
        if left_out.is_empty() || shared_database {
            return Ok(());
        }
        Err(RolesError::Embedded(left_out.into_iter().map(ServerRole::as_str).collect::<Vec<_>>().join(" and ")))
    }

    /// The endpoints to listen on, one for each address.
    pub(super) fn endpoints(&self, listen: SocketAddr) -> Vec<Endpoint> {
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for role in ServerRole::ALL.into_iter().filter(|role| self.serves(*role)) {
            let (address, flag) = match (self.own_address(role), role) {
                (None, _) => (listen, "--listen"),
                (Some(address), ServerRole::Users) => (address, "--users-addr"),
                (Some(address), ServerRole::Auth) => (address, "--auth-addr"),
                (Some(address), ServerRole::Chat) => (address, "--chat-addr"),
            };
            // port 0 stands for any free port, a different one each time
            let same = |endpoint: &&mut Endpoint| {
                endpoint.address == address && (address.port() != 0 || endpoint.flag == flag)
            };
            match endpoints.iter_mut().find(same) {
                Some(endpoint) => endpoint.roles.push(role),
                None => endpoints.push(Endpoint { roles: vec![role], address, flag }),
            }
        }
        endpoints
    }

    /// The public address of `role`: from the settings, or else the address it listens on.
    fn public(&self, role: ServerRole, endpoints: &[Endpoint], public: Option<&Url>) -> Option<Url> {
        let listens = endpoints
            .iter()
            .find(|endpoint| endpoint.roles.contains(&role))
            .and_then(|endpoint| endpoint_url(endpoint.address));
        match (self.url(role), self.own_address(role)) {
            (Some(url), _) => Some(url.clone()),
            (None, Some(_)) => listens,
            (None, None) => public.cloned().or(listens),
        }
    }

    /// The addresses for links; `endpoints` with the ports that the system chose. Without separate addresses links are
    /// relative.
    pub(super) fn sites(&self, endpoints: &[Endpoint], public: Option<&Url>) -> Sites {
        let [users, auth, chat] = ServerRole::ALL.map(|role| self.public(role, endpoints, public));
        match (users, auth, chat) {
            (Some(users), Some(auth), Some(chat)) if [&users, &auth] != [&chat, &chat] => {
                Sites::apart(&users, &auth, &chat)
            }
            (_, _, chat) => {
                let is_set = public.is_some() || ServerRole::ALL.into_iter().any(|role| self.url(role).is_some());
                Sites::together(chat.as_ref().filter(|_| is_set))
            }
        }
    }

    /// Whether browsers reach `endpoint` by https.
    pub(super) fn is_secure(&self, endpoint: &Endpoint, public: Option<&Url>) -> bool {
        let urls = endpoint.roles.iter().filter_map(|role| self.public(*role, &[], public));
        urls.into_iter().any(|url| url.scheme() == "https")
    }
}

/// The URL of an address for a browser on this machine.
fn endpoint_url(address: SocketAddr) -> Option<Url> {
    let (ip, port) = (address.ip(), address.port());
    let local = ip == Ipv4Addr::LOCALHOST || ip.is_unspecified();
    Url::parse(&if local { format!("http://localhost:{port}") } else { format!("http://{address}") }).ok()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        roles: Roles,
    }

    fn roles(args: &[&str]) -> Roles {
        Cli::try_parse_from([&["natter"], args].concat()).map_err(|e| e.to_string()).unwrap().roles
    }

    fn sites(args: &[&str], public: Option<&str>) -> [String; 3] {
        let roles = roles(args);
        let public = public.map(|url| Url::parse(url).unwrap());
        let sites = roles.sites(&roles.endpoints(([0, 0, 0, 0], 7000).into()), public.as_ref());
        [sites.users, sites.auth, sites.chat]
    }

    const THREE: [&str; 6] =
        ["--users-addr", "[::1]:5000", "--auth-addr", "localhost:4000", "--chat-addr", "0.0.0.0:7000"];

    #[test]
    fn one_address_means_relative_links() {
        assert_eq!(sites(&[], None), ["", "", ""]);
        assert_eq!(sites(&[], Some("https://chat.example.org")), ["", "", ""]);
        let url = "https://chat.example.org";
        assert_eq!(sites(&["--users-url", url, "--auth-url", url, "--chat-url", url], None), ["", "", ""]);
        assert!(roles(&[]).sites(&[], None).trusted.is_empty());
        let public = Url::parse(url).unwrap();
        assert_eq!(roles(&[]).sites(&[], Some(&public)).trusted, [url]);
    }

    #[test]
    fn the_public_address_defaults_to_the_separate_address() {
        assert_eq!(sites(&THREE, None), ["http://[::1]:5000", "http://localhost:4000", "http://localhost:7000"]);
        let one = ["--auth-addr", "10.0.0.1:4000"];
        assert_eq!(sites(&one, None), ["http://localhost:7000", "http://10.0.0.1:4000", "http://localhost:7000"]);
        assert_eq!(
            sites(&[&one[..], &["--users-url", "https://users.example"]].concat(), Some("https://chat.example")),
            ["https://users.example", "http://10.0.0.1:4000", "https://chat.example"]
        );
    }

    #[test]
    fn roles_with_the_same_address_share_an_endpoint() {
        let listen: SocketAddr = ([127, 0, 0, 1], 7000).into();
        assert_eq!(roles(&[]).endpoints(listen).len(), 1);
        let endpoints = roles(&["--users-addr", "127.0.0.1:5000", "--auth-addr", "127.0.0.1:5000"]).endpoints(listen);
        let found: Vec<_> =
            endpoints.iter().map(|endpoint| (endpoint.roles.as_slice(), endpoint.address.port())).collect();
        assert_eq!(found, [(&[ServerRole::Users, ServerRole::Auth][..], 5000), (&[ServerRole::Chat][..], 7000)]);
        let free = roles(&["--users-addr", "127.0.0.1:0", "--auth-addr", "127.0.0.1:0", "--chat-addr", "127.0.0.1:0"]);
        assert_eq!(free.endpoints(listen).len(), 3);
    }

    #[test]
    fn an_endpoint_is_secure_if_its_public_address_is_https() {
        let roles = roles(&[&THREE[..], &["--auth-url", "https://auth.example"]].concat());
        let secure: Vec<_> =
            roles.endpoints(([0; 4], 1).into()).iter().map(|endpoint| roles.is_secure(endpoint, None)).collect();
        assert_eq!(secure, [false, true, false]);
    }

    #[test]
    fn fewer_roles_need_a_shared_database_and_the_public_addresses_of_the_others() {
        let some = roles(&["--roles", "users,auth"]);
        let refused = some.check(false, None).unwrap_err().to_string();
        assert!(refused.contains("chat") && refused.contains("mongodb://") && refused.contains("--chat-addr"));
        assert_eq!(some.check(true, None), Err(RolesError::NoPublicUrl("chat")));
        assert_eq!(some.check(true, Some(&Url::parse("https://a.example").unwrap())), Ok(()));
        assert_eq!(roles(&["--roles", "users,auth", "--chat-url", "http://a.example"]).check(true, None), Ok(()));
        let contradiction = roles(&["--roles", "users", "--auth-addr", "127.0.0.1:4000"]);
        assert_eq!(contradiction.check(true, None), Err(RolesError::NotServed("auth")));
        assert_eq!(roles(&["--roles", "chat,users,auth"]).check(false, None), Ok(()));
    }

    #[test]
    fn the_error_of_an_invalid_role_or_address_names_the_flag() {
        for (flag, value, hint) in [
            ("--roles", "users,admin", "users, auth, chat"),
            ("--roles", "", "users, auth, chat"),
            ("--auth-addr", "4000", "127.0.0.1:7000"),
            ("--auth-url", "auth.example.org", "https://"),
        ] {
            let error = Cli::try_parse_from(["natter", flag, value]).err().unwrap().to_string();
            assert!(error.contains(flag) && error.contains(hint), "{error}");
        }
    }
}
