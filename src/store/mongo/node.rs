//! Reads a database of the Node application that natter replaces: a collection `users`, each document with
//! its messages inside. Nothing but the types of MongoDB holds there, no field is sure to be present.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::{
    Client, Cursor, Database,
    bson::{Bson, DateTime, Document, RawBsonRef, RawDocument, RawDocumentBuf, doc},
    options::{ReadPreference, SelectionCriteria},
};

use super::{bounded, connect};
use crate::{
    domain::Timestamp,
    store::{Error, MongoUrl, Result},
};

/// The name that the Node application gave its database.
const DATABASE: &str = "UsersData";
/// Documents in one answer of the server, which ends at 16 MB all the same.
const BATCH: u32 = 1000;
/// Longest wait for a server.
const SELECTION: Duration = Duration::from_secs(5);
/// The end of the year 9999, in milliseconds: later times cannot be written in RFC 3339.
const LATEST: i64 = 253_402_300_799_999;

/// A field as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeValue {
    Missing,
    Text(String),
    /// A number or a boolean, written out.
    Plain(String),
    /// What cannot be read as text, by the name of its type.
    Other(String),
}

/// A document of `users`, without its messages.
#[derive(Debug, Clone)]
pub struct NodeUser {
    /// The document's `_id` as text; of an ObjectId its digits.
    pub id: String,
    /// When the document was made, where its `_id` tells.
    pub created: Option<Timestamp>,
    pub user_id: NodeValue,
    pub name: NodeValue,
    pub email: NodeValue,
    pub phone: NodeValue,
    pub password: NodeValue,
    /// How many messages it has; what else stands in their place, if no list does.
    pub messages: std::result::Result<u64, NodeValue>,
}

/// A message with the document it was found in.
#[derive(Debug, Clone)]
pub struct NodeMessage {
    /// [`NodeUser::id`].
    pub user: String,
    /// The message's own `_id`, written as that of its user.
    pub id: Option<String>,
    /// Its place in the list.
    pub place: u64,
    pub sent_time: NodeValue,
    /// `sentTime`, or the best there is in its place: when the `_id` of the message was made, or that of its
    /// user, or else 1970.
    pub at: Timestamp,
    /// Whether `at` is the `sentTime`.
    pub dated: bool,
    pub text: NodeValue,
}

pub struct NodeDatabase {
    database: Database,
}

pub struct NodeUsers(Cursor<RawDocumentBuf>);

pub struct NodeMessages(Cursor<RawDocumentBuf>);

impl NodeDatabase {
    /// Connects; the database is `name`, or else the one that the address names, or else `UsersData`.
    ///
    /// # Errors
    /// [`Error::Busy`] where no server answers; [`Error::Failed`] where the address is wrong, or there are
    /// no users of the Node application.
    pub async fn open(url: &MongoUrl, name: Option<&str>) -> Result<Self> {
        let mut options = connect::parse(url.as_str()).await?;
        options.app_name.get_or_insert_with(|| "natter import".into());
        options.server_selection_timeout.get_or_insert(SELECTION);
        options.connect_timeout.get_or_insert(SELECTION);
        // any member will do; it needs no replica set
        options.selection_criteria =
            Some(SelectionCriteria::ReadPreference(ReadPreference::PrimaryPreferred { options: None }));
        let name = name.or(options.default_database.as_deref()).unwrap_or(DATABASE).to_owned();
        let database = Client::with_options(options)?.database(&name);
        let users = database.collection::<Document>("users");
        let Some(user) = bounded(users.find_one(doc! {}).projection(doc! { "folded": 1 })).await? else {
            let reason = format!("there are no users in its database {name}; name the right one with --database");
            return Err(Error::Failed(reason));
        };
        if user.contains_key("folded") {
            return Err(Error::Failed(format!("its database {name} is a natter's own; natter copy carries that")));
        }
        Ok(Self { database })
    }

    pub fn name(&self) -> &str {
        self.database.name()
    }

    /// Whether natter's own database at `url` would be this one, however the two addresses are spelled.
    ///
    /// # Errors
    /// As [`open_mongo`](crate::store::open_mongo).
    pub async fn is_at(&self, url: &MongoUrl) -> Result<bool> {
        let other = connect::database(url.as_str()).await?;
        let (here, there) = (collection_id(&self.database).await?, collection_id(&other).await?);
        Ok(here.is_some() && here == there)
    }

    /// About how many users there are.
    pub async fn count(&self) -> Result<u64> {
        bounded(self.database.collection::<Document>("users").estimated_document_count()).await
    }

    /// The users as they are stored, one after the other: the order in which the Node application's `findOne`
    /// looked for who logs in.
    pub async fn users(&self) -> Result<NodeUsers> {
        let list = doc! { "$isArray": "$messages" };
        let slim = doc! {
            "count": { "$cond": [&list, { "$size": "$messages" }, 0] },
            "messages": { "$cond": [&list, "$$REMOVE", "$messages"] },
        };
        // the natural order, as nothing is asked for by an index
        Ok(NodeUsers(self.aggregate([doc! { "$set": slim }]).await?))
    }

    /// All messages of all users in the order of their time, those of one instant in the order of their ids.
    /// The server sorts them, on its disk where they are many.
    pub async fn messages(&self) -> Result<NodeMessages> {
        let range = doc! { "$and": [
            { "$gte": ["$$at", DateTime::from_millis(0)] }, { "$lte": ["$$at", DateTime::from_millis(LATEST)] },
        ] };
        let date = |input: &str| {
            let at = doc! { "$convert": { "input": input, "to": "date", "onError": null, "onNull": null } };
            doc! { "$let": { "vars": { "at": at }, "in": { "$cond": [&range, "$$at", null] } } }
        };
        let never = DateTime::from_millis(0);
        let inside = |field: &str| {
            let path = format!("$messages.{field}");
            doc! { "$cond": [{ "$eq": [{ "$type": "$messages" }, "object"] }, path, "$$REMOVE"] }
        };
        // what is no {sentTime, message} may be a message all the same
        let text =
            doc! { "$cond": [{ "$eq": [{ "$type": "$messages" }, "object"] }, "$messages.message", "$messages"] };
        let pipeline = [
            doc! { "$match": { "messages": { "$type": "array" } } },
            doc! { "$project": { "messages": 1 } },
            doc! { "$unwind": { "path": "$messages", "includeArrayIndex": "place" } },
            doc! { "$project": {
                "place": 1, "id": inside("_id"), "sentTime": inside("sentTime"), "text": text,
            } },
            doc! { "$set": { "sent": date("$sentTime") } },
            doc! { "$set": { "at": { "$ifNull": ["$sent", date("$id"), date("$_id"), never] } } },
            doc! { "$sort": { "at": 1, "id": 1, "_id": 1, "place": 1 } },
        ];
        Ok(NodeMessages(self.aggregate(pipeline).await?))
    }

    async fn aggregate(&self, pipeline: impl IntoIterator<Item = Document>) -> Result<Cursor<RawDocumentBuf>> {
        let users = self.database.collection::<Document>("users");
        // not bounded: to sort many takes as long as it takes
        let found = users.aggregate(pipeline).allow_disk_use(true).batch_size(BATCH);
        Ok(found.with_type::<RawDocumentBuf>().await?)
    }
}

impl NodeUsers {
    pub async fn next(&mut self) -> Result<Option<NodeUser>> {
        let Some(found) = self.0.try_next().await? else { return Ok(None) };
        Ok(Some(NodeUser {
            id: id(&found, "_id").unwrap_or_default(),
            created: match found.get("_id") {
                Ok(Some(RawBsonRef::ObjectId(id))) => Some(Timestamp(id.timestamp().timestamp_millis())),
                _ => None,
            },
            user_id: value(&found, "userID"),
            name: value(&found, "name"),
            email: value(&found, "email"),
            phone: value(&found, "phone"),
            password: value(&found, "password"),
            messages: match value(&found, "messages") {
                NodeValue::Missing => Ok(found.get_i32("count").unwrap_or_default().unsigned_abs().into()),
                other => Err(other),
            },
        }))
    }
}

impl NodeMessages {
    pub async fn next(&mut self) -> Result<Option<NodeMessage>> {
        let Some(found) = self.0.try_next().await? else { return Ok(None) };
        let date = |field: &str| match found.get(field) {
            Ok(Some(RawBsonRef::DateTime(at))) => Some(Timestamp(at.timestamp_millis())),
            _ => None,
        };
        let sent_time = match date("sentTime") {
            Some(at) => NodeValue::Other(format!("the time {}", at.0)),
            None => value(&found, "sentTime"),
        };
        Ok(Some(NodeMessage {
            user: id(&found, "_id").unwrap_or_default(),
            id: id(&found, "id"),
            place: found.get_i64("place").unwrap_or_default().unsigned_abs(),
            sent_time,
            at: date("at").unwrap_or(Timestamp(0)),
            dated: date("sentTime").is_some() && date("sentTime") == date("at"),
            text: value(&found, "text"),
        }))
    }
}

/// The id that the server gives the collection of the users, which no other has.
async fn collection_id(database: &Database) -> Result<Option<Bson>> {
    let list = database.list_collections().filter(doc! { "name": "users" });
    let found: Vec<_> = bounded(async { list.await?.try_collect().await }).await?;
    Ok(found.into_iter().next().and_then(|collection| collection.info.uuid).map(Bson::Binary))
}

fn id(document: &RawDocument, field: &str) -> Option<String> {
    match document.get(field) {
        Ok(Some(RawBsonRef::ObjectId(id))) => Some(id.to_hex()),
        Ok(None | Some(RawBsonRef::Null)) => None,
        Ok(Some(other)) => Bson::try_from(other).ok().map(|id| id.to_string()),
        Err(_) => None,
    }
}

fn value(document: &RawDocument, field: &str) -> NodeValue {
    let found = match document.get(field) {
        Ok(found) => found,
        Err(_) => return NodeValue::Other("text that is not UTF-8".into()),
    };
    match found {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => NodeValue::Missing,
        Some(RawBsonRef::String(text) | RawBsonRef::Symbol(text)) => NodeValue::Text(text.to_owned()),
        Some(RawBsonRef::Int32(n)) => NodeValue::Plain(n.to_string()),
        Some(RawBsonRef::Int64(n)) => NodeValue::Plain(n.to_string()),
        Some(RawBsonRef::Double(n)) => NodeValue::Plain(n.to_string()),
        Some(RawBsonRef::Decimal128(n)) => NodeValue::Plain(n.to_string()),
        Some(RawBsonRef::Boolean(b)) => NodeValue::Plain(b.to_string()),
        Some(RawBsonRef::Array(_)) => NodeValue::Other("a list".into()),
        Some(RawBsonRef::Document(_)) => NodeValue::Other("an object".into()),
        Some(RawBsonRef::DateTime(_)) => NodeValue::Other("a time".into()),
        Some(RawBsonRef::Binary(_)) => NodeValue::Other("binary data".into()),
        Some(other) => NodeValue::Other(format!("{:?}", other.element_type())),
    }
}
