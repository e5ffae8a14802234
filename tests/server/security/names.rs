//! Names that look like another's: what is refused, and by what people are told apart whose names look the same.

use serde_json::json;

use crate::support::{Natter, Script, new_user, password_of};

/// UserIDs that look like `admin`, and are not ASCII letters, digits, `_`, `.` or `-`.
const LIKE_ADMIN: [&str; 19] = [
    "аdmin",
    "admіn",
    "admin\u{200B}",
    "ad\u{200D}min",
    "ad\u{200C}min",
    "ad\u{AD}min",
    "\u{FEFF}admin",
    "ad\u{2060}min",
    "admin\u{FE0F}",
    "admin\u{E0061}",
    "admi\u{301}n",
    "admın",
    "ａｄｍｉｎ",
    "𝐚dmin",
    "ad\u{202E}min",
    "ad\u{2066}min",
    "ad min",
    "admin\u{3164}",
    "ad\0min",
];

#[tokio::test]
async fn a_user_id_is_ascii_and_unique_in_every_case() {
    let natter = Natter::unlimited().await;
    let admin = natter.register("admin").await;
    for user_id in LIKE_ADMIN {
        let mut user = new_user("eve");
        user["userID"] = json!(user_id);
        let refused = natter.script().post("/api/users", user).await.is(422);
        assert!(refused.json["fields"]["userID"].is_string(), "{user_id:?}: {}", refused.text);
        let name = natter.script().try_log_in(user_id, &password_of("admin")).await.status;
        assert_eq!(name, 401, "{user_id:?}");
    }
    // these are the same userID
    for user_id in ["ADMIN", "Admin", " admin ", "admin\u{A0}", "admin\n"] {
        let mut user = new_user("eve");
        user["userID"] = json!(user_id);
        natter.script().post("/api/users", user).await.blames(409, "userID", "This user ID is taken. Use another.");
    }
    // and these are mentions of everybody
    for user_id in ["room", "Here", "HERE"] {
        let mut user = new_user("eve");
        user["userID"] = json!(user_id);
        natter.script().post("/api/users", user).await.is(422);
    }
    assert_eq!(admin.get("/api/users").await.is(200).json["users"].as_array().map(Vec::len), Some(1));
}

const RESERVED: &str = "The chat itself calls people \"You\" and \"deleted user\". Use another name.";

/// Names with characters that change the order of what is around them, or end its line, or show nothing at all.
const REFUSED: [&str; 16] = [
    "Ada\u{202E}nimda",
    "\u{202A}Ada",
    "Ada\u{202C}",
    "Ada\u{2066}",
    "Ada\u{2069}",
    "\u{200E}Ada",
    "Ada\u{200F}",
    "Ada\u{61C}",
    "Ada\nAdmin",
    "Ada\u{2028}Admin",
    "Ada\u{85}Admin",
    "Ada\0",
    "Ada\u{1B}[31m",
    "\u{200B}",
    "\u{2800}\u{3164}",
    "\u{E0061}\u{FE0F}",
];

async fn is_refused(ada: &Script, name: &str) {
    let profile = ada.patch("/api/users/ada", json!({ "name": name })).await.is(422);
    assert!(profile.json["fields"]["name"].is_string(), "{name:?}: {}", profile.text);
    let room = ada.post("/api/rooms", json!({ "name": name, "kind": "open" })).await.is(422);
    assert!(room.json["fields"]["name"].is_string(), "{name:?}: {}", room.text);
}

#[tokio::test]
async fn a_name_does_not_reach_beyond_itself() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    for name in REFUSED {
        is_refused(&ada, name).await;
        let mut user = new_user("eve");
        user["name"] = json!(name);
        natter.script().post("/api/users", user).await.is(422);
    }
    for topic in REFUSED.iter().filter(|name| natter_shows(name)) {
        ada.patch("/api/rooms/lobby", json!({ "topic": topic })).await.is(422);
        ada.patch("/api/users/ada", json!({ "about": topic.replace('\n', "\u{2028}") })).await.is(422);
    }
    // what pages call people themselves, however it is written
    for name in ["You", "YOU", "y\u{200B}ou", "Deleted\u{A0}user", "deleted  user", "Du", "Gelöschtes Konto", " you "]
    {
        ada.patch("/api/users/ada", json!({ "name": name })).await.blames(422, "name", RESERVED);
    }
}

/// Whether a text has characters that are refused in a topic: it may be empty, so what shows nothing is allowed.
fn natter_shows(name: &str) -> bool {
    name.chars().any(|c| !"\u{200B}\u{2800}\u{3164}\u{E0061}\u{FE0F}".contains(c))
}

/// Names of people are not unique, so a name proves nothing: wherever people are chosen, their userIDs are beside them, and
/// each message has its author's tag.
#[tokio::test]
async fn people_with_the_same_name_are_told_apart() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    for name in ["Ada", "ADA", "Аda", "Ada\u{200B}", "Ａda", "Ada\u{301}", "Ada.", "Ada  "] {
        bob.patch("/api/users/bob", json!({ "name": name })).await.is(200);
        let seq = bob.says("it is me").await["seq"].as_u64().unwrap();
        assert_eq!(bob.message(seq).await["userID"], "bob", "{name:?}");
    }
    ada.says("no, it is me").await;
    let browser = natter.browse_as("cyd").await;
    for (path, css) in
        [("/people", ".rows small"), ("/rooms/lobby/members", ".rows small"), ("/people/bob", ".profile p")]
    {
        let page = browser.visit(path).await.is(200);
        assert!(page.texts(css).iter().any(|text| text.contains("bob")), "{path}");
    }
    let page = browser.visit("/rooms/lobby").await.is(200);
    let mut tags = page.each("li.message", |row| row.attr("data-author").unwrap().to_owned());
    tags.dedup();
    assert_eq!(tags.len(), 2, "{tags:?}");
}

#[tokio::test]
async fn names_of_open_rooms_are_unique_without_regard_to_case() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    ada.creates("open", "Ärger", &[]).await;
    for same in ["Ärger", "ÄRGER", "ärger", "  Ärger  ", "Ärger\u{A0}"] {
        let refused = ada.post("/api/rooms", json!({ "name": same, "kind": "open" })).await;
        assert_eq!(refused.status, 409, "{same:?}: {}", refused.text);
    }
}
