//! Limits on the connections of an address and the sockets of a user.

use natter_test_support::eventually;
use reqwest::header::HeaderValue;
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, http::Request};

use crate::support::{Natter, RawConnection, Script, Socket, password_of, refused_handshake};

/// Opens a connection and sends a request; returns the connection if the status is 200.
async fn served(natter: &Natter, headers: &str) -> Option<RawConnection> {
    let mut connection = RawConnection::connect(natter.address).await;
    connection.request_health(headers).await.filter(|head| head.starts_with("http/1.1 200")).map(|_| connection)
}

/// Waits until a connection is served: the server has to notice first that an earlier one was closed.
async fn served_at_last(natter: &Natter, headers: &str) -> RawConnection {
    eventually("a connection is served", async || served(natter, headers).await).await
}

#[tokio::test]
async fn connections_of_one_address_are_limited() {
    let natter = Natter::with(&["--address-connections", "3"]).await;
    let ada = natter.register("ada").await; // the connection of her client stays open
    let (first, _second) = (served_at_last(&natter, "").await, served_at_last(&natter, "").await);
    let mut refused = RawConnection::connect(natter.address).await;
    assert_eq!(refused.request_health("").await, None, "closed at once");
    drop(first);
    let freed = served_at_last(&natter, "").await;
    assert!(served(&natter, "").await.is_none());
    let metrics = ada.get("/metrics").await.is(200);
    assert!(metrics.text.contains("natter_connections_refused_total "), "{}", metrics.text);

    drop(freed);
    drop(served_at_last(&natter, "").await);
    let socket = eventually("a socket is served", async || Socket::connect(handshake(&ada)).await.ok()).await;
    assert!(served(&natter, "").await.is_none(), "a socket counts as a connection");
    drop(socket);
    served_at_last(&natter, "").await;
}

#[tokio::test]
async fn zero_turns_the_connection_limit_off() {
    let natter = Natter::with(&["--address-connections", "0"]).await;
    let mut open = Vec::new();
    for _ in 0..50 {
        open.push(served(&natter, "").await.expect("a response"));
    }
}

#[tokio::test]
async fn behind_a_proxy_a_connection_counts_for_its_latest_client() {
    let natter = Natter::with(&["--proxies", "1", "--address-connections", "2"]).await;
    let (ada, bob) = ("x-forwarded-for: 10.0.0.1\r\n", "x-forwarded-for: 10.0.0.1, 10.0.0.2\r\n");
    let mut first = served(&natter, ada).await.unwrap();
    let mut second = served(&natter, ada).await.unwrap();
    let mut third = RawConnection::connect(natter.address).await;
    let head = third.request_health(ada).await.expect("a response");
    assert!(head.starts_with("http/1.1 429") && head.contains("connection: close"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    assert_eq!(third.rest().await, b"");

    // a request of another client moves the connection to that client
    assert!(first.request_health(bob).await.unwrap().starts_with("http/1.1 200"));
    let _fourth = served(&natter, ada).await.unwrap();
    assert!(second.request_health(ada).await.unwrap().starts_with("http/1.1 200"), "a counted connection stays open");
    assert!(
        first.request_health(ada).await.unwrap().starts_with("http/1.1 429"),
        "and counts again for the first client"
    );

    let response = natter.script().request(reqwest::Method::GET, "/login");
    let response = response.header("x-forwarded-for", "10.0.0.1").send().await.unwrap();
    let message = "Your address has too many connections to this server. Close some and try again.";
    assert_eq!(response.json::<serde_json::Value>().await.unwrap(), serde_json::json!({ "message": message }));
}

#[tokio::test]
async fn behind_a_proxy_a_socket_counts_until_it_closes() {
    let natter = Natter::with(&["--proxies", "1", "--address-connections", "1"]).await;
    let script = natter.register("ada").await;
    let ada = "x-forwarded-for: 10.0.0.1\r\n";
    let socket = RawConnection::websocket(&script, ada).await;
    assert!(served(&natter, ada).await.is_none());
    drop(socket);
    served_at_last(&natter, ada).await;
}

fn handshake(script: &Script) -> Request<()> {
    let mut request = format!("ws://{}/ws", script.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", script.token()).parse().unwrap());
    request
}

#[tokio::test]
async fn sockets_of_one_user_are_limited() {
    let natter = Natter::with(&["--user-sockets", "2"]).await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    // sockets with another token of the user count too
    let again = natter.script().log_in("ada", &password_of("ada")).await;
    let (first, _second) = (Socket::open(&ada, "").await, Socket::open(&again, "").await);
    let (status, body) = refused_handshake(handshake(&ada)).await;
    let message = "You have 2 open sockets, which is the limit. Close one and try again.";
    assert_eq!((status, body), (429, format!("{{\"message\":\"{message}\"}}")));
    let mut bobs = Socket::open(&bob, "").await;
    bobs.says("others are let in").await;

    let mut page = handshake(&ada);
    page.headers_mut().insert("origin", HeaderValue::from_str(&natter.url("")).unwrap());
    let mut closed =
        Socket::connect(page.clone()).await.expect("a page cannot read the status, so its handshake succeeds");
    assert_eq!(closed.close_frame().await, (1013, "too many sockets".to_owned()));

    drop(first);
    eventually("a socket is served again", async || Socket::connect(handshake(&ada)).await.ok()).await;
}

#[tokio::test]
async fn concurrent_sockets_cannot_exceed_the_limit() {
    let natter = Natter::with(&["--user-sockets", "3"]).await;
    let ada = natter.register("ada").await;
    let opened = futures_util::future::join_all((0..30).map(|_| Socket::connect(handshake(&ada)))).await;
    assert_eq!(opened.iter().filter(|socket| socket.is_ok()).count(), 3);
}
