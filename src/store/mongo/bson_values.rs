//! Conversions between natter's values and BSON.

use mongodb::bson::{self, Binary, Bson, DateTime, Document, doc, spec::BinarySubtype};
use uuid::Uuid;

use crate::domain::{FileId, Timestamp, TokenId, UserKey};

pub fn bson_uuid(key: UserKey) -> bson::Uuid {
    bson::Uuid::from_bytes(key.0.into_bytes())
}

pub fn user_key(uuid: bson::Uuid) -> UserKey {
    UserKey(Uuid::from_bytes(uuid.bytes()))
}

pub fn bson_file(id: FileId) -> bson::Uuid {
    bson::Uuid::from_bytes(id.0.into_bytes())
}

pub fn file_id(uuid: bson::Uuid) -> FileId {
    FileId(Uuid::from_bytes(uuid.bytes()))
}

pub fn bson_token(id: TokenId) -> bson::Uuid {
    bson::Uuid::from_bytes(id.0.into_bytes())
}

pub fn token_id(uuid: bson::Uuid) -> TokenId {
    TokenId(Uuid::from_bytes(uuid.bytes()))
}

pub fn bson_date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.0)
}

pub fn timestamp(at: DateTime) -> Timestamp {
    Timestamp(at.timestamp_millis())
}

pub fn bson_binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

/// A `seq` or `rev` as MongoDB stores it. No log reaches the end of the range.
pub fn bson_int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A limit for a query. MongoDB reads 0 as "no limit", so callers with a limit of 0 must not use the result.
pub fn query_limit(n: u32) -> i64 {
    i64::from(n.max(1))
}

/// The filter for the document of a user.
pub fn by_user_key(user: UserKey) -> Document {
    doc! { "_id": bson_uuid(user) }
}

/// The filter `$in` over the values.
pub fn any_of<T: Into<Bson>>(values: impl IntoIterator<Item = T>) -> Document {
    doc! { "$in": values.into_iter().map(Into::into).collect::<Vec<Bson>>() }
}
