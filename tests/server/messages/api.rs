//! Messages in the JSON API.

use serde_json::{Value, json};

use super::{User, reaction};
use crate::support::Natter;

#[tokio::test]
async fn a_message_has_all_fields_that_do_not_depend_on_what_happened_to_it() {
    let natter = Natter::unlimited().await;
    let (ada, _bob) = (natter.register("ada").await, natter.register("bob").await);
    let mut posted = ada.says("*hello* <b> @bob and @here").await;
    let html = posted.as_object_mut().unwrap().remove("html").unwrap();
    let html = html.as_str().unwrap();
    assert!(html.contains("<em>hello</em> &lt;b&gt;"), "{html}");
    assert!(posted.as_object_mut().unwrap().remove("sentTime").unwrap().is_string());
    let expected = json!({
        "room": "lobby", "seq": 1, "rev": 1, "textRev": 1, "userID": "ada", "name": "Ada",
        "message": "*hello* <b> @bob and @here", "reactions": [], "mentions": ["bob", "here"], "pinned": false, "files": [],
    });
    assert_eq!(posted, expected);
    ada.deletes(1).await.is(204);
    let deleted = ada.message(1).await;
    let fields = ["message", "html", "deleted", "mentions"].map(|field| deleted[field].clone());
    assert_eq!(fields, [Value::Null, Value::Null, json!(true), json!([])]);
}

#[tokio::test]
async fn who_reacted_is_named_in_the_order_in_which_they_did() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let cyd = natter.register("cyd").await;
    ada.says("hello").await;
    bob.reacts(1, "👍").await.is(200);
    ada.reacts(1, "👍").await.is(200);
    cyd.reacts(1, "🎉").await.is(200);
    let path = "/api/rooms/lobby/messages/1/reactions";
    let user = |user_id: &str, name: &str| json!({ "userID": user_id, "name": name });
    let thumbs = json!({ "emoji": "👍", "count": 2, "users": [user("bob", "Bob"), user("ada", "Ada")] });
    let party = json!({ "emoji": "🎉", "count": 1, "users": [user("cyd", "Cyd")] });
    assert_eq!(ada.get(path).await.is(200).json, json!({ "reactions": [thumbs, party] }));
    cyd.delete("/api/users/cyd").await.is(204);
    assert_eq!(ada.get(path).await.is(200).json, json!({ "reactions": [thumbs] }), "a deleted account takes them back");
    ada.get("/api/rooms/lobby/messages/9/reactions").await.says(404, "There is no such message.");
}

#[tokio::test]
async fn an_emoji_names_at_most_two_hundred_users_and_counts_all() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    ada.says("hello").await;
    for n in 0..203 {
        natter.register(&format!("user{n}")).await.reacts(1, "👍").await.is(200);
    }
    let who = ada.get("/api/rooms/lobby/messages/1/reactions").await.is(200).json;
    let users = who["reactions"][0]["users"].as_array().unwrap();
    assert_eq!((&who["reactions"][0]["count"], users.len()), (&json!(203), 200));
    assert_eq!((&users[0]["userID"], &users[199]["userID"]), (&json!("user3"), &json!("user202")), "the last ones");
}

#[tokio::test]
async fn a_pin_is_set_and_taken_away_once() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    for text in ["one", "two", "three"] {
        ada.script.says(text).await;
    }
    let pinned = ada.pins(1).await.is(200).json;
    assert_eq!((&pinned["pinned"], &pinned["rev"], &pinned["textRev"]), (&json!(true), &json!(4), &json!(1)));
    assert_eq!(ada.pins(1).await.is(200).json, pinned, "a repeat changes nothing");
    ada.pins(3).await.is(200);
    let list = "/api/rooms/lobby/messages?pinned=true";
    assert_eq!(ada.seqs(list).await, [3, 1], "those first that were pinned last");
    for _ in 0..2 {
        let unpinned = ada.script.delete("/api/rooms/lobby/messages/3/pin").await.is(200).json;
        assert_eq!((&unpinned["pinned"], &unpinned["rev"]), (&json!(false), &json!(6)));
    }
    ada.script.deletes(1).await.is(204);
    assert_eq!(ada.seqs(list).await, [0; 0]);
    ada.pins(1).await.says(410, "This message is deleted.");
    ada.pins(9).await.says(404, "There is no such message.");
}

#[tokio::test]
async fn a_room_has_at_most_fifty_pins() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    for n in 1..=51 {
        ada.script.says(&format!("number {n}")).await;
    }
    for n in 1..=50 {
        ada.pins(n).await.is(200);
    }
    let why = "A room has at most 50 pinned messages. Unpin one first.";
    ada.pins(51).await.says(409, why);
    assert_eq!(ada.submits("51/pin", &[]).await.is(409).text("#pin-note"), why);
    assert_eq!(ada.seqs("/api/rooms/lobby/messages?pinned=true").await.len(), 50);
}

#[tokio::test]
async fn a_thread_is_read_without_its_root_and_backwards() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    ada.script.says("root").await;
    ada.script.says("another").await;
    for to in [1, 3, 1] {
        ada.script.replies(to, "reply").await;
    }
    let thread = async |query: &str| ada.seqs(&format!("/api/rooms/lobby/messages?{query}")).await;
    assert_eq!(thread("thread=1").await, [3, 4, 5]);
    assert_eq!(thread("thread=4").await, [3, 4, 5], "the thread of a reply");
    assert_eq!(thread("thread=2").await, [0; 0]);
    let last = ada.script.get("/api/rooms/lobby/messages?thread=4&limit=2").await.is(200).json;
    assert_eq!(last["next"], "/api/rooms/lobby/messages?thread=1&before=4&limit=2");
    let first = ada.script.get(last["next"].as_str().unwrap()).await.is(200).json;
    assert_eq!((&first["messages"][0]["seq"], first.get("next")), (&json!(3), None));
    ada.script.get("/api/rooms/lobby/messages?thread=9").await.says(404, "There is no such message.");
    for (query, field, why) in [
        ("thread=1&after=0", "after", "Use it without thread."),
        ("thread=1&author=ada", "thread", "Use it without author."),
        ("thread=1&pinned=true", "thread", "Use it without pinned."),
        ("pinned=true&before=2", "before", "Use it without pinned."),
        ("pinned=true&author=ada", "author", "Use it without pinned."),
    ] {
        ada.script.get(&format!("/api/rooms/lobby/messages?{query}")).await.blames(422, field, why);
    }
}

#[tokio::test]
async fn mentions_of_all_my_rooms_come_latest_first() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, natter.register("bob").await);
    let garden = bob.creates("closed", "Garden", &["ada"]).await;
    bob.says("hello @ada").await;
    bob.says_in(&garden, "@room: water the plants").await;
    bob.says("hello @bob").await;
    ada.script.says("I am @ada").await;
    bob.says("@Ada again").await;
    let list = ada.script.get("/api/mentions").await.is(200).json;
    let texts: Vec<_> = list["messages"].as_array().unwrap().iter().map(|message| &message["message"]).collect();
    assert_eq!(texts, ["@Ada again", "@room: water the plants", "hello @ada"]);
    assert_eq!(list.get("next"), None);
    // in pages of one
    let (mut path, mut read) = (Some("/api/mentions?limit=1".to_owned()), Vec::new());
    while let Some(next) = path {
        let page = ada.script.get(&next).await.is(200).json;
        read.push(page["messages"][0]["message"].clone());
        assert_eq!(page["messages"].as_array().unwrap().len(), 1);
        path = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(read.iter().collect::<Vec<_>>(), texts);
    bob.delete(&format!("/api/rooms/{garden}/members/ada")).await.is(204);
    assert_eq!(ada.seqs("/api/mentions").await, [4, 1], "who left a room does not see them");
    ada.script.get("/api/mentions?before=x").await.blames(422, "before", "Use the address in `next`.");
    ada.script.get("/api/mentions?limit=0").await.blames(422, "limit", "Use 1 to 100.");
}

#[tokio::test]
async fn saved_messages_are_ones_own() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    let meadow = bob.script.creates("open", "Meadow", &[]).await;
    let garden = bob.script.creates("closed", "Garden", &["ada"]).await;
    for room in ["lobby", &meadow, &garden] {
        bob.script.says_in(room, &format!("in {room}")).await;
    }
    ada.saves(&garden, 1).await.is(204);
    // rooms of which ada is no member, but which she may read
    ada.saves(&meadow, 1).await.is(204);
    ada.saves("lobby", 1).await.is(204);
    ada.saves(&garden, 1).await.is(204); // it keeps its place
    let rooms = async || {
        let list = ada.script.get("/api/saved").await.is(200).json;
        let rooms = list["messages"].as_array().unwrap().iter().map(|message| message["room"].as_str().unwrap());
        rooms.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rooms().await, ["lobby".to_owned(), meadow.clone(), garden.clone()]);
    assert_eq!(bob.seqs("/api/saved").await, [0; 0]);
    bob.script.delete(&format!("/api/rooms/{garden}/members/ada")).await.is(204);
    assert_eq!(rooms().await, ["lobby".to_owned(), meadow.clone()]);
    for _ in 0..2 {
        ada.script.delete("/api/rooms/lobby/messages/1/saved").await.is(204);
    }
    assert_eq!(rooms().await.concat(), meadow);
    bob.script.delete(&format!("/api/rooms/{meadow}/messages/1")).await.is(204);
    assert_eq!(rooms().await, [""; 0], "a deleted one is nowhere");
    ada.saves(&meadow, 1).await.says(410, "This message is deleted.");
    ada.saves("lobby", 9).await.says(404, "There is no such message.");
    ada.saves(&garden, 1).await.says(404, "There is no such room.");
}

#[tokio::test]
async fn what_a_script_sends_is_text() {
    let natter = Natter::unlimited().await;
    let mut ada = natter.sign_up("ada").await;
    for text in ["/leave", "/nothing of this kind", "//", "/me waves"] {
        assert_eq!(ada.script.says(text).await["message"], text);
        let seq = ada.socket.says(text).await["seq"].as_u64().unwrap();
        assert_eq!(ada.script.message(seq).await["message"], text);
    }
}

#[tokio::test]
async fn a_reaction_of_mine_is_mine_only_for_me() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    ada.says("hello").await;
    bob.reacts(1, "👍").await.is(200);
    assert_eq!(ada.message(1).await["reactions"], json!([reaction("👍", 1, false)]));
    assert_eq!(bob.message(1).await["reactions"], json!([reaction("👍", 1, true)]));
}
