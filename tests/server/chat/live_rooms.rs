//! Sockets in rooms other than the lobby, moves between rooms, and the frames outside the log.

use natter::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Natter, Script, Socket};

async fn posts(who: &Script, room: &str, text: &str) {
    who.post(&format!("/api/rooms/{room}/messages"), json!({ "message": text })).await.is(201);
}

async fn moves(socket: &mut Socket, room: &str, after: Option<u64>) -> Value {
    socket.sends_frame(&json!({ "room": room, "after": after }).to_string()).await
}

/// The room and the text of all fragments that have arrived.
fn seen(socket: &Socket) -> Vec<(&str, &str)> {
    socket.fragments.iter().map(|fragment| (fragment.room.as_str(), fragment.text.as_str())).collect()
}

#[tokio::test]
async fn a_socket_follows_the_room_that_it_names() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = natter.create_room(RoomKind::Open, "ada").await;
    let room = room.as_str();
    posts(&ada, room, "one").await;
    let mut socket = Socket::open(&bob, &format!("?room={room}&after=0")).await;
    socket.sees("Ada: one").await;
    ada.says("in the lobby").await;
    let answer = socket.says("two").await;
    assert_eq!((&answer["room"], &answer["seq"]), (&json!(room), &json!(2)), "without a room, to the socket's own");
    socket.sees("Bob: two").await;
    assert_eq!(seen(&socket), [(room, "Ada: one"), (room, "Bob: two")]);
    assert!(socket.notices.is_empty(), "{:?}", socket.notices);
}

#[tokio::test]
async fn a_move_ends_one_subscription_and_begins_another() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    let bob = natter.register("bob").await;
    let room = natter.create_room(RoomKind::Open, "ada").await;
    let room = room.as_str();
    for text in ["one", "two", "three"] {
        posts(&bob, room, text).await;
    }
    bob.says("before").await;
    ada.sees("Bob: before").await;
    assert_eq!(moves(&mut ada.socket, room, Some(1)).await, json!({ "room": room, "after": 1 }));
    ada.sees("Bob: three").await;
    bob.says("while Ada is away").await;
    posts(&bob, room, "four").await;
    ada.sees("Bob: four").await;
    assert_eq!(moves(&mut ada.socket, "lobby", Some(1)).await, json!({ "room": "lobby", "after": 1 }));
    ada.sees("Bob: while Ada is away").await;
    ada.socket.sees_roster(&["Ada"]).await;
    posts(&bob, room, "five").await;
    bob.says("the end").await;
    ada.sees("Bob: the end").await;
    let expected = [
        ("lobby", "Bob: before"),
        (room, "Bob: two"),
        (room, "Bob: three"),
        (room, "Bob: four"),
        ("lobby", "Bob: while Ada is away"),
        ("lobby", "Bob: the end"),
    ];
    assert_eq!(seen(&ada.socket), expected);
    // from now on, and after a number that is not reached yet
    let beyond = moves(&mut ada.socket, room, Some(999)).await;
    assert_eq!((moves(&mut ada.socket, room, None).await, &beyond["after"]), (beyond.clone(), &json!(5)));
}

#[tokio::test]
async fn a_room_that_does_not_exist_for_the_user_is_gone_and_the_socket_stays() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let closed = natter.create_room(RoomKind::Closed, "bob").await;
    let closed = closed.as_str();
    for room in [closed, "none"] {
        let mut socket = Socket::open(&ada, &format!("?room={room}&after=0")).await;
        assert_eq!(socket.answer().await, json!({ "room": room, "gone": true }));
        posts(&bob, closed, "for members").await;
        let send = json!({ "room": room, "message": "let me in", "clientID": "1" }).to_string();
        assert_eq!(socket.sends_frame(&send).await["status"], 404);
        assert_eq!(moves(&mut socket, "lobby", None).await["room"], "lobby");
        bob.says("for everybody").await;
        socket.sees("Bob: for everybody").await;
        assert_eq!(moves(&mut socket, room, None).await, json!({ "room": room, "gone": true }));
        let answer = socket.sends("for this room only", "2").await;
        assert_eq!((&answer["room"], &answer["status"]), (&json!(room), &json!(404)), "it is not posted elsewhere");
        assert_eq!(seen(&socket), [("lobby", "Bob: for everybody")]);
    }
}

#[tokio::test]
async fn a_message_goes_to_the_room_that_it_names() {
    let natter = Natter::start().await;
    let (mut ada, mut bob) = (natter.sign_up("ada").await, natter.sign_up("bob").await);
    let room = natter.create_room(RoomKind::Open, "ada").await;
    let room = room.as_str();
    moves(&mut ada.socket, room, None).await;
    let send = json!({ "room": "lobby", "message": "written before the move", "clientID": "1" }).to_string();
    let answer = ada.socket.sends_frame(&send).await;
    assert_eq!(answer, json!({ "room": "lobby", "clientID": "1", "seq": 1, "rev": 1 }));
    bob.sees("Ada: written before the move").await;
    assert_eq!(ada.socket.says("here").await["room"], room);
    ada.sees("Ada: here").await;
    assert_eq!(seen(&ada.socket), [(room, "Ada: here")]);
}

#[tokio::test]
async fn who_types_is_shown_in_that_room() {
    let natter = Natter::start().await;
    let (mut ada, mut bob) = (natter.sign_up("ada").await, natter.sign_up("bob").await);
    let room = natter.create_room(RoomKind::Open, "ada").await;
    let mut elsewhere = Socket::open(&ada.script, &format!("?room={}", room.as_str())).await;
    let typing = json!({ "room": "lobby", "typing": true }).to_string();
    for _ in 0..5 {
        ada.socket.sends_without_answer(&typing).await;
        elsewhere.sends_without_answer(&typing).await; // not its room
        moves(&mut ada.socket, "lobby", Some(0)).await; // the limit is the socket's and not the subscription's
    }
    ada.says("done").await;
    let signal = bob.socket.sees_signal().await;
    assert_eq!((&signal["room"], &signal["typing"]["name"]), (&json!("lobby"), &json!("Ada")));
    bob.sees("Ada: done").await;
    assert!(bob.socket.signals().is_empty(), "at most once a second: {:?}", bob.socket.signals());
    assert!(elsewhere.signals().is_empty());
}

#[tokio::test]
async fn a_new_name_reaches_the_sockets_of_every_room() {
    let natter = Natter::start().await;
    let (mut ada, bob) = (natter.sign_up("ada").await, natter.register("bob").await);
    let room = natter.create_room(RoomKind::Open, "ada").await;
    let mut in_room = Socket::open(&ada.script, &format!("?room={}&after=0", room.as_str())).await;
    moves(&mut in_room, room.as_str(), None).await; // it is subscribed
    bob.says("hello").await;
    ada.sees("Bob: hello").await;
    bob.patch("/api/users/bob", json!({ "name": "Abe" })).await.is(200);
    let signal = ada.socket.sees_signal().await;
    assert_eq!(signal["renamed"]["name"], "Abe");
    assert_eq!(in_room.sees_signal().await, signal);
    bob.says("again").await;
    ada.sees("Abe: again").await;
}

/// Far more was written than a ring holds: a page fetches its room anew, a script reads on.
#[tokio::test]
async fn after_a_large_gap_pages_fetch_anew_and_scripts_read_on() {
    const COUNT: i64 = 2600;
    let natter = Natter::unlimited().await;
    let browser = natter.browse_as("ada").await;
    let bob = natter.register("bob").await;
    let (mut page, mut script) = (Socket::open_in(&browser, "").await, Socket::open(&bob, "").await);
    bob.says("before").await;
    page.sees("Bob: before").await;
    natter.posts_elsewhere(COUNT);
    assert_eq!(page.sees_signal().await, json!({ "room": "lobby", "refetch": true }));
    bob.says("the end").await;
    for socket in [&mut page, &mut script] {
        socket.sees("Bob: the end").await;
        assert!(socket.fragments.is_sorted_by(|a, b| a.rev < b.rev));
    }
    assert_eq!(script.fragments.len() as i64, COUNT + 2);
    let texts: Vec<_> = page.fragments.iter().map(|fragment| fragment.text.as_str()).collect();
    assert_eq!(texts, ["Bob: before", "Bob: the end"]);

    // a page that comes back is told so too
    let mut returning = Socket::open_in(&browser, "?after=1").await;
    assert_eq!(returning.sees_signal().await, json!({ "room": "lobby", "refetch": true }));
}

/// Pages of the release before named no room.
#[tokio::test]
async fn a_page_of_an_earlier_release_reloads() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let mut page = Socket::connect(Socket::request_in(&browser, "?after=0")).await.unwrap();
    assert_eq!(page.answer().await, json!({ "reload": true }));
    assert_eq!(page.close_frame().await.0, 1000);
}

/// After the restore of an earlier backup, a page can have seen more than there is.
#[tokio::test]
async fn a_page_that_is_ahead_of_the_log_reloads() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let (bob, head) = (natter.register("bob").await, 1);
    bob.says("hello").await;
    let query = |after: u64| format!("?room=lobby&after={after}");
    let mut page = Socket::connect(Socket::request_in(&browser, &query(head + 1))).await.unwrap();
    assert_eq!(page.answer().await, json!({ "reload": true }));
    assert_eq!(page.close_frame().await.0, 1000);
    let mut script = Socket::open(&bob, &query(head + 1)).await;
    script.says("scripts go on").await;
    // a page that comes to the room later, too
    let mut moving = Socket::connect(Socket::request_in(&browser, &query(head))).await.unwrap();
    moving.sees("Bob: scripts go on").await;
    moving.sends_without_answer(r#"{"room":"lobby","after":1000}"#).await;
    assert_eq!(moving.answer().await, json!({ "reload": true }));
}
