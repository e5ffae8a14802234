//! The roster as its users come and go.

use std::time::Instant;

use super::{presence::Presence, roster::*};
use crate::{
    domain::UserKey,
    store::{OnlineUser, ProcessId},
};

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
    roster.disconnected(ada, false, now);
    assert_eq!(roster.poll(now + GRACE * 2), None, "a tab is still open");
    roster.disconnected(ada, false, now + GRACE * 2);
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
        roster.disconnected(ada, false, now);
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
    roster.disconnected(ada, false, now);
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
    roster.disconnected(ada, false, now - GRACE);
    assert_eq!(poll(&mut roster, now + ANNOUNCE_INTERVAL), (vec![], vec![], vec!["Bob".to_owned()]));
}

fn online_at(process: u128, user: UserKey, name: &str) -> OnlineUser {
    OnlineUser { process: ProcessId(uuid::Uuid::from_u128(process)), user, name: name.into(), idle: false }
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
    assert_eq!(roster.take_local(), [LocalPresence::Online { user: ada, name: "Ada".into(), idle: false }]);
    roster.withdrawn(there.process, ada);
    assert_eq!(roster.poll(now + ANNOUNCE_INTERVAL), None, "the tab here is still open");
    roster.disconnected(ada, false, now);
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
    assert_eq!(poll(&mut roster, now + ANNOUNCE_INTERVAL), (vec![], vec!["Ada".to_owned()], vec!["Bob".to_owned()]));
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

#[test]
fn a_user_is_idle_while_all_sockets_everywhere_are() {
    let (ada, mut roster, now) = (UserKey::generate(), Roster::default(), Instant::now());
    let presence = |roster: &mut Roster| roster.take_changed().last().map(|(_, presence)| *presence);
    roster.connected(ada, "Ada".into(), false);
    roster.connected(ada, "Ada".into(), false);
    assert_eq!(presence(&mut roster), Some(Presence::Online));
    roster.set_idle(ada, true);
    assert_eq!(presence(&mut roster), None, "one tab is still active");
    roster.disconnected(ada, false, now);
    assert_eq!(presence(&mut roster), Some(Presence::Idle));
    let local = roster.take_local();
    assert!(matches!(local.last(), Some(LocalPresence::Online { idle: true, .. })), "{local:?}");
    roster.published(&online_at(2, ada, "Ada"));
    assert_eq!(presence(&mut roster), Some(Presence::Online), "active at another process");
    roster.published(&OnlineUser { idle: true, ..online_at(2, ada, "Ada") });
    assert_eq!(presence(&mut roster), Some(Presence::Idle));
    roster.set_idle(ada, false);
    assert_eq!(presence(&mut roster), Some(Presence::Online));
    roster.disconnected(ada, false, now);
    roster.withdrawn(online_at(2, ada, "").process, ada);
    assert_eq!(presence(&mut roster), Some(Presence::Online), "until the grace ends");
    roster.poll(now + GRACE);
    assert_eq!(presence(&mut roster), Some(Presence::Offline));
}
