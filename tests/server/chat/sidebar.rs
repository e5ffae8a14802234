//! What the sidebars of pages are sent: the numbers of rooms, what happened in them, who is online.

use std::collections::HashMap;

use natter_test_support::eventually;
use serde_json::{Value, json};

use crate::support::{Browser, Natter, Script, Socket, password_of};

/// A page's sidebar, which counts as the page's script does.
struct Sidebar {
    socket: Socket,
    /// The key of the page's user in fragments.
    me: String,
    rooms: HashMap<String, Value>,
}

impl Sidebar {
    async fn open(browser: &Browser) -> Self {
        let socket = Socket::open_sidebar(browser).await;
        let me = browser.visit("/rooms/lobby").await.attribute("body", "data-me");
        let mut sidebar = Self { socket, me, rooms: HashMap::new() };
        while sidebar.take().await["complete"] != true {}
        sidebar
    }

    /// Takes the next frame.
    async fn take(&mut self) -> Value {
        let frame = self.socket.sees_sidebar().await;
        for numbers in frame["rooms"].as_array().into_iter().flatten() {
            let room = numbers["room"].as_str().unwrap().to_owned();
            match numbers["gone"] == true {
                true => drop(self.rooms.remove(&room)),
                false => drop(self.rooms.insert(room, numbers.clone())),
            }
        }
        self.take_news(&frame["news"]).await;
        frame
    }

    async fn take_news(&mut self, news: &Value) {
        let Some(room) = news["room"].as_str() else { return };
        let Some(mine) = self.rooms.get_mut(room) else { return };
        let number = |of: &Value, field: &str| of[field].as_i64().unwrap_or_else(|| panic!("{field}: {of}"));
        if number(news, "to") <= number(mine, "rev") {
            return;
        }
        if number(news, "from") > number(mine, "rev") {
            return self.socket.sends_without_answer(&json!({ "rooms": [room] }).to_string()).await;
        }
        let own = news["authors"][&self.me].as_i64().unwrap_or(number(mine, "own"));
        let is_unread = |deletion: &&Value| {
            let [rev, seq] = [0, 1].map(|index| deletion[index].as_i64().unwrap());
            rev > number(mine, "rev") && seq > number(mine, "readSeq") && deletion[2] != self.me.as_str()
        };
        let deleted = news["deleted"].as_array().unwrap().iter().filter(is_unread).count() as i64;
        let unread = number(mine, "unread") + (number(news, "texts") - number(mine, "texts"))
            - (own - number(mine, "own"))
            - deleted;
        mine["unread"] = unread.into();
        mine["own"] = own.into();
        for (field, from) in [("texts", "texts"), ("seq", "seq"), ("rev", "to"), ("at", "at")] {
            mine[field] = news[from].clone();
        }
    }

    /// Takes frames until the room has so many unread messages, as of the `rev`.
    async fn shows(&mut self, room: &str, rev: u64, unread: u64) {
        while self.rooms.get(room).is_none_or(|mine| mine["rev"].as_u64() < Some(rev) || mine["unread"] != unread) {
            self.take().await;
        }
    }

    async fn sends(&mut self, frame: Value) {
        self.socket.sends_without_answer(&frame.to_string()).await;
    }
}

async fn posts(who: &Script, room: &str, text: &str) -> u64 {
    let posted = who.post(&format!("/api/rooms/{room}/messages"), json!({ "message": text })).await.is(201).json;
    posted["rev"].as_u64().unwrap()
}

async fn creates(who: &Script, kind: &str, members: &[&str]) -> String {
    let room = json!({ "name": "Lunch", "kind": kind, "members": members });
    who.post("/api/rooms", room).await.is(201).json["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_has_the_numbers_of_its_rooms_and_counts_on() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let room = &creates(&bob, "closed", &["ada"]).await;
    posts(&bob, room, "before").await;
    let mut page = Sidebar::open(&ada).await;
    assert_eq!(page.rooms.len(), 2);
    assert_eq!((&page.rooms["lobby"]["unread"], &page.rooms[room]["unread"]), (&json!(0), &json!(1)));
    posts(&bob, room, "one").await;
    let rev = posts(&bob, room, "two").await;
    page.shows(room, rev, 3).await;
    bob.delete(&format!("/api/rooms/{room}/messages/1")).await.is(204);
    page.shows(room, rev + 1, 2).await;
    let edit = json!({ "message": "edited", "textRev": 2 });
    bob.patch(&format!("/api/rooms/{room}/messages/2"), edit).await.is(200);
    bob.patch(&format!("/api/rooms/{room}"), json!({ "name": "Dinner" })).await.is(200);
    let changed = loop {
        let frame = page.take().await;
        if frame["news"]["changed"].is_object() {
            break frame;
        }
    };
    assert_eq!(changed["news"]["changed"], json!({ "name": "Dinner" }));
    assert_eq!(page.rooms[room]["unread"], 2, "neither an edit nor a notice is unread");
}

#[tokio::test]
async fn what_one_tab_reads_is_read_in_all() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let (mut one, mut two) = (Sidebar::open(&ada).await, Sidebar::open(&ada).await);
    for text in ["one", "two", "three"] {
        bob.says(text).await;
    }
    for page in [&mut one, &mut two] {
        page.shows("lobby", 3, 3).await;
    }
    one.sends(json!({ "room": "lobby", "read": 2, "version": 0 })).await;
    for page in [&mut one, &mut two] {
        page.shows("lobby", 3, 1).await;
    }
    two.sends(json!({ "room": "lobby", "unread": 0 })).await;
    for page in [&mut one, &mut two] {
        page.shows("lobby", 3, 3).await;
    }
    // a tab that does not know of it cannot undo it
    one.sends(json!({ "room": "lobby", "read": 3, "version": 0 })).await;
    bob.says("four").await;
    for page in [&mut one, &mut two] {
        page.shows("lobby", 4, 4).await;
    }
    one.sends(json!({ "room": "none", "read": 3 })).await;
    assert_eq!(one.socket.answer().await["status"], 404);
}

#[tokio::test]
async fn memberships_begin_and_end_in_the_sidebar() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let room = &creates(&bob, "closed", &[]).await;
    posts(&bob, room, "before").await;
    let mut page = Sidebar::open(&ada).await;
    assert_eq!(page.rooms.len(), 1);
    bob.put(&format!("/api/rooms/{room}/members/ada"), json!({})).await;
    while !page.rooms.contains_key(room) {
        page.take().await;
    }
    assert_eq!(page.rooms[room]["unread"], 0);
    let rev = posts(&bob, room, "for members").await;
    page.shows(room, rev, 1).await;
    bob.delete(&format!("/api/rooms/{room}/members/ada")).await.is(204);
    posts(&bob, room, "for others").await;
    let mut frames = Vec::new();
    while page.rooms.contains_key(room) {
        frames.push(page.take().await);
    }
    bob.says("in the lobby").await;
    page.shows("lobby", 1, 1).await;
    let is_later = |frame: &Value| frame["news"]["to"].as_u64() > Some(rev);
    assert!(!frames.iter().any(is_later), "{frames:?}");
}

/// A page whose user has no socket in a room gets the same bytes as all others, at most once a second.
#[tokio::test]
async fn news_is_gathered_for_a_second() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let mut page = Sidebar::open(&ada).await;
    for n in 1..=50 {
        bob.says(&format!("{n}")).await;
    }
    let mut frames = 0;
    while page.rooms["lobby"]["rev"] != 50 {
        page.take().await;
        frames += 1;
    }
    assert_eq!(page.rooms["lobby"]["unread"], 50);
    assert!(frames < 20, "{frames} frames");
}

/// A page may read a room's numbers between a post and a change of the message that the next news have as well.
#[tokio::test]
async fn a_mention_that_a_reaction_follows_counts_once() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let mut page = Sidebar::open(&ada).await;
    bob.says("the news of this begin a second without news").await;
    page.shows("lobby", 1, 1).await;
    let rev = posts(&bob, "lobby", "@ada").await;
    page.sends(json!({ "rooms": ["lobby"] })).await;
    while page.take().await["rooms"][0]["mentions"] != 1 {}
    bob.put(&format!("/api/rooms/lobby/messages/{rev}/reactions/%F0%9F%91%8D"), json!({})).await.is(200);
    let mut mentions = Vec::new();
    while page.rooms["lobby"]["rev"] != rev + 1 {
        let frame = page.take().await;
        mentions.extend(frame["news"]["mentions"].as_array().cloned().unwrap_or_default());
    }
    assert!(mentions.iter().all(|mention| mention[0] == rev), "{mentions:?}");
}

#[tokio::test]
async fn who_is_idle_is_shown() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    let mut adas = Sidebar::open(&ada).await;
    let mut bobs = Sidebar::open(&bob).await;
    bobs.sends(json!({ "idle": true })).await;
    let key = bobs.me.clone();
    for presence in ["idle", "online"] {
        while adas.take().await["presence"][&key] != presence {}
        bobs.sends(json!({ "idle": false })).await;
    }
    drop(bobs);
    while adas.take().await["presence"][&key] != "offline" {}
}

/// What changed between the page and its socket, or while the fan-out did not write to it, is in no tick that it gets.
#[tokio::test]
async fn a_page_learns_who_is_online_with_its_numbers() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    natter.script().log_in("bob", &password_of("bob")).await.opens_direct(&["ada"]).await;
    let (socket, key) =
        (Socket::open_sidebar(&bob).await, bob.visit("/rooms/lobby").await.attribute("body", "data-me"));
    let presence = async || ada.visit("/sidebar").await.is(200).attribute("[data-tag]", "data-presence");
    eventually("bob is online", async || (presence().await == "online").then_some(())).await;
    let mut page = Sidebar { socket: Socket::open_sidebar(&ada).await, me: String::new(), rooms: HashMap::new() };
    assert_eq!(page.take().await["presence"], json!({ key: "online" }));
    drop(socket);
}

#[tokio::test]
async fn a_page_can_follow_no_room_and_a_script_has_no_sidebar() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let mut page = Sidebar::open(&ada).await;
    let mut script = Socket::open(&bob, "?after=0").await;
    let answer = page.socket.sends_frame(&json!({ "room": "lobby", "after": 0 }).to_string()).await;
    assert_eq!(answer, json!({ "room": "lobby", "after": 0 }));
    bob.says("one").await;
    page.socket.sees("Bob: one").await;
    let answer = page.socket.sends_frame(&json!({ "room": null, "after": null }).to_string()).await;
    assert_eq!(answer, json!({ "room": null, "after": null }));
    bob.says("two").await;
    page.shows("lobby", 2, 2).await;
    assert!(page.socket.fragments.iter().all(|fragment| fragment.text != "Bob: two"));
    script.sees("Bob: two").await;
    assert!(!script.has_sidebar());
}
