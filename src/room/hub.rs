//! The one task that feeds the rings.
//!
//! A change enters a ring by one door, which lets a number in only when it is the next one: an older one
//! is dropped, and before a newer one the gap is filled from the store. So it does not matter who tells of
//! a commit, how often, or in what order.
//!
//! Waking a socket and writing to it are what fan-out costs, not the bytes. The hub wakes at once in a
//! quiet room; in a busy one at most every [`TICK`], and what arrived meanwhile goes out in one write.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, task::JoinHandle, time::sleep_until};

use super::{
    PresenceEvent, Room, RosterView,
    entry::Entry,
    grant_check,
    presence_publisher::{self, LocalPresence},
    registry::{CloseReason, Registry},
    roster::{Announcement, Roster},
};
use crate::{
    domain::{Message, RoomId, Timestamp},
    render,
    security::Grant,
    store::{self, Chunk, Event, Events, Store},
};

/// Shortest time between two wake-ups of a room.
const TICK: Duration = Duration::from_millis(10);
/// Wait before the store is asked again for what it failed to tell.
const RETRY: Duration = Duration::from_millis(250);
/// Changes read at a time to fill a gap.
const GAP_PAGE: u32 = 500;

/// The rooms of this process, and the sockets in them.
#[derive(Clone)]
pub struct Hub {
    lobby: Arc<Room>,
    pub registry: Arc<Registry>,
}

impl Hub {
    /// Starts the task that follows the store. It ends with the store's event stream.
    ///
    /// # Errors
    /// Where the store cannot tell where the log stands.
    ///
    /// # Panics
    /// Where something else follows the store's events already.
    pub async fn start(store: Arc<dyn Store>) -> store::Result<(Self, JoinHandle<()>)> {
        let events = store.events().expect("one hub follows a store");
        let (presence, connections) = mpsc::unbounded_channel();
        let id = RoomId::lobby();
        let latest = store.page(&id, None, 1, None).await?;
        let lobby = Room::open(id, Arc::clone(&store), latest.head, presence);
        let publisher = store.presence().map(|presence| {
            let (publisher, told) = mpsc::unbounded_channel();
            tokio::spawn(presence_publisher::run(presence, lobby.id().clone(), told));
            publisher
        });
        let hub = Self { lobby: Arc::clone(&lobby), registry: Arc::default() };
        let task = HubTask {
            room: lobby,
            grants: grant_check::spawn(Arc::clone(&store), Arc::clone(&hub.registry)),
            store,
            posts: PostDetector::after(latest.messages.last().map_or(0, |message| message.seq)),
            registry: Arc::clone(&hub.registry),
            roster: Roster::default(),
            publisher,
            woken: None,
            retry_at: None,
        };
        Ok((hub, tokio::spawn(task.run(events, connections))))
    }

    /// The room everybody is in. Others will have to be asked for by their id.
    pub fn lobby(&self) -> &Arc<Room> {
        &self.lobby
    }
}

struct HubTask {
    room: Arc<Room>,
    store: Arc<dyn Store>,
    posts: PostDetector,
    registry: Arc<Registry>,
    roster: Roster,
    /// Who tells the other processes, if there can be any.
    publisher: Option<mpsc::UnboundedSender<LocalPresence>>,
    /// Asks for a look at whether the open sockets' grants hold.
    grants: mpsc::Sender<()>,
    woken: Option<Instant>,
    /// When to ask the store again for what it failed to tell: nobody else may come to tell of it.
    retry_at: Option<Instant>,
}

impl HubTask {
    async fn run(mut self, mut events: Events, mut connections: mpsc::UnboundedReceiver<PresenceEvent>) {
        loop {
            self.publish_presence();
            let due = self.roster.due();
            tokio::select! {
                batch = events.recv() => {
                    let Some(batch) = batch else { return };
                    self.apply(batch).await;
                    self.coalesce(&mut events).await;
                }
                commands = connections.recv() => match commands {
                    Some(PresenceEvent::Connected { user, name, returning }) => self.roster.enter(user, name, returning),
                    Some(PresenceEvent::Disconnected { user }) => self.roster.leave(user, Instant::now()),
                    None => return,
                },
                () = sleep_until(self.retry_at.unwrap_or_else(Instant::now).into()), if self.retry_at.is_some() => {
                    self.catch_up().await;
                    self.room.wake();
                }
                () = sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {
                    if let Some(announcement) = self.roster.poll(Instant::now()) {
                        self.announce(&announcement);
                    }
                }
            }
        }
    }

    /// Takes what else has been committed, and wakes the room: at once, or a tick after the last time.
    async fn coalesce(&mut self, events: &mut Events) {
        if let Some(woken) = self.woken
            && woken.elapsed() < TICK
        {
            sleep_until((woken + TICK).into()).await;
        }
        // what comes in faster than it can be applied must not keep the room waiting
        let until = Instant::now() + TICK;
        while Instant::now() < until
            && let Ok(batch) = events.try_recv()
        {
            self.apply(batch).await;
        }
        self.room.wake();
        self.woken = Some(Instant::now());
    }

    async fn apply(&mut self, batch: Vec<Event>) {
        for event in batch {
            match event {
                Event::Changed(room, message) if room == *self.room.id() => self.change(message).await,
                Event::Changed(..) => {}
                Event::UserChanged { key, name } => {
                    self.roster.rename(key, name.as_str());
                    self.room.forget();
                }
                Event::UserRevoked { key, version } => {
                    // told late, it must not end what was opened with the new password
                    let void = |grant: &Grant| grant.user() == key && grant.version() < version;
                    self.registry.end(CloseReason::Revoked, void);
                    self.room.forget();
                }
                Event::TokenRevoked(token) => self.registry.end(CloseReason::Revoked, |grant| grant.token() == token),
                Event::Online(room, present) if room == *self.room.id() => self.roster.came(&present),
                Event::Offline { room, process, user } if room == *self.room.id() => self.roster.went(process, user),
                Event::Online(..) | Event::Offline { .. } => {}
                Event::ExternalWrite => self.catch_up().await,
            }
        }
    }

    async fn change(&mut self, message: Message) {
        let head = self.room.head();
        if message.rev == head + 1 {
            if self.push(&message) {
                let lag = Timestamp::now().0 - message.sent_at.0;
                metrics::histogram!("natter_lag_seconds").record(lag as f64 / 1000.0);
            }
        } else if message.rev > head {
            self.catch_up().await;
        }
    }

    /// Reads what others may have done, and reads it again a little later if the store does not answer.
    async fn catch_up(&mut self) {
        let _ = self.grants.try_send(()); // full: it has been asked to already
        let caught_up = async {
            self.fill().await?;
            self.read_roster().await
        };
        self.retry_at = match caught_up.await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(%error, "what others did could not be read");
                Some(Instant::now() + RETRY)
            }
        };
    }

    /// Takes every change after the ring's head from the store.
    async fn fill(&mut self) -> store::Result<()> {
        loop {
            let Chunk { messages, more } = self.store.changes(self.room.id(), self.room.head(), GAP_PAGE).await?;
            for message in &messages {
                self.push(message);
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Appends a change to the ring. Returns whether it is a post.
    fn push(&mut self, message: &Message) -> bool {
        metrics::counter!("natter_changes_total").increment(1);
        self.room.push(Entry::change(message));
        self.posts.take(message)
    }

    /// Reads who is in at other processes.
    async fn read_roster(&mut self) -> store::Result<()> {
        if let Some(presence) = self.store.presence() {
            self.roster.present(&presence.present(self.room.id()).await?);
        }
        Ok(())
    }

    fn publish_presence(&mut self) {
        for local in self.roster.take_local() {
            if let Some(publisher) = &self.publisher {
                let _ = publisher.send(local); // it ends with the process
            }
        }
    }

    fn announce(&self, announcement: &Announcement) {
        let Announcement { entered, left, here } = announcement;
        let here = RosterView::new(here);
        // before the notices: who joins after them has to find what they tell of
        self.room.set_here(Arc::clone(&here));
        let left: Vec<&str> = left.iter().map(|(_, name)| name.as_str()).collect();
        // each an entry of its own, so that the fragments are small. They go out in one frame
        let left = Entry::notice(render::left(&left));
        for entry in [left, Entry::entered(entered), Entry::notice(here.fragment.clone())] {
            if !entry.fragment.is_empty() {
                self.room.push(entry);
            }
        }
        self.room.wake();
    }
}

/// Tells posts from later changes of a message: a post takes the room's next `seq`.
struct PostDetector {
    /// The latest `seq` of the room that was seen.
    latest: u64,
}

impl PostDetector {
    fn after(latest: u64) -> Self {
        Self { latest }
    }

    fn take(&mut self, message: &Message) -> bool {
        // a deleted message can be later than the latest that a page shows
        let is_post = message.seq > self.latest && message.text.is_some();
        self.latest = self.latest.max(message.seq);
        is_post
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::{
        domain::{ClientId, Email, Name, Phone, Post, Role, Text, UserId, UserKey},
        store::{MessageRetention, NewUser, PasswordHash},
    };

    async fn add(store: &dyn Store, user_id: &str) -> UserKey {
        let user = NewUser {
            user_id: UserId::parse(user_id).unwrap(),
            name: Name::parse(user_id).unwrap(),
            email: Email::parse(&format!("{user_id}@example.org")).unwrap(),
            phone: Phone::default(),
            password: PasswordHash("none".into()),
            role: Some(Role::Admin),
        };
        store.create_user(user).await.unwrap().key
    }

    #[tokio::test]
    async fn the_lag_is_that_of_posts() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _recording = metrics::set_default_local_recorder(&recorder);
        let dir = tempfile::tempdir().unwrap();
        let store = store::open_embedded(dir.path()).unwrap();
        let (_ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
        let (hub, _task) = Hub::start(Arc::clone(&store)).await.unwrap();
        let mut heads = hub.lobby().end.subscribe();
        for client in ["1", "2"] {
            let (client, text) = (ClientId::parse(client).unwrap(), Text::parse("hello").unwrap());
            let post = Post { room: RoomId::lobby(), author: bob, client, text, at: Timestamp::now() };
            store.post(post).await.unwrap();
        }
        store.delete_user(bob, MessageRetention::Delete).await.unwrap();
        while hub.lobby().head() < 4 {
            heads.changed().await.unwrap();
        }
        let metrics = recorder.handle().render();
        assert!(metrics.contains("natter_lag_seconds_count 2\n"), "two posts, two deletions: {metrics}");
    }

    #[test]
    fn a_message_is_posted_once() {
        let message = |seq, rev, text: Option<&str>| Message {
            seq,
            rev,
            author_key: UserKey::generate(),
            author: None,
            sent_at: Timestamp(0),
            text: text.map(str::to_owned),
        };
        let mut posts = PostDetector::after(6);
        assert!(!posts.take(&message(5, 9, Some("edited"))));
        assert!(!posts.take(&message(7, 10, None)), "deleted, and for that not known at the start");
        assert!(posts.take(&message(8, 11, Some("posted"))));
        assert!(!posts.take(&message(8, 12, Some("edited"))));
        assert!(posts.take(&message(9, 13, Some("posted"))));
    }
}
