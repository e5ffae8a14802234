//! [`Personal`] for the embedded database.

use std::cmp::Reverse;

use async_trait::async_trait;
use rusqlite::{Connection, named_params, params};

use super::{
    batch::Batch,
    connection::sql_integer,
    database::Sqlite,
    member_rows,
    mention_rows::{self, MemberRoom},
    position::{number_of, position},
    room_log::RoomLog,
    room_rows::{ROOM_COLUMNS, present_number, room_in},
};
use crate::{
    domain::{Message, RoomId, Timestamp, User, UserKey, rules},
    store::{Access, Error, ListCursor, Personal, Result, SavedMessage, answer_budget::AnswerBudget},
};

#[async_trait]
impl Personal for Sqlite {
    async fn mentions_of(&self, user: &User, after: Option<&ListCursor>, limit: u32) -> Result<Vec<Message>> {
        let (user, after) = (user.key, after.cloned());
        self.read(move |c| mentions(c, user, after.as_ref(), limit)).await
    }

    async fn saved_by(&self, user: &User, after: Option<&ListCursor>, limit: u32) -> Result<Vec<SavedMessage>> {
        let (user, after) = (user.key, after.cloned());
        self.read(move |c| saved(c, user, after.as_ref(), limit)).await
    }

    async fn save(&self, access: &Access, seq: u64) -> Result<()> {
        let (room, user) = (access.room().clone(), access.user());
        self.writer.run(move |batch| batch.save(&room, user, seq)).await
    }

    async fn unsave(&self, access: &Access, seq: u64) -> Result<()> {
        let (room, user) = (access.room().clone(), access.user());
        let unsave = move |batch: &mut Batch<'_>| {
            let id = position(batch.room(&room)?.number, seq);
            let delete = "DELETE FROM saved WHERE user = ?1 AND id = ?2";
            Ok(batch.connection.prepare_cached(delete)?.execute(params![user.0.as_bytes(), id]).map(drop)?)
        };
        self.writer.run(unsave).await
    }

    async fn saved_among(&self, access: &Access, seqs: &[u64]) -> Result<Vec<u64>> {
        let (room, user, seqs) = (access.room().clone(), access.user(), seqs.to_vec());
        self.read(move |c| -> Result<_> {
            let number = present_number(c, &room)?;
            let mut find = c.prepare_cached("SELECT 1 FROM saved WHERE user = ?1 AND id = ?2")?;
            let mut found = Vec::new();
            for seq in seqs {
                found.extend(find.exists(params![user.0.as_bytes(), position(number, seq)])?.then_some(seq));
            }
            Ok(found)
        })
        .await
    }
}

fn mentions(c: &Connection, user: UserKey, after: Option<&ListCursor>, limit: u32) -> Result<Vec<Message>> {
    let rooms = c
        .prepare_cached(
            "SELECT r.id, r.room_id, m.joined_at FROM memberships m JOIN rooms r ON r.id = m.room
             WHERE m.user = ?1 AND r.deleted = 0",
        )?
        .query_map([user.0.as_bytes()], |row| {
            let id = RoomId::named(row.get_ref(1)?.as_str()?);
            Ok(MemberRoom { number: row.get(0)?, id, joined_at: Timestamp(row.get(2)?) })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // the first of each room, and of these the first of all
    let mut first = Vec::new();
    for room in &rooms {
        let latest = mention_rows::latest(c, room, user, after, limit)?;
        first.extend(latest.into_iter().map(|(at, seq)| (at, room.id.as_str(), seq, room)));
    }
    first.sort_unstable_by_key(|(at, room, seq, _)| Reverse((*at, *room, *seq)));
    let (mut messages, mut budget) = (Vec::new(), AnswerBudget::new(limit));
    for (_, _, seq, room) in first.into_iter().take(limit as usize) {
        let Some(message) = RoomLog::of(c, &room.id, room.number).message(seq)? else { continue };
        if !budget.take_text(message.text()) {
            break;
        }
        messages.push(message);
    }
    Ok(messages)
}

fn saved(c: &Connection, user: UserKey, after: Option<&ListCursor>, limit: u32) -> Result<Vec<SavedMessage>> {
    let (at, room, seq) =
        after.map_or((i64::MAX, "", 0), |after| (after.at.0, after.id.room.as_str(), sql_integer(after.id.seq)));
    let mut find = c.prepare_cached(&format!(
        "SELECT {ROOM_COLUMNS}, s.id, s.at FROM saved s JOIN rooms r ON r.id = s.id >> 40
         WHERE s.user = :user AND s.at <= :at
            AND (s.at < :at OR r.room_id < :room OR r.room_id = :room AND s.id < r.id << 40 | :seq)
         ORDER BY s.at DESC, r.room_id DESC, s.id DESC"
    ))?;
    let values = named_params! { ":user": user.0.as_bytes(), ":at": at, ":room": room, ":seq": seq };
    let (mut messages, mut budget) = (Vec::new(), AnswerBudget::new(limit));
    for row in find.query_map(values, |row| Ok((room_in(row)?, row.get(10)?, Timestamp(row.get(11)?))))? {
        let ((number, room), id, saved_at) = row?;
        if room.right(member_rows::membership(c, number, user)?.as_ref()).is_none() {
            continue;
        }
        let message = RoomLog::of(c, &room.id, number).message(number_of(id))?;
        let Some(message) = message.filter(|message| !message.is_deleted()) else { continue };
        if !budget.take_text(message.text()) {
            break;
        }
        messages.push(SavedMessage { message, saved_at });
    }
    Ok(messages)
}

impl Batch<'_> {
    fn save(&mut self, room: &RoomId, user: UserKey, seq: u64) -> Result<()> {
        let loaded = self.room(room)?;
        if !self.has_account(user)? {
            return Err(Error::NotFound);
        }
        let member = self.member(loaded.number, user)?;
        loaded.room.right(member.as_ref().map(|(membership, _)| membership)).ok_or(Error::NoSuchRoom)?;
        let message = RoomLog::of(self.connection, room, loaded.number).message(seq)?;
        rules::present_text(message.as_ref())?;
        let insert = "INSERT INTO saved (user, id, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let values = params![user.0.as_bytes(), position(loaded.number, seq), Timestamp::now().0];
        Ok(self.connection.prepare_cached(insert)?.execute(values).map(drop)?)
    }
}
