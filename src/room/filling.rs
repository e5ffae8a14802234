//! Reads changes from the store into a room's ring: those that are missing at its end, and those before its beginning
//! that late readers need.

use std::time::{Duration, Instant};

use backon::BackoffBuilder;
use tokio::time::sleep;

use super::{
    entry::{Entry, each_change},
    losses::Loss,
    ring::{FRAME_BYTES, Read},
    room::Room,
    rooms::Rooms,
};
use crate::{
    net::{Frame, retry::backoff, sync::Arc},
    store::{self, Chunk},
};

/// First and longest delay before the next attempt after the store did not answer.
const FILL_DELAYS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(2)];
/// Changes read at a time.
const PAGE: u32 = 500;
/// Changes of a late page: usually a frame of some 25 KB.
const LATE_PAGE: u32 = 100;
/// A gap with more changes is not filled: the ring continues after it, and the readers catch up by themselves.
const MAX_GAP: u64 = 1000;
/// Most changes read for late readers into the ring.
const MAX_BACKFILL: u64 = 1000;

/// Notes that `rev` is committed in the room. Starts a task that fills the gap if changes up to it are missing and none
/// does.
pub(super) fn advance(rooms: &Arc<Rooms>, room: &Arc<Room>, rev: u64) {
    if room.advance(rev) {
        tokio::spawn(fill(Arc::clone(rooms), Arc::clone(room)));
    }
}

/// Pushes the missing changes to the ring, and wakes the fan-out. Goes on until nothing is missing, or until the store
/// does not answer and nobody follows the room.
async fn fill(rooms: Arc<Rooms>, room: Arc<Room>) {
    let [first, longest] = FILL_DELAYS;
    let mut delays = backoff(first, longest).build();
    loop {
        match fill_once(&rooms, &room).await {
            Ok(_) if room.end_fill() => return,
            Err(store::Error::NoSuchRoom) => {
                rooms.texts.forget_room(&room.id);
                room.vanish();
                rooms.announce(&room, Instant::now());
                return;
            }
            Ok(true) => {}
            // an event came before what it reports could be read
            Ok(false) => sleep(first).await,
            Err(_) if room.abandon_fill() => return,
            Err(error) => {
                let retry_in = delays.next().unwrap_or(longest);
                tracing::warn!(room = room.id.as_str(), after = room.head(), ?retry_in, %error, "gap fill failed");
                sleep(retry_in).await;
            }
        }
    }
}

/// Returns whether there was anything to push.
async fn fill_once(rooms: &Rooms, room: &Arc<Room>) -> store::Result<bool> {
    let _permit = rooms.fills.acquire().await;
    let first = room.head();
    loop {
        let (after, cleared) = (room.head(), room.cleared());
        let Chunk { messages, has_more } = rooms.store.changes(&room.id, after, PAGE).await?;
        if has_more {
            let head = rooms.store.head(&room.id).await?;
            if head - after > MAX_GAP {
                tracing::info!(room = room.id.as_str(), after, head, "gap skipped");
                rooms.texts.forget_room(&room.id);
                room.jump(head);
                rooms.announce(room, Instant::now());
                continue;
            }
        }
        messages.iter().for_each(|message| rooms.texts.note(message));
        let renders = room.renders();
        let changes = each_change(&messages).map(|change| (rooms.entry(change, renders), change)).collect();
        if !room.push_all(cleared, changes, has_more) {
            continue;
        }
        metrics::counter!("natter_changes_total").increment(messages.len() as u64);
        rooms.announce(room, Instant::now());
        if !has_more {
            return Ok(room.head() > first);
        }
    }
}

/// Reads the changes between `after` and the ring's beginning into the ring, if there are not too many. Readers at the
/// same place wait for one read. The caller looks into the ring again, and if it still lags, reads from the store itself.
pub(super) async fn backfill(rooms: &Rooms, room: &Room, after: u64) -> store::Result<()> {
    let _one_at_a_time = room.late_read.lock().await;
    let (base, cleared) = (room.base(), room.cleared());
    if after >= base || base - after > MAX_BACKFILL || !room.has_room() {
        return Ok(());
    }
    let _permit = rooms.late_reads.acquire().await;
    let (mut entries, mut read_to) = (Vec::new(), after);
    loop {
        let Chunk { messages, has_more } = rooms.store.changes(&room.id, read_to, PAGE).await?;
        read_to = messages.last().map_or(base, |message| message.rev);
        entries.extend(Entry::changes(&messages, &rooms.texts));
        if !has_more || read_to >= base {
            room.prepend(cleared, after, base, entries);
            return Ok(());
        }
    }
}

/// The first changes after `rev`, which are too far back for the ring. Readers at the same place wait for one read, and
/// share its frame until the room changes.
pub(super) async fn late_page(rooms: &Rooms, room: &Room, rev: u64) -> store::Result<Read> {
    let _one_at_a_time = room.late_read.lock().await;
    if let Some(read) = room.late_page(rev) {
        return Ok(read);
    }
    let _permit = rooms.late_reads.acquire().await;
    // before the read: if it finds nothing, there is nothing up to here
    let (base, version) = (room.base(), room.version());
    let changes = rooms.store.changes(&room.id, rev, LATE_PAGE).await?.messages;
    // the ring may not have these changes yet
    room.note_losses(changes.iter().filter_map(|change| Some((change.rev, Loss::of(change)?))));
    let (mut parts, mut bytes, mut to) = (Vec::new(), 0, base);
    for entry in Entry::changes(&changes, &rooms.texts) {
        bytes += entry.bytes();
        to = entry.rev;
        parts.extend(entry.parts);
        if bytes > FRAME_BYTES {
            break;
        }
    }
    metrics::counter!("natter_caught_up_total").increment(parts.len() as u64);
    let read = Read { to, frame: Frame::text(parts.iter().map(|part| part.fragment.as_str())) };
    room.set_late_page(version, rev, read.clone());
    Ok(read)
}
