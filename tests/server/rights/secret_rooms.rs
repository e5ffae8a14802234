//! A closed and a direct room with something to hide.

use serde_json::json;

use crate::support::{Natter, Script};

/// What nobody outside may read.
pub const SECRETS: [&str; 5] =
    ["Secret garden", "below the oak", "the treasure is buried", "between the two of us", "still nobody knows"];

pub struct SecretRooms {
    pub closed: String,
    pub direct: String,
    /// The id of a file in the closed room.
    pub file: String,
}

impl SecretRooms {
    /// The rooms of `cyd` and `dan`. Everybody in `removed` was a member of the closed one.
    pub async fn create(natter: &Natter, removed: &[&str]) -> Self {
        let (cyd, _dan) = (natter.register("cyd").await, natter.register("dan").await);
        let members: Vec<&str> = removed.iter().copied().chain(["dan"]).collect();
        let garden = json!({ "name": "Secret garden", "kind": "closed", "topic": "below the oak", "members": members });
        let closed = id_of(&cyd.post("/api/rooms", garden).await.is(201).json);
        says(&cyd, &closed, "the treasure is buried").await;
        for user_id in removed {
            cyd.delete(&format!("/api/rooms/{closed}/members/{user_id}")).await.is(204);
        }
        says(&cyd, &closed, "still nobody knows").await;
        let file = cyd.posts_file(&closed, "a.txt", b"the treasure is buried").await;
        let file = file["id"].as_str().unwrap().to_owned();
        let direct = id_of(&cyd.post("/api/direct", json!({ "members": ["dan"] })).await.is(201).json);
        says(&cyd, &direct, "between the two of us").await;
        Self { closed, direct, file }
    }

    pub fn ids(&self) -> [&str; 2] {
        [&self.closed, &self.direct]
    }
}

fn id_of(room: &serde_json::Value) -> String {
    room["id"].as_str().unwrap().to_owned()
}

async fn says(who: &Script, room: &str, message: &str) {
    who.post(&format!("/api/rooms/{room}/messages"), json!({ "message": message })).await.is(201);
}

/// Asserts that `text` betrays nothing.
#[track_caller]
pub fn betrays_nothing(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what}: {secret} in {text}");
    }
}
