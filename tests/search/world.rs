//! Users, rooms and messages as they must be by the commands that natter acknowledged.

use std::{collections::BTreeSet, net::SocketAddr, time::Instant};

use natter_check::team::Random;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::vocabulary::{Segment, Text};

/// The first is the admin and owns all rooms.
pub const USERS: [&str; 4] = ["ada", "bob", "cyd", "dan"];
pub const OWNER: usize = 0;
const PASSWORD: &str = "correct horse battery";

pub struct World {
    pub random: Random,
    /// Each request goes to one of them.
    pub servers: Vec<SocketAddr>,
    http: Client,
    tokens: Vec<String>,
    pub rooms: Vec<Room>,
    /// All texts with the names of their files, also those that are gone.
    pub said: Vec<Vec<Segment>>,
    /// Rooms that were created.
    pub created: usize,
    /// When the last command was acknowledged.
    pub acknowledged: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Lobby,
    Open,
    Closed,
    Direct,
}

pub struct Room {
    pub id: String,
    pub name: String,
    pub kind: Kind,
    pub members: BTreeSet<usize>,
    /// Those that are not deleted, oldest first.
    pub messages: Vec<Message>,
}

pub struct Message {
    pub seq: u64,
    pub text_rev: u64,
    pub author: usize,
    pub text: Text,
    pub file: Option<File>,
    /// As the API gives it.
    pub sent_time: String,
    pub is_pinned: bool,
    pub is_reply: bool,
}

pub struct File {
    pub id: String,
    pub name: Text,
}

impl Room {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/rooms/{}{rest}", self.id)
    }

    pub fn is_readable_by(&self, user: usize) -> bool {
        matches!(self.kind, Kind::Lobby | Kind::Open) || self.members.contains(&user)
    }
}

impl Message {
    /// The text and then the name of the file.
    pub fn searched(&self) -> Vec<Segment> {
        let name = self.file.iter().flat_map(|file| &file.name.segments);
        self.text.segments.iter().chain(name).cloned().collect()
    }
}

impl World {
    /// Signs the users up and creates a room of each kind.
    pub async fn create(servers: Vec<SocketAddr>, seed: u64) -> Self {
        let mut world = Self {
            random: Random::new(seed),
            servers,
            http: Client::new(),
            tokens: Vec::new(),
            rooms: Vec::new(),
            said: Vec::new(),
            created: 0,
            acknowledged: Instant::now(),
        };
        for user_id in USERS {
            let email = format!("{user_id}@example.org");
            let account = json!({ "userID": user_id, "name": user_id, "email": email, "password": PASSWORD });
            world.request(None, Method::POST, "/api/users", account).await;
            let login = json!({ "userID": user_id, "password": PASSWORD });
            let answer = world.request(None, Method::POST, "/api/login", login).await;
            world.tokens.push(answer["jwtToken"].as_str().unwrap().to_owned());
        }
        world.add_room("lobby", "Lobby", Kind::Lobby, &[OWNER]);
        world.create_room(Kind::Open, &[1]).await;
        world.create_room(Kind::Closed, &[1, 2]).await;
        world.create_room(Kind::Closed, &[3]).await;
        for (first, second) in [(1, 2), (OWNER, 3)] {
            let members = json!({ "members": [USERS[second]] });
            let answer = world.request(Some(first), Method::POST, "/api/direct", members).await;
            world.add_room(answer["id"].as_str().unwrap(), "", Kind::Direct, &[first, second]);
        }
        world
    }

    /// The owner creates a room with these members besides.
    pub async fn create_room(&mut self, kind: Kind, members: &[usize]) {
        self.created += 1;
        let name = format!("Комната Olé {}", self.created);
        let user_ids: Vec<_> = members.iter().map(|member| USERS[*member]).collect();
        let room = json!({ "name": name, "kind": kind.name(), "members": user_ids });
        let answer = self.request(Some(OWNER), Method::POST, "/api/rooms", room).await;
        self.add_room(answer["id"].as_str().unwrap(), &name, kind, &[&[OWNER], members].concat());
    }

    fn add_room(&mut self, id: &str, name: &str, kind: Kind, members: &[usize]) {
        let members = members.iter().copied().collect();
        self.rooms.push(Room { id: id.to_owned(), name: name.to_owned(), kind, members, messages: Vec::new() });
    }

    /// The messages that the user may read, each with its room.
    pub fn readable(&self, user: usize) -> impl Iterator<Item = (&Room, &Message)> {
        let rooms = self.rooms.iter().filter(move |room| room.is_readable_by(user));
        rooms.flat_map(|room| room.messages.iter().map(move |message| (room, message)))
    }

    /// The answer of any server to a request that must succeed.
    pub async fn request(&mut self, user: Option<usize>, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.ask_any_server(user, method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path} {body}: {status} {text}");
        self.acknowledged = Instant::now();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Uploads a file of this name. Returns its id.
    pub async fn upload(&mut self, user: usize, name: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
        let request = self.ask_any_server(Some(user), Method::POST, &format!("/api/uploads?{query}"));
        let answer = request.body("nothing that is searched").send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    fn ask_any_server(&mut self, user: Option<usize>, method: Method, path: &str) -> RequestBuilder {
        let server = *self.random.pick(&self.servers).unwrap();
        self.to_server(server, user, method, path)
    }

    pub fn to_server(&self, server: SocketAddr, user: Option<usize>, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("http://{server}{path}"));
        match user {
            Some(user) => request.bearer_auth(&self.tokens[user]),
            None => request,
        }
    }

    /// Forgets the connections to a server that was killed.
    pub fn reconnect(&mut self) {
        self.http = Client::new();
    }
}

impl Kind {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lobby | Self::Open => "open",
            Self::Closed => "closed",
            Self::Direct => "direct",
        }
    }
}
