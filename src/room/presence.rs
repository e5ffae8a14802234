//! Who is in a room, and what there is to announce of it.
//!
//! A user is in once, however many tabs they have. Leaving is announced only after [`GRACE`], so that a
//! reload is neither a leaving nor an entering. Announcements are at most one a [`PACE`]: when a thousand
//! people come in one second, everybody is told twice, not a thousand times.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use crate::domain::UserKey;

/// How long somebody without a socket still counts as here.
pub const GRACE: Duration = Duration::from_secs(4);
/// Shortest time between two announcements.
pub const PACE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Presence {
    people: HashMap<UserKey, Person>,
    /// Those without a socket, in the order their grace ends.
    leaving: VecDeque<(Instant, UserKey)>,
    /// Everybody who was ever in, in this process.
    known: HashSet<UserKey>,
    entered: Vec<UserKey>,
    left: Vec<(UserKey, String)>,
    changed: bool,
    announced: Option<Instant>,
}

#[derive(Debug)]
struct Person {
    name: String,
    sockets: u32,
    leaves: Option<Instant>,
}

/// What to tell the room.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    pub entered: Vec<(UserKey, String)>,
    pub left: Vec<(UserKey, String)>,
    /// Everybody who is here now, by name.
    pub here: Vec<String>,
}

impl Presence {
    /// A socket of `user` opened. `returning`: the client says it was here before and lost the connection.
    /// Where this process has never seen the user, it was an earlier one that announced them, and that one
    /// did not live to announce their leaving: so there is nothing to tell.
    pub fn enter(&mut self, user: UserKey, name: String, returning: bool) {
        if let Some(person) = self.people.get_mut(&user) {
            person.sockets += 1;
            person.leaves = None;
            return;
        }
        self.people.insert(user, Person { name, sockets: 1, leaves: None });
        self.changed = true;
        let first = self.known.insert(user);
        if !(returning && first) {
            self.entered.push(user);
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
        }
    }

    /// When to call [`Presence::poll`] next, if nothing happens before.
    pub fn due(&self) -> Option<Instant> {
        let announce = self.changed.then(|| self.announced.map_or_else(Instant::now, |last| last + PACE));
        let leave = self.leaving.front().map(|(when, _)| *when);
        announce.into_iter().chain(leave).min()
    }

    /// What there is to tell now, if anything.
    pub fn poll(&mut self, now: Instant) -> Option<Announcement> {
        while let Some((when, user)) = self.leaving.pop_front_if(|(when, _)| *when <= now) {
            // a later leaving of the same person has a time of its own
            if self.people.get(&user).is_some_and(|person| person.leaves == Some(when))
                && let Some(person) = self.people.remove(&user)
            {
                self.changed = true;
                // came and went between two announcements: nobody needs to know
                match self.entered.iter().position(|entered| *entered == user) {
                    Some(unannounced) => drop(self.entered.remove(unannounced)),
                    None => self.left.push((user, person.name)),
                }
            }
        }
        if !self.changed || self.announced.is_some_and(|last| now < last + PACE) {
            return None;
        }
        self.announced = Some(now);
        self.changed = false;
        let name_of = |user: UserKey| self.people.get(&user).map(|person| (user, person.name.clone()));
        let entered = self.entered.drain(..).filter_map(name_of).collect();
        let mut here: Vec<String> = self.people.values().map(|person| person.name.clone()).collect();
        here.sort_by_cached_key(|name| name.to_lowercase());
        Some(Announcement { entered, left: std::mem::take(&mut self.left), here })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(people: &[(UserKey, String)]) -> Vec<&str> {
        people.iter().map(|(_, name)| name.as_str()).collect()
    }

    fn poll(presence: &mut Presence, now: Instant) -> (Vec<String>, Vec<String>, Vec<String>) {
        let told = presence.poll(now).unwrap_or_default();
        let own = |people| names(people).into_iter().map(str::to_owned).collect();
        (own(&told.entered), own(&told.left), told.here)
    }

    #[test]
    fn a_user_enters_with_the_first_tab_and_leaves_with_the_last() {
        let (ada, mut presence, now) = (UserKey::generate(), Presence::default(), Instant::now());
        presence.enter(ada, "Ada".into(), false);
        assert_eq!(names(&presence.poll(now).unwrap().entered), ["Ada"]);
        presence.enter(ada, "Ada".into(), false);
        presence.leave(ada, now);
        assert_eq!(presence.poll(now + GRACE * 2), None, "a tab is still open");
        presence.leave(ada, now + GRACE * 2);
        assert_eq!(presence.poll(now + GRACE * 2), None, "not yet");
        let told = presence.poll(now + GRACE * 3).unwrap();
        assert_eq!((names(&told.left), told.here.len()), (vec!["Ada"], 0));
    }

    #[test]
    fn a_reload_is_neither() {
        let (ada, mut presence, now) = (UserKey::generate(), Presence::default(), Instant::now());
        presence.enter(ada, "Ada".into(), false);
        presence.poll(now);
        for reload in 1..5 {
            let now = now + PACE * reload;
            presence.leave(ada, now);
            presence.enter(ada, "Ada".into(), false);
            assert_eq!(presence.poll(now), None);
        }
        assert_eq!(presence.poll(now + GRACE * 9), None);
    }

    #[test]
    fn many_are_announced_together() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        presence.enter(UserKey::generate(), "Ada".into(), false);
        assert_eq!(poll(&mut presence, now).0, ["Ada"], "the first at once");
        for name in ["Cyd", "bob"] {
            presence.enter(UserKey::generate(), name.into(), false);
            assert_eq!(presence.poll(now), None);
        }
        assert_eq!(presence.due(), Some(now + PACE));
        let (entered, left, here) = poll(&mut presence, now + PACE);
        assert_eq!((entered, left), (vec!["Cyd".to_owned(), "bob".to_owned()], vec![]));
        assert_eq!(here, ["Ada", "bob", "Cyd"]);
    }

    #[test]
    fn coming_back_after_a_restart_is_no_entrance_but_after_leaving_it_is() {
        let (ada, mut presence, now) = (UserKey::generate(), Presence::default(), Instant::now());
        presence.enter(ada, "Ada".into(), true);
        assert_eq!(poll(&mut presence, now), (vec![], vec![], vec!["Ada".to_owned()]));
        presence.leave(ada, now);
        assert_eq!(poll(&mut presence, now + GRACE).1, ["Ada"]);
        presence.enter(ada, "Ada".into(), true);
        assert_eq!(poll(&mut presence, now + GRACE + PACE).0, ["Ada"]);
    }

    #[test]
    fn who_comes_and_goes_between_announcements_is_not_announced() {
        let (ada, mut presence, now) = (UserKey::generate(), Presence::default(), Instant::now());
        presence.enter(UserKey::generate(), "Bob".into(), false);
        presence.poll(now);
        presence.enter(ada, "Ada".into(), false);
        presence.leave(ada, now - GRACE);
        assert_eq!(poll(&mut presence, now + PACE), (vec![], vec![], vec!["Bob".to_owned()]));
    }
}
