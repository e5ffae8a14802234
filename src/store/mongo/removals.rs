//! Deleting what an account has in all rooms, when it is deleted.

use std::{collections::BTreeSet, time::Duration};

use futures_util::TryStreamExt;
use mongodb::{
    Collection,
    bson::{Bson, Document, doc},
};

use super::{
    bson_values::{bson_uuid, by_user_key, user_key},
    database::Mongo,
    documents::RemovalDoc,
    driver::with_timeout,
    guarded::Guarded,
    room_documents::MemberDoc,
    room_queries::lasting,
    writer::Removed,
};
use crate::{
    domain::{AuditEntry, MemberRole, RoomId, RoomKind, UserKey},
    store::{Error, Event, MessageRetention, Result},
};

/// The time after a removal when no process can still store a post or a membership of the user.
const SETTLE_TIME: Duration = Duration::from_secs(60);

impl Mongo {
    /// Deletes an account. `entry`: an admin does it.
    pub(super) async fn remove_user(
        &self,
        key: UserKey,
        messages: MessageRetention,
        entry: Option<&AuditEntry>,
    ) -> Result<()> {
        if messages == MessageRetention::Delete {
            // before the account is deleted, so that a deletion that fails half way can be repeated
            self.check_deletable(key).await?;
            self.delete_messages(key).await?;
        }
        let before = self.guarded(Guarded::Delete(key, messages, entry)).await?;
        self.outbox.send(vec![Event::UserRevoked { key, version: i64::MAX }]).await;
        self.remove_avatar(before.avatar).await;
        // if this process ends before all of it is removed, `finish_settled_removals` goes on
        self.depart(key).await?;
        if messages == MessageRetention::Delete {
            // messages posted in the meantime. Later posts fail without an account (see `writer::accounts`). If this or
            // another process ends before it has deleted its part, `finish_settled_removals` deletes it
            self.delete_messages(key).await?;
        }
        Ok(())
    }

    /// Removes what is left of all accounts that are being removed, also by another process. The removals' documents stay:
    /// a process may still store something of these accounts.
    pub(super) async fn remove_what_is_left(&self) -> Result<()> {
        for user in being_removed(&self.db.departures, doc! {}).await? {
            self.depart(user).await?;
        }
        for user in being_removed(&self.db.removals, doc! {}).await? {
            self.delete_messages(user).await?;
        }
        Ok(())
    }

    /// Finishes the removals of accounts that were deleted at least [`SETTLE_TIME`] ago, then deletes the removals' own
    /// documents. One that fails does not keep the others from being finished.
    pub(super) async fn finish_settled_removals(&self) -> Result<()> {
        let mut outcome = Ok(());
        for user in settled(&self.db.departures).await? {
            let left = self.depart(user).await;
            outcome = outcome.and(forget(&self.db.departures, user, left).await);
        }
        for user in settled(&self.db.removals).await? {
            let deleted = self.delete_messages(user).await;
            outcome = outcome.and(forget(&self.db.removals, user, deleted).await);
        }
        outcome
    }

    /// Removes the sessions of a user whose account is deleted, and what they have in all rooms but for their messages.
    pub(super) async fn depart(&self, user: UserKey) -> Result<()> {
        // before the rooms, which may take long: these say where the user was
        with_timeout(self.db.networks.delete_many(doc! { "user": bson_uuid(user) })).await?;
        with_timeout(self.db.sessions.delete_many(doc! { "user": bson_uuid(user) })).await?;
        self.leave_all_rooms(user).await?;
        self.remove_traces(user).await
    }

    /// Deletes the author's messages in all rooms.
    pub(super) async fn delete_messages(&self, author: UserKey) -> Result<()> {
        self.remove(author, Removed::Messages).await
    }

    /// Takes back the reactions of a user whose account is deleted, ends the mentions of the user in all rooms, and
    /// removes what the user has saved.
    pub(super) async fn remove_traces(&self, user: UserKey) -> Result<()> {
        self.remove(user, Removed::Traces).await?;
        with_timeout(self.db.saved.delete_many(doc! { "_id.user": bson_uuid(user) })).await.map(drop)
    }

    async fn remove(&self, user: UserKey, what: Removed) -> Result<()> {
        let mut rooms = BTreeSet::new();
        for filter in what.filters(user) {
            let found = with_timeout(self.db.log.distinct("_id.room", filter)).await?;
            rooms.extend(found.iter().filter_map(Bson::as_str).map(RoomId::named));
        }
        for room in rooms {
            match self.writer.remove(&room, user, what).await {
                Ok(()) | Err(Error::NoSuchRoom) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends all memberships of the user. In rooms that members can leave, and in rooms of everyone that the user owns, that
    /// is a change in the log; in the others it is not.
    pub(super) async fn leave_all_rooms(&self, user: UserKey) -> Result<()> {
        let mut session = self.db.reads().await?;
        let of_user = doc! { "_id.user": bson_uuid(user) };
        let members = self.db.find_members(of_user.clone(), doc! {}, 0, &mut session).await?;
        let rooms: Vec<RoomId> = members.iter().map(|member| RoomId::named(&member.id.room)).collect();
        for room in self.db.rooms_among(&rooms, &mut session).await? {
            let owns = |member: &MemberDoc| member.id.room == room.id && member.role() == MemberRole::Owner;
            if room.kind == RoomKind::Direct.as_str() || (room.everyone && !members.iter().any(owns)) {
                continue;
            }
            match self.writer.leave(&RoomId::named(&room.id), user).await {
                // somebody else ended the membership or deleted the room
                Ok(_) | Err(Error::Refused(_) | Error::Unchanged | Error::NoSuchRoom) => {}
                Err(error) => return Err(error),
            }
        }
        with_timeout(self.db.memberships.delete_many(lasting(of_user))).await.map(drop)
    }
}

/// Deletes the document of a removal that is finished.
async fn forget(removals: &Collection<RemovalDoc>, user: UserKey, finished: Result<()>) -> Result<()> {
    finished?;
    with_timeout(removals.delete_one(by_user_key(user))).await.map(drop)
}

async fn settled(removals: &Collection<RemovalDoc>) -> Result<Vec<UserKey>> {
    // both times are the server's
    let settle_ms = SETTLE_TIME.as_millis() as i64;
    being_removed(removals, doc! { "$expr": { "$lt": ["$at", { "$subtract": ["$$NOW", settle_ms] }] } }).await
}

/// The accounts of these removals.
pub(super) async fn being_removed(removals: &Collection<RemovalDoc>, filter: Document) -> Result<Vec<UserKey>> {
    let found: Vec<RemovalDoc> = with_timeout(async { removals.find(filter).await?.try_collect().await }).await?;
    Ok(found.into_iter().map(|removal| user_key(removal.user)).collect())
}
