//! Who types, for the other processes: one document for each room, which the latest report replaces.
//!
//! Only the change stream reads them, and a report may be lost, so the write waits for nothing. The server removes a
//! document a minute after its last report.

use mongodb::bson::{self, DateTime, Document, doc};
use serde::{Deserialize, Serialize};

use super::{
    bson_values::{bson_uuid, user_key},
    collections::Collections,
    driver::with_timeout,
};
use crate::{
    domain::{RoomId, UserKey},
    store::{Error, Event, Result},
};

#[derive(Serialize, Deserialize)]
struct TypingDoc {
    #[serde(rename = "_id")]
    room: String,
    process: bson::Uuid,
    users: Vec<TypingUser>,
    /// By this process's clock. Makes each report a change, even if it names the same users as the one before it.
    at: DateTime,
}

#[derive(Serialize, Deserialize)]
struct TypingUser {
    user: bson::Uuid,
    name: String,
}

impl Collections {
    /// Reports who types in the room at `process`.
    pub async fn write_typing(&self, process: bson::Uuid, room: &RoomId, users: &[(UserKey, String)]) -> Result<()> {
        let users = users.iter().map(|(user, name)| TypingUser { user: bson_uuid(*user), name: name.clone() });
        let room = room.as_str().to_owned();
        let report = TypingDoc { room, process, users: users.collect(), at: DateTime::now() };
        let id = doc! { "_id": &report.room };
        let report = bson::serialize_to_document(&report).map_err(|error| Error::Failed(error.to_string()))?;
        // the driver's own methods refuse `w: 0`
        let command = doc! {
            "update": self.typing.name(), "updates": [{ "q": id, "u": report, "upsert": true }],
            "writeConcern": { "w": 0 },
        };
        with_timeout(self.database.run_command(command)).await.map(drop)
    }
}

/// The filter of the change stream for the reports of other processes.
pub fn reports_of_others(db: &Collections, process: bson::Uuid) -> Document {
    doc! {
        "ns.coll": db.typing.name(), "operationType": { "$in": ["insert", "replace"] },
        "fullDocument.process": { "$ne": process },
    }
}

/// The event of a report.
pub fn typing_event(report: Document) -> Option<Event> {
    let report: TypingDoc = bson::deserialize_from_document(report).ok()?;
    let users = report.users.into_iter().map(|typing| (user_key(typing.user), typing.name));
    Some(Event::Typing { room: RoomId::named(&report.room), users: users.collect() })
}
