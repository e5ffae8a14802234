//! Copying whole rows.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    Collection,
    bson::{self, Bson, DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    bson_values::{
        bson_binary, bson_date, bson_int, bson_token, bson_uuid, by_user_key, timestamp, token_id, user_key,
    },
    collections::Collections,
    copy_mark,
    database::Mongo,
    documents::{MessageDoc, SessionDoc, UserDoc},
    driver::{with_timeout, with_timeout_raw},
    unique_index::{ID_INDEX, account_error, broken_index},
    writer::Writer,
};
use crate::{
    domain::{Post, RoomId, User, UserKey},
    store::{Account, Error, MessageRow, PasswordHash, Posted, Result, Revocation, Row, SessionRow, Table, Transfer},
};

#[derive(Serialize, Deserialize)]
struct RevocationDoc {
    #[serde(rename = "_id")]
    token: bson::Uuid,
    expires: DateTime,
}

/// The key after which a page of rows starts.
fn cursor(row: &Row) -> Bson {
    match row {
        Row::Account(account) => bson_uuid(account.user.key).into(),
        Row::Message(message) => bson_int(message.rev).into(),
        Row::Session(session) => bson_binary(&session.id).into(),
        Row::Revocation(revocation) => bson_token(revocation.token).into(),
    }
}

fn account(mut doc: UserDoc) -> Row {
    let password = PasswordHash(std::mem::take(&mut doc.password));
    Row::Account(Account { user: User::from(doc), password })
}

fn message(doc: MessageDoc) -> Row {
    Row::Message(MessageRow {
        seq: doc.seq as u64,
        rev: doc.rev as u64,
        first_rev: None,
        author: user_key(doc.author),
        client: doc.client,
        sent_at: timestamp(doc.sent_at),
        text: doc.text,
    })
}

fn session(doc: SessionDoc) -> Result<Row> {
    let id = doc.id.bytes.try_into().map_err(|_| Error::Failed("a session's id does not have 32 bytes".into()))?;
    Ok(Row::Session(SessionRow { id, data: doc.data.bytes, expires: timestamp(doc.expires) }))
}

fn revocation(doc: RevocationDoc) -> Row {
    Row::Revocation(Revocation { token: token_id(doc.token), expires: timestamp(doc.expires) })
}

fn document(row: &Row) -> mongodb::bson::error::Result<Document> {
    match row {
        Row::Account(account) => bson::serialize_to_document(&UserDoc::new(&account.user, account.password.0.clone())),
        Row::Message(m) => bson::serialize_to_document(&MessageDoc {
            id: ObjectId::new(),
            room: RoomId::lobby().as_str().to_owned(),
            seq: bson_int(m.seq),
            rev: bson_int(m.rev),
            revs: m.first_rev.into_iter().chain([m.rev]).map(bson_int).collect(),
            author: bson_uuid(m.author),
            client: m.client.clone(),
            sent_at: bson_date(m.sent_at),
            text: m.text.clone(),
        }),
        Row::Session(s) => bson::serialize_to_document(&SessionDoc {
            id: bson_binary(&s.id),
            data: bson_binary(&s.data),
            expires: bson_date(s.expires),
        }),
        Row::Revocation(r) => {
            bson::serialize_to_document(&RevocationDoc { token: bson_token(r.token), expires: bson_date(r.expires) })
        }
    }
}

impl Collections {
    fn collection(&self, table: Table) -> Collection<Document> {
        match table {
            Table::Accounts => self.users.clone_with_type(),
            Table::Messages => self.messages.clone_with_type(),
            Table::Sessions => self.sessions.clone_with_type(),
            Table::Revocations => self.revoked.clone(),
        }
    }

    async fn read_rows<T>(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Send + Sync + Unpin,
    {
        let (by, mut filter) = match table {
            Table::Messages => ("rev", doc! { "room": RoomId::lobby().as_str() }),
            _ => ("_id", doc! {}),
        };
        if let Some(row) = after {
            filter.insert(by, doc! { "$gt": cursor(row) });
        }
        let table = self.collection(table).clone_with_type::<T>();
        let find = table.find(filter).sort(doc! { by: 1 });
        with_timeout(async { find.limit(i64::from(limit)).batch_size(limit).await?.try_collect().await }).await
    }
}

#[async_trait]
impl Transfer for Mongo {
    async fn count(&self, table: Table) -> Result<u64> {
        // no time limit, because counting a large collection takes long
        Ok(self.db.collection(table).count_documents(doc! {}).await?)
    }

    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
        match table {
            Table::Accounts => Ok(self.db.read_rows(table, after, limit).await?.into_iter().map(account).collect()),
            Table::Messages => Ok(self.db.read_rows(table, after, limit).await?.into_iter().map(message).collect()),
            Table::Sessions => self.db.read_rows(table, after, limit).await?.into_iter().map(session).collect(),
            Table::Revocations => {
                Ok(self.db.read_rows(table, after, limit).await?.into_iter().map(revocation).collect())
            }
        }
    }

    async fn has_account(&self, user: UserKey) -> Result<bool> {
        Ok(with_timeout(self.db.users.find_one(by_user_key(user))).await?.is_some())
    }

    async fn add_account(&self, account: &Account) -> Result<bool> {
        if self.has_account(account.user.key).await? {
            return Ok(false);
        }
        let row = UserDoc::new(&account.user, account.password.0.clone());
        match with_timeout_raw(self.db.users.insert_one(row)).await {
            Ok(_) => Ok(true),
            Err(error) if broken_index(&error) == Some(ID_INDEX) => Ok(false),
            Err(error) => Err(account_error(error)),
        }
    }

    async fn post_all(&self, posts: Vec<Post>) -> Result<Vec<Option<Posted>>> {
        let mut waiting = Vec::with_capacity(posts.len());
        for post in posts {
            waiting.push(self.writer.queue_post(post).await?);
        }
        let mut posted = Vec::with_capacity(waiting.len());
        for outcome in waiting {
            posted.push(match Writer::wait_for_outcome(outcome).await {
                Ok(posted) => Some(posted),
                Err(Error::NotFound) => None,
                Err(error) => return Err(error),
            });
        }
        Ok(posted)
    }

    async fn is_unfinished(&self) -> Result<bool> {
        copy_mark::is_unfinished(&self.db).await
    }

    async fn begin_copy(&self) -> Result<()> {
        if self.is_unfinished().await? {
            for table in Table::ALL {
                self.db.collection(table).delete_many(doc! {}).await?;
            }
        }
        copy_mark::mark_unfinished(&self.db).await
    }

    async fn insert_rows(&self, rows: Vec<Row>) -> Result<()> {
        let table = match rows.first() {
            None => return Ok(()),
            Some(Row::Account(_)) => Table::Accounts,
            Some(Row::Message(_)) => Table::Messages,
            Some(Row::Session(_)) => Table::Sessions,
            Some(Row::Revocation(_)) => Table::Revocations,
        };
        let documents: mongodb::bson::error::Result<Vec<Document>> = rows.iter().map(document).collect();
        let documents = documents.map_err(|error| Error::Failed(error.to_string()))?;
        with_timeout_raw(self.db.collection(table).insert_many(documents)).await?;
        Ok(())
    }

    async fn finish_copy(&self) -> Result<()> {
        copy_mark::mark_finished(&self.db).await
    }
}
