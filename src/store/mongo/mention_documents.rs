//! Mentions in the documents of the log.

use mongodb::bson::{self, Document};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bson_values::{any_of, bson_uuid, user_key};
use crate::domain::{MentionedUser, Mentions, UserKey, mention::Everyone};

/// The index over mentions in a room by their time.
pub const MENTIONS_BY_TIME: &str = "mentions_by_time";

/// Whom a message mentions: a user, or all members. Every entry has a `user`, so that one index has both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MentionDoc {
    /// The nil UUID stands for all members.
    pub user: bson::Uuid,
    #[serde(rename = "userID", skip_serializing_if = "Option::is_none", default)]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub everyone: Option<String>,
}

/// The key that stands for all members.
pub fn everyone() -> UserKey {
    UserKey(Uuid::nil())
}

/// The condition on `mentions.user` for messages that mention the user, alone or with all members.
pub fn concerning(user: UserKey) -> Document {
    any_of([user, everyone()].map(bson_uuid))
}

/// The entries of a document; `None` if nobody is mentioned, so that most documents have no such field.
pub fn mention_docs(mentions: &Mentions) -> Option<Vec<MentionDoc>> {
    let users = mentions.users.iter().map(|mentioned| MentionDoc {
        user: bson_uuid(mentioned.key),
        user_id: Some(mentioned.user_id.clone()),
        everyone: None,
    });
    let all = mentions.everyone.map(|all| MentionDoc {
        user: bson_uuid(everyone()),
        user_id: None,
        everyone: Some(all.as_str().to_owned()),
    });
    (!mentions.is_empty()).then(|| users.chain(all).collect())
}

pub fn mentions(entries: &[MentionDoc]) -> Mentions {
    let user = |entry: &MentionDoc| Some(MentionedUser { key: user_key(entry.user), user_id: entry.user_id.clone()? });
    Mentions {
        users: entries.iter().filter_map(user).collect(),
        everyone: entries.iter().find_map(|entry| Everyone::parse(entry.everyone.as_deref()?)),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::oid::ObjectId;

    use super::*;
    use crate::store::mongo::log_documents::{ChangeDoc, LogKey, Op};

    #[test]
    fn the_document_of_an_edit_keeps_whom_it_mentions() {
        let ada = MentionedUser { key: UserKey::generate(), user_id: "Ada".into() };
        let all = Mentions { users: vec![ada], everyone: Some(Everyone::Here) };
        let edit = Op::Edit { text_rev: 1, message: Some("@ada @here".into()), mentioned: mention_docs(&all) };
        let change = ChangeDoc {
            key: LogKey { room: "lobby".into(), rev: 2 },
            seq: 1,
            by: bson_uuid(UserKey::generate()),
            at: bson::DateTime::now(),
            command: ObjectId::new(),
            op: edit,
            head_seq: 1,
            head_texts: 1,
        };
        let bytes = bson::serialize_to_vec(&change).unwrap();
        let read: ChangeDoc = bson::deserialize_from_slice(&bytes).unwrap();
        assert_eq!(read.mentioned(), all.users);
        let document: Document = bson::deserialize_from_slice(&bytes).unwrap();
        let read: ChangeDoc = bson::deserialize_from_document(document).unwrap();
        assert_eq!(read.mentioned(), all.users);
        assert_eq!(mention_docs(&Mentions::default()).map(|entries| mentions(&entries)), None);
        assert_eq!(mentions(&mention_docs(&all).unwrap()), all);
    }
}
