//! Whom commands mention.

use std::collections::{HashMap, VecDeque};

use mongodb::bson::{self, doc};
use serde::Deserialize;

use super::{jobs::Queued, room_writer::RoomWriter};
use crate::{
    domain::{MentionedUser, UserId, UserKey},
    store::{
        Result,
        mongo::{
            bson_values::{any_of, user_key},
            causal::{CausalSession, collect},
            driver::with_timeout,
        },
    },
};

#[derive(Deserialize)]
struct AccountDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
    #[serde(rename = "userID")]
    user_id: String,
}

impl RoomWriter {
    /// Finds the members among the names that the commands address; reads nothing if there are none. Called after
    /// [`RoomWriter::load_rights`]: a commit under the next number then proves that they were members.
    pub async fn find_mentioned(&self, queued: &mut VecDeque<Queued>, session: &mut CausalSession) -> Result<()> {
        let names: Vec<Vec<UserId>> = queued.iter().map(|queued| queued.command.action.addressed().collect()).collect();
        if names.iter().all(Vec::is_empty) {
            return Ok(());
        }
        let members = self.members_named(names.iter().flatten(), session).await?;
        for (queued, names) in queued.iter_mut().zip(names) {
            queued.mentioned = names.iter().filter_map(|name| members.get(&name.folded()).cloned()).collect();
        }
        Ok(())
    }

    /// The members with these userIDs, by the folded userID. Every account is a member of a room of everyone.
    async fn members_named(
        &self,
        names: impl Iterator<Item = &UserId>,
        session: &mut CausalSession,
    ) -> Result<HashMap<String, MentionedUser>> {
        let named = doc! { "folded.userID": any_of(names.map(UserId::folded)) };
        let accounts = self.db.users.clone_with_type::<AccountDoc>();
        let accounts = accounts.find(named).projection(doc! { "userID": 1 });
        let accounts = with_timeout(async { collect(accounts.session(&mut **session).await?, session).await }).await?;
        let mut members: HashMap<UserKey, MentionedUser> = HashMap::new();
        for AccountDoc { key, user_id } in accounts {
            members.insert(user_key(key), MentionedUser { key: user_key(key), user_id });
        }
        if !members.is_empty() && !self.rights.as_ref().is_some_and(|rights| rights.room.everyone) {
            let found = self.db.memberships_among(&self.room, members.keys().copied(), session).await?;
            members.retain(|key, _| found.iter().any(|membership| membership.user == *key));
        }
        let by_name = |user: MentionedUser| (UserId::stored(user.user_id.clone()).folded(), user);
        Ok(members.into_values().map(by_name).collect())
    }
}
