//! All checks of a run.

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
    let outcome = &with_post_revs(histories, outcome.clone());
    messages::check(histories, outcome, &mut report);
    rights::check(histories, outcome, &mut report);
    counts::check(histories, outcome, &mut report);
    for history in histories {
        for event in &history.events {
            match &event.what {
                What::Opening { .. } => report.connections += 1,
                What::Invalid(why) => report.add(Fault::Invalid, || format!("{}: {why}", history.client)),
                _ => {}
            }
        }
    }
    report
}

/// Adds the `rev` under which messages were posted, which their authors were told.
fn with_post_revs(histories: &[History], mut outcome: Outcome) -> Outcome {
    for event in histories.iter().flat_map(|history| &history.events) {
        if let What::Received(Frame::Acknowledged { room, seq, rev, .. }) = &event.what
            && let Some(log) = outcome.rooms.get_mut(room)
        {
            log.post_revs.insert(*seq, *rev);
        }
    }
    outcome
}
