//! Whether clients received only what they had a right to.

use std::collections::BTreeMap;

use crate::{
    frame::{Frame, Item},
    history::{History, Millis, What},
    log::{Outcome, may_have_received},
    report::{Fault, Report},
};

/// How far each room's log was known to have come, by the time at which some client knew it.
type Known<'a> = BTreeMap<&'a str, Vec<(Millis, u64)>>;

pub fn check(histories: &[History], outcome: &Outcome, report: &mut Report) {
    let known = known(histories);
    let known_at = |room: &str, at: Millis| {
        let revs = known.get(room).map_or(&[][..], Vec::as_slice);
        revs[..revs.partition_point(|(time, _)| *time < at)].last().map_or(0, |(_, rev)| *rev)
    };
    for history in histories {
        let standings: BTreeMap<_, _> =
            outcome.rooms.iter().map(|(room, log)| (room.as_str(), log.standings(&history.user_id))).collect();
        // what is sent for a request reads the right anew: the log had come as far as was known when it was made
        let mut expect = |room: &str, rev: u64, asked: Millis, at: Millis, what: &dyn Fn() -> String| {
            let Some(standings) = standings.get(room) else { return };
            let known = known_at(room, asked);
            if !may_have_received(standings, rev.max(known), at) {
                report.add(Fault::Leaked, || {
                    format!(
                        "{} got {} at {at}, asked at {asked} when {known} was known: {standings:?}",
                        history.client,
                        what()
                    )
                });
            }
        };
        for subscription in history.subscriptions().0 {
            for (at, row) in &subscription.rows {
                expect(&row.room, row.rev, subscription.asked, *at, &|| format!("{row:?}"));
            }
        }
        let mut opened = 0;
        for event in &history.events {
            match &event.what {
                What::Opening { .. } => opened = event.at,
                What::Received(Frame::News(news)) => {
                    expect(&news.room, news.to, opened, event.at, &|| format!("{news:?}"));
                }
                What::Received(Frame::Numbers { items, .. }) => {
                    for numbers in items.iter().filter_map(Item::numbers) {
                        expect(&numbers.room, numbers.rev, opened, event.at, &|| format!("{numbers:?}"));
                    }
                }
                _ => {}
            }
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
