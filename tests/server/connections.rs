//! How many connections and sockets one may have.

use natter_test_support::eventually;
use reqwest::header::HeaderValue;
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, http::Request};

use crate::support::{Natter, Raw, Script, Socket, password_of, refused_handshake};

/// A connection that was kept open after an answer, if it was answered with 200.
async fn served(natter: &Natter, headers: &str) -> Option<Raw> {
    let mut raw = Raw::connect(natter.address).await;
    raw.ask(headers).await.filter(|head| head.starts_with("http/1.1 200")).map(|_| raw)
}

/// Waits until a connection is served: the server has to notice first that an earlier one was closed.
async fn served_at_last(natter: &Natter, headers: &str) -> Raw {
    eventually("a connection is served", async || served(natter, headers).await).await
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_no_more() {
    let natter = Natter::with(&["--address-connections", "3"]).await;
    let ada = natter.register("ada").await; // whose connection stays open
    let (first, _second) = (served_at_last(&natter, "").await, served_at_last(&natter, "").await);
    let mut refused = Raw::connect(natter.address).await;
    assert_eq!(refused.ask("").await, None, "closed at once");
    drop(first);
    let freed = served_at_last(&natter, "").await;
    assert!(served(&natter, "").await.is_none());
    let metrics = ada.get("/metrics").await.is(200);
    assert!(metrics.text.contains("natter_connections_refused_total "), "{}", metrics.text);

    drop(freed);
    drop(served_at_last(&natter, "").await);
    let socket = eventually("a socket is served", async || Socket::connect(handshake(&ada)).await.ok()).await;
    assert!(served(&natter, "").await.is_none(), "a socket keeps its connection's place");
    drop(socket);
    served_at_last(&natter, "").await;
}

#[tokio::test]
async fn without_a_limit_an_address_has_as_many_as_it_likes() {
    let natter = Natter::with(&["--address-connections", "0"]).await;
    let mut open = Vec::new();
    for _ in 0..50 {
        open.push(served(&natter, "").await.expect("an answer"));
    }
}

#[tokio::test]
async fn behind_a_proxy_each_connection_counts_under_its_latest_client() {
    let natter = Natter::with(&["--proxies", "1", "--address-connections", "2"]).await;
    let (ada, bob) = ("x-forwarded-for: 10.0.0.1\r\n", "x-forwarded-for: 10.0.0.1, 10.0.0.2\r\n");
    let mut first = served(&natter, ada).await.unwrap();
    let mut second = served(&natter, ada).await.unwrap();
    let mut third = Raw::connect(natter.address).await;
    let head = third.ask(ada).await.expect("an answer");
    assert!(head.starts_with("http/1.1 429") && head.contains("connection: close"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    assert_eq!(third.rest().await, b"");

    // another client's request takes the connection along, and frees the place
    assert!(first.ask(bob).await.unwrap().starts_with("http/1.1 200"));
    let _fourth = served(&natter, ada).await.unwrap();
    assert!(second.ask(ada).await.unwrap().starts_with("http/1.1 200"), "who is in stays in");
    assert!(first.ask(ada).await.unwrap().starts_with("http/1.1 429"), "and cannot come back");

    let told = natter.script().request(reqwest::Method::GET, "/login");
    let told = told.header("x-forwarded-for", "10.0.0.1").send().await.unwrap();
    let message = "Your address has too many connections to this server. Close some and try again.";
    assert_eq!(told.json::<serde_json::Value>().await.unwrap(), serde_json::json!({ "message": message }));
}

#[tokio::test]
async fn behind_a_proxy_a_socket_keeps_its_place() {
    let natter = Natter::with(&["--proxies", "1", "--address-connections", "1"]).await;
    let script = natter.register("ada").await;
    let ada = "x-forwarded-for: 10.0.0.1\r\n";
    let socket = Raw::websocket(&script, ada).await;
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
async fn a_user_has_so_many_sockets_and_no_more() {
    let natter = Natter::with(&["--user-sockets", "2"]).await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    // with another token, too
    let again = natter.script().log_in("ada", &password_of("ada")).await;
    let (first, _second) = (Socket::open(&ada, "").await, Socket::open(&again, "").await);
    let (status, body) = refused_handshake(handshake(&ada)).await;
    let message = "You have 2 sockets open here, and may have no more. Close one and try again.";
    assert_eq!((status, body), (429, format!("{{\"message\":\"{message}\"}}")));
    let mut bobs = Socket::open(&bob, "").await;
    bobs.says("others are let in").await;

    let mut page = handshake(&ada);
    page.headers_mut().insert("origin", HeaderValue::from_str(&natter.url("")).unwrap());
    let mut closed = Socket::connect(page.clone()).await.expect("a page sees no status: it is let in");
    assert_eq!(closed.is_closed().await, (1013, "too many sockets".to_owned()));

    drop(first);
    eventually("a socket is served again", async || Socket::connect(handshake(&ada)).await.ok()).await;
}

#[tokio::test]
async fn sockets_that_come_at_once_do_not_slip_in() {
    let natter = Natter::with(&["--user-sockets", "3"]).await;
    let ada = natter.register("ada").await;
    let opened = futures_util::future::join_all((0..30).map(|_| Socket::connect(handshake(&ada)))).await;
    assert_eq!(opened.iter().filter(|socket| socket.is_ok()).count(), 3);
}
