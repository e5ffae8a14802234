//! Presence across processes: each online user is stored under the lease of the process that holds their sockets.
//!
//! A process reads the other leases several times and checks whether their dates change. No clock is compared with
//! another, and no lease expires while the database is down. Ending and renewing a lease are writes of the same
//! document: a process that tries to renew an ended lease finds it ended and takes a new one. So the removal of the
//! users under the ended lease never removes a user who is online again. Users that are published under a lease after
//! its end are removed at the next check.
//!
//! A process that has just started has not seen any lease change yet. It ignores a lease that is old by the server's
//! clock until the lease is renewed, because after a long downtime the leases of the last run are still stored.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, Bson, DateTime, Document, doc},
    change_stream::event::OperationType,
};
use tokio::{sync::Mutex, time::sleep};

use super::{
    bson_values::{any_of, bson_uuid, user_key},
    collections::Collections,
    documents::{LeaseDoc, PresenceDoc, PresenceId},
    driver::with_timeout,
    outbox::Outbox,
};
use crate::{
    domain::{RoomId, UserKey},
    store::{Error, Event, LEASE_RENEWAL_INTERVAL, OnlineUser, PresenceStore, ProcessId, Result},
};

/// A lease is ended after this number of consecutive checks that find it unchanged.
const MAX_MISSED_RENEWALS: u32 = 4;
/// How long [`Leases::in_use`] waits for a renewal. A running process has renewed its lease by then, or tried to.
const RENEWAL_TIMEOUT: Duration = LEASE_RENEWAL_INTERVAL.saturating_add(Duration::from_secs(2));
/// The age from which a process that has just started ignores a lease.
const STALE_AGE: Duration = Duration::from_secs(60);
/// The maximum users in one command.
const MAX_BATCH: usize = 1000;

/// The leases of all processes, and the online users under them.
pub struct Leases {
    db: Collections,
    outbox: Arc<Outbox>,
    /// Names this process in its reports of who types.
    process: bson::Uuid,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    own: Option<bson::Uuid>,
    /// The other processes' leases: the date of the last check, and the number of checks that found it unchanged.
    seen: HashMap<bson::Uuid, (DateTime, u32)>,
    /// Leases that were stale at this process's first check and have not been renewed since. `None` before that check.
    stale: Option<HashMap<bson::Uuid, DateTime>>,
}

impl Leases {
    pub fn new(db: Collections, outbox: Arc<Outbox>, process: bson::Uuid) -> Self {
        Self { db, outbox, process, state: Mutex::default() }
    }

    /// The leases that are ignored. The first call reads them.
    async fn stale<'s>(&self, state: &'s mut State) -> Result<&'s mut HashMap<bson::Uuid, DateTime>> {
        if state.stale.is_none() {
            let stale_ms = STALE_AGE.as_millis() as i64;
            let stale = doc! { "$expr": { "$lt": ["$at", { "$subtract": ["$$NOW", stale_ms] }] } };
            let stale: Vec<LeaseDoc> =
                with_timeout(async { self.db.leases.find(stale).await?.try_collect().await }).await?;
            state.stale = Some(stale.into_iter().map(|lease| (lease.id, lease.at)).collect());
        }
        Ok(state.stale.get_or_insert_default())
    }

    /// Sets the lease's date; `false` if the lease has ended.
    async fn renew_lease(&self, lease: bson::Uuid, upsert: bool) -> Result<bool> {
        let held = doc! { "_id": lease, "ended": { "$exists": false } };
        let now = doc! { "$currentDate": { "at": true } };
        Ok(with_timeout(self.db.leases.update_one(held, now).upsert(upsert)).await?.matched_count == 1)
    }

    async fn all_leases(&self) -> Result<Vec<LeaseDoc>> {
        with_timeout(async { self.db.leases.find(doc! {}).await?.try_collect().await }).await
    }

    /// Ends the leases of other processes that are no longer renewed. Returns whether a stale lease has been renewed.
    async fn end_unrenewed(&self, state: &mut State) -> Result<bool> {
        // read before the leases: a lease is stored before its users, so users whose lease is missing are orphaned. A
        // process that was cut off may publish once more before it finds its lease ended
        let published = with_timeout(self.db.presence.distinct("_id.lease", doc! {})).await?;
        let leases = self.all_leases().await?;
        let exists = |id: &Bson| leases.iter().any(|lease| Bson::from(lease.id) == *id);
        for orphaned in published.iter().filter(|id| !exists(id)) {
            with_timeout(self.db.presence.delete_many(doc! { "_id.lease": orphaned })).await?;
        }
        let others: Vec<LeaseDoc> = leases.into_iter().filter(|lease| Some(lease.id) != state.own).collect();
        state.seen.retain(|id, _| others.iter().any(|lease| lease.id == *id));
        let stale = self.stale(state).await?;
        let before = stale.len();
        stale.retain(|id, at| others.iter().all(|lease| lease.id != *id || lease.at == *at));
        let any_renewed = stale.len() < before;
        for lease in others {
            let missed = match state.seen.get(&lease.id) {
                Some((at, missed)) if *at == lease.at => missed + 1,
                _ => 0,
            };
            state.seen.insert(lease.id, (lease.at, missed));
            if lease.ended || (missed >= MAX_MISSED_RENEWALS && self.end(&lease).await?) {
                with_timeout(self.db.presence.delete_many(doc! { "_id.lease": lease.id })).await?;
                with_timeout(self.db.leases.delete_one(doc! { "_id": lease.id })).await?;
            }
        }
        Ok(any_renewed)
    }

    /// Ends a lease; `false` if it was renewed in the meantime.
    async fn end(&self, lease: &LeaseDoc) -> Result<bool> {
        let unchanged = doc! { "_id": lease.id, "at": lease.at };
        let ended = with_timeout(self.db.leases.update_one(unchanged, doc! { "$set": { "ended": true } })).await?;
        Ok(ended.matched_count == 1)
    }
}

#[async_trait]
impl PresenceStore for Leases {
    async fn renew(&self) -> Result<bool> {
        let mut state = self.state.lock().await;
        let held = match state.own {
            Some(own) => self.renew_lease(own, false).await?,
            None => false,
        };
        if !held {
            let fresh = bson::Uuid::new();
            self.renew_lease(fresh, true).await?;
            state.own = Some(fresh);
        }
        let checked = self.end_unrenewed(&mut state).await;
        drop(state); // a receiver of the event may call `present` at once
        match checked {
            Ok(true) => self.outbox.send(vec![Event::ExternalWrite]).await,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "check of other leases failed"),
        }
        Ok(held)
    }

    async fn in_use(&self) -> Result<bool> {
        let before: HashMap<bson::Uuid, DateTime> =
            self.all_leases().await?.into_iter().map(|lease| (lease.id, lease.at)).collect();
        if before.is_empty() {
            return Ok(false);
        }
        sleep(RENEWAL_TIMEOUT).await;
        Ok(self.all_leases().await?.into_iter().any(|lease| before.get(&lease.id) != Some(&lease.at)))
    }

    async fn publish(&self, online: &[(UserKey, String, bool)], offline: &[UserKey]) -> Result<()> {
        let lease = self.state.lock().await.own.ok_or(Error::NotFound)?;
        let id = |user: UserKey| doc! { "lease": lease, "user": bson_uuid(user) };
        for online in online.chunks(MAX_BATCH) {
            // a replacement, so that the change stream has the whole document
            let upsert = |(user, name, idle): &(UserKey, String, bool)| -> Bson {
                doc! { "q": { "_id": id(*user) }, "u": { "name": name, "idle": idle }, "upsert": true }.into()
            };
            let command = doc! {
                "update": self.db.presence.name(),
                "updates": online.iter().map(upsert).collect::<Vec<_>>(),
                "ordered": false,
                "writeConcern": { "w": "majority" },
            };
            let reply = with_timeout(self.db.database.run_command(command)).await?;
            // the driver returns these as a success; without a majority the write may be taken back
            if let Some(error) = reply.get("writeErrors").or(reply.get("writeConcernError")) {
                return Err(Error::Failed(format!("presence could not be written: {error}")));
            }
        }
        for offline in offline.chunks(MAX_BATCH) {
            let ids = any_of(offline.iter().map(|user| id(*user)));
            with_timeout(self.db.presence.delete_many(doc! { "_id": ids })).await?;
        }
        Ok(())
    }

    async fn present(&self) -> Result<Vec<OnlineUser>> {
        let stale: Vec<Bson> = self.stale(&mut *self.state.lock().await).await?.keys().map(|id| (*id).into()).collect();
        let found = self.db.presence.find(doc! { "_id.lease": { "$nin": stale } });
        let found: Vec<PresenceDoc> = with_timeout(async { found.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|present| online_user(&present.id, present.name, present.idle)).collect())
    }

    async fn typing(&self, room: &RoomId, users: &[(UserKey, String)]) -> Result<()> {
        self.db.write_typing(self.process, room, users).await
    }
}

fn online_user(id: &PresenceId, name: String, idle: bool) -> OnlineUser {
    OnlineUser { process: ProcessId(user_key(id.lease).0), user: user_key(id.user), name, idle }
}

/// The event of a change in the collection. `fields` are those that it set. `None`: natter makes no such change.
pub fn presence_event(id: Option<&Bson>, operation: &OperationType, fields: Option<&Document>) -> Option<Event> {
    let id: PresenceId = bson::deserialize_from_bson(id?.clone()).ok()?;
    match operation {
        OperationType::Delete => {
            let OnlineUser { process, user, .. } = online_user(&id, String::new(), false);
            Some(Event::Offline { process, user })
        }
        // an update comes from a natter with schema 6, which sets the name alone
        OperationType::Insert | OperationType::Replace | OperationType::Update => {
            let name = fields?.get_str("name").ok()?;
            let idle = fields?.get_bool("idle").unwrap_or_default();
            Some(Event::Online(online_user(&id, name.to_owned(), idle)))
        }
        _ => None,
    }
}
