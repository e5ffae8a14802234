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
    /// Whether the published users have been read once.
    is_initialized: bool,
}

/// A user who is online in the room.
#[derive(Debug, Default)]
struct RosterUser {
    name: String,
    /// Open sockets at this process.
    sockets: u32,
    /// When the grace after the last socket ends.
    leaves_at: Option<Instant>,
    /// The processes that published the user as online; this process may be one of them.
    published_by: Vec<ProcessId>,
}

impl RosterUser {
    /// Whether the user has a socket at this process, or had one within the grace.
    fn is_local(&self) -> bool {
        self.sockets > 0 || self.leaves_at.is_some()
    }
}

/// A user's first socket at this process opened (or the user has a new name), or the last one closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalPresence {
    Online(UserKey, String),
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
        let was_local = entry.is_local();
        entry.sockets += 1;
        entry.leaves_at = None;
        if !was_local {
            self.local.push(LocalPresence::Online(user, name));
        }
    }

    /// A socket of `user` closed.
    pub fn disconnected(&mut self, user: UserKey, now: Instant) {
        let Some(entry) = self.users.get_mut(&user) else { return };
        entry.sockets = entry.sockets.saturating_sub(1);
        if entry.sockets == 0 {
            entry.leaves_at = Some(now + GRACE);
            self.leaving.push_back((now + GRACE, user));
        }
    }

    pub fn rename(&mut self, user: UserKey, name: &str) {
        if let Some(entry) = self.users.get_mut(&user) {
            name.clone_into(&mut entry.name);
            self.is_changed = true;
            if entry.is_local() {
                self.local.push(LocalPresence::Online(user, name.to_owned()));
            }
        }
    }

    /// The name of a user who is online.
    pub fn name(&self, user: UserKey) -> Option<&str> {
        self.users.get(&user).map(|entry| entry.name.as_str())
    }

    /// A process published a user as online.
    pub fn published(&mut self, online: &OnlineUser) {
        self.add_published(online, true);
    }

    /// A process no longer publishes a user as online.
    pub fn withdrawn(&mut self, process: ProcessId, user: UserKey) {
        let Some(entry) = self.users.get_mut(&user) else { return };
        entry.published_by.retain(|publisher| *publisher != process);
        self.remove_if_offline(user);
    }

    /// Replaces all published users. The first call announces nobody, because these users were online before this
    /// process started.
    pub fn set_published(&mut self, online: &[OnlineUser]) {
        let published: HashSet<_> = online.iter().map(|online| (online.process, online.user)).collect();
        let users: Vec<UserKey> = self.users.keys().copied().collect();
        for user in users {
            if let Some(entry) = self.users.get_mut(&user) {
                entry.published_by.retain(|process| published.contains(&(*process, user)));
            }
            self.remove_if_offline(user);
        }
        let announce = std::mem::replace(&mut self.is_initialized, true);
        online.iter().for_each(|online| self.add_published(online, announce));
    }

    fn add_published(&mut self, online: &OnlineUser, announce: bool) {
        let entry = self.add(online.user, &online.name, announce);
        if !entry.published_by.contains(&online.process) {
            entry.published_by.push(online.process);
        }
        if entry.name != online.name {
            entry.name.clone_from(&online.name);
            self.is_changed = true;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(users: &[(UserKey, String)]) -> Vec<&str> {
        users.iter().map(|(_, name)| name.as_str()).collect()
    }

    /// The names in the announcement: entered, left, online.
    fn poll(roster: &mut Roster, now: Instant) -> (Vec<String>, Vec<String>, Vec<String>) {
        let announcement = roster.poll(now).unwrap_or_default();
        let owned = |users| names(users).into_iter().map(str::to_owned).collect();
        (owned(&announcement.entered), owned(&announcement.left), announcement.online)
    }

    #[test]
    fn a_user_enters_with_the_first_tab_and_leaves_with_the_last() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.connected(ada, "Ada".into(), false);
        assert_eq!(names(&roster.poll(now).unwrap().entered), ["Ada"]);
        roster.connected(ada, "Ada".into(), false);
        roster.disconnected(ada, now);
        assert_eq!(roster.poll(now + GRACE * 2), None, "a tab is still open");
        roster.disconnected(ada, now + GRACE * 2);
        assert_eq!(roster.poll(now + GRACE * 2), None, "the grace has not ended");
        let announcement = roster.poll(now + GRACE * 3).unwrap();
        assert_eq!((names(&announcement.left), announcement.online.len()), (vec!["Ada"], 0));
    }

    #[test]
    fn a_page_reload_is_not_announced() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.connected(ada, "Ada".into(), false);
        roster.poll(now);
        for reload in 1..5 {
            let now = now + ANNOUNCE_INTERVAL * reload;
            roster.disconnected(ada, now);
            roster.connected(ada, "Ada".into(), false);
            assert_eq!(roster.poll(now), None);
        }
        assert_eq!(roster.poll(now + GRACE * 9), None);
    }

    #[test]
    fn users_who_enter_within_the_interval_are_announced_together() {
        let (mut roster, now) = (Roster::default(), Instant::now());
        roster.connected(UserKey::generate(), "Ada".into(), false);
        assert_eq!(poll(&mut roster, now).0, ["Ada"], "the first one is announced at once");
        for name in ["Cyd", "bob"] {
            roster.connected(UserKey::generate(), name.into(), false);
            assert_eq!(roster.poll(now), None);
        }
        assert_eq!(roster.due(), Some(now + ANNOUNCE_INTERVAL));
        let (entered, left, online) = poll(&mut roster, now + ANNOUNCE_INTERVAL);
        assert_eq!((entered, left), (vec!["Cyd".to_owned(), "bob".to_owned()], vec![]));
        assert_eq!(online, ["Ada", "bob", "Cyd"]);
    }

    #[test]
    fn a_returning_user_is_announced_only_after_they_left() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.connected(ada, "Ada".into(), true);
        assert_eq!(poll(&mut roster, now), (vec![], vec![], vec!["Ada".to_owned()]));
        roster.disconnected(ada, now);
        assert_eq!(poll(&mut roster, now + GRACE).1, ["Ada"]);
        roster.connected(ada, "Ada".into(), true);
        assert_eq!(poll(&mut roster, now + GRACE + ANNOUNCE_INTERVAL).0, ["Ada"]);
    }

    #[test]
    fn a_user_who_enters_and_leaves_between_announcements_is_not_announced() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.connected(UserKey::generate(), "Bob".into(), false);
        roster.poll(now);
        roster.connected(ada, "Ada".into(), false);
        roster.disconnected(ada, now - GRACE);
        assert_eq!(poll(&mut roster, now + ANNOUNCE_INTERVAL), (vec![], vec![], vec!["Bob".to_owned()]));
    }

    fn online_at(process: u128, user: UserKey, name: &str) -> OnlineUser {
        OnlineUser { process: ProcessId(uuid::Uuid::from_u128(process)), user, name: name.into() }
    }

    #[test]
    fn tabs_at_several_processes_are_one_user() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        let (here, there) = (online_at(1, ada, "Ada"), online_at(2, ada, "Ada"));
        roster.set_published(&[]);
        roster.published(&there);
        assert_eq!(poll(&mut roster, now).0, ["Ada"]);
        roster.connected(ada, "Ada".into(), false);
        roster.published(&here);
        assert_eq!(roster.take_local(), [LocalPresence::Online(ada, "Ada".into())]);
        roster.withdrawn(there.process, ada);
        assert_eq!(roster.poll(now + ANNOUNCE_INTERVAL), None, "the tab here is still open");
        roster.disconnected(ada, now);
        assert_eq!(roster.poll(now + GRACE), None, "published until this process has withdrawn it");
        assert_eq!(roster.take_local(), [LocalPresence::Offline(ada)]);
        roster.withdrawn(here.process, ada);
        assert_eq!(poll(&mut roster, now + GRACE), (vec![], vec!["Ada".to_owned()], vec![]));
    }

    #[test]
    fn users_online_before_this_process_are_announced_only_when_they_leave() {
        let (ada, bob, mut roster, now) = (UserKey::generate(), UserKey::generate(), Roster::default(), Instant::now());
        roster.set_published(&[online_at(1, ada, "Ada"), online_at(1, bob, "Bob")]);
        assert_eq!(poll(&mut roster, now), (vec![], vec![], vec!["Ada".to_owned(), "Bob".to_owned()]));
        roster.connected(bob, "Bob".into(), true);
        roster.set_published(&[]);
        assert_eq!(
            poll(&mut roster, now + ANNOUNCE_INTERVAL),
            (vec![], vec!["Ada".to_owned()], vec!["Bob".to_owned()])
        );
        roster.set_published(&[online_at(1, ada, "Ada")]);
        assert_eq!(poll(&mut roster, now + ANNOUNCE_INTERVAL * 2).0, ["Ada"], "users published later are announced");
    }

    #[test]
    fn a_move_from_one_process_to_another_is_not_announced() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.set_published(&[online_at(1, ada, "Ada")]);
        roster.poll(now);
        roster.withdrawn(online_at(1, ada, "").process, ada);
        roster.published(&online_at(2, ada, "Ada Lovelace"));
        let announcement = poll(&mut roster, now + ANNOUNCE_INTERVAL);
        assert_eq!(announcement, (vec![], vec![], vec!["Ada Lovelace".to_owned()]));
    }
}
