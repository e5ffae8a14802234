//! Presence across processes: people under the lease of the process that holds their sockets.
//!
//! Whether a lease is renewed is found out by looking whether its date changes, a few times over: no clock
//! is compared with another, and while the database is away nobody's lease runs out. Ending a lease and
//! renewing it are decided on the one document: whoever comes second finds it ended, and takes a new lease,
//! so that what is removed under the old one is never somebody who is back. What is published under a lease
//! that was ended meanwhile is nobody's, and removed with the next look.
//!
//! A process that has just started cannot have seen yet whether a lease is renewed. One that the database's own
//! clock calls old it does not believe until it is: after a long stop of everything, the leases of the last run are
//! still there.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, Bson, DateTime, Document, doc},
    change_stream::event::OperationType,
};
use tokio::{sync::Mutex, time::sleep};

use super::{
    Db, bounded,
    documents::{LeaseDoc, PresenceDoc, PresenceId, key, user_key},
    outbox::Outbox,
};
use crate::{
    domain::{RoomId, UserKey},
    store::{Error, Event, OnlineUser, PresenceStore, ProcessId, RENEWAL, Result},
};

/// How often in a row a lease may be found as it was before it is ended.
const MISSED: u32 = 4;
/// How long a lease is watched: by then whoever holds it has renewed it, or tried.
const WATCH: Duration = RENEWAL.saturating_add(Duration::from_secs(2));
/// The age of a lease from which a process that has just started does not believe it.
const OLD: Duration = Duration::from_secs(60);
/// Most people in one command.
const BATCH: usize = 1000;

pub struct Leases {
    db: Db,
    outbox: Arc<Outbox>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    own: Option<bson::Uuid>,
    /// The others' leases: as they were found last, and how often they were found like that again.
    seen: HashMap<bson::Uuid, (DateTime, u32)>,
    /// Leases that were old at this process's first look and have not been renewed since. `None` before that look.
    old: Option<HashMap<bson::Uuid, DateTime>>,
}

impl Leases {
    pub fn new(db: Db, outbox: Arc<Outbox>) -> Self {
        Self { db, outbox, state: Mutex::default() }
    }

    /// The leases that are not believed. The first call looks for them.
    async fn old<'s>(&self, state: &'s mut State) -> Result<&'s mut HashMap<bson::Uuid, DateTime>> {
        if state.old.is_none() {
            let old = doc! { "$expr": { "$lt": ["$at", { "$subtract": ["$$NOW", OLD.as_millis() as i64] }] } };
            let old: Vec<LeaseDoc> = bounded(async { self.db.leases.find(old).await?.try_collect().await }).await?;
            state.old = Some(old.into_iter().map(|lease| (lease.id, lease.at)).collect());
        }
        Ok(state.old.get_or_insert_default())
    }

    async fn touch(&self, lease: bson::Uuid, upsert: bool) -> Result<bool> {
        let held = doc! { "_id": lease, "ended": { "$exists": false } };
        let now = doc! { "$currentDate": { "at": true } };
        Ok(bounded(self.db.leases.update_one(held, now).upsert(upsert)).await?.matched_count == 1)
    }

    async fn all(&self) -> Result<Vec<LeaseDoc>> {
        bounded(async { self.db.leases.find(doc! {}).await?.try_collect().await }).await
    }

    /// Returns whether a lease that was not believed has been renewed.
    async fn end_others(&self, state: &mut State) -> Result<bool> {
        // before the leases are read: a lease is there before its people, so those without one here are nobody's.
        // Whoever was cut off may publish once more, before they know that their lease was ended
        let published = bounded(self.db.presence.distinct("_id.lease", doc! {})).await?;
        let leases = self.all().await?;
        let known = |lease: &Bson| leases.iter().any(|known| Bson::from(known.id) == *lease);
        for orphaned in published.iter().filter(|lease| !known(lease)) {
            bounded(self.db.presence.delete_many(doc! { "_id.lease": orphaned })).await?;
        }
        let others: Vec<LeaseDoc> = leases.into_iter().filter(|lease| Some(lease.id) != state.own).collect();
        state.seen.retain(|id, _| others.iter().any(|lease| lease.id == *id));
        let old = self.old(state).await?;
        let before = old.len();
        old.retain(|id, at| others.iter().all(|lease| lease.id != *id || lease.at == *at));
        let renewed = old.len() < before;
        for lease in others {
            let missed = match state.seen.get(&lease.id) {
                Some((at, missed)) if *at == lease.at => missed + 1,
                _ => 0,
            };
            state.seen.insert(lease.id, (lease.at, missed));
            if lease.ended || (missed >= MISSED && self.end(&lease).await?) {
                bounded(self.db.presence.delete_many(doc! { "_id.lease": lease.id })).await?;
                bounded(self.db.leases.delete_one(doc! { "_id": lease.id })).await?;
            }
        }
        Ok(renewed)
    }

    /// Ends a lease, unless it has been renewed meanwhile.
    async fn end(&self, lease: &LeaseDoc) -> Result<bool> {
        let unchanged = doc! { "_id": lease.id, "at": lease.at };
        let ended = bounded(self.db.leases.update_one(unchanged, doc! { "$set": { "ended": true } })).await?;
        Ok(ended.matched_count == 1)
    }
}

#[async_trait]
impl PresenceStore for Leases {
    async fn renew(&self) -> Result<bool> {
        let mut state = self.state.lock().await;
        let held = match state.own {
            Some(own) => self.touch(own, false).await?,
            None => false,
        };
        if !held {
            let fresh = bson::Uuid::new();
            self.touch(fresh, true).await?;
            state.own = Some(fresh);
        }
        let looked = self.end_others(&mut state).await;
        drop(state); // who is told of the event may look at once
        match looked {
            Ok(true) => self.outbox.send(vec![Event::ExternalWrite]).await,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "processes that are gone could not be looked for"),
        }
        Ok(held)
    }

    async fn in_use(&self) -> Result<bool> {
        let before: HashMap<bson::Uuid, DateTime> =
            self.all().await?.into_iter().map(|lease| (lease.id, lease.at)).collect();
        if before.is_empty() {
            return Ok(false);
        }
        sleep(WATCH).await;
        Ok(self.all().await?.into_iter().any(|lease| before.get(&lease.id) != Some(&lease.at)))
    }

    async fn publish(&self, room: &RoomId, here: &[(UserKey, String)], gone: &[UserKey]) -> Result<()> {
        let lease = self.state.lock().await.own.ok_or(Error::NotFound)?;
        let id = |user: UserKey| doc! { "lease": lease, "room": room.as_str(), "user": key(user) };
        for here in here.chunks(BATCH) {
            let upsert = |(user, name): &(UserKey, String)| -> Bson {
                doc! { "q": { "_id": id(*user) }, "u": { "$set": { "name": name } }, "upsert": true }.into()
            };
            let command = doc! {
                "update": self.db.presence.name(),
                "updates": here.iter().map(upsert).collect::<Vec<_>>(),
                "ordered": false,
                "writeConcern": { "w": "majority" },
            };
            let answer = bounded(self.db.database.run_command(command)).await?;
            // such an answer is no error to the driver; without a majority it may be taken back
            if let Some(why) = answer.get("writeErrors").or(answer.get("writeConcernError")) {
                return Err(Error::Failed(format!("presence could not be written: {why}")));
            }
        }
        for gone in gone.chunks(BATCH) {
            let ids: Vec<Bson> = gone.iter().map(|user| id(*user).into()).collect();
            bounded(self.db.presence.delete_many(doc! { "_id": { "$in": ids } })).await?;
        }
        Ok(())
    }

    async fn present(&self, room: &RoomId) -> Result<Vec<OnlineUser>> {
        let old: Vec<Bson> = self.old(&mut *self.state.lock().await).await?.keys().map(|id| (*id).into()).collect();
        let found = self.db.presence.find(doc! { "_id.room": room.as_str(), "_id.lease": { "$nin": old } });
        let found: Vec<PresenceDoc> = bounded(async { found.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|present| of(&present.id, present.name)).collect())
    }
}

fn of(id: &PresenceId, name: String) -> OnlineUser {
    OnlineUser { process: ProcessId(user_key(id.lease).0), user: user_key(id.user), name }
}

/// What a change of the collection tells, if anything; `None` for what natter does not do.
pub fn told(id: Option<&Bson>, operation: &OperationType, document: Option<&Document>) -> Option<Option<Event>> {
    let id: PresenceId = bson::deserialize_from_bson(id?.clone()).ok()?;
    let room = RoomId::named(&id.room);
    match operation {
        OperationType::Delete => {
            let OnlineUser { process, user, .. } = of(&id, String::new());
            Some(Some(Event::Offline { room, process, user }))
        }
        OperationType::Insert | OperationType::Update => {
            // without a document: gone again by now, which will be told
            let name = document.and_then(|document| document.get_str("name").ok());
            Some(name.map(|name| Event::Online(room, of(&id, name.to_owned()))))
        }
        _ => None,
    }
}
