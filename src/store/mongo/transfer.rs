//! Whole rows. A copy that is not finished leaves a mark in the collection `natter`.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    Collection,
    bson::{self, Bson, DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Db, Mongo, bounded, connect,
    documents::{MessageDoc, SessionDoc, UserDoc, date, key, user_key},
    duplicate, index_named, migrations,
    migrations::ID_INDEX,
    number,
    sessions::binary,
    timed,
    users::taken,
    writer::Writer,
};
use crate::{
    domain::{Post, RoomId, Timestamp, TokenId, User, UserKey},
    store::{
        Account, Error, MessageRow, PasswordHash, Posted, Result, Revocation, Row, SessionRow, Table, Transfer,
        transfer::UNFINISHED,
    },
};

#[derive(Serialize, Deserialize)]
struct RevocationDoc {
    #[serde(rename = "_id")]
    token: bson::Uuid,
    expires: DateTime,
}

impl Mongo {
    /// Connects to read, and never to write: the database keeps its schema, which has to be this natter's.
    pub async fn open_source(url: &str) -> Result<Self> {
        let db = Db::new(connect::database(url).await?);
        migrations::check_current(&db.database).await?;
        refuse_unfinished(&db).await?;
        Ok(Self::on(db))
    }

    /// Connects to copy into it, also where an earlier copy was not finished.
    pub async fn open_target(url: &str) -> Result<Self> {
        let db = Db::new(connect::database(url).await?);
        migrations::migrate(&db.database).await?;
        Ok(Self::on(db))
    }
}

pub async fn refuse_unfinished(db: &Db) -> Result<()> {
    if is_unfinished(db).await? { Err(Error::Failed(UNFINISHED.into())) } else { Ok(()) }
}

async fn is_unfinished(db: &Db) -> Result<bool> {
    Ok(bounded(db.natter.find_one(mark())).await?.is_some())
}

fn mark() -> Document {
    doc! { "_id": "unfinishedCopy" }
}

fn cursor(row: &Row) -> Bson {
    match row {
        Row::Account(account) => key(account.user.key).into(),
        Row::Message(entry) => number(entry.rev).into(),
        Row::Session(session) => binary(&session.id).into(),
        Row::Revocation(revocation) => token(revocation.token).into(),
    }
}

fn token(id: TokenId) -> bson::Uuid {
    key(UserKey(id.0))
}

fn time(at: DateTime) -> Timestamp {
    Timestamp(at.timestamp_millis())
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
        sent_at: time(doc.sent_at),
        text: doc.text,
    })
}

fn session(doc: SessionDoc) -> Result<Row> {
    let id = doc.id.bytes.try_into().map_err(|_| Error::Failed("a session's id has not 32 bytes".into()))?;
    Ok(Row::Session(SessionRow { id, data: doc.data.bytes, expires: time(doc.expires) }))
}

fn revocation(doc: RevocationDoc) -> Row {
    Row::Revocation(Revocation { token: TokenId(user_key(doc.token).0), expires: time(doc.expires) })
}

fn document(row: &Row) -> mongodb::bson::error::Result<Document> {
    match row {
        Row::Account(account) => bson::serialize_to_document(&UserDoc::new(&account.user, account.password.0.clone())),
        Row::Message(m) => bson::serialize_to_document(&MessageDoc {
            id: ObjectId::new(),
            room: RoomId::lobby().as_str().to_owned(),
            seq: number(m.seq),
            rev: number(m.rev),
            revs: m.first_rev.into_iter().chain([m.rev]).map(number).collect(),
            author: key(m.author),
            client: m.client.clone(),
            sent_at: date(m.sent_at),
            text: m.text.clone(),
        }),
        Row::Session(s) => bson::serialize_to_document(&SessionDoc {
            id: binary(&s.id),
            data: binary(&s.data),
            expires: date(s.expires),
        }),
        Row::Revocation(r) => {
            bson::serialize_to_document(&RevocationDoc { token: token(r.token), expires: date(r.expires) })
        }
    }
}

impl Db {
    fn table(&self, table: Table) -> Collection<Document> {
        match table {
            Table::Accounts => self.users.clone_with_type(),
            Table::Messages => self.messages.clone_with_type(),
            Table::Sessions => self.sessions.clone_with_type(),
            Table::Revocations => self.revoked.clone(),
        }
    }

    async fn read<T>(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<T>>
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
        let table = self.table(table).clone_with_type::<T>();
        let find = table.find(filter).sort(doc! { by: 1 });
        bounded(async { find.limit(i64::from(limit)).batch_size(limit).await?.try_collect().await }).await
    }
}

#[async_trait]
impl Transfer for Mongo {
    async fn count(&self, table: Table) -> Result<u64> {
        // not bounded: of many it takes as long as it takes
        Ok(self.db.table(table).count_documents(doc! {}).await?)
    }

    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
        match table {
            Table::Accounts => Ok(self.db.read(table, after, limit).await?.into_iter().map(account).collect()),
            Table::Messages => Ok(self.db.read(table, after, limit).await?.into_iter().map(message).collect()),
            Table::Sessions => self.db.read(table, after, limit).await?.into_iter().map(session).collect(),
            Table::Revocations => Ok(self.db.read(table, after, limit).await?.into_iter().map(revocation).collect()),
        }
    }

    async fn has_account(&self, user: UserKey) -> Result<bool> {
        Ok(bounded(self.db.users.find_one(doc! { "_id": key(user) })).await?.is_some())
    }

    async fn add_account(&self, account: &Account) -> Result<bool> {
        if self.has_account(account.user.key).await? {
            return Ok(false);
        }
        let row = UserDoc::new(&account.user, account.password.0.clone());
        match timed(self.db.users.insert_one(row)).await {
            Ok(_) => Ok(true),
            Err(error) if duplicate(&error).map(index_named) == Some(ID_INDEX) => Ok(false),
            Err(error) => Err(taken(error)),
        }
    }

    async fn post_all(&self, posts: Vec<Post>) -> Result<Vec<Option<Posted>>> {
        let mut waiting = Vec::with_capacity(posts.len());
        for post in posts {
            waiting.push(self.writer.begin_post(post).await?);
        }
        let mut posted = Vec::with_capacity(waiting.len());
        for outcome in waiting {
            posted.push(match Writer::outcome(outcome).await {
                Ok(posted) => Some(posted),
                Err(Error::NotFound) => None,
                Err(error) => return Err(error),
            });
        }
        Ok(posted)
    }

    async fn is_unfinished(&self) -> Result<bool> {
        is_unfinished(&self.db).await
    }

    async fn begin_copy(&self) -> Result<()> {
        if self.is_unfinished().await? {
            for table in Table::ALL {
                self.db.table(table).delete_many(doc! {}).await?;
            }
        }
        let since = doc! { "$set": { "since": DateTime::now() } };
        bounded(self.db.natter.update_one(mark(), since).upsert(true)).await.map(drop)
    }

    async fn put(&self, rows: Vec<Row>) -> Result<()> {
        let table = match rows.first() {
            None => return Ok(()),
            Some(Row::Account(_)) => Table::Accounts,
            Some(Row::Message(_)) => Table::Messages,
            Some(Row::Session(_)) => Table::Sessions,
            Some(Row::Revocation(_)) => Table::Revocations,
        };
        let documents: mongodb::bson::error::Result<Vec<Document>> = rows.iter().map(document).collect();
        let documents = documents.map_err(|error| Error::Failed(error.to_string()))?;
        timed(self.db.table(table).insert_many(documents)).await?;
        Ok(())
    }

    async fn finish_copy(&self) -> Result<()> {
        bounded(self.db.natter.delete_one(mark())).await.map(drop)
    }
}
