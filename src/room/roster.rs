//! The users online in a room, and what to announce about them.
//!
//! A user is online once, however many tabs they have open, at however many processes. That a user left is announced
//! only after [`GRACE`], so that a page reload announces nothing. There is at most one announcement in
//! [`ANNOUNCE_INTERVAL`]: when a thousand users enter within a second, each socket gets two announcements and not a
//! thousand.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use super::presence::Presence;
use crate::{
    domain::{UserKey, fold},
    store::{OnlineUser, ProcessId},
};

/// How long a user counts as online after their last socket closed.
pub const GRACE: Duration = Duration::from_secs(4);
/// Shortest time between two announcements.
pub const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Roster {
    users: HashMap<UserKey, RosterUser>,
    /// Users without a socket at this process, in the order in which their grace ends.
    leaving: VecDeque<(Instant, UserKey)>,
    /// All users who were ever online, as far as this process knows.
    seen: HashSet<UserKey>,
    /// Entered since the last announcement.
    entered: Vec<UserKey>,
    /// Left since the last announcement.
    left: Vec<(UserKey, String)>,
    /// Whether the list of users changed since the last announcement.
    is_changed: bool,
    last_announced: Option<Instant>,
    /// Not yet published to the other processes.
    local: Vec<LocalPresence>,
    /// Users whose presence may have changed since the last [`Roster::take_changed`].
    changed: Vec<UserKey>,
    /// Whether the published users have been read once.
    is_initialized: bool,
}

/// A user who is online in the room.
#[derive(Debug, Default)]
struct RosterUser {
    name: String,
    /// Open sockets at this process.
    sockets: u32,
    /// Those of them whose client reported no input for some time.
    idle_sockets: u32,
    /// When the grace after the last socket ends.
    leaves_at: Option<Instant>,
    /// The processes that published the user as online, and whether as idle; this process may be one of them.
    published_by: Vec<(ProcessId, bool)>,
}

impl RosterUser {
    /// Whether the user has a socket at this process, or had one within the grace.
    fn is_local(&self) -> bool {
        self.sockets > 0 || self.leaves_at.is_some()
    }

    /// Whether all sockets at this process are idle. After the last one closed it is as before, until the grace ends.
    fn is_idle_here(&self) -> bool {
        self.idle_sockets >= self.sockets.max(1)
    }

    fn presence(&self) -> Presence {
        let is_active = (self.is_local() && !self.is_idle_here()) || self.published_by.iter().any(|(_, idle)| !idle);
        if is_active { Presence::Online } else { Presence::Idle }
    }
}

/// A user's first socket at this process opened (or the user has a new name, or became idle or active here), or the last
/// one closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalPresence {
    Online { user: UserKey, name: String, idle: bool },
    Offline(UserKey),
}

/// What to announce in the room.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    pub entered: Vec<(UserKey, String)>,
    pub left: Vec<(UserKey, String)>,
    /// The names of all users online now, sorted.
    pub online: Vec<String>,
}

impl Roster {
    /// A socket of `user` opened. `returning`: the client was connected before and lost the connection.
    ///
    /// A returning user whom this process has not seen was announced by an earlier process, which did not live to
    /// announce that the user left: so there is nothing to announce.
    pub fn connected(&mut self, user: UserKey, name: String, returning: bool) {
        let is_first = !self.seen.contains(&user);
        let entry = self.add(user, &name, !(returning && is_first));
        let (was_local, was_idle) = (entry.is_local(), entry.is_idle_here());
        if entry.sockets == 0 {
            entry.idle_sockets = 0;
        }
        entry.sockets += 1;
        entry.leaves_at = None;
        if !was_local || was_idle {
            self.publish(user);
        }
    }

    /// A socket of `user` closed, which was idle or not. Returns whether it was the last one at this process.
    pub fn disconnected(&mut self, user: UserKey, was_idle: bool, now: Instant) -> bool {
        let Some(entry) = self.users.get_mut(&user) else { return false };
        let was_idle_here = entry.is_idle_here();
        entry.sockets = entry.sockets.saturating_sub(1);
        if entry.sockets == 0 {
            entry.idle_sockets = u32::from(was_idle_here);
            entry.leaves_at = Some(now + GRACE);
            self.leaving.push_back((now + GRACE, user));
            return true;
        }
        entry.idle_sockets -= u32::from(was_idle);
        if entry.is_idle_here() != was_idle_here {
            self.publish(user);
        }
        false
    }

    /// A socket of `user` became idle, or active again.
    pub fn set_idle(&mut self, user: UserKey, is_idle: bool) {
        let Some(entry) = self.users.get_mut(&user) else { return };
        let was_idle_here = entry.is_idle_here();
        entry.idle_sockets = if is_idle { entry.idle_sockets + 1 } else { entry.idle_sockets.saturating_sub(1) };
        if entry.is_idle_here() != was_idle_here {
            self.publish(user);
        }
    }

    /// Notes the user, who is online at this process, for publication to the others.
    fn publish(&mut self, user: UserKey) {
        let Some(entry) = self.users.get(&user) else { return };
        self.local.push(LocalPresence::Online { user, name: entry.name.clone(), idle: entry.is_idle_here() });
        self.changed.push(user);
    }

    pub fn rename(&mut self, user: UserKey, name: &str) {
        if let Some(entry) = self.users.get_mut(&user) {
            name.clone_into(&mut entry.name);
            self.is_changed = true;
            if entry.is_local() {
                self.publish(user);
            }
        }
    }

    /// The name of a user who is online.
    pub fn name(&self, user: UserKey) -> Option<&str> {
        self.users.get(&user).map(|entry| entry.name.as_str())
    }

    /// The users whose presence may have changed since the last call, with their presence now.
    pub fn take_changed(&mut self) -> Vec<(UserKey, Presence)> {
        let presence = |user| self.users.get(user).map_or(Presence::Offline, RosterUser::presence);
        let changed = self.changed.iter().map(|user| (*user, presence(user))).collect();
        self.changed.clear();
        changed
    }

    /// A process published a user as online.
    pub fn published(&mut self, online: &OnlineUser) {
        self.add_published(online, true);
    }

    /// A process no longer publishes a user as online.
    pub fn withdrawn(&mut self, process: ProcessId, user: UserKey) {
        let Some(entry) = self.users.get_mut(&user) else { return };
        entry.published_by.retain(|(publisher, _)| *publisher != process);
        self.changed.push(user);
        self.remove_if_offline(user);
    }

    /// Replaces all published users. The first call announces nobody, because these users were online before this
    /// process started.
    pub fn set_published(&mut self, online: &[OnlineUser]) {
        let published: HashSet<_> = online.iter().map(|online| (online.process, online.user)).collect();
        let users: Vec<UserKey> = self.users.keys().copied().collect();
        for user in users {
            if let Some(entry) = self.users.get_mut(&user) {
                let before = entry.published_by.len();
                entry.published_by.retain(|(process, _)| published.contains(&(*process, user)));
                if entry.published_by.len() < before {
                    self.changed.push(user);
                }
            }
            self.remove_if_offline(user);
        }
        let announce = std::mem::replace(&mut self.is_initialized, true);
        online.iter().for_each(|online| self.add_published(online, announce));
    }

    fn add_published(&mut self, online: &OnlineUser, announce: bool) {
        let entry = self.add(online.user, &online.name, announce);
        let published = entry.published_by.iter_mut().find(|(process, _)| *process == online.process);
        let is_changed = match published {
            Some((_, idle)) => std::mem::replace(idle, online.idle) != online.idle,
            None => {
                entry.published_by.push((online.process, online.idle));
                true
            }
        };
        if entry.name != online.name {
            entry.name.clone_from(&online.name);
            self.is_changed = true;
        }
        if is_changed {
            self.changed.push(online.user);
        }
    }

    fn add(&mut self, user: UserKey, name: &str, announce: bool) -> &mut RosterUser {
        self.users.entry(user).or_insert_with(|| {
            self.seen.insert(user);
            self.is_changed = true;
            // a user who left and entered between two announcements is not announced
            match self.left.iter().position(|(left, _)| *left == user) {
                Some(unannounced) => drop(self.left.remove(unannounced)),
                None if announce => self.entered.push(user),
                None => {}
            }
            RosterUser { name: name.to_owned(), ..RosterUser::default() }
        })
    }

    fn remove_if_offline(&mut self, user: UserKey) {
        if self.users.get(&user).is_some_and(|entry| !entry.is_local() && entry.published_by.is_empty())
            && let Some(entry) = self.users.remove(&user)
        {
            self.is_changed = true;
            self.changed.push(user);
            // a user who entered and left between two announcements is not announced
            match self.entered.iter().position(|entered| *entered == user) {
                Some(unannounced) => drop(self.entered.remove(unannounced)),
                None => self.left.push((user, entry.name)),
            }
        }
    }

    /// What to publish to the other processes since the last call.
    pub fn take_local(&mut self) -> Vec<LocalPresence> {
        std::mem::take(&mut self.local)
    }

    /// When to call [`Roster::poll`] next, if nothing happens before.
    pub fn due(&self) -> Option<Instant> {
        let next_announcement = || self.last_announced.map_or_else(Instant::now, |last| last + ANNOUNCE_INTERVAL);
        let announce = self.is_changed.then(next_announcement);
        let leave = self.leaving.front().map(|(when, _)| *when);
        announce.into_iter().chain(leave).min()
    }

    /// What to announce now, if anything.
    pub fn poll(&mut self, now: Instant) -> Option<Announcement> {
        while let Some((when, user)) = self.leaving.pop_front_if(|(when, _)| *when <= now) {
            // a user who closed their last socket twice has two entries, of which the later one counts
            if let Some(entry) = self.users.get_mut(&user).filter(|entry| entry.leaves_at == Some(when)) {
                entry.leaves_at = None;
                self.local.push(LocalPresence::Offline(user));
                self.changed.push(user);
                self.remove_if_offline(user);
            }
        }
        if !self.is_changed || self.last_announced.is_some_and(|last| now < last + ANNOUNCE_INTERVAL) {
            return None;
        }
        self.last_announced = Some(now);
        self.is_changed = false;
        let with_name = |user: UserKey| self.users.get(&user).map(|entry| (user, entry.name.clone()));
        let entered = self.entered.drain(..).filter_map(with_name).collect();
        let mut online: Vec<String> = self.users.values().map(|entry| entry.name.clone()).collect();
        online.sort_by_cached_key(|name| fold(name));
        Some(Announcement { entered, left: std::mem::take(&mut self.left), online })
    }
}
