//! Whether clients received only what they had a right to.

use std::collections::BTreeMap;

use crate::{
    frame::{Frame, Item},
    history::{History, Millis, What},
    log::{Outcome, Standing, may_have_received},
    report::{Fault, Report},
};

/// How far each room's log was known to have come, by the time at which some client knew it. The end of a deleted room is
/// beyond all numbers.
type Known<'a> = BTreeMap<&'a str, Vec<(Millis, u64)>>;

pub fn check(histories: &[History], outcome: &Outcome, report: &mut Report) {
    let known = known(histories);
    for history in histories {
        match outcome.users.contains_key(&history.user_id) {
            true => check_rights(history, outcome, &known, report),
            false => check_deleted(history, histories, report),
        }
    }
}

fn check_rights(history: &History, outcome: &Outcome, known: &Known<'_>, report: &mut Report) {
    let known_at = |room: &str, at: Millis| {
        let revs = known.get(room).map_or(&[][..], Vec::as_slice);
        revs[..revs.partition_point(|(time, _)| *time < at)].last().map_or(0, |(_, rev)| *rev)
    };
    let standings: BTreeMap<_, _> =
        outcome.rooms.iter().map(|(room, log)| (room.as_str(), log.standings(&history.user_id))).collect();
    let may_read: fn(&Standing) -> bool = |standing| standing.may_read;
    let is_member: fn(&Standing) -> bool = |standing| standing.is_member;
    // what is sent for a request reads the right anew: the log had come as far as was known when it was made
    let mut expect = |room: &str, rev: u64, right, [asked, at]: [Millis; 2], what: &dyn Fn() -> String| {
        let known = known_at(room, asked);
        let is_allowed = match standings.get(room) {
            Some(standings) => may_have_received(standings, rev.max(known), at, right),
            None => known < u64::MAX,
        };
        if !is_allowed {
            report.add(Fault::Leaked, || {
                let (client, standings) = (&history.client, standings.get(room));
                format!("{client} got {} at {at}, asked at {asked} when {known} was known: {standings:?}", what())
            });
        }
    };
    for subscription in history.subscriptions().0 {
        for (at, row) in &subscription.rows {
            expect(&row.room, row.rev, may_read, [subscription.asked, *at], &|| format!("{row:?}"));
        }
    }
    let mut opened = 0;
    for event in &history.events {
        match &event.what {
            What::Opening { .. } => opened = event.at,
            What::Received(Frame::News(news)) => {
                expect(&news.room, news.to, is_member, [opened, event.at], &|| format!("{news:?}"));
            }
            What::Received(Frame::Numbers { items, .. }) => {
                for numbers in items.iter().filter_map(Item::numbers) {
                    expect(&numbers.room, numbers.rev, is_member, [opened, event.at], &|| format!("{numbers:?}"));
                }
            }
            What::Listed { asked, rooms } => {
                for numbers in rooms {
                    expect(&numbers.room, numbers.rev, is_member, [*asked, event.at], &|| {
                        format!("listed {numbers:?}")
                    });
                }
            }
            _ => {}
        }
    }
}

/// A socket that was asked for after the account's deletion was answered must bring nothing. The logs no longer say what
/// the user's rights were before.
fn check_deleted(history: &History, histories: &[History], report: &mut Report) {
    let of_user = histories.iter().filter(|other| other.user_id == history.user_id);
    let deletions = of_user.flat_map(|other| &other.events).filter(|event| matches!(event.what, What::AccountDeleted));
    let Some(deleted) = deletions.map(|event| event.at).min() else { return };
    let mut opened = 0;
    for event in &history.events {
        match &event.what {
            What::Opening { .. } => opened = event.at,
            What::Received(frame) if opened > deleted => report.add(Fault::Leaked, || {
                format!("{} got {frame:?}, whose account was deleted at {deleted}, asked at {opened}", history.client)
            }),
            _ => {}
        }
    }
}

/// What the clients were told of the logs: for each room the times at which a higher `rev` was known, in order.
fn known(histories: &[History]) -> Known<'_> {
    let mut known = Known::new();
    for event in histories.iter().flat_map(|history| &history.events) {
        match &event.what {
            What::Received(Frame::Acknowledged { room, rev, .. }) => {
                known.entry(room).or_default().push((event.at, *rev));
            }
            What::Received(Frame::Rows(rows)) => {
                for row in rows {
                    known.entry(&row.room).or_default().push((event.at, row.rev));
                }
            }
            What::RoomDeleted { room } => known.entry(room).or_default().push((event.at, u64::MAX)),
            _ => {}
        }
    }
    for revs in known.values_mut() {
        revs.sort_unstable();
        let mut highest = 0;
        revs.retain(|(_, rev)| {
            let is_higher = *rev > highest;
            highest = highest.max(*rev);
            is_higher
        });
    }
    known
}
