//! Messages with files: what they say, and whether they are whole at the end.
//!
//! The content of a file follows from its name and size, so a file is compared with nothing else.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{person::Person, random::Random, room::Room, start::Team};
use crate::{
    client::{Api, lock, now},
    frame::{EDIT_MARK, Frame, MENTION_MARK},
    history::{Event, What},
    report::{Fault, Report},
};

/// The texts of messages with a file end with it.
const MARK: &str = "-file";
/// Some sizes: less than a page of memory, and more than a part of a stored file.
const SIZES: [usize; 4] = [1, 700, 20_000, 300_000];

impl Person {
    /// Uploads a file and posts a message with it, for a tab. Both are tried until they are answered.
    pub(super) async fn post_file(&self, tab: usize, name: &str, room: &str, random: &mut Random) {
        let (text, name, size) = (format!("{name}{MARK}"), format!("{name}.bin"), SIZES[random.below(SIZES.len())]);
        let Some(id) = self.api.upload(&name, &content(&name, size)).await else { return };
        let (room, client_id) = (room.to_owned(), Uuid::new_v4().to_string());
        let body = json!({ "message": text, "clientID": client_id, "files": [{ "id": id }] });
        self.record(tab, What::Sent { room: room.clone(), client_id: client_id.clone(), text: text.clone() });
        let path = format!("/api/rooms/{room}/messages");
        let (status, answer, is_repeat) = self.api.request(Method::POST, &path, &body).await;
        if is_repeat {
            self.record(tab, What::Sent { room: room.clone(), client_id: client_id.clone(), text });
        }
        let frame = match (answer["seq"].as_u64(), answer["rev"].as_u64()) {
            (Some(seq), Some(rev)) if status.is_success() => Frame::Acknowledged { room, client_id, seq, rev },
            _ => Frame::Refused { room, client_id, status: status.as_u16(), retry_after: None },
        };
        self.record(tab, What::Received(frame));
    }

    fn record(&self, tab: usize, what: What) {
        lock(&self.posted_files[tab]).events.push(Event { at: now(), what });
    }
}

impl Team {
    /// Reads all files of the rooms' messages.
    pub(super) async fn check_files(&self, logs: &BTreeMap<String, Vec<Value>>, report: &mut Report) {
        for (room, messages) in logs {
            let Some(reader) = self.reader(room) else { continue };
            for message in messages.iter().filter(|message| has_file(message)) {
                match check(&reader.api, message).await {
                    Ok(()) => report.files += 1,
                    Err(why) => report.add(Fault::Lost, || format!("{room}: {why} of {message}")),
                }
            }
        }
    }

    /// Who may read a room for ever.
    pub(super) fn reader(&self, room: &str) -> Option<&Person> {
        let Room { members, .. } = self.rooms.iter().find(|known| known.id == room)?;
        self.people.iter().find(|person| Some(&person.api.user_id) == members.first()).map(|person| &**person)
    }
}

/// Whether the message was posted with a file, and is not deleted.
fn has_file(message: &Value) -> bool {
    let text = message["message"].as_str().unwrap_or_default();
    text.split([EDIT_MARK])
        .next()
        .and_then(|text| text.split(MENTION_MARK).next())
        .is_some_and(|text| text.ends_with(MARK))
}

async fn check(reader: &Api, message: &Value) -> Result<(), &'static str> {
    let file = &message["files"][0];
    let (Some(name), Some(size), Some(url)) = (file["name"].as_str(), file["size"].as_u64(), file["url"].as_str())
    else {
        return Err("the file is missing");
    };
    match reader.download(url).await {
        None => Err("the file cannot be read"),
        Some(read) if read != content(name, size as usize) => Err("the file has another content"),
        Some(_) => Ok(()),
    }
}

/// The bytes of a file.
fn content(name: &str, size: usize) -> Vec<u8> {
    let seed = name.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = Random::new(seed);
    (0..size).map(|_| random.below(256) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_tells_whether_there_is_a_file() {
        let has = |text: Value| has_file(&json!({ "message": text }));
        assert!(has("zq-a-0-1-file".into()) && has("zq-a-0-1-file+3 @room".into()));
        assert!(!has("zq-a-0-1".into()) && !has(Value::Null));
    }

    #[test]
    fn a_content_follows_from_the_name() {
        assert_eq!(content("a", 100), content("a", 100));
        assert_ne!(content("a", 100), content("b", 100));
        assert_eq!(content("a", 1)[..], content("a", 100)[..1]);
    }
}
