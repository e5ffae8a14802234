//! Taking back the reactions of an account, and ending the mentions of it, when it is deleted.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    batch::Batch,
    database::Sqlite,
    position::{last_position, number_of, position, room_of},
};
use crate::{
    domain::{RoomId, UserKey},
    store::Result,
};

/// The maximum messages changed in one commit, so that other writes can be committed in between.
const CHUNK: u32 = 500;
/// The messages that are looked through in one read. There is no index of who reacted.
const SCANNED: u32 = 10_000;

/// By the number of each room, the position of its latest change.
pub type LatestChanges = HashMap<i64, i64>;

impl Sqlite {
    /// Ends the mentions of the user, and takes back the reactions that were given before now, over several commits.
    /// Returns the changes up to which that was done, for [`Batch::forget_since`].
    pub(super) async fn forget_in_chunks(&self, user: UserKey) -> Result<LatestChanges> {
        let scanned = self.read(latest_changes).await?;
        let mut after = Some(0);
        while let Some(start) = after {
            let (found, last) = self.read(move |c| reacted(c, user, start)).await?;
            for ids in found.chunks(CHUNK as usize) {
                let ids = ids.to_vec();
                self.writer.run(move |batch| batch.atomically(|batch| batch.forget(user, &ids))).await?;
            }
            after = last;
        }
        let forget = move |batch: &mut Batch<'_>| batch.atomically(|batch| batch.forget_mentions(user));
        while self.writer.run(forget).await? == CHUNK {}
        Ok(scanned)
    }
}

fn latest_changes(c: &Connection) -> rusqlite::Result<LatestChanges> {
    c.prepare_cached(
        "SELECT id, (SELECT max(changed) FROM messages WHERE changed > r.id << 40 AND changed < (r.id + 1) << 40)
         FROM rooms r",
    )?
    .query_map([], |row| {
        let room = row.get(0)?;
        Ok((room, row.get::<_, Option<i64>>(1)?.unwrap_or_else(|| position(room, 0))))
    })?
    .collect()
}

/// The messages that the user has reacted to, among the next [`SCANNED`] after the position `after`, and the last of
/// these.
fn reacted(c: &Connection, user: UserKey, after: i64) -> rusqlite::Result<(Vec<i64>, Option<i64>)> {
    let mut next =
        c.prepare_cached("SELECT id, instr(reactions, ?2) > 0 FROM messages WHERE id > ?1 ORDER BY id LIMIT ?3")?;
    let (mut found, mut last) = (Vec::new(), None);
    for row in next.query_map(params![after, user.0.to_string(), SCANNED], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (id, has_reacted): (i64, Option<bool>) = row?;
        found.extend(has_reacted.unwrap_or_default().then_some(id));
        last = Some(id);
    }
    Ok((found, last))
}

impl Batch<'_> {
    /// What [`Sqlite::forget_in_chunks`] does, for reactions that were given after it read `scanned`, and all mentions.
    pub fn forget_since(&mut self, user: UserKey, scanned: &LatestChanges) -> Result<()> {
        let rooms = self
            .connection
            .prepare_cached("SELECT id FROM rooms WHERE deleted = 0")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        for room in rooms {
            let after = scanned.get(&room).copied().unwrap_or_else(|| position(room, 0));
            let ids = self
                .connection
                .prepare_cached(
                    "SELECT id FROM messages WHERE changed > ?1 AND changed <= ?2 AND instr(reactions, ?3) > 0",
                )?
                .query_map(params![after, last_position(room), user.0.to_string()], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<i64>>>()?;
            self.forget(user, &ids)?;
        }
        while self.forget_mentions(user)? > 0 {}
        Ok(())
    }

    /// Ends up to [`CHUNK`] mentions of the user. Returns how many it ended.
    fn forget_mentions(&mut self, user: UserKey) -> Result<u32> {
        let ids = self
            .connection
            .prepare_cached(
                "SELECT e.id FROM mentions e JOIN rooms r ON r.id = e.id >> 40
                 WHERE e.user = ?1 AND r.deleted = 0 ORDER BY e.id LIMIT ?2",
            )?
            .query_map(params![user.0.as_bytes(), CHUNK], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        self.forget(user, &ids)?;
        Ok(ids.len() as u32)
    }

    /// Forgets the user in the messages at these positions, each by a change of its own. Messages of deleted rooms are
    /// left.
    fn forget(&mut self, user: UserKey, ids: &[i64]) -> Result<()> {
        for id in ids {
            let room: Option<RoomId> = self
                .connection
                .prepare_cached("SELECT room_id FROM rooms WHERE id = ?1 AND deleted = 0")?
                .query_row([room_of(*id)], |row| Ok(RoomId::named(row.get_ref(0)?.as_str()?)))
                .optional()?;
            if let Some(room) = room {
                self.forget_for_account_removal(&room, user, number_of(*id))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Action, ClientId, Command, Email, Emoji, Message, Name, Phone, Text, User, UserId},
        store::{Log, NewUser, PasswordHash, Rooms, Users},
    };

    async fn add(store: &Sqlite, user_id: &str) -> User {
        let new = NewUser {
            user_id: UserId::parse(user_id).unwrap(),
            name: Name::parse(user_id).unwrap(),
            email: Email::parse(&format!("{user_id}@example.org")).unwrap(),
            phone: Phone::parse("112").unwrap(),
            password: PasswordHash("hash".into()),
            role: None,
            entry: None,
        };
        store.create_user(new).await.unwrap()
    }

    #[tokio::test]
    async fn reactions_during_the_search_for_earlier_ones_are_taken_back_too() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("natter.db")).unwrap();
        let (ada, bob) = (add(&store, "ada").await, add(&store, "bob").await);
        let access = store.access(&bob, &RoomId::lobby()).await.unwrap();
        let change = async |action| store.change(&access, Command::new(action)).await.unwrap().message;
        let react = |message: &Message| Action::React { seq: message.seq(), emoji: Emoji::parse("👍").unwrap() };
        let post = || Command::post(ClientId::generate(), Text::parse("hello @bob").unwrap()).action;
        let early = change(post()).await;
        change(react(&early)).await;
        let scanned = store.forget_in_chunks(bob.key).await.unwrap();
        assert!(store.message(&access, early.seq()).await.unwrap().unwrap().reactions.is_empty());
        let late = change(post()).await;
        for message in [&early, &late] {
            change(react(message)).await;
        }
        let by_ada = store.access(&ada, &RoomId::lobby()).await.unwrap();
        store.change(&by_ada, Command::new(post())).await.unwrap();
        store.writer.run(move |batch| batch.forget_since(bob.key, &scanned)).await.unwrap();
        let log = store.after(&access, 0, 10).await.unwrap().messages;
        assert!(log.len() == 3 && log.iter().all(|m| m.reactions.is_empty() && m.mentions.is_empty()), "{log:#?}");
    }
}
