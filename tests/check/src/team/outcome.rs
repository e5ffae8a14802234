//! What the servers say at the end of a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    room::{Kind, Room, parse_numbers},
    start::Team,
};
use crate::{
    client::Api,
    frame::Numbers,
    history::Millis,
    log::{Content, Message, Outcome, RoomLog, UserState},
};

impl Team {
    /// Reads the logs of all rooms that are not deleted.
    pub(super) async fn read_logs(&self) -> Result<BTreeMap<String, Vec<Value>>, String> {
        let deleted: BTreeSet<String> = self.tabs().flat_map(|tab| tab.state().deleted_rooms()).collect();
        let mut logs = BTreeMap::new();
        for room in self.rooms.iter().filter(|room| !deleted.contains(&room.id)) {
            let reader = self.reader(&room.id).ok_or("nobody can read the log")?;
            logs.insert(room.id.clone(), room.log(&reader.api).await?);
        }
        Ok(logs)
    }

    pub(super) fn parse_logs(&self, logs: &BTreeMap<String, Vec<Value>>) -> Result<BTreeMap<String, RoomLog>, String> {
        let known = self.rooms.iter().filter_map(|room| Some((room, logs.get(&room.id)?)));
        known.map(|(room, log)| Ok((room.id.clone(), parse_log(room, log, self.clock_error)?))).collect()
    }

    /// Reads the list of rooms of every user whose account is not deleted.
    pub(super) async fn read_outcome(&self, rooms: BTreeMap<String, RoomLog>) -> Result<Outcome, String> {
        let mut users = BTreeMap::new();
        for person in self.people.iter().filter(|person| !person.is_deleted()) {
            users.insert(person.api.user_id.clone(), read_state(&person.api, &rooms).await?);
        }
        Ok(Outcome { rooms, users })
    }
}

fn parse_log(room: &Room, log: &[Value], clock_error: Duration) -> Result<RoomLog, String> {
    let messages = log.iter().map(parse_message).collect::<Option<Vec<_>>>();
    let mut messages = messages.ok_or_else(|| format!("{}: {log:?}", room.id))?;
    messages.iter_mut().for_each(|message| message.sent -= clock_error.as_millis() as Millis);
    messages.sort_unstable_by_key(|message| message.seq);
    Ok(RoomLog {
        was_open: matches!(room.kind, Kind::Open | Kind::Lobby),
        had_everyone: room.kind == Kind::Lobby,
        first_members: room.members.clone(),
        messages,
        post_revs: BTreeMap::new(),
        deletions: BTreeMap::new(),
    })
}

fn parse_message(message: &Value) -> Option<Message> {
    let number = |name: &str| message[name].as_u64();
    let user = |of: &Value| of["userID"].as_str().map(str::to_owned);
    let content = match message["notice"].as_str() {
        Some(kind) => Content::Notice { kind: kind.to_owned(), subject: user(&message["subject"]) },
        None => Content::Text(message["message"].as_str().map(str::to_owned)),
    };
    let seq = number("seq")?;
    Some(Message {
        seq,
        rev: number("rev")?,
        text_rev: number("textRev")?,
        author: user(message).unwrap_or_default(),
        sent: millis(message["sentTime"].as_str()?)?,
        content,
        is_edited: message["editedTime"].is_string(),
        mentions: message["mentions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    })
}

fn millis(time: &str) -> Option<Millis> {
    let time = OffsetDateTime::parse(time, &Rfc3339).ok()?;
    Millis::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

async fn read_state(api: &Api, logs: &BTreeMap<String, RoomLog>) -> Result<UserState, String> {
    let mut rooms = BTreeMap::new();
    for room in api.list("/api/rooms?limit=200", "rooms").await? {
        let numbers = parse_numbers(&room).ok_or_else(|| room.to_string())?;
        // the API does not say these two, so that pages are compared with the log
        let counts = logs.get(&numbers.room).and_then(|log| log.counts(&api.user_id, log.head(), 0));
        let (texts, own) = counts.map_or((0, 0), |counts| (counts.texts, counts.own));
        rooms.insert(numbers.room.clone(), Numbers { texts, own, ..numbers });
    }
    Ok(UserState { tag: api.tag.clone(), rooms })
}
