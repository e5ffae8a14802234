//! [`Check`] for the shared database.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, Bson, Document, doc},
    options::IndexOptions,
};
use serde::Deserialize;

use super::{
    bson_values::bson_int,
    causal::{CausalSession, collect},
    collections::Collections,
    database::Mongo,
    driver::with_timeout,
    log_documents::{MessageDoc, log_key},
    log_queries::{by_seq, revs_between},
    removals::being_removed,
    room_queries::present,
    unique_index::CLIENT_INDEX,
};
use crate::{
    domain::{Room, RoomId, RoomKind, UserKey, fold},
    store::{Check, Error, Finding, MessageRow, Result, WayOut},
};

/// The indexes of each collection. A plus means that it is unique.
const INDEXES: [(&str, &[&str]); 13] = [
    ("users", &["+user_id", "+email", "name", "created", "+login_link", "password", "avatar"]),
    (
        "log",
        &[
            "+room_seq",
            "+author_client",
            "+file",
            "author",
            "changed",
            "changes",
            "deleted",
            "mentions",
            "mentions_by_time",
            "threads",
            "pinned",
            "reactions",
            "room_files",
        ],
    ),
    ("rooms", &["+direct", "open", "everyone", "deleted_at"]),
    ("memberships", &["members", "rooms"]),
    ("roomNames", &["room"]),
    ("saved", &["by_time", "room"]),
    ("sessions", &["expires", "user"]),
    ("revokedTokens", &["expires"]),
    ("uploads", &["keptUntil", "owner", "room"]),
    ("fs.chunks", &["+files_id_1_n_1"]),
    ("loginNetworks", &["+user_network", "noted"]),
    ("presence", &["lease"]),
    ("typing", &["expiry"]),
];

/// The messages that are looked up at a time.
const PAGE: usize = 500;

#[derive(Deserialize)]
struct NewestChange {
    #[serde(rename = "_id")]
    seq: i64,
    rev: i64,
}

impl Collections {
    async fn check_indexes(&self) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        for (collection, expected) in INDEXES {
            let of = self.database.collection::<Document>(collection);
            // a collection that is missing has none
            let indexes = with_timeout(async { of.list_indexes().await?.try_collect::<Vec<_>>().await }).await;
            let options: Vec<_> = indexes.unwrap_or_default().into_iter().filter_map(|index| index.options).collect();
            for expected in expected {
                let (name, is_unique) = (expected.trim_start_matches('+'), expected.starts_with('+'));
                let is_same = |options: &IndexOptions| {
                    options.name.as_deref() == Some(name) && options.unique.unwrap_or_default() == is_unique
                };
                if !options.iter().any(is_same) {
                    let what = format!("the index {name} of the collection {collection} is missing, or is another one");
                    found.push(Finding::new(WayOut::MakeAnew, what));
                }
            }
        }
        if found.iter().any(|finding| finding.what.contains(CLIENT_INDEX)) {
            found.extend(self.doubled_clients().await?);
        }
        Ok(found)
    }

    async fn doubled_clients(&self) -> Result<Vec<Finding>> {
        let pipeline = [
            doc! { "$match": { "seq": { "$exists": true } } },
            doc! { "$group": {
                "_id": { "author": "$author", "client": "$clientID" }, "count": { "$sum": 1 },
                "room": { "$first": "$_id.room" }, "seq": { "$first": "$seq" },
            } },
            doc! { "$match": { "count": { "$gt": 1 } } },
            doc! { "$limit": 20 },
        ];
        let doubled: Vec<Document> = self.log.aggregate(pipeline).allow_disk_use(true).await?.try_collect().await?;
        let line = |doubled: &Document| {
            let (room, seq) = (doubled.get_str("room").unwrap_or_default(), doubled.get_i64("seq").unwrap_or_default());
            let what = format!("messages of one author have the same client id, one of them is {seq} in room {room}");
            Finding::new(WayOut::EarlierBackup, what)
        };
        Ok(doubled.iter().map(line).collect())
    }

    /// Checks that each number above the floor has its document, and that each change has reached its message.
    async fn check_log(&self, room: &RoomId, session: &mut CausalSession) -> Result<Vec<Finding>> {
        let id = room.as_str();
        let head = match self.settled_head(room, session).await {
            Ok(head) => head.rev,
            Err(Error::NoSuchRoom) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        let floor = self.floor(room, session).await?;
        let above = doc! { "_id": revs_between(room, floor, head) };
        let count = self.log.count_documents(above).session(&mut **session).await?;
        // a running natter may have trimmed the log meanwhile
        if count < head.saturating_sub(floor) && self.floor(room, session).await? == floor {
            let missing = head - floor - count;
            let what = format!("the log of room {id} lacks {missing} of the numbers from {} to {head}", floor + 1);
            found.push(Finding::new(WayOut::EarlierBackup, what));
        }
        let newest = [
            doc! { "$match": { "_id.room": id, "of": { "$exists": true }, "_id": { "$lte": log_key(room, head) } } },
            doc! { "$group": { "_id": "$of", "rev": { "$max": "$_id.rev" } } },
        ];
        let newest = self.log.aggregate(newest).with_type::<NewestChange>().session(&mut **session).await?;
        let newest: Vec<NewestChange> = collect(newest, session).await?;
        for changes in newest.chunks(PAGE) {
            let seqs: Vec<u64> = changes.iter().map(|change| change.seq as u64).collect();
            let messages = self.messages_by_seq(room, &seqs, session).await?;
            for change in changes {
                let message = messages.iter().find(|message| message.seq == change.seq);
                if message.is_none_or(|message| (message.rev() as i64) < change.rev) {
                    let (seq, rev) = (change.seq, change.rev);
                    let what = format!("message {seq} in room {id} lacks its change {rev}");
                    found.push(Finding::new(WayOut::EarlierBackup, what));
                }
            }
        }
        Ok(found)
    }

    /// Checks the reservations of the names of open rooms.
    async fn check_names(&self, session: &mut CausalSession) -> Result<Vec<Finding>> {
        let rooms: Vec<Room> = self.find_rooms(doc! {}, session).await?.into_iter().map(Room::from).collect();
        let mut found = Vec::new();
        for room in rooms.iter().filter(|room| room.kind == RoomKind::Open) {
            let reserved = self.room_names.find_one(doc! { "_id": fold(&room.name) }).session(&mut **session);
            if with_timeout(reserved).await?.is_none_or(|reserved| reserved.room != room.id.as_str()) {
                let what = format!("the name \"{}\" is not reserved for its room {}", room.name, room.id.as_str());
                found.push(Finding::new(WayOut::Repair, what));
            }
        }
        Ok(found)
    }

    /// Checks that no file of GridFS is without chunks. natter reads the chunks alone; the files are for other tools.
    async fn check_grid_fs(&self) -> Result<Vec<Finding>> {
        #[derive(Deserialize)]
        struct Id {
            #[serde(rename = "_id")]
            id: bson::Uuid,
        }
        let files: Vec<Id> = self
            .files
            .clone_with_type::<Id>()
            .aggregate([
                doc! { "$lookup": { "from": "fs.chunks", "localField": "_id", "foreignField": "files_id",
                "pipeline": [doc! { "$match": { "n": 0 } }, doc! { "$project": { "_id": 1 } }], "as": "first" } },
                doc! { "$match": { "first": { "$size": 0 } } },
                doc! { "$limit": 20 },
                doc! { "$project": { "_id": 1 } },
            ])
            .with_type::<Id>()
            .await?
            .try_collect()
            .await?;
        let line = |file: &Id| {
            let id = hex::encode(file.id.bytes());
            Finding::new(WayOut::Repair, format!("the object {id} in fs.files has no bytes in fs.chunks"))
        };
        Ok(files.iter().map(line).collect())
    }

    async fn room_ids(&self, session: &mut CausalSession) -> Result<Vec<RoomId>> {
        let rooms = with_timeout(self.rooms.distinct("_id", present(doc! {})).session(&mut **session)).await?;
        Ok(rooms.iter().filter_map(Bson::as_str).map(RoomId::named).collect())
    }
}

#[async_trait]
impl Check for Mongo {
    async fn check_database(&self) -> Result<Vec<Finding>> {
        let mut found = self.db.check_indexes().await?;
        let mut session = self.db.reads().await?;
        for room in self.db.room_ids(&mut session).await? {
            found.extend(self.db.check_log(&room, &mut session).await?);
        }
        found.extend(self.db.check_names(&mut session).await?);
        found.extend(self.db.check_grid_fs().await?);
        Ok(found)
    }

    async fn departing(&self) -> Result<Vec<UserKey>> {
        let mut users = BTreeSet::new();
        for removals in [&self.db.departures, &self.db.removals] {
            users.extend(being_removed(removals, doc! {}).await?);
        }
        Ok(users.into_iter().collect())
    }

    async fn mend_message(&self, row: &MessageRow) -> Result<()> {
        let message = &row.message;
        let mended = MessageDoc::new(message, row.post_rev, &row.client);
        let mended = bson::serialize_to_document(&mended).map_err(|error| Error::Failed(error.to_string()))?;
        let (mut set, mut unset) = (Document::new(), Document::new());
        for field in ["replies", "texts", "authorTexts", "files"] {
            match mended.get(field) {
                Some(value) => set.insert(field, value.clone()),
                None => unset.insert(field, ""),
            };
        }
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        let seq = bson_int(message.id.seq);
        with_timeout(self.db.log.update_one(by_seq(&message.id.room, seq), update)).await?;
        for file in message.files.iter().filter(|file| !file.has_thumbnail) {
            let upload = doc! { "_id": super::bson_values::bson_file(file.id) };
            let unmark = doc! { "$unset": { "facts.thumbnail": "" } };
            with_timeout(self.db.uploads.update_one(upload, unmark)).await?;
        }
        Ok(())
    }

    async fn mend_database(&self) -> Result<()> {
        self.db.reserve_all_names().await?;
        let chunked = self.db.chunks.distinct("files_id", doc! { "n": 0 }).await?;
        self.db.files.delete_many(doc! { "_id": { "$nin": chunked } }).await?;
        Ok(())
    }
}
