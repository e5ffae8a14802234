//! All checks of a run.

use std::collections::HashSet;

use super::{counts, messages, rights};
use crate::{
    frame::Frame,
    history::{History, What},
    log::Outcome,
    report::{Fault, Report},
};

/// Compares the histories of all clients of a run with the logs at its end.
pub fn check(histories: &[History], outcome: &Outcome) -> Report {
    let mut report = Report::default();
    let outcome = &with_histories(histories, outcome.clone());
    messages::check(histories, outcome, &mut report);
    rights::check(histories, outcome, &mut report);
    counts::check(histories, outcome, &mut report);
    for (log, user) in outcome.rooms.values().flat_map(|log| outcome.users.keys().map(move |user| (log, user))) {
        let standings = log.standings(user);
        report.losses += standings.windows(2).filter(|pair| pair[0].may_read && !pair[1].may_read).count();
    }
    let (mut rooms, mut users) = (HashSet::new(), HashSet::new());
    for history in histories {
        for event in &history.events {
            match &event.what {
                What::RoomDeleted { room } => {
                    rooms.insert(room);
                }
                What::AccountDeleted => {
                    users.insert(&history.user_id);
                }
                What::Opening { .. } => report.connections += 1,
                What::Invalid(why) => report.add(Fault::Invalid, || format!("{}: {why}", history.client)),
                _ => {}
            }
        }
    }
    (report.deleted_rooms, report.deleted_users) = (rooms.len(), users.len());
    report
}

/// Adds to the logs what only clients know: under which `rev` messages were posted, and when they were to be deleted.
fn with_histories(histories: &[History], mut outcome: Outcome) -> Outcome {
    let repeated = repeated(histories);
    for event in histories.iter().flat_map(|history| &history.events) {
        match &event.what {
            What::Received(Frame::Acknowledged { room, client_id, seq, rev }) if !repeated.contains(&**client_id) => {
                if let Some(log) = outcome.rooms.get_mut(room) {
                    log.post_revs.insert(*seq, *rev);
                }
            }
            What::Deleting { room, seq } => {
                if let Some(log) = outcome.rooms.get_mut(room) {
                    let asked = log.deletions.entry(*seq).or_insert(event.at);
                    *asked = event.at.min(*asked);
                }
            }
            _ => {}
        }
    }
    outcome
}

/// The client ids of messages that were sent more than once. Their acknowledgements have the `rev` of that time, which a
/// reaction may have raised since the post.
pub fn repeated(histories: &[History]) -> HashSet<&str> {
    let (mut sent, mut repeated) = (HashSet::new(), HashSet::new());
    for event in histories.iter().flat_map(|history| &history.events) {
        if let What::Sent { client_id, .. } = &event.what
            && !sent.insert(client_id.as_str())
        {
            repeated.insert(client_id.as_str());
        }
    }
    repeated
}
