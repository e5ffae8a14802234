use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use super::*;
use crate::{
    domain::{Content, Mentions, MessageId, Timestamp, UserKey},
    store::{Chunk, LoggedReaction},
};

/// The messages of each room: their `rev` and time. The room "broken" cannot be read.
#[derive(Default)]
struct Fake(Mutex<HashMap<&'static str, Vec<(u64, i64)>>>);

impl Fake {
    /// Adds messages to a room, each with a `rev` of its own.
    fn post(&self, room: &'static str, times: impl IntoIterator<Item = i64>) {
        let mut rooms = self.0.lock();
        let messages = rooms.entry(room).or_default();
        for time in times {
            messages.push((messages.len() as u64 + 1, time));
        }
    }
}

#[async_trait]
impl LogReader for Fake {
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> store::Result<Chunk> {
        if room.as_str() == "broken" {
            return Err(store::Error::Failed("for a test".into()));
        }
        let rooms = self.0.lock();
        let messages = rooms.get(room.as_str()).ok_or(store::Error::NoSuchRoom)?;
        let rest = messages.iter().filter(|(rev, _)| *rev > after);
        let messages: Vec<_> =
            rest.clone().take(limit as usize).map(|(rev, time)| message(room, *rev, *time)).collect();
        Ok(Chunk { has_more: rest.count() > messages.len(), messages })
    }

    async fn reactions(&self, _: &RoomId, _: u64, _: u64) -> store::Result<Option<Vec<LoggedReaction>>> {
        Ok(None)
    }

    async fn heads(&self, _: &[RoomId]) -> store::Result<Vec<Option<u64>>> {
        Ok(Vec::new())
    }
}

fn message(room: &RoomId, rev: u64, time: i64) -> Message {
    Message {
        id: MessageId { room: room.clone(), seq: rev },
        rev,
        text_rev: rev,
        author_key: UserKey(Uuid::nil()),
        author: None,
        subject: None,
        sent_at: Timestamp(time),
        content: Content::Text(Some("text".into())),
        room_texts: 0,
        author_texts: 0,
        reply_to: None,
        root: None,
        replies: 0,
        edited_at: None,
        pinned_at: None,
        reactions: Vec::new(),
        files: Vec::new(),
        mentions: Mentions::default(),
        joins: false,
    }
}

fn room(id: &str) -> RoomId {
    RoomId::named(id)
}

/// The times of the messages of a batch, in order.
fn times(batch: &Batch) -> Vec<i64> {
    let mut times: Vec<_> =
        batch.rooms.iter().flat_map(|changes| &changes.messages).map(|message| message.sent_at.0).collect();
    times.sort_unstable();
    times
}

#[tokio::test]
async fn the_oldest_come_first_whatever_their_rooms() {
    let fake = Fake::default();
    let (first, second): (Vec<_>, Vec<_>) = (0..3_000).partition(|time| time % 3 == 0);
    fake.post("first", first);
    fake.post("second", second);
    fake.post("late", 10_000..10_010);
    let mut logs = Logs::new(&fake);
    for id in ["first", "broken", "late", "second", "gone"] {
        logs.add(room(id), 0);
    }
    let mut next = 0;
    let mut gone = Vec::new();
    for _ in 0..3 {
        let batch = logs.next(1_000).await.unwrap();
        assert_eq!(times(&batch), (next..next + 1_000).collect::<Vec<_>>());
        for ReadChanges { room, messages, after, rev } in &batch.rooms {
            let share = if room.as_str() == "first" { 1 } else { 2 };
            assert!(after.abs_diff(next as u64 * share / 3) <= 1, "{after}");
            assert_eq!((messages[0].rev, messages[messages.len() - 1].rev), (after + 1, *rev));
        }
        gone.extend(batch.gone);
        next += 1_000;
    }
    assert_eq!(gone, [room("gone")]);
    assert_eq!(times(&logs.next(1_000).await.unwrap()), (10_000..10_010).collect::<Vec<_>>());
    assert_eq!(logs.next(1_000).await.unwrap().messages, 0);
}

#[tokio::test]
async fn what_is_posted_meanwhile_takes_its_turn() {
    let fake = Fake::default();
    fake.post("long", 0..2_000);
    fake.post("other", [1, 500]);
    let mut logs = Logs::new(&fake);
    logs.add(room("long"), 0);
    logs.next(1_000).await.unwrap();
    // a room with a message of before, one that is read already, and one that has all its messages ahead
    logs.add(room("other"), 1);
    logs.add(room("long"), 7);
    assert!(logs.has(&room("other")) && !logs.has(&room("gone")));
    let batch = logs.next(100).await.unwrap();
    assert_eq!(times(&batch)[..2], [500, 1_000]);
    assert_eq!(batch.rooms.iter().map(|changes| changes.messages.len()).sum::<usize>(), 100);
    assert_eq!(logs.next(5_000).await.unwrap().messages, 901);
    fake.post("other", [3_000]);
    fake.post("long", [2_999]);
    logs.add(room("other"), 0);
    logs.add(room("long"), 0);
    assert_eq!(times(&logs.next(5_000).await.unwrap()), [2_999, 3_000]);
}

/// The cursor of a room is after both of them: if only one were indexed when natter is killed, the other would be lost.
#[tokio::test]
async fn the_messages_of_one_change_stay_together() {
    let fake = Fake::default();
    // a reply, and before it the root of its thread
    fake.0.lock().insert("thread", vec![(7, 0), (7, 5_000), (8, 6_000)]);
    fake.post("other", [100, 200]);
    let mut logs = Logs::new(&fake);
    logs.add(room("thread"), 6);
    logs.add(room("other"), 0);
    let batch = logs.next(1).await.unwrap();
    assert_eq!((times(&batch), batch.rooms[0].rev), (vec![0, 5_000], 7));
    assert_eq!(times(&logs.next(1).await.unwrap()), [100]);
    assert_eq!(times(&logs.next(5).await.unwrap()), [200, 6_000]);
}
