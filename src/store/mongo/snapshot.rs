//! The rows of one moment: a session whose reads all have the same cluster time.
//!
//! A change is committed by its own document, and what it changes is derived right after (see `settle`). Between the two a
//! room is in no state that natter shows. So a moment is looked for at which everything in all rooms is derived.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use mongodb::{
    Collection,
    bson::{Bson, Document, doc},
};
use tokio::{sync::Mutex, time::sleep};

use super::{
    causal::CausalSession, collections::Collections, driver::with_timeout, heads::MAX_ROOMS, room_queries::present,
};
use crate::{
    domain::{FileId, RoomId},
    store::{Error, Result, Row, RowReader, Table, UploadRow},
};

/// The moments that are tried. A change is not derived for less than a millisecond, unless its process ended.
pub const ATTEMPTS: u32 = 100;
const ATTEMPT_DELAY: Duration = Duration::from_millis(10);

/// The server's name for the error that it has not the past that is needed any more.
const TOO_OLD: &str = "SnapshotTooOld";
/// The one that a collection or an index has just been made.
const UNAVAILABLE: &str = "SnapshotUnavailable";

pub struct RowsOfMoment {
    db: Collections,
    session: Mutex<CausalSession>,
}

impl RowsOfMoment {
    pub async fn now(db: &Collections) -> Result<Self> {
        // the heads of rooms at which all is derived
        let mut derived = HashMap::new();
        let of_moment = db.of_snapshot();
        for _ in 0..ATTEMPTS {
            let mut session = db.clock.snapshot_session(db.client()).await?;
            match underived(&of_moment, &mut derived, &mut session).await {
                Ok(rooms) if rooms.is_empty() => return Ok(Self { db: of_moment, session: Mutex::new(session) }),
                Ok(rooms) => settle(db, &rooms).await?,
                Err(Error::Failed(why)) if why.contains(UNAVAILABLE) => {}
                Err(error) => return Err(error),
            }
            sleep(ATTEMPT_DELAY).await;
        }
        Err(changes_too_fast())
    }

    /// Whether something was left of an account that was being removed.
    pub async fn has_remains(&self) -> Result<bool> {
        self.db.has_remains(&mut *self.session.lock().await).await
    }
}

pub fn changes_too_fast() -> Error {
    Error::Failed("it changes too fast to be read at one moment; run the same command again".into())
}

/// The rooms in which the newest change is not derived at the moment of the session.
async fn underived(
    db: &Collections,
    derived: &mut HashMap<RoomId, u64>,
    session: &mut CausalSession,
) -> Result<Vec<RoomId>> {
    let removals = [&db.departures, &db.removals].map(Collection::clone_with_type::<Document>);
    for rows in Table::ALL.map(|table| db.collection(table)).iter().chain(&removals) {
        with_timeout(rows.find_one(doc! {}).projection(doc! { "_id": 1 }).session(&mut **session)).await?;
    }
    let rooms = with_timeout(db.rooms.distinct("_id", present(Document::new())).session(&mut **session)).await?;
    let rooms: Vec<RoomId> = rooms.iter().filter_map(Bson::as_str).map(RoomId::named).collect();
    let mut found = Vec::new();
    for rooms in rooms.chunks(MAX_ROOMS) {
        for (room, head) in db.heads(rooms, session).await? {
            if derived.get(&room) == Some(&head) {
                continue;
            }
            if db.is_settled(&room, session).await? {
                derived.insert(room, head);
            } else {
                found.push(room);
            }
        }
    }
    Ok(found)
}

/// Waits until the rooms are derived, or derives them.
async fn settle(db: &Collections, rooms: &[RoomId]) -> Result<()> {
    let mut session = db.reads().await?;
    for room in rooms {
        match db.settled_head(room, &mut session).await {
            Ok(_) | Err(Error::NoSuchRoom) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn with_way_out<T>(read: Result<T>) -> Result<T> {
    match read {
        Err(Error::Failed(why)) if why.contains(TOO_OLD) => Err(Error::Failed(format!(
            "reading all rows took longer than MongoDB keeps the past ({why}). Let it keep an hour, and run the same \
             command again: mongosh --eval 'db.adminCommand({{ setParameter: 1, minSnapshotHistoryWindowInSeconds: 3600 }})'"
        ))),
        read => read,
    }
}

#[async_trait]
impl RowReader for RowsOfMoment {
    async fn count(&self, table: Table) -> Result<u64> {
        with_way_out(self.db.count_rows(table, &mut *self.session.lock().await).await)
    }

    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
        with_way_out(self.db.rows_of(table, after, limit, &mut *self.session.lock().await).await)
    }

    async fn uploads_after(&self, after: Option<FileId>, limit: u32) -> Result<Vec<UploadRow>> {
        with_way_out(self.db.uploads_after(after, limit, &mut *self.session.lock().await).await)
    }
}
