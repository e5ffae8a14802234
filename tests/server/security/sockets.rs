//! A page may open a socket to any server, with its cookies: one of another site is refused before the upgrade.

use tokio_tungstenite::tungstenite::{client::IntoClientRequest, http::Request};

use crate::support::{Browser, Natter, Socket, refused_handshake};

/// The handshake of a page at `origin` in this browser, as a proxy passes it on.
fn handshake(browser: &Browser, origin: &str, query: &str) -> Request<()> {
    let mut request = format!("ws://{}/ws{query}", browser.address).into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("cookie", browser.cookies().parse().unwrap());
    headers.insert("origin", origin.parse().unwrap());
    headers.insert("host", "chat.example.org".parse().unwrap());
    request
}

const REFUSED: (u16, &str) = (403, "{\"message\":\"This page is not on the chat's own address.\"}");

#[tokio::test]
async fn a_page_of_another_site_opens_no_socket() {
    let natter = Natter::with(&["--public-url", "https://chat.example.org"]).await;
    let token = natter.register("ada").await.token().to_owned();
    let browser = natter.browser();
    for origin in [
        "https://evil.example",
        "null",
        "",
        "file://",
        "https://chat.example.org.evil.example",
        "https://chat.example.evil.example",
        "https://evilchat.example.org",
        "https://wiki.example.org",
        "http://chat.example.org",
        "https://chat.example.org:444",
        "https://chat.example.org.",
        "HTTPS://CHAT.EXAMPLE.ORG",
        "https://ada@chat.example.org",
        "https://chat.example.org@evil.example",
        "https://chat.example.org/",
        "chrome-extension://chat.example.org",
        "https://chat.example.org, https://evil.example",
    ] {
        // with a token it is refused too
        for query in ["?room=lobby".to_owned(), format!("?room=lobby&jwt={token}")] {
            let (status, body) = refused_handshake(handshake(&browser, origin, &query)).await;
            assert_eq!((status, body.as_str()), REFUSED, "{origin}");
        }
    }
    let own = handshake(&browser, "https://chat.example.org", &format!("?room=lobby&jwt={token}"));
    Socket::connect(own).await.unwrap().says("from our own page").await;
}
