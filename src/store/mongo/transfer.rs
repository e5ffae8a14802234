//! Copying whole rows.

use std::collections::HashMap;

use async_trait::async_trait;
use mongodb::{
    Collection,
    bson::{self, Bson, DateTime, Document, doc},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    audit_documents::{AuditDoc, LinkDoc, bson_audit_id},
    bson_values::{
        bson_binary, bson_date, bson_int, bson_token, bson_uuid, by_user_key, timestamp, token_id, user_key,
    },
    causal::{CausalSession, collect},
    collections::Collections,
    copy_mark,
    database::Mongo,
    documents::{SavedDoc, SavedId, SessionDoc, UserDoc},
    driver::{with_timeout, with_timeout_raw},
    log_documents::MessageDoc,
    room_documents::{MemberDoc, RoomDoc},
    room_queries::{lasting, present},
    snapshot::{ATTEMPTS, RowsOfMoment, changes_too_fast},
    unique_index::{ID_INDEX, account_error, broken_index},
    upload_documents::UploadDoc,
    writer::{Removed, Writer},
};
use crate::{
    domain::{FileId, MessageId, Room, RoomId, RoomKind, User, UserKey},
    store::{
        Account, AuthoredPost, Changed, Error, MemberRow, MessageRow, OwnMembership, PasswordHash, Result, Revocation,
        RoomRow, Row, RowReader, SavedRow, SessionRow, Snapshot, Table, Transfer, UploadRow,
    },
};

#[derive(Serialize, Deserialize)]
struct RevocationDoc {
    #[serde(rename = "_id")]
    token: bson::Uuid,
    expires: DateTime,
}

fn account(mut doc: UserDoc) -> Row {
    let password = PasswordHash(std::mem::take(&mut doc.password));
    let last_seen = doc.last_seen.map(timestamp);
    let link = doc.login_link.take().and_then(LinkDoc::read);
    Row::Account(Account { user: User::from(doc), password, last_seen, link })
}

fn room(mut doc: RoomDoc) -> Row {
    let direct_key = doc.direct_key.take();
    Row::Room(RoomRow { room: doc.into(), direct_key })
}

fn message(doc: MessageDoc) -> Row {
    let (post_rev, client) = (doc.key.rev as u64, doc.client.clone());
    Row::Message(Box::new(MessageRow { message: doc.into_message(), post_rev, client }))
}

fn member(doc: MemberDoc, kind: RoomKind) -> Option<Row> {
    let (room, membership) = (RoomId::named(&doc.id.room), doc.membership()?);
    let OwnMembership { level, starred, mark, .. } = doc.own(kind);
    Some(Row::Member(MemberRow { room, membership, level, starred, mark }))
}

fn member_document(row: &MemberRow) -> MemberDoc {
    MemberDoc {
        level: Some(row.level.as_str().to_owned()),
        starred: row.starred.then_some(true),
        read_version: Some(bson_int(row.mark.version)),
        ..MemberDoc::new(&row.room, &row.membership, row.mark.seq)
    }
}

fn account_document(account: &Account) -> UserDoc {
    UserDoc {
        last_seen: account.last_seen.map(bson_date),
        login_link: account.link.map(LinkDoc::new),
        ..UserDoc::new(&account.user, account.password.0.clone())
    }
}

fn saved(doc: SavedDoc) -> Row {
    Row::Saved(SavedRow { user: user_key(doc.id.user), message: doc.message(), at: timestamp(doc.at) })
}

fn saved_document(row: &SavedRow) -> SavedDoc {
    let MessageId { room, seq } = &row.message;
    let id = SavedId { user: bson_uuid(row.user), room: room.as_str().to_owned(), seq: bson_int(*seq) };
    SavedDoc { id, at: bson_date(row.at) }
}

fn session_row(doc: SessionDoc) -> Result<Row> {
    SessionRow::try_from(doc).map(Row::Session)
}

fn revocation(doc: RevocationDoc) -> Row {
    Row::Revocation(Revocation { token: token_id(doc.token), expires: timestamp(doc.expires) })
}

fn audit(doc: AuditDoc) -> Row {
    Row::Audit(doc.into())
}

/// The uploads that are the files of a message.
fn taken_uploads(row: &Row) -> Vec<UploadDoc> {
    match row {
        Row::Message(row) => row.message.files.iter().map(|file| UploadDoc::taken(file, &row.message)).collect(),
        _ => Vec::new(),
    }
}

fn document(row: &Row) -> mongodb::bson::error::Result<Document> {
    match row {
        Row::Account(account) => bson::serialize_to_document(&account_document(account)),
        Row::Room(row) => {
            bson::serialize_to_document(&RoomDoc { direct_key: row.direct_key.clone(), ..RoomDoc::from(&row.room) })
        }
        Row::Member(member) => bson::serialize_to_document(&member_document(member)),
        Row::Message(row) => bson::serialize_to_document(&MessageDoc::new(&row.message, row.post_rev, &row.client)),
        Row::Saved(row) => bson::serialize_to_document(&saved_document(row)),
        Row::Session(session) => bson::serialize_to_document(&SessionDoc::new(session)),
        Row::Revocation(r) => {
            bson::serialize_to_document(&RevocationDoc { token: bson_token(r.token), expires: bson_date(r.expires) })
        }
        Row::Audit(entry) => bson::serialize_to_document(&AuditDoc::from(entry)),
    }
}

/// The rows of a table that a copy carries, if these rooms are deleted.
fn all(table: Table, deleted: Vec<Bson>) -> Document {
    match table {
        // not the changes, and not the floors
        Table::Messages => doc! { "_id.room": { "$nin": deleted }, "seq": { "$gte": 0_i64 } },
        Table::Members => lasting(doc! { "_id.room": { "$nin": deleted } }),
        Table::Rooms => present(doc! {}),
        Table::Saved => doc! { "_id.room": { "$nin": deleted } },
        Table::Accounts | Table::Sessions | Table::Revocations | Table::Audit => doc! {},
    }
}

/// The filter for the rows after `row`, in order of their key.
fn rows_after(table: Table, row: Option<&Row>, deleted: Vec<Bson>) -> Document {
    let mut filter = all(table, deleted.clone());
    let key: Bson = match row {
        None => return filter,
        Some(Row::Account(account)) => bson_uuid(account.user.key).into(),
        Some(Row::Room(row)) => row.room.id.as_str().into(),
        Some(Row::Member(MemberRow { room, membership, .. })) => {
            doc! { "room": room.as_str(), "user": bson_uuid(membership.user) }.into()
        }
        Some(Row::Message(row)) => {
            let MessageId { room, seq } = &row.message.id;
            let in_room = doc! { "_id.room": room.as_str(), "seq": { "$gt": bson_int(*seq) } };
            filter.insert("_id.room", doc! { "$gt": room.as_str(), "$nin": deleted });
            return doc! { "$or": [in_room, filter] };
        }
        Some(Row::Session(session)) => bson_binary(&session.id).into(),
        Some(Row::Saved(row)) => {
            let MessageId { room, seq } = &row.message;
            doc! { "user": bson_uuid(row.user), "room": room.as_str(), "seq": bson_int(*seq) }.into()
        }
        Some(Row::Revocation(revocation)) => bson_token(revocation.token).into(),
        Some(Row::Audit(entry)) => bson_audit_id(entry.id).into(),
    };
    filter.insert("_id", doc! { "$gt": key });
    filter
}

impl Collections {
    pub fn collection(&self, table: Table) -> Collection<Document> {
        match table {
            Table::Accounts => self.users.clone_with_type(),
            Table::Rooms => self.rooms.clone_with_type(),
            Table::Members => self.memberships.clone_with_type(),
            Table::Messages => self.log.clone(),
            Table::Saved => self.saved.clone_with_type(),
            Table::Sessions => self.sessions.clone_with_type(),
            Table::Revocations => self.revoked.clone(),
            Table::Audit => self.audit.clone_with_type(),
        }
    }

    async fn read_rows<T>(
        &self,
        table: Table,
        after: Option<&Row>,
        limit: u32,
        session: &mut CausalSession,
    ) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Send + Sync + Unpin,
    {
        let sort = match table {
            Table::Messages => doc! { "_id.room": 1, "seq": 1 },
            _ => doc! { "_id": 1 },
        };
        let rows = self.collection(table).clone_with_type::<T>();
        let find = rows.find(rows_after(table, after, self.deleted_rooms(session).await?)).sort(sort);
        let find = find.limit(i64::from(limit)).batch_size(limit);
        with_timeout(async { collect(find.session(&mut **session).await?, session).await }).await
    }

    /// Whether something is left of an account that is being removed, outside of deleted rooms.
    pub async fn has_remains(&self, session: &mut CausalSession) -> Result<bool> {
        let deleted = self.deleted_rooms(session).await?;
        for (removals, what) in [(&self.departures, Removed::Traces), (&self.removals, Removed::Messages)] {
            let users = with_timeout(removals.distinct("_id", doc! {}).session(&mut **session)).await?;
            for user in users {
                let Bson::Binary(user) = user else { continue };
                let user = user.to_uuid().map_err(|error| Error::Failed(error.to_string()))?;
                let key = user_key(user);
                let log = doc! { "$and": [{ "$or": what.filters(key) }, all(Table::Messages, deleted.clone())] };
                let members = doc! { "$and": [{ "_id.user": bson_uuid(key) }, all(Table::Members, deleted.clone())] };
                let in_log = with_timeout(self.log.find_one(log).session(&mut **session)).await?;
                let as_member = with_timeout(self.memberships.find_one(members).session(&mut **session)).await?;
                if in_log.is_some() || as_member.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn deleted_rooms(&self, session: &mut CausalSession) -> Result<Vec<Bson>> {
        with_timeout(self.rooms.distinct("_id", doc! { "deleted": true }).session(&mut **session)).await
    }

    /// The kinds of all rooms of these memberships.
    async fn kinds(&self, members: &[MemberDoc], session: &mut CausalSession) -> Result<HashMap<String, RoomKind>> {
        let mut rooms: Vec<RoomId> = members.iter().map(|member| RoomId::named(&member.id.room)).collect();
        rooms.dedup();
        let rooms = self.rooms_among(&rooms, session).await?.into_iter();
        Ok(rooms.map(|room| (room.id.clone(), Room::from(room).kind)).collect())
    }

    pub async fn count_rows(&self, table: Table, session: &mut CausalSession) -> Result<u64> {
        let filter = all(table, self.deleted_rooms(session).await?);
        // no time limit, because counting a large collection takes long
        Ok(self.collection(table).count_documents(filter).session(&mut **session).await?)
    }

    /// The rows of [`RowReader::rows`](crate::store::RowReader::rows).
    pub async fn rows_of(
        &self,
        table: Table,
        after: Option<&Row>,
        limit: u32,
        session: &mut CausalSession,
    ) -> Result<Vec<Row>> {
        Ok(match table {
            Table::Accounts => self.read_rows(table, after, limit, session).await?.into_iter().map(account).collect(),
            Table::Rooms => self.read_rows(table, after, limit, session).await?.into_iter().map(room).collect(),
            Table::Members => {
                let members: Vec<MemberDoc> = self.read_rows(table, after, limit, session).await?;
                let kinds = self.kinds(&members, session).await?;
                let kind = |member: &MemberDoc| kinds.get(&member.id.room).copied().unwrap_or(RoomKind::Closed);
                let row = |found: MemberDoc| {
                    let kind = kind(&found);
                    member(found, kind)
                };
                members.into_iter().filter_map(row).collect()
            }
            Table::Messages => self.read_rows(table, after, limit, session).await?.into_iter().map(message).collect(),
            Table::Saved => self.read_rows(table, after, limit, session).await?.into_iter().map(saved).collect(),
            Table::Sessions => {
                let found = self.read_rows(table, after, limit, session).await?.into_iter();
                return found.map(session_row).collect();
            }
            Table::Revocations => {
                self.read_rows(table, after, limit, session).await?.into_iter().map(revocation).collect()
            }
            Table::Audit => self.read_rows(table, after, limit, session).await?.into_iter().map(audit).collect(),
        })
    }
}

#[async_trait]
impl RowReader for Mongo {
    async fn count(&self, table: Table) -> Result<u64> {
        self.db.count_rows(table, &mut self.db.reads().await?).await
    }

    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
        self.db.rows_of(table, after, limit, &mut self.db.reads().await?).await
    }

    async fn uploads_after(&self, after: Option<FileId>, limit: u32) -> Result<Vec<UploadRow>> {
        self.db.uploads_after(after, limit, &mut self.db.reads().await?).await
    }
}

#[async_trait]
impl Transfer for Mongo {
    async fn finish_removals(&self) -> Result<()> {
        self.remove_what_is_left().await
    }

    async fn snapshot(&self) -> Result<Snapshot> {
        Ok(Box::new(RowsOfMoment::now(&self.db).await?))
    }

    async fn snapshot_without_removals(&self) -> Result<Snapshot> {
        for _ in 0..ATTEMPTS {
            self.remove_what_is_left().await?;
            let moment = RowsOfMoment::now(&self.db).await?;
            // another process may have stored something of such an account since
            if !moment.has_remains().await? {
                return Ok(Box::new(moment));
            }
        }
        Err(changes_too_fast())
    }

    async fn has_account(&self, user: UserKey) -> Result<bool> {
        Ok(with_timeout(self.db.users.find_one(by_user_key(user))).await?.is_some())
    }

    async fn add_account(&self, account: &Account) -> Result<bool> {
        if self.has_account(account.user.key).await? {
            return Ok(false);
        }
        match with_timeout_raw(self.db.users.insert_one(account_document(account))).await {
            Ok(_) => {
                self.db.join_everyone(account.user.key).await?;
                Ok(true)
            }
            Err(error) if broken_index(&error) == Some(ID_INDEX) => Ok(false),
            Err(error) => Err(account_error(error)),
        }
    }

    async fn post_all(&self, posts: Vec<AuthoredPost>) -> Result<Vec<Option<Changed>>> {
        let mut waiting = Vec::with_capacity(posts.len());
        for post in posts {
            waiting.push(self.writer.queue_post(&RoomId::lobby(), post).await?);
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
            self.db.uploads.delete_many(doc! {}).await?;
            self.db.files.delete_many(doc! {}).await?;
            self.db.chunks.delete_many(doc! {}).await?;
        }
        // also that of the lobby, which every database has: a room that comes before the copied lobby may have its name
        self.db.room_names.delete_many(doc! {}).await?;
        copy_mark::mark_unfinished(&self.db).await
    }

    async fn insert_rows(&self, rows: Vec<Row>) -> Result<()> {
        let Some(table) = rows.first().map(Row::table) else { return Ok(()) };
        let documents: mongodb::bson::error::Result<Vec<Document>> = rows.iter().map(document).collect();
        let documents = documents.map_err(|error| Error::Failed(error.to_string()))?;
        let collection = self.db.collection(table);
        if table == Table::Rooms {
            // the lobby is in every database
            for room in documents {
                let id = room.get("_id").cloned().unwrap_or(Bson::Null);
                with_timeout(collection.replace_one(doc! { "_id": id }, room).upsert(true)).await?;
            }
            return Ok(());
        }
        with_timeout_raw(collection.insert_many(documents)).await?;
        let uploads: Vec<UploadDoc> = rows.iter().flat_map(taken_uploads).collect();
        if !uploads.is_empty() {
            with_timeout(self.db.uploads.insert_many(uploads)).await?;
        }
        Ok(())
    }

    async fn finish_copy(&self) -> Result<()> {
        self.db.reserve_all_names().await?;
        for room in with_timeout(self.db.rooms.distinct("_id", doc! {})).await?.iter().filter_map(Bson::as_str) {
            self.db.complete_carried(&RoomId::named(room)).await?;
        }
        copy_mark::mark_finished(&self.db).await
    }
}
