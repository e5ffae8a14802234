//! The one task that fills the ring.
//!
//! A change is pushed only if its `rev` is the next one: an older change is dropped, and before a later one the gap is
//! filled from the store. So it does not matter who reports a commit, how often, or in what order.
//!
//! The cost of the fan-out is waking the tasks and writing to the sockets, not the bytes. The hub wakes the fan-out at
//! once in a quiet room. In a busy room it wakes it at most once a [`TICK`], and all changes of the tick go out in one
//! write.

use std::time::{Duration, Instant};

use tokio::{sync::mpsc, time::sleep_until};

use super::{
    entry::Entry,
    presence::PresenceEvent,
    registry::{CloseReason, Registry},
    rendered_roster::RenderedRoster,
    room_state::RoomState,
    roster::{Announcement, LocalPresence, Roster},
};
use crate::{
    domain::{Message, Timestamp},
    net::{
        retry::{RetryTimer, backoff},
        sync::Arc,
    },
    render,
    security::Grant,
    store::{self, Chunk, Database, Event, Events},
};

/// Shortest time between two wake-ups of the fan-out.
const TICK: Duration = Duration::from_millis(10);
/// First and longest delay before the next catch-up after one failed.
const CATCH_UP_DELAYS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(2)];
/// Changes read at a time to fill a gap.
const GAP_PAGE: u32 = 500;

pub(super) struct HubTask {
    room: Arc<RoomState>,
    store: Arc<dyn Database>,
    registry: Arc<Registry>,
    roster: Roster,
    /// Publishes the users online here to the other processes, if there can be any.
    publisher: Option<mpsc::UnboundedSender<LocalPresence>>,
    /// Requests a check of the open sockets' grants.
    grant_check: mpsc::Sender<()>,
    /// When the fan-out was last woken.
    woken: Option<Instant>,
    /// Schedules a catch-up after one failed, because no further event may come that would start one.
    catch_up_retry: RetryTimer,
}

impl HubTask {
    pub(super) fn new(
        room: Arc<RoomState>,
        store: Arc<dyn Database>,
        registry: Arc<Registry>,
        publisher: Option<mpsc::UnboundedSender<LocalPresence>>,
        grant_check: mpsc::Sender<()>,
    ) -> Self {
        let [first, longest] = CATCH_UP_DELAYS;
        Self {
            room,
            store,
            registry,
            roster: Roster::default(),
            publisher,
            grant_check,
            woken: None,
            catch_up_retry: RetryTimer::new(backoff(first, longest)),
        }
    }

    pub(super) async fn run(mut self, mut events: Events, mut sockets: mpsc::UnboundedReceiver<PresenceEvent>) {
        loop {
            self.publish_presence();
            let roster_due = self.roster.due();
            tokio::select! {
                batch = events.recv() => {
                    let Some(batch) = batch else { return };
                    self.apply(batch).await;
                    self.coalesce(&mut events).await;
                }
                socket = sockets.recv() => match socket {
                    Some(PresenceEvent::Connected { user, name, returning }) => {
                        self.roster.connected(user, name, returning);
                    }
                    Some(PresenceEvent::Disconnected { user }) => self.roster.disconnected(user, Instant::now()),
                    None => return,
                },
                () = self.catch_up_retry.due() => {
                    self.catch_up().await;
                    self.room.wake();
                }
                () = sleep_until(roster_due.unwrap_or_else(Instant::now).into()), if roster_due.is_some() => {
                    if let Some(announcement) = self.roster.poll(Instant::now()) {
                        self.announce(&announcement);
                    }
                }
            }
        }
    }

    /// Applies the events that arrive within the tick, and wakes the fan-out: at once, or a tick after the last time.
    async fn coalesce(&mut self, events: &mut Events) {
        if let Some(woken) = self.woken
            && woken.elapsed() < TICK
        {
            sleep_until((woken + TICK).into()).await;
        }
        // events that arrive faster than they are applied must not delay the wake-up
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
                Event::Changed { message, root } if message.id.room == self.room.id => {
                    self.apply_change(*message, root).await;
                }
                Event::Advanced { room, rev } if room == self.room.id && rev > self.room.head() => {
                    self.read_changes().await;
                }
                Event::Changed { .. } | Event::Advanced { .. } => {}
                Event::UserChanged { key, name } => {
                    self.roster.rename(key, name.as_str());
                    self.room.clear_ring();
                }
                Event::UserRevoked { key, version } => {
                    // the event may come late, and must not close sockets that were opened with the new password
                    let is_revoked = |grant: &Grant| grant.user() == key && grant.version() < version;
                    self.registry.close(CloseReason::Revoked, is_revoked);
                    self.room.clear_ring();
                }
                Event::TokenRevoked(token) => self.registry.close(CloseReason::Revoked, |grant| grant.token() == token),
                Event::Online(room, user) if room == self.room.id => self.roster.published(&user),
                Event::Offline { room, process, user } if room == self.room.id => self.roster.withdrawn(process, user),
                Event::Online(..) | Event::Offline { .. } => {}
                Event::ExternalWrite => self.catch_up().await,
            }
        }
    }

    async fn apply_change(&mut self, message: Message, root: Option<Box<Message>>) {
        let head = self.room.head();
        if message.rev == head + 1 {
            let lag = is_post(&message).then(|| Timestamp::now().0 - message.sent_at.0);
            match root {
                // in the order in which the log is read
                Some(root) => self.push(&[*root, message]),
                None => self.push(std::slice::from_ref(&message)),
            }
            if let Some(lag) = lag {
                metrics::histogram!("natter_lag_seconds").record(lag as f64 / 1000.0);
            }
        } else if message.rev > head {
            self.read_changes().await;
        }
    }

    /// Reads all that other processes may have changed, and schedules another attempt if the store does not answer.
    async fn catch_up(&mut self) {
        let _ = self.grant_check.try_send(()); // full: a check is already requested
        let caught_up = async {
            self.fill_gap().await?;
            self.read_roster().await
        };
        match caught_up.await {
            Ok(()) => self.catch_up_retry.reset(),
            Err(error) => self.retry_catch_up(&error),
        }
    }

    /// Reads the changes after the ring's head, and schedules a catch-up if the store does not answer.
    async fn read_changes(&mut self) {
        if let Err(error) = self.fill_gap().await {
            self.retry_catch_up(&error);
        }
    }

    fn retry_catch_up(&mut self, error: &store::Error) {
        let retry_in = self.catch_up_retry.schedule();
        let (room, after) = (self.room.id.as_str(), self.room.head());
        tracing::warn!(room, after, ?retry_in, %error, "change-log catch-up failed");
    }

    /// Pushes all changes after the ring's head from the store.
    async fn fill_gap(&mut self) -> store::Result<()> {
        loop {
            let Chunk { messages, has_more } = self.store.changes(&self.room.id, self.room.head(), GAP_PAGE).await?;
            for change in messages.chunk_by(|one, next| one.rev == next.rev) {
                self.push(change);
            }
            if !has_more {
                return Ok(());
            }
        }
    }

    /// Pushes a change to the ring: the messages with its number.
    fn push(&self, change: &[Message]) {
        metrics::counter!("natter_changes_total").increment(1);
        self.room.push(Entry::change(change));
    }

    /// Reads who is published as online, by all processes.
    async fn read_roster(&mut self) -> store::Result<()> {
        if let Some(presence) = self.store.presence() {
            self.roster.set_published(&presence.present(&self.room.id).await?);
        }
        Ok(())
    }

    fn publish_presence(&mut self) {
        for local in self.roster.take_local() {
            if let Some(publisher) = &self.publisher {
                let _ = publisher.send(local); // the publisher ends only with the process
            }
        }
    }

    fn announce(&self, announcement: &Announcement) {
        let Announcement { entered, left, online } = announcement;
        let roster = RenderedRoster::new(online);
        // before the notices: a socket that subscribes after them must get the roster that includes them
        self.room.set_roster(Arc::clone(&roster));
        let left: Vec<&str> = left.iter().map(|(_, name)| name.as_str()).collect();
        // one entry each, so that the fragments are small; all of them go out in one frame
        let left = Entry::notice(render::left(&left));
        for entry in [left, Entry::entered(entered), Entry::notice(roster.fragment.clone())] {
            if !entry.is_empty() {
                self.room.push(entry);
            }
        }
        self.room.wake();
    }
}

/// Whether the message's latest change is its post.
fn is_post(message: &Message) -> bool {
    message.text_rev == message.rev && message.edited_at.is_none() && !message.is_deleted()
}
