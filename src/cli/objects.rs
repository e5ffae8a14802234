//! The objects that rows name.

use std::fmt;

use crate::{
    domain::{FileId, MessageId, RoomId},
    store::{Account, ObjectFacts, RoomRow, Row, RowReader, Table},
};

/// The tables whose rows name objects.
pub const TABLES_WITH_OBJECTS: [Table; 2] = [Table::Accounts, Table::Messages];

/// An object that a row names.
#[derive(Debug, Clone)]
pub struct NamedObject {
    pub id: FileId,
    /// What is known of its bytes. Nothing is of a thumbnail and of an avatar.
    pub facts: Option<ObjectFacts>,
    pub owner: Owner,
}

/// What has an object.
#[derive(Debug, Clone)]
pub enum Owner {
    Message {
        id: MessageId,
        file: String,
    },
    /// The account whose avatar it is.
    Account {
        user_id: String,
    },
}

/// The objects that a row names, in their order.
pub fn objects_of(row: &Row) -> Vec<NamedObject> {
    let row = match row {
        Row::Message(row) => row,
        Row::Account(Account { user, .. }) => {
            let owner = || Owner::Account { user_id: user.user_id.to_string() };
            return user.avatar.map(|id| NamedObject { id, facts: None, owner: owner() }).into_iter().collect();
        }
        _ => return Vec::new(),
    };
    let mut objects = Vec::new();
    for file in &row.message.files {
        let owner = Owner::Message { id: row.message.id.clone(), file: file.name.as_str().to_owned() };
        let facts = Some(ObjectFacts { length: file.size, sha256: file.sha256 });
        let thumbnail = NamedObject { id: file.id.thumbnail(), facts: None, owner: owner.clone() };
        objects.push(NamedObject { id: file.id, facts, owner });
        objects.extend(file.has_thumbnail.then_some(thumbnail));
    }
    objects
}

/// Whether a row can name objects, by its JSON. It spares parsing all others.
pub fn may_name_objects(json: &[u8]) -> bool {
    std::str::from_utf8(json).is_ok_and(|json| json.contains("\"files\":[") || json.contains("\"avatar\":"))
}

impl NamedObject {
    pub fn is_thumbnail(&self) -> bool {
        self.id != self.id.original()
    }

    /// The room of its message.
    pub fn room(&self) -> Option<&RoomId> {
        match &self.owner {
            Owner::Message { id, .. } => Some(&id.room),
            Owner::Account { .. } => None,
        }
    }

    /// In words, with the name of its room.
    pub async fn described(&self, rows: &dyn RowReader) -> String {
        let name = match self.room() {
            Some(room) => room_name(rows, room).await,
            None => None,
        };
        format!("{self}{}", name.map(|name| format!(" (\"{name}\")")).unwrap_or_default())
    }
}

impl fmt::Display for NamedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_thumbnail() {
            f.write_str("the thumbnail of ")?;
        }
        match &self.owner {
            Owner::Message { id, file } => {
                write!(f, "the file \"{file}\" of message {} in room {}", id.seq, id.room.as_str())
            }
            Owner::Account { user_id } => write!(f, "the avatar of {user_id}"),
        }
    }
}

/// The name of a room. `None` of a direct room, or if it is not found.
async fn room_name(rows: &dyn RowReader, id: &RoomId) -> Option<String> {
    let mut last = None;
    loop {
        let page = rows.rows(Table::Rooms, last.as_ref(), 1000).await.ok()?;
        for row in &page {
            if let Row::Room(RoomRow { room, .. }) = row
                && room.id == *id
            {
                return Some(room.name.clone()).filter(|name| !name.is_empty());
            }
        }
        last = Some(page.into_iter().next_back()?);
    }
}
