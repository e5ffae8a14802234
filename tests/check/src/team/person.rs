//! A user of a team, and what users do.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    random::Random,
    room::{Kind, Room},
};
use crate::{
    client::{Api, Command, Tab},
    frame::TEXT_PREFIX,
    history::What,
};

pub struct Person {
    pub api: Arc<Api>,
    pub tabs: Vec<Tab>,
    /// Owns the rooms: adds and removes members, and closes and opens rooms.
    pub is_owner: bool,
}

impl Person {
    /// Does one random thing in a tab. Most of them may be refused: nobody asks first whether they are allowed.
    pub async fn step(&self, tab: usize, number: usize, random: &mut Random, rooms: &[Room], users: &[String]) {
        let name = format!("{TEXT_PREFIX}{}-{tab}-{number}", self.api.user_id);
        let tab = &self.tabs[tab];
        let room = &rooms[random.below(rooms.len())];
        let (here, cursors) = {
            let state = tab.state();
            (state.room.clone(), state.cursors.clone())
        };
        match random.below(100) {
            // mostly to the room that the tab shows
            0..40 => {
                let room = here.filter(|_| random.below(8) > 0).unwrap_or_else(|| room.id.clone());
                tab.give(Command::Send { room, text: name });
            }
            40..55 => {
                let cursor = cursors.get(&room.id).map(|(rev, _)| *rev);
                let after = [cursor.or(Some(0)), cursor, Some(0)][random.below(3)];
                tab.give(Command::Move { room: Some(room.id.clone()).filter(|_| random.below(10) > 0), after });
            }
            55..67 => {
                let Some((room, (_, seq))) = here.and_then(|room| cursors.get_key_value(&room)) else { return };
                let version = tab.state().page.rooms.get(room).map(|numbers| numbers.read_version);
                let read = [*seq, random.below(*seq as usize + 1) as u64][random.below(2)];
                self.mark(tab, random, room, json!({ "read": read, "version": version })).await;
            }
            67..72 => {
                let Some((room, (_, seq))) = here.and_then(|room| cursors.get_key_value(&room)) else { return };
                let unread = random.below(*seq as usize + 1);
                self.mark(tab, random, room, json!({ "unread": unread })).await;
            }
            72..80 => self.delete(tab, random).await,
            80..84 => tab.give(Command::Cut),
            84..86 => tab.give(Command::Frame(json!({ "rooms": Value::Null }))),
            86..89 => {
                let level = ["everything", "mentions", "nothing", "hidden"][random.below(4)];
                self.ask(Method::PUT, &room.path("/level"), json!({ "level": level })).await;
            }
            89..91 => {
                let method = [Method::PUT, Method::DELETE][random.below(2)].clone();
                self.ask(method, &room.path("/star"), Value::Null).await;
            }
            _ if self.is_owner => self.manage(random, room, users).await,
            _ => {
                let method = [Method::PUT, Method::DELETE][random.below(2)].clone();
                self.ask(method, &room.path(&format!("/members/{}", self.api.user_id)), Value::Null).await;
            }
        }
    }

    /// Moves the mark of a room, by the socket or by the API.
    async fn mark(&self, tab: &Tab, random: &mut Random, room: &str, mut frame: Value) {
        if random.below(3) > 0 {
            frame["room"] = room.into();
            return tab.give(Command::Frame(frame));
        }
        let body = match frame["unread"].as_u64() {
            Some(seq) => json!({ "seq": seq, "unread": true }),
            None => json!({ "seq": frame["read"], "version": frame["version"] }),
        };
        self.ask(Method::PUT, &format!("/api/rooms/{room}/read"), body).await;
    }

    async fn delete(&self, tab: &Tab, random: &mut Random) {
        let (room, seq) = {
            let own = &mut tab.state().own;
            if own.is_empty() {
                return;
            }
            own.swap_remove(random.below(own.len()))
        };
        tab.state().record(What::Deleting { room: room.clone(), seq });
        if self.ask(Method::DELETE, &format!("/api/rooms/{room}/messages/{seq}"), Value::Null).await == 204 {
            tab.state().record(What::Deleted { room, seq });
        }
    }

    async fn manage(&self, random: &mut Random, room: &Room, users: &[String]) {
        if random.below(6) == 0 && room.kind == Kind::Open {
            let kind = ["open", "closed"][random.below(2)];
            self.ask(Method::PATCH, &room.path(""), json!({ "kind": kind })).await;
            return;
        }
        let Some(user) = random.pick(&users[1..]) else { return };
        let method = [Method::PUT, Method::DELETE][random.below(2)].clone();
        self.ask(method, &room.path(&format!("/members/{user}")), Value::Null).await;
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> StatusCode {
        self.api.request(method, path, &body).await.0
    }
}
