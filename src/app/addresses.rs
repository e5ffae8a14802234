//! Parses the addresses among the settings.

use std::net::SocketAddr;

use url::Url;

/// Parses an address to listen on; `localhost` means 127.0.0.1.
pub(super) fn listen_address(raw: &str) -> Result<SocketAddr, String> {
    let address = raw.replace("localhost", "127.0.0.1");
    address.parse().map_err(|_| "use an address and a port, like 127.0.0.1:7000 or [::]:7000".into())
}

/// Parses the origin under which browsers reach a server.
pub(super) fn public_url(raw: &str) -> Result<Url, String> {
    let hint = "use the site's address and nothing more, like https://chat.example.org";
    let url = Url::parse(raw).map_err(|_| hint.to_owned())?;
    let is_origin = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
    if is_origin { Ok(url) } else { Err(hint.into()) }
}
