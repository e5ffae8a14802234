//! Reads the database of the Node application that natter replaces: a collection `users`, in which each document
//! contains its user's messages. Any field may be missing or of any BSON type.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::{
    Cursor, Database,
    bson::{Bson, DateTime, Document, RawBsonRef, RawDocument, RawDocumentBuf, doc},
    options::{ReadPreference, SelectionCriteria},
};

use super::{
    connect,
    driver::{self, with_timeout},
};
use crate::{
    domain::Timestamp,
    store::{Error, MongoUrl, Result},
};

/// The name of the Node application's database.
const DEFAULT_DATABASE: &str = "UsersData";
/// The maximum documents in one reply of the server. A reply also ends at 16 MB.
const REPLY_DOCUMENTS: u32 = 1000;
/// The maximum wait for a server.
const SERVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(5);
/// The end of the year 9999, in milliseconds since 1970. RFC 3339 cannot express later times.
const MAX_TIME_MS: i64 = 253_402_300_799_999;

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeValue {
    Missing,
    Text(String),
    /// A number or a boolean, as text.
    Plain(String),
    /// Any other value, with a name for its type.
    Other(String),
}

/// A document of `users`, without its messages.
#[derive(Debug, Clone)]
pub struct NodeUser {
    /// The document's `_id` as text; the hexadecimal digits of an ObjectId.
    pub id: String,
    /// When the document was created, if its `_id` contains the time.
    pub created: Option<Timestamp>,
    pub user_id: NodeValue,
    pub name: NodeValue,
    pub email: NodeValue,
    pub phone: NodeValue,
    pub password: NodeValue,
    /// The number of its messages; the value of the field if that is not a list.
    pub messages: std::result::Result<u64, NodeValue>,
}

/// A message, and the document that contains it.
#[derive(Debug, Clone)]
pub struct NodeMessage {
    /// [`NodeUser::id`].
    pub user: String,
    /// The message's own `_id`, in the same form as [`NodeUser::id`].
    pub id: Option<String>,
    /// Its index in the user's list.
    pub index: u64,
    pub sent_time: NodeValue,
    /// `sentTime`. If that is missing or invalid, the time in the message's `_id`, else in its user's `_id`, else 1970.
    pub at: Timestamp,
    /// Whether `at` is the `sentTime`.
    pub has_sent_time: bool,
    pub text: NodeValue,
}

pub struct NodeDatabase {
    database: Database,
}

pub struct NodeUsers(Cursor<RawDocumentBuf>);

pub struct NodeMessages(Cursor<RawDocumentBuf>);

impl NodeDatabase {
    /// Connects. The database is `name`, else the one in the address, else `UsersData`.
    ///
    /// # Errors
    /// [`Error::Busy`] if no server answers; [`Error::Failed`] if the address is wrong, or the database contains no users
    /// of the Node application.
    pub async fn open(url: &MongoUrl, name: Option<&str>) -> Result<Self> {
        let mut options = connect::parse(url.as_str()).await?;
        options.app_name.get_or_insert_with(|| "natter import".into());
        options.server_selection_timeout.get_or_insert(SERVER_SELECTION_TIMEOUT);
        options.connect_timeout.get_or_insert(SERVER_SELECTION_TIMEOUT);
        // any member will do, and a replica set is not required
        options.selection_criteria =
            Some(SelectionCriteria::ReadPreference(ReadPreference::PrimaryPreferred { options: None }));
        let name = name.or(options.default_database.as_deref()).unwrap_or(DEFAULT_DATABASE).to_owned();
        let database = connect::client(options)?.database(&name);
        let checked = check(&database).await;
        let database = connect::closed_on_error(database, checked).await?;
        Ok(Self { database })
    }

    /// Closes the connections.
    pub async fn close(&self) {
        driver::close(&self.database).await;
    }

    pub fn name(&self) -> &str {
        self.database.name()
    }

    /// Whether natter's database at `url` is this database, even if the two addresses are written differently.
    ///
    /// # Errors
    /// As [`open_mongo`](crate::store::open_mongo).
    pub async fn is_at(&self, url: &MongoUrl) -> Result<bool> {
        let other = connect::database(url.as_str()).await?;
        let other_id = collection_id(&other).await;
        driver::close(&other).await;
        let (own_id, other_id) = (collection_id(&self.database).await?, other_id?);
        Ok(own_id.is_some() && own_id == other_id)
    }

    /// The estimated number of users.
    pub async fn estimated_count(&self) -> Result<u64> {
        with_timeout(self.database.collection::<Document>("users").estimated_document_count()).await
    }

    /// The users in the order in which they are stored. The Node application's `findOne` searched for a login in this
    /// order.
    pub async fn users(&self) -> Result<NodeUsers> {
        let is_list = doc! { "$isArray": "$messages" };
        let without_messages = doc! {
            "count": { "$cond": [&is_list, { "$size": "$messages" }, 0] },
            "messages": { "$cond": [&is_list, "$$REMOVE", "$messages"] },
        };
        // in natural order, because the pipeline uses no index
        Ok(NodeUsers(self.aggregate([doc! { "$set": without_messages }]).await?))
    }

    /// All messages of all users in order of their time, then of their ids. The server sorts them, on its disk if they are
    /// many.
    pub async fn messages(&self) -> Result<NodeMessages> {
        let range = doc! { "$and": [
            { "$gte": ["$$at", DateTime::from_millis(0)] }, { "$lte": ["$$at", DateTime::from_millis(MAX_TIME_MS)] },
        ] };
        let date = |input: &str| {
            let at = doc! { "$convert": { "input": input, "to": "date", "onError": null, "onNull": null } };
            doc! { "$let": { "vars": { "at": at }, "in": { "$cond": [&range, "$$at", null] } } }
        };
        let epoch = DateTime::from_millis(0);
        let field_of_message = |field: &str| {
            let path = format!("$messages.{field}");
            doc! { "$cond": [{ "$eq": [{ "$type": "$messages" }, "object"] }, path, "$$REMOVE"] }
        };
        // an element that is not an object {sentTime, message} is taken as the text itself
        let text =
            doc! { "$cond": [{ "$eq": [{ "$type": "$messages" }, "object"] }, "$messages.message", "$messages"] };
        let pipeline = [
            doc! { "$match": { "messages": { "$type": "array" } } },
            doc! { "$project": { "messages": 1 } },
            doc! { "$unwind": { "path": "$messages", "includeArrayIndex": "index" } },
            doc! { "$project": {
                "index": 1, "id": field_of_message("_id"), "sentTime": field_of_message("sentTime"), "text": text,
            } },
            doc! { "$set": { "sent": date("$sentTime") } },
            doc! { "$set": { "at": { "$ifNull": ["$sent", date("$id"), date("$_id"), epoch] } } },
            doc! { "$sort": { "at": 1, "id": 1, "_id": 1, "index": 1 } },
        ];
        Ok(NodeMessages(self.aggregate(pipeline).await?))
    }

    async fn aggregate(&self, pipeline: impl IntoIterator<Item = Document>) -> Result<Cursor<RawDocumentBuf>> {
        let users = self.database.collection::<Document>("users");
        // no time limit, because sorting many messages takes long
        let found = users.aggregate(pipeline).allow_disk_use(true).batch_size(REPLY_DOCUMENTS);
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
            index: found.get_i64("index").unwrap_or_default().unsigned_abs(),
            sent_time,
            at: date("at").unwrap_or(Timestamp(0)),
            has_sent_time: date("sentTime").is_some() && date("sentTime") == date("at"),
            text: value(&found, "text"),
        }))
    }
}

/// Checks that `database` has users, and that they are those of the Node application.
async fn check(database: &Database) -> Result<()> {
    let users = database.collection::<Document>("users");
    let name = database.name();
    match with_timeout(users.find_one(doc! {}).projection(doc! { "folded": 1 })).await? {
        None => Err(Error::Failed(format!(
            "there are no users in its database {name}; set the right database with --database"
        ))),
        Some(user) if user.contains_key("folded") => {
            Err(Error::Failed(format!("its database {name} belongs to natter; use natter copy to copy it")))
        }
        Some(_) => Ok(()),
    }
}

/// The server's UUID of the collection of users. No other collection has the same.
async fn collection_id(database: &Database) -> Result<Option<Bson>> {
    let list = database.list_collections().filter(doc! { "name": "users" });
    let found: Vec<_> = with_timeout(async { list.await?.try_collect().await }).await?;
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
