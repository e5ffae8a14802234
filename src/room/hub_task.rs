//! The one task that follows the store's events: it pushes each change to the ring of its room, and announces who enters
//! and leaves.
//!
//! A change is pushed only if its `rev` is the next one of its room: an older change is dropped, and before a later one the
//! gap is filled from the store, by a task of its own. So it does not matter who reports a commit, how often, or in what
//! order, and no room waits for another.
//!
//! The cost of the fan-out is waking the tasks and writing to the sockets, not the bytes. The hub wakes the fan-out at
//! once in a quiet room. In a busy room it wakes it at most once a tick, and all changes of the tick go out in one write.

use std::time::{Duration, Instant};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep_until},
};

use super::{
    entry::Entry,
    filling::advance,
    presence::PresenceEvent,
    registry::{CloseReason, Registry},
    rendered_roster::RenderedRoster,
    room::Room,
    rooms::Rooms,
    roster::{Announcement, LocalPresence, Roster},
    signals,
    typing::Typing,
};
use crate::{
    domain::{Message, Name, RoomId, Timestamp, UserKey},
    net::{Frame, sync::Arc},
    render,
    security::Grant,
    store::{Event, Events, OnlineUser},
};

/// How often rooms that nobody follows are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

pub(super) struct HubTask {
    rooms: Arc<Rooms>,
    registry: Arc<Registry>,
    roster: Roster,
    /// `None` if the database belongs to this process.
    others: Option<OtherProcesses>,
    /// Requests a look at all that other processes may have changed.
    recheck: mpsc::Sender<()>,
    /// Rooms with something new that the fan-out has not been woken for.
    unannounced: Vec<Arc<Room>>,
}

/// The tasks that report to the other processes.
pub(super) struct OtherProcesses {
    /// Who is online at this one.
    pub online: mpsc::UnboundedSender<LocalPresence>,
    /// Who types at this one.
    pub typing: mpsc::UnboundedSender<Typing>,
}

impl HubTask {
    pub(super) fn new(
        rooms: Arc<Rooms>,
        registry: Arc<Registry>,
        others: Option<OtherProcesses>,
        recheck: mpsc::Sender<()>,
    ) -> Self {
        Self { rooms, registry, roster: Roster::default(), others, recheck, unannounced: Vec::new() }
    }

    /// `online`: who is published as online, each time that it was read.
    pub(super) async fn run(
        mut self,
        mut events: Events,
        mut sockets: mpsc::UnboundedReceiver<PresenceEvent>,
        mut online: mpsc::UnboundedReceiver<Vec<OnlineUser>>,
    ) {
        let mut sweep = interval(SWEEP_INTERVAL);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.publish_presence();
            let roster_due = self.roster.due();
            let wake_due = self.announce_rooms();
            tokio::select! {
                batch = events.recv() => {
                    let Some(batch) = batch else { return };
                    batch.into_iter().for_each(|event| self.apply(event));
                }
                socket = sockets.recv() => {
                    let Some(socket) = socket else { return };
                    self.apply_presence(socket);
                }
                Some(online) = online.recv() => self.roster.set_published(&online),
                () = sleep_until(wake_due.unwrap_or_else(Instant::now).into()), if wake_due.is_some() => {}
                () = sleep_until(roster_due.unwrap_or_else(Instant::now).into()), if roster_due.is_some() => {
                    if let Some(announcement) = self.roster.poll(Instant::now()) {
                        self.announce_presence(&announcement);
                    }
                }
                _ = sweep.tick() => self.rooms.drop_idle(Instant::now()),
            }
        }
    }

    /// Wakes the fan-out for the rooms where it is time, and returns when it is time for the next one.
    fn announce_rooms(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let mut next = None;
        self.unannounced.retain(|room| match room.wake_due(now) {
            None => false,
            Some(due) if due <= now => {
                self.rooms.announce(room, now);
                false
            }
            Some(due) => {
                next = Some(next.map_or(due, |next: Instant| next.min(due)));
                true
            }
        });
        next
    }

    fn apply_presence(&mut self, event: PresenceEvent) {
        match event {
            PresenceEvent::Connected { user, name, returning } => self.roster.connected(user, name, returning),
            PresenceEvent::Disconnected { user } => self.roster.disconnected(user, Instant::now()),
            PresenceEvent::Typing { room, user } => {
                let Some(name) = self.roster.name(user).map(str::to_owned) else { return };
                self.send(&room, signals::typing(&room, user, &name));
                if let Some(others) = &self.others {
                    let _ = others.typing.send(Typing { room, user, name });
                }
            }
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Changed { message, root } => self.apply_change(*message, root),
            Event::Advanced { room, rev } => {
                if let Some(room) = self.rooms.get(&room) {
                    advance(&self.rooms, &room, rev);
                }
            }
            Event::UserChanged { key, name } => self.rename(key, &name),
            Event::UserRevoked { key, version } => {
                // the event may come late, and must not close sockets that were opened with the new password
                let is_revoked = |grant: &Grant| grant.user() == key && grant.version() < version;
                self.registry.close(CloseReason::Revoked, is_revoked);
                self.clear_rings();
            }
            Event::TokenRevoked(token) => self.registry.close(CloseReason::Revoked, |grant| grant.token() == token),
            Event::Online(user) => self.roster.published(&user),
            Event::Offline { process, user } => self.roster.withdrawn(process, user),
            Event::Typing { room, users } => {
                for (user, name) in users {
                    self.send(&room, signals::typing(&room, user, &name));
                }
            }
            Event::ExternalWrite => {
                self.clear_rings(); // names, too, may have changed
                let _ = self.recheck.try_send(()); // full: a check is already requested
            }
        }
    }

    fn apply_change(&mut self, message: Message, root: Option<Box<Message>>) {
        let Some(room) = self.rooms.get(&message.id.room) else { return };
        if !room.is_next(message.rev) {
            return advance(&self.rooms, &room, message.rev);
        }
        let lag = is_post(&message).then(|| Timestamp::now().0 - message.sent_at.0);
        let entry = match root {
            // in the order in which the log is read
            Some(root) => Entry::change(&[*root, message]),
            None => Entry::change(std::slice::from_ref(&message)),
        };
        metrics::counter!("natter_changes_total").increment(1);
        if room.push(entry) {
            self.unannounced.push(room);
        }
        if let Some(lag) = lag {
            metrics::histogram!("natter_lag_seconds").record(lag as f64 / 1000.0);
        }
    }

    /// Sends a signal to the subscribers of a room.
    fn send(&mut self, room: &RoomId, frame: Frame) {
        if let Some(room) = self.rooms.get(room)
            && room.send(frame)
        {
            self.unannounced.push(room);
        }
    }

    fn rename(&mut self, user: UserKey, name: &Name) {
        self.roster.rename(user, name.as_str());
        let renamed = signals::renamed(user, name.as_str());
        for room in self.rooms.all() {
            room.clear();
            if room.send(renamed.clone()) {
                self.unannounced.push(room);
            }
        }
    }

    fn clear_rings(&self) {
        self.rooms.all().iter().for_each(|room| room.clear());
    }

    fn publish_presence(&mut self) {
        for local in self.roster.take_local() {
            if let Some(others) = &self.others {
                let _ = others.online.send(local); // the task ends only with the process
            }
        }
    }

    fn announce_presence(&mut self, announcement: &Announcement) {
        let Announcement { entered, left, online } = announcement;
        let roster = RenderedRoster::new(online);
        // before it is sent: a socket that becomes live after that gets this one
        self.rooms.roster.set(Arc::clone(&roster));
        let notices = [render::left(left), render::entered(entered)];
        let notices: Vec<&str> = notices.iter().map(String::as_str).filter(|notice| !notice.is_empty()).collect();
        if !notices.is_empty() {
            self.send(&RoomId::lobby(), Frame::text(notices.into_iter()));
        }
        self.send(&RoomId::lobby(), roster.frame.clone());
    }
}

/// Whether the message's latest change is its post.
fn is_post(message: &Message) -> bool {
    message.text_rev == message.rev && message.edited_at.is_none() && !message.is_deleted()
}
