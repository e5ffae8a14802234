//! A user of a team, and what users do.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    random::Random,
    room::{Room, parse_numbers},
};
use crate::{
    client::{Api, Command, Own, Tab, now},
    frame::{EDIT_MARK, MENTION_MARK, TEXT_PREFIX, without_mentions},
    history::{History, What},
};

/// What users give to messages.
const EMOJI: [&str; 3] = ["👍", "🎉", "👀"];

pub struct Person {
    pub api: Arc<Api>,
    pub tabs: Vec<Tab>,
    /// Created the rooms, is an admin, and never leaves.
    pub is_founder: bool,
    /// Whether the founder deletes the account at some time.
    pub may_be_deleted: bool,
    /// The account is deleted, or is being deleted.
    pub is_deleted: AtomicBool,
    /// What each tab posted by the API, one after the other: messages with files.
    pub posted_files: Vec<Mutex<History>>,
}

impl Person {
    pub fn is_deleted(&self) -> bool {
        self.is_deleted.load(Relaxed)
    }

    /// Does one random thing in a tab. Most of them may be refused: nobody asks first whether they are allowed.
    pub async fn step(&self, tab: usize, number: usize, random: &mut Random, rooms: &[Room], people: &[Arc<Self>]) {
        let name = format!("{TEXT_PREFIX}{}-{tab}-{number}", self.api.user_id);
        let (tab_number, tab) = (tab, &self.tabs[tab]);
        let room = &rooms[random.below(rooms.len())];
        if self.is_founder && random.below(3) == 0 {
            return self.manage(tab, random, rooms, people).await;
        }
        let (here, cursors) = {
            let state = tab.state();
            (state.room.clone(), state.cursors.clone())
        };
        match random.below(100) {
            // mostly to the room that the tab shows
            0..34 => {
                let room = here.filter(|_| random.below(8) > 0).unwrap_or_else(|| room.id.clone());
                if random.below(12) == 0 {
                    return self.post_file(tab_number, &name, &room, random).await;
                }
                tab.give(Command::Send { room, text: name + &mention(random, people) });
            }
            34..40 => {
                let mention = mention(random, people);
                self.edit(tab, random, number, &mention).await;
            }
            40..55 => {
                let cursor = cursors.get(&room.id).map(|(rev, _)| *rev);
                let after = [cursor.or(Some(0)), cursor, Some(0)][random.below(3)];
                tab.give(Command::Move { room: Some(room.id.clone()).filter(|_| random.below(10) > 0), after });
            }
            55..65 => {
                let Some((room, (_, seq))) = here.and_then(|room| cursors.get_key_value(&room)) else { return };
                let version = tab.state().page.rooms.get(room).map(|numbers| numbers.read_version);
                let read = [*seq, random.below(*seq as usize + 1) as u64][random.below(2)];
                self.mark(tab, random, room, json!({ "read": read, "version": version })).await;
            }
            65..69 => {
                let Some((room, (_, seq))) = here.and_then(|room| cursors.get_key_value(&room)) else { return };
                let unread = random.below(*seq as usize + 1);
                self.mark(tab, random, room, json!({ "unread": unread })).await;
            }
            69..76 => self.delete(tab, random).await,
            76..79 => {
                let Some((room, (_, seq))) = here.and_then(|room| cursors.get_key_value(&room)) else { return };
                let (seq, emoji) = (1 + random.below(*seq as usize + 1), EMOJI[random.below(EMOJI.len())]);
                let method = [Method::PUT, Method::PUT, Method::DELETE][random.below(3)].clone();
                self.ask(method, &format!("/api/rooms/{room}/messages/{seq}/reactions/{emoji}"), Value::Null).await;
            }
            79..82 => tab.give(Command::Cut),
            82..84 => tab.give(Command::Frame(json!({ "rooms": Value::Null }))),
            84..86 => self.list(tab).await,
            86..88 => {
                let level = ["everything", "mentions", "nothing", "hidden"][random.below(4)];
                self.ask(Method::PUT, &room.path("/level"), json!({ "level": level })).await;
            }
            88..90 => {
                let method = [Method::PUT, Method::DELETE][random.below(2)].clone();
                self.ask(method, &room.path("/star"), Value::Null).await;
            }
            90..92 => self.manage(tab, random, rooms, people).await,
            _ if self.is_founder => {}
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

    async fn edit(&self, tab: &Tab, random: &mut Random, number: usize, mention: &str) {
        let Some(Own { room, seq, text_rev }) = random.pick(&tab.state().own).cloned() else { return };
        let path = format!("/api/rooms/{room}/messages/{seq}");
        let Ok(before) = self.api.get(&path).await else { return };
        let before = without_mentions(before["message"].as_str().unwrap_or_default());
        let text = format!("{}{EDIT_MARK}{number}{mention}", before.split(EDIT_MARK).next().unwrap_or_default());
        let body = json!({ "message": text, "textRev": text_rev });
        let (status, answer, _) = self.api.request(Method::PATCH, &path, &body).await;
        // an attempt without an answer, before this one, may have been carried out
        let message = if status == StatusCode::CONFLICT { &answer["current"] } else { &answer };
        let Some(rev) = message["textRev"].as_u64().filter(|_| message["message"] == text) else { return };
        let mut state = tab.state();
        state.own.iter_mut().filter(|own| own.room == room && own.seq == seq).for_each(|own| own.text_rev = rev);
        state.record(What::Edited { room, seq, rev, text });
    }

    async fn delete(&self, tab: &Tab, random: &mut Random) {
        let Own { room, seq, .. } = {
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

    /// Reads the user's list of rooms, while others change them.
    async fn list(&self, tab: &Tab) {
        let asked = now();
        let Ok(rooms) = self.api.get("/api/rooms?limit=200").await else { return };
        let rooms = rooms["rooms"].as_array().into_iter().flatten().filter_map(parse_numbers).collect();
        tab.state().record(What::Listed { asked, rooms });
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: Value) -> StatusCode {
        self.api.request(method, path, &body).await.0
    }
}

/// What a text ends with: some mention a user, or all members.
fn mention(random: &mut Random, people: &[Arc<Person>]) -> String {
    match random.below(6) {
        0 | 1 => random.pick(people).map_or(String::new(), |person| format!("{MENTION_MARK}{}", person.api.user_id)),
        2 => format!("{MENTION_MARK}room"),
        _ => String::new(),
    }
}
