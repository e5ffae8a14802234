//! Whether the numbers of every page are those of the logs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    frame::{EVERYONE, Frame, Item, News, Numbers},
    history::{Event, History, Millis, What},
    log::{Counts, Outcome, RoomLog, UserState},
    page::{Applied, Page},
    report::{Fault, Report},
};

pub fn check(histories: &[History], outcome: &Outcome, report: &mut Report) {
    for (user, state) in &outcome.users {
        check_state(user, state, outcome, report);
        let of_user: Vec<&History> = histories.iter().filter(|history| history.user_id == *user).collect();
        check_marks(&of_user, state, outcome, report);
    }
    let users: BTreeMap<&str, &str> =
        outcome.users.iter().map(|(user, state)| (state.tag.as_str(), user.as_str())).collect();
    for history in histories {
        // the logs do not say whose texts those of a deleted user were
        if !outcome.users.contains_key(&history.user_id) {
            continue;
        }
        let mut page = Page::new(&history.tag);
        let mut is_open = false;
        for Event { at, what } in &history.events {
            match what {
                What::Opening { .. } => (page, is_open) = (Page::new(&history.tag), true),
                What::Closed => is_open = false,
                What::Received(Frame::Numbers { items, complete }) => {
                    page.replace(items, *complete);
                    for numbers in items.iter().filter_map(Item::numbers) {
                        compare(history, numbers, outcome, *at, &|| "absolute".to_owned(), report);
                    }
                }
                What::Received(Frame::News(news)) => {
                    if let Some(log) = outcome.rooms.get(&news.room) {
                        check_news(history, news, log, *at, &users, report);
                        check_mentions(history, news, log, outcome, report);
                    }
                    if matches!(page.count(news), Applied::Counted | Applied::Uncertain) {
                        compare(history, &page.rooms[&news.room], outcome, *at, &|| format!("{news:?}"), report);
                    }
                }
                What::Listed { rooms, .. } => {
                    for numbers in rooms {
                        compare_listed(history, numbers, outcome, *at, report);
                    }
                }
                _ => {}
            }
        }
        if is_open {
            for difference in differences(&page, &history.user_id, outcome) {
                report.add(Fault::WrongCount, || format!("{} at the end: {difference}", history.client));
            }
        }
    }
}

/// Whether an open page of `user` shows what the servers say of the user's rooms.
pub fn settled(page: &Page, user: &str, outcome: &Outcome) -> bool {
    differences(page, user, outcome).is_empty()
}

/// A user without an account has no rooms.
fn differences(page: &Page, user: &str, outcome: &Outcome) -> Vec<String> {
    let none = UserState::default();
    let state = outcome.users.get(user).unwrap_or(&none);
    let rooms: BTreeSet<&String> = page.rooms.keys().chain(state.rooms.keys()).collect();
    let pairs = rooms.into_iter().map(|room| (room, page.rooms.get(room), state.rooms.get(room)));
    let is_same = |shown: &Numbers, expected: &Numbers| {
        let log = outcome.rooms.get(&shown.room);
        let moved = log.map_or(shown.read_seq, |log| log.after_own_posts(user, shown.read_seq, expected.read_seq));
        // edits and reactions take a rev and change none of these numbers
        Numbers { rev: expected.rev, read_seq: moved, ..shown.clone() } == *expected
    };
    pairs
        .filter(|(_, shown, expected)| !shown.zip(*expected).is_some_and(|(shown, expected)| is_same(shown, expected)))
        .map(|(room, shown, expected)| format!("{room} is {shown:?}, expected {expected:?}"))
        .collect()
}

/// The list of rooms by the API, against the logs.
fn check_state(user: &str, state: &UserState, outcome: &Outcome, report: &mut Report) {
    for deleted in state.rooms.keys().filter(|room| !outcome.rooms.contains_key(*room)) {
        report.add(Fault::WrongCount, || format!("{user} by the API: a member of {deleted}, which is deleted"));
    }
    for (room, log) in &outcome.rooms {
        let is_member = log.standings(user).last().is_some_and(|standing| standing.is_member);
        let listed = state.rooms.get(room);
        if is_member != listed.is_some() {
            report.add(Fault::WrongCount, || {
                format!("{user} in {room}: member {is_member}, but the list has {listed:?}")
            });
        }
        if let Some(numbers) = listed {
            report.counts += 1;
            let expected = log.counts(user, log.head(), numbers.read_seq);
            let mentions = log.mentions(user, numbers.read_seq);
            let is_other = expected.as_ref().is_some_and(|expected| *expected != counts(numbers));
            if numbers.rev != log.head() || is_other || mentions != numbers.mentions {
                report.add(Fault::WrongCount, || {
                    format!("{user} by the API: {numbers:?}, expected {expected:?}, {mentions} mentions")
                });
            }
        }
    }
}

/// Within a membership, a mark's version never falls, and the mark goes back only with a higher version.
fn check_marks(histories: &[&History], state: &UserState, outcome: &Outcome, report: &mut Report) {
    for (room, last) in &state.rooms {
        let Some(log) = outcome.rooms.get(room) else { continue };
        let Some(history) = histories.first() else { continue };
        let standings = log.standings(&history.user_id);
        let outside = standings.iter().rposition(|standing| !standing.is_member);
        let joined = standings.get(outside.map_or(0, |at| at + 1)).map_or(u64::MAX, |standing| standing.rev);
        let frames = histories.iter().flat_map(|history| &history.events).filter_map(|event| match &event.what {
            What::Received(Frame::Numbers { items, .. }) => Some(items.iter().filter_map(Item::numbers)),
            _ => None,
        });
        for shown in frames.flatten().filter(|shown| shown.room == *room && shown.rev >= joined) {
            let mark = |numbers: &Numbers| (numbers.read_version, numbers.read_seq);
            if mark(shown) > mark(last) {
                report.add(Fault::WrongCount, || {
                    format!(
                        "{}: the mark of {room} went back from {:?} to {:?}",
                        history.user_id,
                        mark(shown),
                        mark(last)
                    )
                });
            }
        }
    }
}

fn counts(numbers: &Numbers) -> Counts {
    Counts { seq: numbers.seq, texts: numbers.texts, own: numbers.own, unread: numbers.unread }
}

/// Compares what a page shows with the log at that `rev`.
fn compare(
    history: &History,
    shown: &Numbers,
    outcome: &Outcome,
    at: Millis,
    by: &dyn Fn() -> String,
    report: &mut Report,
) {
    let Some(log) = outcome.rooms.get(&shown.room) else { return };
    let least = log.least_counts(&history.user_id, shown.rev, shown.read_seq, at);
    let Some((least, most)) = least.zip(log.counts(&history.user_id, shown.rev, shown.read_seq)) else { return };
    report.counts += 1;
    if !counts(shown).is_between(&least, &most) || shown.rev > log.head() {
        report.add(Fault::WrongCount, || {
            format!("{} at {at}: {shown:?}, expected {least:?} to {most:?}, by {}", history.client, by())
        });
    }
}

/// Compares what the API said during the run with the log at that `rev`.
fn compare_listed(history: &History, listed: &Numbers, outcome: &Outcome, at: Millis, report: &mut Report) {
    let Some(log) = outcome.rooms.get(&listed.room) else { return };
    let least = log.least_counts(&history.user_id, listed.rev, listed.read_seq, at);
    let Some((least, most)) = least.zip(log.counts(&history.user_id, listed.rev, listed.read_seq)) else { return };
    report.counts += 1;
    if !(least.unread..=most.unread).contains(&listed.unread) || !(least.seq..=most.seq).contains(&listed.seq) {
        report.add(Fault::WrongCount, || {
            format!("{} at {at}: listed {listed:?}, expected {least:?} to {most:?}", history.client)
        });
    }
}

/// Compares a part of news with the log, for every author and not only for the page's user.
fn check_news(
    history: &History,
    news: &News,
    log: &RoomLog,
    at: Millis,
    users: &BTreeMap<&str, &str>,
    report: &mut Report,
) {
    for (tag, texts) in &news.authors {
        let Some(user) = users.get(tag.as_str()) else { continue };
        let counts = log.least_counts(user, news.to, 0, at).zip(log.counts(user, news.to, 0));
        if counts.as_ref().is_some_and(|(least, most)| !(least.own..=most.own).contains(texts)) {
            report.add(Fault::WrongCount, || format!("{}: {news:?}, {user}: expected {counts:?}", history.client));
        }
    }
    let deleted: BTreeSet<_> = log.messages.iter().filter_map(|m| Some((m.deleted_rev()?, m.seq))).collect();
    let expected = deleted.range((news.from + 1, 0)..(news.to + 1, 0)).copied().collect::<BTreeSet<_>>();
    let listed: BTreeSet<_> = news.deleted.iter().map(|(rev, seq, _)| (*rev, *seq)).collect();
    if listed != expected {
        report.add(Fault::WrongCount, || format!("{}: {news:?}, deleted were {expected:?}", history.client));
    }
}

/// Each text that was posted meanwhile, and not changed later, is among those that mention somebody, if it does.
fn check_mentions(history: &History, news: &News, log: &RoomLog, outcome: &Outcome, report: &mut Report) {
    for message in log.messages.iter().filter(|message| message.text().is_some() && !message.is_edited) {
        // what a deleted user was mentioned by is not known any more
        let tag = |mention: &String| match mention.as_str() {
            "room" | "here" => Some(EVERYONE),
            user => outcome.users.get(user).map(|state| state.tag.as_str()),
        };
        let mut expected: Vec<&str> = message.mentions.iter().filter_map(tag).collect();
        if expected.contains(&EVERYONE) {
            expected = vec![EVERYONE];
        }
        if expected.is_empty() || !(news.from + 1..=news.to).contains(&message.text_rev) {
            continue;
        }
        let listed = news.mentions.iter().find(|(_, seq, ..)| *seq == message.seq);
        if !listed.is_some_and(|(.., tags)| expected.iter().all(|tag| tags.iter().any(|listed| listed == tag))) {
            report
                .add(Fault::WrongCount, || format!("{}: {news:?}, {message:?} mentions {expected:?}", history.client));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{notice, room, text};

    #[test]
    fn a_page_need_not_know_that_ones_own_posts_moved_the_mark() {
        let log =
            room(vec![text(1, "ann", "a"), text(2, "ben", "b"), text(3, "ben", "c"), notice(4, "ben", "topic", None)]);
        let numbers =
            |read_seq, read_version| Numbers { read_version, ..crate::page::tests::numbers(4, 4, 3, read_seq, 0) };
        let is_settled = |shown: Numbers, last: Numbers| {
            let mut page = Page::new("B");
            page.replace(&[Item::Numbers(shown)], true);
            let state = UserState { tag: "B".into(), rooms: BTreeMap::from([("r".to_owned(), last)]) };
            let rooms = BTreeMap::from([("r".to_owned(), log.clone())]);
            settled(&page, "ben", &Outcome { rooms, users: BTreeMap::from([("ben".to_owned(), state)]) })
        };
        assert!(is_settled(numbers(1, 0), numbers(3, 0)), "the second and the third are Ben's");
        assert!(!is_settled(numbers(0, 0), numbers(3, 0)), "the first is Ann's");
        assert!(!is_settled(numbers(3, 0), numbers(4, 0)), "the fourth is a notice");
        assert!(!is_settled(numbers(1, 0), numbers(3, 1)), "the mark was set back in between");
        assert!(!is_settled(numbers(3, 0), numbers(1, 0)), "no mark goes back");
    }
}
