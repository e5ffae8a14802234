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
    entry::{Entry, Reacted},
    filling::advance,
    presence::PresenceEvent,
    registry::{CloseReason, Registry},
    rendered_roster::RenderedRoster,
    room::{Room, TICK},
    rooms::Rooms,
    roster::{Announcement, LocalPresence, Roster},
    seen::Seen,
    signals::{self, Signal},
    typing::{Typing, TypingLimit},
};
use crate::{
    domain::{Message, ReactionChange, RoomId, Timestamp, UserKey},
    net::{Frame, sync::Arc},
    render,
    security::Grant,
    store::{Event, Events, OnlineUser},
};

/// The version that a revocation of a deleted user has.
const DELETED: i64 = i64::MAX;
/// Shortest time between two reads of a room that is only in sidebars.
const QUIET_FILL_INTERVAL: Duration = Duration::from_secs(1);
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
    /// Receives who is here, and who left.
    seen: mpsc::UnboundedSender<Seen>,
    /// Requested checks whose list of who is online has not arrived.
    rechecks: u32,
    /// The events of presence since the first of these requests: a list may be older than they are.
    published_since: Vec<Event>,
    /// Rooms with something new that the fan-out has not been woken for.
    unannounced: Vec<Arc<Room>>,
    /// Rooms without subscribers in which changes are missing, and when to read them.
    unfilled: Vec<Arc<Room>>,
    fill_due: Option<Instant>,
    typing: TypingLimit,
    /// When events were last read.
    events_read: Option<Instant>,
    /// Sees the events of each commit first.
    observer: Observer,
}

/// What else wants to know of commits.
pub type Observer = Box<dyn Fn(&[Event]) + Send>;

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
        seen: mpsc::UnboundedSender<Seen>,
        observer: Observer,
    ) -> Self {
        Self {
            observer,
            rooms,
            registry,
            roster: Roster::default(),
            others,
            recheck,
            seen,
            rechecks: 0,
            published_since: Vec::new(),
            unannounced: Vec::new(),
            typing: TypingLimit::default(),
            unfilled: Vec::new(),
            fill_due: None,
            events_read: None,
        }
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
            let now = Instant::now();
            // in a busy site once a tick, because a wake-up for each commit costs more than the work
            let events_due = self.events_read.map_or(now, |read| now.max(read + TICK));
            tokio::select! {
                batch = events.recv(), if events_due == now => {
                    let Some(batch) = batch else { return };
                    self.apply_all(batch, &mut events);
                }
                socket = sockets.recv() => {
                    let Some(socket) = socket else { return };
                    self.apply_presence(socket);
                }
                Some(online) = online.recv() => self.set_published(&online),
                () = sleep_until(wake_due.unwrap_or(events_due).into()), if wake_due.is_some() => {}
                () = sleep_until(events_due.into()), if events_due > now => {}
                () = sleep_until(self.fill_due.unwrap_or(now).into()), if self.fill_due.is_some() => self.fill_quiet(),
                () = sleep_until(roster_due.unwrap_or_else(Instant::now).into()), if roster_due.is_some() => {
                    if let Some(announcement) = self.roster.poll(Instant::now()) {
                        self.announce_presence(&announcement);
                    }
                }
                _ = sweep.tick() => self.rooms.drop_idle(Instant::now()),
            }
        }
    }

    /// Applies the events, and those that have arrived meanwhile.
    fn apply_all(&mut self, batch: Vec<Event>, events: &mut Events) {
        let (started, mut next) = (Instant::now(), Some(batch));
        while let Some(batch) = next {
            (self.observer)(&batch);
            batch.into_iter().for_each(|event| self.apply(event));
            // events that arrive faster than they are applied must not delay the fan-out
            next = if Instant::now() < started + TICK { events.try_recv().ok() } else { None };
        }
        self.events_read = Some(started);
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
            PresenceEvent::Connected { user, name, returning } => {
                self.roster.connected(user, name, returning);
                let _ = self.seen.send(Seen::Here(user)); // the task ends only with this one
            }
            PresenceEvent::Disconnected { user, idle } => {
                if self.roster.disconnected(user, idle, Instant::now()) {
                    let _ = self.seen.send(Seen::Left(user));
                }
            }
            PresenceEvent::Idle { user, idle } => self.roster.set_idle(user, idle),
            PresenceEvent::Typing { room, user } => {
                let Some(name) = self.roster.name(user).map(str::to_owned) else { return };
                self.show_typing(&room, user, &name);
                if let Some(others) = &self.others {
                    let _ = others.typing.send(Typing { room, user, name });
                }
            }
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Changed { message, root, reaction } => self.apply_change(*message, root, reaction.as_ref()),
            Event::Advanced { room, rev } => {
                match self.rooms.get(&room) {
                    Some(room) => self.advance(room, rev),
                    // nobody here reads what changed
                    None => self.rooms.texts.forget_room(&room),
                }
            }
            Event::MembershipChanged { room, user } => self.rooms.listeners.membership_changed(user, &room),
            Event::UserChanged { key, name } => self.rename(key, Some(name.as_str())),
            Event::UserRevoked { key, version } => {
                // the event may come late, and must not close sockets that were opened with the new password
                let is_revoked = |grant: &Grant| grant.user() == key && grant.version() < version;
                self.registry.close(CloseReason::Revoked, is_revoked);
                if version == DELETED {
                    self.rooms.texts.clear(); // nobody is mentioned who has no account
                    self.rename(key, None);
                }
            }
            Event::TokenRevoked(token) => self.registry.close(CloseReason::Revoked, |grant| grant.token() == token),
            Event::Online(_) | Event::Offline { .. } => {
                self.apply_published(&event);
                if self.rechecks > 0 {
                    self.published_since.push(event);
                }
            }
            Event::Typing { room, users } => {
                users.iter().for_each(|(user, name)| self.show_typing(&room, *user, name));
            }
            Event::ExternalWrite => {
                self.rooms.texts.clear();
                self.clear_rings(); // names, too, may have changed
                self.rooms.listeners.read_all();
                if self.recheck.try_send(()).is_ok() {
                    self.rechecks += 1;
                } // else a check is already requested
            }
        }
    }

    fn apply_published(&mut self, event: &Event) {
        match event {
            Event::Online(user) => self.roster.published(user),
            Event::Offline { process, user } => self.roster.withdrawn(*process, *user),
            _ => {}
        }
    }

    /// Replaces who is published as online by a list that was read after a recheck was requested.
    fn set_published(&mut self, online: &[OnlineUser]) {
        self.roster.set_published(online);
        self.rechecks = self.rechecks.saturating_sub(1);
        let since = std::mem::take(&mut self.published_since);
        since.iter().for_each(|event| self.apply_published(event));
        if self.rechecks > 0 {
            self.published_since = since;
        }
    }

    fn apply_change(&mut self, message: Message, root: Option<Box<Message>>, reaction: Option<&ReactionChange>) {
        self.rooms.texts.note(&message);
        let Some(room) = self.rooms.get(&message.id.room) else { return };
        if !room.is_next(message.rev) {
            let rev = message.rev;
            return self.advance(room, rev);
        }
        let lag = is_post(&message).then(|| Timestamp::now().0 - message.sent_at.0);
        // in the order in which the log is read
        let messages: Vec<Message> = root.map(|root| *root).into_iter().chain([message]).collect();
        let entry = match room.renders() {
            true => Entry::change(&messages, Reacted::By(reaction), &self.rooms.texts),
            false => Entry::unrendered(&messages),
        };
        metrics::counter!("natter_changes_total").increment(1);
        let is_unannounced = room.push(entry, &messages);
        self.rooms.note_news(&room);
        if is_unannounced {
            self.unannounced.push(room);
        }
        if let Some(lag) = lag {
            metrics::histogram!("natter_lag_seconds").record(lag as f64 / 1000.0);
        }
    }

    /// Notes that `rev` is committed, and fills the gap: at once if somebody reads the room; else, for the sidebars, at
    /// most once a second.
    fn advance(&mut self, room: Arc<Room>, rev: u64) {
        if room.renders() {
            advance(&self.rooms, &room, rev);
        } else if room.note_target(rev) {
            self.fill_due.get_or_insert_with(|| Instant::now() + QUIET_FILL_INTERVAL);
            self.unfilled.push(room);
        }
    }

    fn fill_quiet(&mut self) {
        self.fill_due = None;
        self.unfilled.drain(..).for_each(|room| advance(&self.rooms, &room, 0));
    }

    fn show_typing(&mut self, room: &RoomId, user: UserKey, name: &str) {
        if self.typing.allows(room, user, Instant::now()) {
            self.send(room, signals::typing(room, user, name));
        }
    }

    /// Sends a signal to the subscribers of a room.
    fn send(&mut self, room: &RoomId, signal: Signal) {
        if let Some(room) = self.rooms.get(room)
            && room.send(signal)
        {
            self.unannounced.push(room);
        }
    }

    /// Shows the user under a new name, or (`None`) as deleted.
    fn rename(&mut self, user: UserKey, name: Option<&str>) {
        if let Some(name) = name {
            self.roster.rename(user, name);
        }
        let renamed = signals::renamed(user, name);
        self.rooms.names.push(renamed.frame.clone(), Instant::now());
        for room in self.rooms.all().into_iter().chain([Arc::clone(&self.rooms.nowhere)]) {
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
        self.rooms.note_presence(self.rooms.presence.apply(self.roster.take_changed()));
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
            let frame = Frame::text(notices.into_iter());
            self.send(&RoomId::lobby(), Signal { frame, is_roster: false });
        }
        self.send(&RoomId::lobby(), Signal { frame: roster.frame.clone(), is_roster: true });
    }
}

/// Whether the message's latest change is its post.
fn is_post(message: &Message) -> bool {
    message.text_rev == message.rev && message.edited_at.is_none() && !message.is_deleted()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::{self, ProcessId};

    /// A list of who is online may have been read before an event that is applied already.
    #[tokio::test]
    async fn an_older_list_does_not_undo_events() {
        let directory = tempfile::tempdir().unwrap();
        let rooms = Rooms::new(store::open_embedded(directory.path()).unwrap(), mpsc::unbounded_channel().0);
        let (recheck, _requests) = mpsc::channel(1);
        let (seen, _seen_queue) = mpsc::unbounded_channel();
        let mut task = HubTask::new(rooms, Arc::default(), None, recheck, seen, Box::new(|_| {}));
        let process = ProcessId(Uuid::nil());
        let [ada, bob] = ["Ada", "Bob"].map(|name| OnlineUser {
            process,
            user: UserKey::generate(),
            name: name.into(),
            idle: false,
        });
        let is_online = |task: &HubTask, online: &OnlineUser| task.roster.name(online.user).is_some();

        task.apply(Event::Online(bob.clone()));
        task.apply(Event::ExternalWrite);
        task.apply(Event::Online(ada.clone()));
        task.apply(Event::Offline { process, user: bob.user });
        task.set_published(std::slice::from_ref(&bob)); // as it was before both events
        assert!(is_online(&task, &ada) && !is_online(&task, &bob));

        task.apply(Event::ExternalWrite);
        task.set_published(&[]);
        assert!(!is_online(&task, &ada), "no event since the request");
    }
}
