//! Finding messages: what a query's filters mean for who asks.

use std::{
    cmp::Reverse,
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use time::{Date, PrimitiveDateTime, Time};

use super::read::{FoundMessage, read};
use crate::{
    domain::{Room, RoomKind, User, UserId, fold},
    search::{self, Filters, Is, Order, Query, Search},
    store,
    web::{AppState, Result},
};

/// Open rooms whose name contains the wanted one, of which one may be it.
const OPEN_ROOMS: u32 = 100;
/// How often the index is asked again if hits are not what it had.
const MAX_TRIES: usize = 5;
/// The time after which it is not asked again.
const TIME: Duration = Duration::from_millis(500);

/// The index takes many messages of the same moment for later ones. So those of the first minute after a day are asked for
/// too, and each is checked when it is read.
const DISPLACED_MS: i64 = 60_000;

/// A page of messages.
pub struct Results {
    pub hits: Vec<FoundMessage>,
    /// Where the next page begins, if there can be more.
    pub next: Option<i64>,
    /// The share of all messages that the index has, in percent.
    pub indexed: u8,
    /// Whether the search took too long, so that hits may be missing.
    pub timed_out: bool,
}

impl Results {
    fn none(indexed: u8) -> Self {
        Self { hits: Vec::new(), next: None, indexed, timed_out: false }
    }
}

/// The order of hits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    #[default]
    Newest,
    Best,
}

/// Finds messages in the rooms that the user may read now. `after`: the [`Results::next`] of the page before.
///
/// # Errors
/// The store's, and 503 if the index cannot be read.
pub async fn find(
    state: &AppState,
    user: &User,
    query: &Query,
    sort: Sort,
    after: Option<i64>,
    limit: usize,
) -> Result<Results> {
    let finder = state.finder();
    let indexed = finder.percent();
    let Some(mut search) = scope(state, user, query, sort, after, limit).await? else {
        return Ok(Results::none(indexed));
    };
    let mut results = Results::none(indexed);
    let started = Instant::now();
    for _ in 0..MAX_TRIES {
        search.limit = limit - results.hits.len();
        let found = match finder.find(search.clone()).await {
            Ok(found) => found,
            // it is being made
            Err(search::Error::NotThere | search::Error::Unusable) => return Ok(Results::none(0)),
            Err(error) => {
                tracing::warn!(%error, "search failed");
                return Err(store::Error::Busy.into());
            }
        };
        results.timed_out = !found.is_complete;
        let is_full = found.hits.len() == search.limit;
        search.order = match (search.order, found.hits.last()) {
            (Order::Newest { .. }, Some(last)) if is_full => Order::Newest { below: Some(last.id) },
            (Order::Newest { .. }, _) => Order::Newest { below: Some(found.below) },
            (Order::Best { offset }, _) => Order::Best { offset: offset.saturating_add(found.hits.len()) },
        };
        let may_have_more = is_full || (results.timed_out && sort == Sort::Newest);
        results.next = may_have_more.then(|| cursor(search.order));
        results.hits.extend(read(state, user, query, &found.hits).await?);
        let has_time = !results.timed_out && started.elapsed() < TIME;
        if results.hits.len() >= limit || results.next.is_none() || !has_time {
            break;
        }
    }
    if sort == Sort::Newest {
        // the index may exchange messages of the same moment
        results.hits.sort_by_key(|hit| Reverse((hit.message.sent_at, hit.message.seq())));
    }
    Ok(results)
}

/// What the index is asked. `None`: nothing can be found.
async fn scope(
    state: &AppState,
    user: &User,
    query: &Query,
    sort: Sort,
    after: Option<i64>,
    limit: usize,
) -> Result<Option<Search>> {
    if query.is_empty() {
        return Ok(None);
    }
    let Filters { from, rooms, before, after: since, is, .. } = &query.filters;
    // the day itself is not after it
    let Some(since) = since.map_or(Some(None), |since| since.next_day().map(Some)) else {
        return Ok(None); // nothing is after the last day of all
    };
    let mut readable: HashSet<String> =
        state.store.readable(user).await?.into_iter().map(|room| room.as_str().to_owned()).collect();
    if !rooms.is_empty() {
        let named = rooms_named(state, user, rooms, &readable).await?;
        readable.retain(|room| named.contains(room));
    }
    let mut authors = None;
    if !from.is_empty() {
        let mut keys = Vec::new();
        for name in from {
            if let Ok(id) = UserId::parse(name)
                && let Some(found) = state.store.user(&id).await?
            {
                keys.push(*found.key.0.as_bytes());
            }
        }
        authors = Some(keys);
    }
    if is.contains(&Is::Mine) {
        let mine = *user.key.0.as_bytes();
        let can_be_mine = authors.as_ref().is_none_or(|authors| authors.contains(&mine));
        authors = Some(if can_be_mine { vec![mine] } else { Vec::new() });
    }
    if readable.is_empty() || authors.as_ref().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    Ok(Some(Search {
        query: query.clone(),
        rooms: Arc::new(readable),
        authors,
        before_ms: before.map(|day| start_of(day).saturating_add(DISPLACED_MS)),
        since_ms: since.map(start_of),
        order: match sort {
            Sort::Newest => Order::Newest { below: after },
            Sort::Best => Order::Best { offset: after.and_then(|n| usize::try_from(n).ok()).unwrap_or_default() },
        },
        limit,
    }))
}

/// The first millisecond of a day, in UTC.
fn start_of(day: Date) -> i64 {
    let start = PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_utc();
    (start.unix_timestamp_nanos() / 1_000_000) as i64
}

/// The number by which a next page says where it begins.
fn cursor(order: Order) -> i64 {
    match order {
        Order::Newest { below } => below.unwrap_or(i64::MAX),
        Order::Best { offset } => offset as i64,
    }
}

/// The ids of the rooms that `in:` means: by id, by name, or by the person one has a direct room with.
async fn rooms_named(
    state: &AppState,
    user: &User,
    names: &[String],
    readable: &HashSet<String>,
) -> Result<HashSet<String>> {
    let (mut found, mut folded) = (HashSet::new(), Vec::new());
    for name in names {
        if readable.contains(name) {
            found.insert(name.clone());
        } else if let Some(person) = name.strip_prefix('@') {
            let Ok(id) = UserId::parse(person) else { continue };
            let Some(other) = state.store.user(&id).await? else { continue };
            let room = state.store.direct_room(&[user.key, other.key]).await?;
            found.extend(room.map(|room| room.id.as_str().to_owned()));
        } else {
            folded.push(fold(name.trim_start_matches('#')));
        }
    }
    let is_named = |room: &Room| room.kind != RoomKind::Direct && folded.contains(&fold(&room.name));
    if !folded.is_empty() {
        let own = state.store.rooms_of(user, None, u32::MAX).await?;
        found.extend(own.iter().filter(|own| is_named(&own.room)).map(|own| own.room.id.as_str().to_owned()));
    }
    for name in &folded {
        let open = state.store.open_rooms(name, None, OPEN_ROOMS).await?;
        found.extend(open.iter().filter(|open| is_named(&open.room)).map(|open| open.room.id.as_str().to_owned()));
    }
    Ok(found)
}
