//! What owners of rooms and admins do. Others try it, too.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use reqwest::Method;
use serde_json::{Value, json};

use super::{person::Person, random::Random, room::Room};
use crate::{client::Tab, history::What};

impl Person {
    /// Changes a room, its members, or (the founder) who and what is there at all.
    pub(super) async fn manage(&self, tab: &Tab, random: &mut Random, rooms: &[Room], people: &[Arc<Self>]) {
        // the founder has to be able to read the log at the end
        let Some(other) = random.pick(&people[1..]) else { return };
        let room = &rooms[random.below(rooms.len())];
        let member = room.path(&format!("/members/{}", other.api.user_id));
        match random.below(100) {
            0..30 => {
                self.ask(Method::PUT, &member, Value::Null).await;
            }
            30..60 => {
                self.ask(Method::DELETE, &member, Value::Null).await;
            }
            60..66 => {
                self.ask(Method::PUT, &member, json!({ "role": "owner" })).await;
            }
            66..70 => {
                let user = random.pick(people).map_or("", |person| &person.api.user_id);
                self.ask(Method::PUT, &room.path(&format!("/members/{user}")), json!({ "role": "member" })).await;
            }
            70..78 => {
                let kind = ["open", "open", "closed"][random.below(3)];
                self.ask(Method::PATCH, &room.path(""), json!({ "kind": kind })).await;
            }
            // mostly not: nobody writes to an archived room, and nobody leaves one with everybody
            78..85 => {
                self.ask(Method::PATCH, &room.path(""), json!({ "archived": random.below(4) == 0 })).await;
            }
            85..92 => {
                self.ask(Method::PATCH, &room.path(""), json!({ "everyone": random.below(4) == 0 })).await;
            }
            92..93 => {
                let topic = format!("topic {}", random.below(9));
                self.ask(Method::PATCH, &room.path(""), json!({ "topic": topic })).await;
            }
            93..96 if self.is_founder => {
                let deletable: Vec<&Room> = rooms.iter().filter(|room| room.may_be_deleted).collect();
                let Some(room) = random.pick(&deletable) else { return };
                // 404: it was deleted before
                if matches!(self.ask(Method::DELETE, &room.path(""), Value::Null).await.as_u16(), 204 | 404) {
                    tab.state().record(What::RoomDeleted { room: room.id.clone() });
                }
            }
            96.. if self.is_founder => {
                let deletable: Vec<&Arc<Self>> = people.iter().filter(|person| person.may_be_deleted).collect();
                let Some(other) = random.pick(&deletable) else { return };
                if other.is_deleted.swap(true, Relaxed) {
                    return;
                }
                let status = self.ask(Method::DELETE, &format!("/api/users/{}", other.api.user_id), Value::Null).await;
                // 404: an attempt without an answer was carried out
                if matches!(status.as_u16(), 204 | 404) {
                    other.tabs.iter().for_each(|tab| tab.state().record(What::AccountDeleted));
                } else {
                    other.is_deleted.store(false, Relaxed); // the founder is no admin here
                }
            }
            _ => {}
        }
    }
}
