//! Who is in a room, and what there is to announce of it.
//!
//! A user is in once, however many tabs they have, and at however many processes. Leaving is announced only
//! after [`GRACE`], so that a reload is neither a leaving nor an entering. Announcements are at most one a
//! [`ANNOUNCE_INTERVAL`]: when a thousand people come in one second, everybody is told twice, not a thousand times.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use super::presence_publisher::LocalPresence;
use crate::{
    domain::{UserKey, fold},
    store::{OnlineUser, ProcessId},
};

/// How long somebody without a socket still counts as here.
pub const GRACE: Duration = Duration::from_secs(4);
/// Shortest time between two announcements.
pub const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Roster {
    people: HashMap<UserKey, Person>,
    /// Those without a socket, in the order their grace ends.
    leaving: VecDeque<(Instant, UserKey)>,
    /// Everybody who was ever in, as far as this process knows.
    known: HashSet<UserKey>,
    entered: Vec<UserKey>,
    left: Vec<(UserKey, String)>,
    changed: bool,
    announced: Option<Instant>,
    /// What the other processes have to be told.
    local: Vec<LocalPresence>,
    /// Whether it has been read once who was published before this process came.
    initialized: bool,
}

#[derive(Debug, Default)]
struct Person {
    name: String,
    sockets: u32,
    leaves: Option<Instant>,
    /// Where they are published as present; this process may be among them.
    published: Vec<ProcessId>,
}

impl Person {
    /// Whether they have a socket at this process, or had one a moment ago.
    fn is_local(&self) -> bool {
        self.sockets > 0 || self.leaves.is_some()
    }
}

/// What to tell the room.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    pub entered: Vec<(UserKey, String)>,
    pub left: Vec<(UserKey, String)>,
    /// Everybody who is here now, by name.
    pub here: Vec<String>,
}

impl Roster {
    /// A socket of `user` opened. `returning`: the client says it was here before and error the connection.
    /// Where this process has never seen the user, it was an earlier one that announced them, and that one
    /// did not live to announce their leaving: so there is nothing to tell.
    pub fn enter(&mut self, user: UserKey, name: String, returning: bool) {
        let first = !self.known.contains(&user);
        let person = self.come(user, &name, !(returning && first));
        let was_local = person.is_local();
        person.sockets += 1;
        person.leaves = None;
        if !was_local {
            self.local.push(LocalPresence::Online(user, name));
        }
    }

    /// A socket of `user` closed.
    pub fn leave(&mut self, user: UserKey, now: Instant) {
        let Some(person) = self.people.get_mut(&user) else { return };
        person.sockets = person.sockets.saturating_sub(1);
        if person.sockets == 0 {
            person.leaves = Some(now + GRACE);
            self.leaving.push_back((now + GRACE, user));
        }
    }

    pub fn rename(&mut self, user: UserKey, name: &str) {
        if let Some(person) = self.people.get_mut(&user) {
            name.clone_into(&mut person.name);
            self.changed = true;
            if person.is_local() {
                self.local.push(LocalPresence::Online(user, name.to_owned()));
            }
        }
    }

    /// Somebody was published as present.
    pub fn came(&mut self, present: &OnlineUser) {
        self.published(present, true);
    }

    /// Somebody no longer is.
    pub fn went(&mut self, process: ProcessId, user: UserKey) {
        let Some(person) = self.people.get_mut(&user) else { return };
        person.published.retain(|at| *at != process);
        self.leave_if_nowhere(user);
    }

    /// Everybody who is published as present at this moment. What is read first was so before this process came.
    pub fn present(&mut self, all: &[OnlineUser]) {
        let published: HashSet<_> = all.iter().map(|present| (present.process, present.user)).collect();
        let users: Vec<UserKey> = self.people.keys().copied().collect();
        for user in users {
            if let Some(person) = self.people.get_mut(&user) {
                person.published.retain(|process| published.contains(&(*process, user)));
            }
            self.leave_if_nowhere(user);
        }
        let initialized = std::mem::replace(&mut self.initialized, true);
        all.iter().for_each(|present| self.published(present, initialized));
    }

    fn published(&mut self, present: &OnlineUser, announce: bool) {
        let person = self.come(present.user, &present.name, announce);
        if !person.published.contains(&present.process) {
            person.published.push(present.process);
        }
        if person.name != present.name {
            person.name.clone_from(&present.name);
            self.changed = true;
        }
    }

    fn come(&mut self, user: UserKey, name: &str, announce: bool) -> &mut Person {
        self.people.entry(user).or_insert_with(|| {
            self.known.insert(user);
            self.changed = true;
            // left and came back between two announcements: nobody needs to know
            match self.left.iter().position(|(left, _)| *left == user) {
                Some(unannounced) => drop(self.left.remove(unannounced)),
                None if announce => self.entered.push(user),
                None => {}
            }
            Person { name: name.to_owned(), ..Person::default() }
        })
    }

    fn leave_if_nowhere(&mut self, user: UserKey) {
        if self.people.get(&user).is_some_and(|person| !person.is_local() && person.published.is_empty())
            && let Some(person) = self.people.remove(&user)
        {
            self.changed = true;
            // came and went between two announcements
            match self.entered.iter().position(|entered| *entered == user) {
                Some(unannounced) => drop(self.entered.remove(unannounced)),
                None => self.left.push((user, person.name)),
            }
        }
    }

    /// What the other processes have to be told since the last call.
    pub fn take_local(&mut self) -> Vec<LocalPresence> {
        std::mem::take(&mut self.local)
    }

    /// When to call [`PresenceStore::poll`] next, if nothing happens before.
    pub fn due(&self) -> Option<Instant> {
        let announce = self.changed.then(|| self.announced.map_or_else(Instant::now, |last| last + ANNOUNCE_INTERVAL));
        let leave = self.leaving.front().map(|(when, _)| *when);
        announce.into_iter().chain(leave).min()
    }

    /// What there is to tell now, if anything.
    pub fn poll(&mut self, now: Instant) -> Option<Announcement> {
        while let Some((when, user)) = self.leaving.pop_front_if(|(when, _)| *when <= now) {
            // a later leaving of the same person has a time of its own
            if let Some(person) = self.people.get_mut(&user).filter(|person| person.leaves == Some(when)) {
                person.leaves = None;
                self.local.push(LocalPresence::Offline(user));
                self.leave_if_nowhere(user);
            }
        }
        if !self.changed || self.announced.is_some_and(|last| now < last + ANNOUNCE_INTERVAL) {
            return None;
        }
        self.announced = Some(now);
        self.changed = false;
        let name_of = |user: UserKey| self.people.get(&user).map(|person| (user, person.name.clone()));
        let entered = self.entered.drain(..).filter_map(name_of).collect();
        let mut here: Vec<String> = self.people.values().map(|person| person.name.clone()).collect();
        here.sort_by_cached_key(|name| fold(name));
        Some(Announcement { entered, left: std::mem::take(&mut self.left), here })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(people: &[(UserKey, String)]) -> Vec<&str> {
        people.iter().map(|(_, name)| name.as_str()).collect()
    }

    fn poll(roster: &mut Roster, now: Instant) -> (Vec<String>, Vec<String>, Vec<String>) {
        let told = roster.poll(now).unwrap_or_default();
        let own = |people| names(people).into_iter().map(str::to_owned).collect();
        (own(&told.entered), own(&told.left), told.here)
    }

    #[test]
    fn a_user_enters_with_the_first_tab_and_leaves_with_the_last() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.enter(ada, "Ada".into(), false);
        assert_eq!(names(&roster.poll(now).unwrap().entered), ["Ada"]);
        roster.enter(ada, "Ada".into(), false);
        roster.leave(ada, now);
        assert_eq!(roster.poll(now + GRACE * 2), None, "a tab is still open");
        roster.leave(ada, now + GRACE * 2);
        assert_eq!(roster.poll(now + GRACE * 2), None, "not yet");
        let told = roster.poll(now + GRACE * 3).unwrap();
        assert_eq!((names(&told.left), told.here.len()), (vec!["Ada"], 0));
    }

    #[test]
    fn a_reload_is_neither() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.enter(ada, "Ada".into(), false);
        roster.poll(now);
        for reload in 1..5 {
            let now = now + ANNOUNCE_INTERVAL * reload;
            roster.leave(ada, now);
            roster.enter(ada, "Ada".into(), false);
            assert_eq!(roster.poll(now), None);
        }
        assert_eq!(roster.poll(now + GRACE * 9), None);
    }

    #[test]
    fn many_are_announced_together() {
        let (mut roster, now) = (Roster::default(), Instant::now());
        roster.enter(UserKey::generate(), "Ada".into(), false);
        assert_eq!(poll(&mut roster, now).0, ["Ada"], "the first at once");
        for name in ["Cyd", "bob"] {
            roster.enter(UserKey::generate(), name.into(), false);
            assert_eq!(roster.poll(now), None);
        }
        assert_eq!(roster.due(), Some(now + ANNOUNCE_INTERVAL));
        let (entered, left, here) = poll(&mut roster, now + ANNOUNCE_INTERVAL);
        assert_eq!((entered, left), (vec!["Cyd".to_owned(), "bob".to_owned()], vec![]));
        assert_eq!(here, ["Ada", "bob", "Cyd"]);
    }

    #[test]
    fn coming_back_after_a_restart_is_no_entrance_but_after_leaving_it_is() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.enter(ada, "Ada".into(), true);
        assert_eq!(poll(&mut roster, now), (vec![], vec![], vec!["Ada".to_owned()]));
        roster.leave(ada, now);
        assert_eq!(poll(&mut roster, now + GRACE).1, ["Ada"]);
        roster.enter(ada, "Ada".into(), true);
        assert_eq!(poll(&mut roster, now + GRACE + ANNOUNCE_INTERVAL).0, ["Ada"]);
    }

    #[test]
    fn who_comes_and_goes_between_announcements_is_not_announced() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.enter(UserKey::generate(), "Bob".into(), false);
        roster.poll(now);
        roster.enter(ada, "Ada".into(), false);
        roster.leave(ada, now - GRACE);
        assert_eq!(poll(&mut roster, now + ANNOUNCE_INTERVAL), (vec![], vec![], vec!["Bob".to_owned()]));
    }

    fn at(process: u128, user: UserKey, name: &str) -> OnlineUser {
        OnlineUser { process: ProcessId(uuid::Uuid::from_u128(process)), user, name: name.into() }
    }

    #[test]
    fn tabs_at_several_processes_are_one_person() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        let (here, there) = (at(1, ada, "Ada"), at(2, ada, "Ada"));
        roster.present(&[]);
        roster.came(&there);
        assert_eq!(poll(&mut roster, now).0, ["Ada"]);
        roster.enter(ada, "Ada".into(), false);
        roster.came(&here);
        assert_eq!(roster.take_local(), [LocalPresence::Online(ada, "Ada".into())]);
        roster.went(there.process, ada);
        assert_eq!(roster.poll(now + ANNOUNCE_INTERVAL), None, "the tab here is still open");
        roster.leave(ada, now);
        assert_eq!(roster.poll(now + GRACE), None, "published until the others have been told");
        assert_eq!(roster.take_local(), [LocalPresence::Offline(ada)]);
        roster.went(here.process, ada);
        assert_eq!(poll(&mut roster, now + GRACE), (vec![], vec!["Ada".to_owned()], vec![]));
    }

    #[test]
    fn who_was_there_before_this_process_is_not_announced_but_leaves() {
        let (ada, bob, mut roster, now) = (UserKey::generate(), UserKey::generate(), Roster::default(), Instant::now());
        roster.present(&[at(1, ada, "Ada"), at(1, bob, "Bob")]);
        assert_eq!(poll(&mut roster, now), (vec![], vec![], vec!["Ada".to_owned(), "Bob".to_owned()]));
        roster.enter(bob, "Bob".into(), true);
        roster.present(&[]);
        assert_eq!(
            poll(&mut roster, now + ANNOUNCE_INTERVAL),
            (vec![], vec!["Ada".to_owned()], vec!["Bob".to_owned()])
        );
        roster.present(&[at(1, ada, "Ada")]);
        assert_eq!(poll(&mut roster, now + ANNOUNCE_INTERVAL * 2).0, ["Ada"], "what comes later is told");
    }

    #[test]
    fn moving_from_one_process_to_another_is_neither() {
        let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
        roster.present(&[at(1, ada, "Ada")]);
        roster.poll(now);
        roster.went(at(1, ada, "").process, ada);
        roster.came(&at(2, ada, "Ada Lovelace"));
        let told = poll(&mut roster, now + ANNOUNCE_INTERVAL);
        assert_eq!(told, (vec![], vec![], vec!["Ada Lovelace".to_owned()]));
    }
}
