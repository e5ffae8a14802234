//! The rooms of a team.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{client::Api, frame::Numbers};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Lobby,
    Open,
    Closed,
    Direct,
}

/// A room as it was at first.
#[derive(Debug, Clone)]
pub struct Room {
    pub id: String,
    pub kind: Kind,
    /// The userIDs of the first members. The first may read the room for ever.
    pub members: Vec<String>,
    /// Whether the founder deletes it at some time.
    pub may_be_deleted: bool,
}

impl Room {
    pub fn lobby(owner: &str) -> Self {
        Self { id: "lobby".into(), kind: Kind::Lobby, members: vec![owner.to_owned()], may_be_deleted: false }
    }

    /// Creates a room. The first of the members asks for it.
    pub async fn create(owner: &Api, kind: Kind, name: &str, members: &[String]) -> Result<Self, String> {
        let (path, body) = match kind {
            Kind::Direct => ("/api/direct", json!({ "members": members })),
            Kind::Open => ("/api/rooms", json!({ "name": name, "kind": "open", "members": members })),
            _ => ("/api/rooms", json!({ "name": name, "kind": "closed", "members": members })),
        };
        let (status, answer, _) = owner.request(Method::POST, path, &body).await;
        let id = answer["id"].as_str().ok_or_else(|| format!("{name}: {status} {answer}"))?.to_owned();
        let members = [std::slice::from_ref(&owner.user_id), members].concat();
        Ok(Self { id, kind, members, may_be_deleted: false })
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/api/rooms/{}{rest}", self.id)
    }

    /// The whole log, in order of `rev`.
    pub async fn log(&self, reader: &Api) -> Result<Vec<Value>, String> {
        reader.list(&self.path("/messages?after=0&limit=500"), "messages").await
    }
}

/// The numbers of a room as the API lists it: without those of texts.
pub fn parse_numbers(room: &Value) -> Option<Numbers> {
    let number = |name: &str| room[name].as_u64();
    Some(Numbers {
        room: room["id"].as_str()?.to_owned(),
        rev: number("rev")?,
        seq: number("seq")?,
        texts: 0,
        own: 0,
        unread: number("unread")? as i64,
        mentions: number("mentions")?,
        read_seq: number("readSeq")?,
        read_version: number("readVersion")?,
        level: room["level"].as_str()?.to_owned(),
        starred: room["starred"] == true,
    })
}
