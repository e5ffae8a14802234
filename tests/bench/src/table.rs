//! The table of all results, `tests/bench/RESULTS.md`.

use serde_json::Value;

use crate::{paths, report};

const TITLE: &str = "# Results
`tests/bench/run` measures, `tests/bench/run table` writes this file. Machines differ by a factor of four, and one
machine's speed drifts: compare with the reference, which is measured in the same run.

";

/// What each row measures.
const ROWS: [(&str, &str); 28] = [
    ("fanout", "fan-out, members × messages"),
    ("authors", "1,000 authors in turn against one, 1,000 members"),
    ("ceiling", "ceiling: most messages/s at which 1,000 members get all of them, p99 ≤ 250 ms"),
    ("idle", "idle socket: 15,000 sockets of 500 users"),
    ("idle-rooms", "10,000 idle sockets, each in a room of its own, against one room"),
    ("ingest", "durable ingest: 64 writers"),
    ("edits", "edits and reactions by one writer"),
    ("delivered", "an edit and a reaction, delivered to all"),
    ("rooms", "50 rooms at once: 50 writers, through the store trait"),
    ("hot", "a hot message: posts and reads of others after 1,000 changes"),
    ("reactions", "200 reactions to one message within a second, 1,000 sockets"),
    ("history", "cost as history grows: 1,000,000 messages against 1,000"),
    ("joining", "joining: 1,000 people in one second"),
    ("reconnect", "reconnecting: 5,000 sockets at once, each 100 messages behind"),
    ("restart", "restart: 5,000 sockets come back, each 100 messages behind"),
    ("slow", "slow readers: 100 of 1,000 sockets stop reading in a busy room"),
    ("page", "page: `GET /` with a session, 50 messages"),
    ("room-page", "page of a room: 50 messages, a sidebar of 50 rooms"),
    ("sidebar", "sidebar: 1,000 people in 50 rooms of 20 to 1,000 members each, 200 messages/s over all"),
    ("counts", "unread count of a room, through the store trait"),
    ("many-rooms", "10,000 rooms, 1,000,000 messages: start; memory after everybody has come and gone"),
    ("search", "search: 1,000,000 messages in 200 rooms, the searcher in 50 of them"),
    ("login", "login storm: 200 logins at once, bcrypt 12"),
    ("download", "downloads of a file by 8 clients"),
    ("upload", "uploads of 24 MiB, one after the other"),
    ("thumbnails", "200 photographs of 12 megapixels while people chat"),
    ("transfers", "memory of an upload of 1 GiB beside 100 slow downloads"),
    ("rest", "at rest: start to ready; memory; binary"),
];

/// Writes the table of the latest results.
pub fn write() -> Result<(), String> {
    let path = paths::root().join("tests/bench/RESULTS.md");
    std::fs::write(&path, TITLE.to_owned() + &markdown()?).map_err(|why| format!("{}: {why}", path.display()))
}

fn markdown() -> Result<String, String> {
    let found = report::latest()?;
    let mut table =
        String::from("| what | natter | reference | Node application | target | |\n|---|---|---|---|---|---|\n");
    for (row, what) in ROWS {
        let natter = found.iter().filter(|finding| finding["row"] == row && finding["subject"] == "natter");
        for finding in natter {
            let scene = finding["scene"].as_str().unwrap_or_default();
            let what = if scene.is_empty() { what.to_owned() } else { format!("{what}: {scene}") };
            let text_of = |subject: &str| {
                let same = |other: &&Value| {
                    other["row"] == row && other["scene"] == finding["scene"] && other["subject"] == subject
                };
                found.iter().find(same).and_then(|other| other["text"].as_str()).unwrap_or("–").to_owned()
            };
            let met = match finding["met"].as_bool() {
                Some(true) => "met",
                Some(false) => "missed",
                None => "",
            };
            let text = finding["text"].as_str().unwrap_or_default();
            let target = finding["target"].as_str().unwrap_or_default();
            let (reference, node) = (text_of("reference"), text_of("node"));
            table += &format!("| {what} | {text} | {reference} | {node} | {target} | {met} |\n");
        }
    }
    Ok(table)
}
