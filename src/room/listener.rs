//! A page's socket that listens to the rooms of its user, for the sidebar.
//!
//! The numbers of a room are read from the store as of a `rev`; what happened after that comes with the ticks of
//! [`super::sidebar`]. Where it cannot be known that all of that comes, the numbers are read again.

use std::{
    task::{Context, Poll},
    time::Instant,
};

use super::{
    filling::advance,
    listening::{Listening, Wanted},
    news::Numbers,
    room::Room,
    rooms::{Listened, Rooms},
    subscriber::Subscriber,
};
use crate::{
    domain::RoomId,
    net::sync::{Arc, atomic::Ordering::SeqCst},
    store::{self, RoomSummary},
};

/// To be called after the fan-out was given the writing: asks for the numbers of rooms with news that it may not
/// have sent to this socket; of all, if it may not have sent changes of presence, which come with the numbers. What was
/// not sent may be the loss of a right: the socket listens to these rooms again when their numbers are read.
pub(super) fn want_missed(rooms: &Rooms, subscriber: &Subscriber) {
    let mut listening = subscriber.listening.lock();
    let tick = rooms.sidebar_tick.load(SeqCst);
    if listening.tick == tick {
        return;
    }
    let mut missed = rooms.at(&listening.rooms);
    missed.retain(|room| room.news_tick.load(SeqCst) > listening.tick);
    listening.remove(&missed);
    missed.iter().for_each(|room| room.remove_listener());
    let lacks_presence = rooms.presence_tick.load(SeqCst) > listening.tick;
    listening.tick = tick;
    if lacks_presence {
        listening.want(Wanted::All, Instant::now());
    } else if !missed.is_empty() {
        listening.want(Wanted::Rooms(missed.iter().map(|room| room.id.clone()).collect()), Instant::now());
    }
}

/// A page's socket that listens to rooms, until dropped.
pub struct Listener {
    rooms: Arc<Rooms>,
    subscriber: Arc<Subscriber>,
}

impl Listener {
    /// Changes of memberships from now on are noted. All rooms are to be read first.
    pub(super) fn new(rooms: &Arc<Rooms>, subscriber: &Arc<Subscriber>) -> Self {
        subscriber.listening.lock().tick = rooms.sidebar_tick.load(SeqCst);
        rooms.listeners.add(subscriber);
        let listener = Self { rooms: Arc::clone(rooms), subscriber: Arc::clone(subscriber) };
        listener.want(Wanted::All);
        listener
    }

    /// Asks for numbers to be read, as soon as it is time.
    pub fn want(&self, wanted: Wanted) {
        self.subscriber.want(wanted, Instant::now());
    }

    /// Ready when it is time to read something.
    pub fn poll_due(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.subscriber.listening.lock().poll_due(cx)
    }

    /// What is to be read now.
    pub fn take(&self) -> Option<Reading<'_>> {
        let wanted = self.subscriber.listening.lock().take_wanted(Instant::now())?;
        Some(Reading { listener: self, wanted, is_done: false })
    }

    /// Listens to the rooms of these summaries, which were read just now for `wanted`, and no longer to those that were
    /// wanted and not found.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub async fn listen(&self, wanted: &Wanted, summaries: &[RoomSummary]) -> store::Result<()> {
        let outdated = self.listen_now(wanted, summaries);
        if outdated.is_empty() {
            return Ok(());
        }
        // what was committed after the summaries were read, before this process noted the rooms' changes
        let ids: Vec<RoomId> = outdated.iter().map(|room| room.id.clone()).collect();
        for (room, head) in outdated.iter().zip(self.rooms.store.heads(&ids).await?) {
            room.open(head.unwrap_or(0), true);
            advance(&self.rooms, room, 0);
        }
        Ok(())
    }

    /// Returns the rooms in which changes may be missing for which no event comes.
    fn listen_now(&self, wanted: &Wanted, summaries: &[RoomSummary]) -> Vec<Arc<Room>> {
        let Self { rooms, subscriber } = self;
        let mut listening = subscriber.listening.lock(); // until the end: a shard may take rooms out
        let is_listed = |room: &Room| listening.rooms.binary_search(&room.index).is_ok();
        let (mut now, mut outdated, mut again) = (Vec::with_capacity(summaries.len()), Vec::new(), Vec::new());
        for RoomSummary { room, head, latest_at, .. } in summaries {
            if let Some(room) = rooms.get(&room.id).filter(|room| is_listed(room)) {
                now.push(room.index);
                // if its head was to be read before, and the future was dropped, or the store did not answer
                outdated.extend((!room.is_current()).then_some(room));
                continue;
            }
            let numbers = Numbers::new(*head, latest_at.0);
            let Listened { room, gets_all } = rooms.listen(&room.id, head.rev, numbers);
            outdated.extend((!room.is_current()).then(|| Arc::clone(&room)));
            // the membership may have ended since
            let is_lost = room.is_lost(subscriber.user, head.rev);
            advance(rooms, &room, head.rev);
            if is_lost {
                room.remove_listener();
            } else {
                now.push(room.index);
            }
            if is_lost || !gets_all {
                again.push(room.id.clone());
            }
        }
        let is_wanted = |room: &Room| match wanted {
            Wanted::All => true,
            Wanted::Rooms(rooms) => rooms.contains(&room.id),
        };
        now.sort_unstable();
        let mut unchanged = Vec::new();
        for room in rooms.at(&listening.rooms).iter().filter(|room| now.binary_search(&room.index).is_err()) {
            if is_wanted(room) { room.remove_listener() } else { unchanged.push(room.index) }
        }
        now.append(&mut unchanged);
        now.sort_unstable();
        listening.rooms = now.into();
        if !again.is_empty() {
            listening.want(Wanted::Rooms(again.into_iter().collect()), Instant::now());
        }
        outdated
    }
}

/// What is being read for a sidebar. It stays wanted if this is dropped before it is done.
pub struct Reading<'a> {
    listener: &'a Listener,
    pub wanted: Wanted,
    is_done: bool,
}

impl Reading<'_> {
    pub fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            let wanted = std::mem::replace(&mut self.wanted, Wanted::All);
            self.listener.want(wanted);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.rooms.listeners.remove(&self.subscriber);
        let listening = std::mem::take(&mut *self.subscriber.listening.lock());
        let Listening { rooms, .. } = listening;
        self.rooms.at(&rooms).iter().for_each(|room| room.remove_listener());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        sync::mpsc,
        time::{sleep, timeout},
    };

    use super::*;
    use crate::{
        domain::{ClientId, Command, Text},
        room::{
            hub::tests::add,
            subscriber::tests::subscriber,
            subscription::{Reader, Subscription},
        },
    };

    /// The future that listens may be dropped at any time, and the store may not answer.
    #[tokio::test]
    async fn a_room_that_a_sidebar_has_opened_lacks_nothing_although_its_head_was_not_read_then() {
        let directory = tempfile::tempdir().unwrap();
        let store = store::open_embedded(directory.path()).unwrap();
        let ada = add(store.as_ref(), "ada").await;
        let lobby = RoomId::lobby();
        let access = store.access(&ada, &lobby).await.unwrap();
        let summaries = store.summaries(&ada, std::slice::from_ref(&lobby)).await.unwrap();
        let (client, text) = (ClientId::parse("1").unwrap(), Text::parse("hello").unwrap());
        let head = store.change(&access, Command::post(client, text)).await.unwrap().message.rev;
        for is_subscription in [false, true] {
            let rooms = Rooms::new(Arc::clone(&store), mpsc::unbounded_channel().0);
            let (subscriber, _client) = subscriber().await;
            let listener = Listener::new(&rooms, &subscriber);
            assert_eq!(listener.listen_now(&Wanted::All, &summaries).len(), 1, "its head is to be read");
            if is_subscription {
                Subscription::new(&rooms, &access, 0, &subscriber, Reader::Page, Some(0)).await.unwrap();
            } else {
                listener.listen(&Wanted::All, &summaries).await.unwrap();
            }
            let filled = async {
                while rooms.get(&lobby).unwrap().head() < head {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(Duration::from_secs(10), filled).await.expect("what was missing is read");
            assert!(listener.listen_now(&Wanted::All, &summaries).is_empty());
        }
    }

    /// The change that was missed may be the loss of the right to get what comes next.
    #[tokio::test]
    async fn after_missed_news_a_socket_listens_again_when_the_numbers_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let rooms = Rooms::new(store::open_embedded(directory.path()).unwrap(), mpsc::unbounded_channel().0);
        let (subscriber, _client) = subscriber().await;
        let [missed, quiet] = ["1", "2"].map(|id| rooms.listen(&RoomId::named(id), 0, Numbers::default()).room);
        subscriber.listening.lock().rooms = [missed.index, quiet.index].into();
        missed.news_tick.store(1, SeqCst);
        rooms.sidebar_tick.store(1, SeqCst);
        want_missed(&rooms, &subscriber);
        let wanted = subscriber.listening.lock().take_wanted(Instant::now());
        assert_eq!(wanted, Some(Wanted::room(missed.id.clone())));
        assert_eq!(*subscriber.listening.lock().rooms, [quiet.index]);

        rooms.presence_tick.store(2, SeqCst);
        rooms.sidebar_tick.store(2, SeqCst);
        want_missed(&rooms, &subscriber);
        assert_eq!(subscriber.listening.lock().take_wanted(Instant::now()), Some(Wanted::All), "with all presence");
    }
}
