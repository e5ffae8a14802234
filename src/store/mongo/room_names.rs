//! The names of open rooms are unique, but the commit of a name is a change in a room's log. So a name is reserved before
//! the commit.
//!
//! A reservation outlives the process that made it, and the name can be given up without its release. So a reservation is
//! taken over if its room does not have the name, and if it is so old that no commit can follow it any more. Each
//! reservation has its own token: a late release or takeover does not match one that was renewed in the meantime.

use std::time::Duration;

use mongodb::bson::{doc, oid::ObjectId};

use super::{
    causal::CausalSession,
    collections::Collections,
    documents::RoomNameDoc,
    driver::{with_timeout, with_timeout_raw},
    room_documents::RoomDoc,
    room_queries::present,
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{Room, RoomId, RoomKind, fold},
    store::{Conflict, Error, Result},
};

/// The age from which a reservation is taken over. A command is written within seconds, or fails, unless its process is
/// suspended.
const LIFETIME: Duration = Duration::from_secs(60);
/// The maximum number of attempts, if other processes change the reservation meanwhile.
const MAX_ATTEMPTS: usize = 5;

/// The name that a room has among the open ones, in the form that is compared.
pub fn open_name(room: &Room) -> Option<String> {
    (room.kind == RoomKind::Open && !room.deleted).then(|| fold(&room.name))
}

impl Collections {
    /// Reserves a folded name for the room, or renews its reservation.
    ///
    /// # Errors
    /// [`Conflict::RoomNameTaken`] if another open room has the name, or is about to take it.
    pub async fn reserve_name(&self, name: &str, room: &RoomId, session: &mut CausalSession) -> Result<()> {
        for _ in 0..MAX_ATTEMPTS {
            let own =
                doc! { "$set": { "room": room.as_str(), "token": ObjectId::new() }, "$currentDate": { "at": true } };
            let free_or_own = doc! { "_id": name, "room": room.as_str() };
            let reserve = self.room_names.update_one(free_or_own, own.clone()).upsert(true).session(&mut **session);
            match with_timeout_raw(reserve).await {
                Ok(_) => return Ok(()),
                Err(error) if is_duplicate_key(&error) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(held) = self.reservation(name, session).await? else { continue };
            if held.room == room.as_str() {
                continue; // another process has just reserved it for the same room
            }
            let holder = doc! { "_id": &held.room, "kind": RoomKind::Open.as_str(), "folded": name };
            if with_timeout(self.rooms.find_one(present(holder)).session(&mut **session)).await?.is_some() {
                return Err(Conflict::RoomNameTaken.into());
            }
            // both times are the server's
            let lifetime_ms = LIFETIME.as_millis() as i64;
            let expired = doc! {
                "_id": name, "token": held.token,
                "$expr": { "$lt": ["$at", { "$subtract": ["$$NOW", lifetime_ms] }] },
            };
            let take_over = self.room_names.update_one(expired, own).session(&mut **session);
            if with_timeout(take_over).await?.matched_count == 1 {
                return Ok(());
            }
            if self.reservation(name, session).await?.is_some_and(|now| now.token == held.token) {
                return Err(Conflict::RoomNameTaken.into());
            }
        }
        Err(Error::Busy)
    }

    pub async fn reservation(&self, name: &str, session: &mut CausalSession) -> Result<Option<RoomNameDoc>> {
        with_timeout(self.room_names.find_one(doc! { "_id": name }).session(&mut **session)).await
    }

    /// Releases a name that its room has given up. A failure does no harm: the reservation is taken over later.
    pub async fn release_name(&self, reservation: RoomNameDoc) {
        let unchanged = doc! { "_id": reservation.name, "token": reservation.token };
        if let Err(error) = with_timeout(self.room_names.delete_one(unchanged)).await {
            tracing::warn!(room = reservation.room, %error, "release of a room's name failed");
        }
    }

    /// Reserves the names of all open rooms, whose names are unique.
    pub async fn reserve_all_names(&self) -> Result<()> {
        let mut session = self.reads().await?;
        for room in self.open_rooms(&mut session).await? {
            self.reserve_name(&room.folded, &RoomId::named(&room.id), &mut session).await?;
        }
        Ok(())
    }

    /// All open rooms, in order of their ids.
    pub async fn open_rooms(&self, session: &mut CausalSession) -> Result<Vec<RoomDoc>> {
        let mut rooms = self.find_rooms(doc! { "kind": RoomKind::Open.as_str() }, session).await?;
        rooms.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(rooms)
    }
}
