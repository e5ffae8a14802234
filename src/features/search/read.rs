//! Reading the messages of hits, as they are now.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use time::OffsetDateTime;

use crate::{
    domain::{Message, RoomId, Timestamp, User},
    search::{Filters, Flags, Hit, Is, Query, flags, searched_text},
    store::{Access, RoomSummary},
    web::{AppState, Result},
};

/// Messages that are read at once.
const READS: usize = 8;

pub struct FoundMessage {
    pub message: Message,
    /// What was searched: the text, and the names of the files.
    pub text: String,
    /// As the searcher sees the room.
    pub room: RoomSummary,
}

/// The messages of hits, in their order. Left out is what the user may not read any more, and what is not found any
/// more: the index may be a second behind.
pub async fn read(state: &AppState, user: &User, query: &Query, hits: &[Hit]) -> Result<Vec<FoundMessage>> {
    let rooms = rooms(state, user, hits).await?;
    let mut found = Vec::new();
    for hits in hits.chunks(READS) {
        let known = hits.iter().filter_map(|hit| Some((hit.seq, rooms.get(&hit.room_id)?)));
        let read = known.map(async |(seq, (access, room))| {
            let message = state.store.message(access, seq).await?;
            Result::<_>::Ok(message.and_then(|message| checked(message, query, room)))
        });
        found.extend(try_join_all(read).await?.into_iter().flatten());
    }
    Ok(found)
}

/// The rooms of hits that the user may read now.
async fn rooms(state: &AppState, user: &User, hits: &[Hit]) -> Result<HashMap<String, (Access, RoomSummary)>> {
    let mut ids: Vec<RoomId> = hits.iter().map(|hit| RoomId::named(&hit.room_id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let accesses = try_join_all(ids.iter().map(|id| state.find_access(user, id))).await?;
    let summaries = state.store.summaries(user, &ids).await?;
    let mut own: HashMap<String, RoomSummary> =
        summaries.into_iter().map(|summary| (summary.room.id.as_str().to_owned(), summary)).collect();
    let mut rooms = HashMap::new();
    for access in accesses.into_iter().flatten() {
        let id = access.room().as_str().to_owned();
        let summary = match own.remove(&id) {
            Some(summary) => summary,
            None => state.store.summary(&access).await?, // an open room that the user is no member of
        };
        rooms.insert(id, (access, summary));
    }
    Ok(rooms)
}

/// The message, if the query still finds it.
fn checked(message: Message, query: &Query, room: &RoomSummary) -> Option<FoundMessage> {
    let text = searched_text(&message)?;
    let has = query.filters.has.iter().map(|has| Flags::of(*has));
    let is = query.filters.is.iter().filter_map(|is| match is {
        Is::Pinned => Some(Flags::PINNED),
        Is::Reply => Some(Flags::REPLY),
        Is::Mine => None,
    });
    let flags = flags(&message);
    let is_found = query.matches_text(&text)
        && has.chain(is).all(|flag| flags.contains(flag))
        && is_in_time(message.sent_at, &query.filters);
    is_found.then(|| FoundMessage { message, text, room: room.clone() })
}

/// Whether the day of a message, in UTC, is one of those that the filters name.
fn is_in_time(sent: Timestamp, filters: &Filters) -> bool {
    let Ok(sent) = OffsetDateTime::from_unix_timestamp(sent.as_secs()) else { return true };
    let day = sent.date();
    filters.before.is_none_or(|before| day < before) && filters.after.is_none_or(|after| day > after)
}

#[cfg(test)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn days_are_in_utc() {
        let in_time = |typed: &str, sent: &str| {
            let sent = OffsetDateTime::parse(sent, &Rfc3339).unwrap();
            let sent = Timestamp((sent.unix_timestamp_nanos() / 1_000_000) as i64);
            is_in_time(sent, &Query::parse(typed).filters)
        };
        assert!(in_time("before:2026-03-01", "2026-02-28T23:59:59.999Z"));
        assert!(!in_time("before:2026-03-01", "2026-03-01T00:00:00Z"));
        assert!(in_time("after:2026-02-28", "2026-03-01T00:00:00Z"));
        assert!(!in_time("after:2026-02-28", "2026-02-28T23:59:59.999Z"));
        assert!(in_time("x", "1969-12-31T23:59:59Z"));
    }
}
