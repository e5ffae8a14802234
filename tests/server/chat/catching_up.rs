//! Sockets and requests that continue from a cursor.

use std::net::SocketAddr;

use tokio::net::TcpSocket;
use tokio_tungstenite::{MaybeTlsStream, client_async, tungstenite::client::IntoClientRequest};

use crate::support::{Fragment, Metrics, Natter, Script, Socket};

async fn says_many(script: &Script, numbers: std::ops::RangeInclusive<u64>, padding: &str) {
    let numbers: Vec<u64> = numbers.collect();
    for some in numbers.chunks(40) {
        let sends = some.iter().map(|n| {
            let text = format!("number {n}{padding}");
            async move { script.says(&text).await }
        });
        futures_util::future::join_all(sends.collect::<Vec<_>>()).await;
    }
}

fn revs(socket: &Socket) -> Vec<u64> {
    socket.fragments.iter().map(|fragment| fragment.rev).collect()
}

#[tokio::test]
async fn a_socket_starts_at_its_cursor() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let mut watching = Socket::open(&ada, "").await;
    says_many(&ada, 1..=5, "").await;
    watching.sees_rev(5).await; // an acknowledgement arrives a moment before the fragment
    let mut from_now = Socket::open(&ada, "").await;
    let mut behind = Socket::open(&ada, "?after=2").await;
    let mut from_the_start = Socket::open(&ada, "?after=0").await;
    let mut beyond_the_head = Socket::open(&ada, "?after=999").await;
    ada.says("number 6").await;
    for (socket, expected) in [
        (&mut from_now, vec![6]),
        (&mut behind, vec![3, 4, 5, 6]),
        (&mut from_the_start, vec![1, 2, 3, 4, 5, 6]),
        (&mut beyond_the_head, vec![6]),
    ] {
        socket.sees("Ada: number 6").await;
        assert_eq!(revs(socket), expected);
    }
}

#[tokio::test]
async fn a_returning_client_receives_missed_messages_once_and_in_order() {
    let natter = Natter::start().await;
    let (mut ada, mut bob) = (natter.sign_up("ada").await, natter.sign_up("bob").await);
    ada.says("before").await;
    let last = bob.sees("Ada: before").await.rev;
    drop(bob.socket);
    for text in ["one", "two", "three"] {
        ada.says(text).await;
    }
    bob.socket = Socket::open(&bob.script, &format!("?after={last}&returning=true")).await;
    ada.says("four").await;
    bob.sees("Ada: four").await;
    let texts: Vec<_> = bob.socket.fragments.iter().map(|fragment| fragment.text.as_str()).collect();
    assert_eq!(texts, ["Ada: one", "Ada: two", "Ada: three", "Ada: four"]);
}

#[tokio::test]
async fn pages_sockets_and_the_api_catch_up_with_the_same_changes() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let (bob, cyd) = (natter.register("bob").await, natter.register("cyd").await);
    for (who, text) in [(&ada, "one"), (&bob, "two"), (&cyd, "three"), (&bob, "four"), (&ada, "five")] {
        who.says(text).await;
    }
    bob.delete("/api/users/bob?messages=delete").await.is(204);
    let expected = [
        (3, 3, "Cyd: three"),
        (5, 5, "You: five"),
        (2, 6, ""), // ordered by its latest change
        (4, 7, ""),
    ];
    let page = browser.visit("/rooms/lobby/messages?after=1").await.is(200).fragments();
    let by_page: Vec<_> = page.iter().map(|fragment| (fragment.seq, fragment.rev, fragment.text.as_str())).collect();
    assert_eq!(by_page, expected);

    let mut socket = Socket::open_in(&browser, "?after=1").await;
    socket.sees_rev(7).await;
    assert!(revs(&socket).is_sorted_by(|a, b| a < b), "{:?}", revs(&socket));
    // a socket may receive a fragment that a later one replaces
    let superseded =
        |fragment: &Fragment| page.iter().any(|latest| latest.seq == fragment.seq && latest.rev > fragment.rev);
    let by_socket = socket.fragments.iter().filter(|fragment| !superseded(fragment));
    let by_socket: Vec<_> = by_socket.map(|one| (one.seq, one.rev, one.text.replace("Ada: ", "You: "))).collect();
    assert_eq!(by_socket, expected.map(|(seq, rev, text)| (seq, rev, text.to_owned())), "the same changes");

    let by_api = ada.reads_after(1, 2).await;
    let numbers = by_api.iter().map(|m| (m["seq"].as_u64().unwrap(), m["rev"].as_u64().unwrap()));
    assert_eq!(numbers.collect::<Vec<_>>(), expected.map(|(seq, rev, _)| (seq, rev)));
    let gone: Vec<_> = by_api.iter().map(|message| message["message"].is_null()).collect();
    assert_eq!(gone, [false, false, true, true]);
}

#[tokio::test]
async fn a_client_behind_the_ring_receives_everything() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    says_many(&ada, 1..=1300, "").await;
    let mut socket = Socket::open(&ada, "?after=0").await;
    says_many(&ada, 1301..=1310, "").await;
    socket.sees_rev(1310).await;
    assert_eq!(revs(&socket), (1..=1310).collect::<Vec<_>>());
}

/// The frame is full after the root, which has the same number as the reply.
#[tokio::test]
async fn a_full_frame_never_divides_a_change() {
    let mut natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    for _ in 1..=5 {
        ada.says(&"👋".repeat(4000)).await;
    }
    ada.replies(5, "a reply").await;
    natter.restart().await; // the ring is empty
    let mut socket = Socket::open(&ada, "?after=0").await;
    socket.sees("Ada: a reply").await;
    let numbers: Vec<_> = socket.fragments.iter().map(|fragment| (fragment.rev, fragment.seq)).collect();
    assert_eq!(numbers, [(1, 1), (2, 2), (3, 3), (4, 4), (6, 5), (6, 6)]);
    assert!(socket.largest > 64 * 1024, "{}", socket.largest);
}

/// Opens a socket whose receive buffer is small, so that it blocks the server unless it is read.
async fn open_with_a_small_window(script: &Script) -> Socket {
    let socket = TcpSocket::new_v4().unwrap();
    // Smaller than what is sent at once, and so large that the window opens again by itself: with 2048 bytes the kernel may
    // send each KiB by its timer for closed windows only (200 ms), depending on the length of the response's head.
    socket.set_recv_buffer_size(8192).unwrap();
    let stream = socket.connect(SocketAddr::V4(match script.address {
        SocketAddr::V4(address) => address,
        SocketAddr::V6(_) => unreachable!("tests listen on IPv4"),
    }));
    let stream = MaybeTlsStream::Plain(stream.await.unwrap());
    let mut request = format!("ws://{}/ws", script.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", script.token()).parse().unwrap());
    Socket::on(client_async(request, stream).await.unwrap().0)
}

#[tokio::test]
async fn a_socket_that_falls_behind_the_ring_receives_everything() {
    let metrics = Metrics::new();
    let _recording = metrics.record();
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let mut slow = open_with_a_small_window(&bob).await;
    let (mut sent, mut fast) = (0, Socket::open(&bob, "").await);
    // enough to fill the kernel's buffers and to exceed the ring
    while sent < 2400 {
        says_many(&ada, sent + 1..=sent + 200, &"x".repeat(2000)).await;
        sent += 200;
        fast.sees_rev(sent).await; // a slow socket does not delay others
    }
    slow.sees_rev(sent).await;
    assert_eq!(revs(&slow), (1..=sent).collect::<Vec<_>>());
    assert_eq!(revs(&fast), (1..=sent).collect::<Vec<_>>());
    assert!(metrics.count("natter_caught_up_total") > 0, "the socket fell behind and read from the store");
}
