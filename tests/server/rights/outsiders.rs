//! Those who are not in the rooms.

use serde_json::json;

use super::secret_rooms::SecretRooms;
use crate::support::{Browser, Natter, Script, password_of};

pub struct Outsider {
    pub who: &'static str,
    pub browser: Browser,
    pub script: Script,
    /// Whether the account still exists.
    pub exists: bool,
}

/// An admin, a user, a former member, a bot and a deleted former member, and the rooms that they are not in.
pub async fn outsiders(natter: &Natter) -> (Vec<Outsider>, SecretRooms) {
    let mut outsiders = Vec::new();
    for who in ["admin", "stranger", "removed", "robot", "deleted"] {
        let browser = natter.browse_as(who).await;
        let script = natter.script().log_in(who, &password_of(who)).await;
        outsiders.push(Outsider { who, browser, script, exists: who != "deleted" });
    }
    let admin = outsiders[0].script.clone();
    admin.patch("/api/users/robot", json!({ "role": "bot" })).await.is(200);
    let rooms = SecretRooms::create(natter, &["removed", "deleted"]).await;
    admin.delete("/api/users/deleted").await.is(204);
    (outsiders, rooms)
}
