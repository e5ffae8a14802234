//! Whether each acknowledged message is in the log once, and each subscriber received the log once and in order.

use std::collections::{HashMap, HashSet};

use super::verdict::repeated;
use crate::{
    frame::{EDIT_MARK, Frame, Row, TEXT_PREFIX, without_mentions},
    history::{History, Subscription, What},
    log::{Message, Outcome, RoomLog},
    report::{Fault, Report},
};

/// A message that clients sent.
#[derive(Default)]
struct Send<'a> {
    client: &'a str,
    text: &'a str,
    attempts: usize,
    acknowledged: Option<(&'a str, u64)>,
    is_refused: bool,
}

pub fn check(histories: &[History], outcome: &Outcome, report: &mut Report) {
    let sends = sends(histories, outcome, report);
    compare_log(&sends, outcome, report);
    for history in histories {
        check_changes(history, outcome, report);
        let (subscriptions, strays) = history.subscriptions();
        for (at, row) in strays {
            report.add(Fault::Misordered, || format!("{} got {row:?} without a subscription at {at}", history.client));
        }
        for subscription in subscriptions {
            check_order(history, &subscription, report);
            let Some(log) = outcome.rooms.get(subscription.room) else { continue };
            let has_account = outcome.users.contains_key(&history.user_id);
            check_subscription(history, has_account, &subscription, log, report);
        }
    }
}

/// The messages that were sent, by client id.
fn sends<'a>(histories: &'a [History], outcome: &Outcome, report: &mut Report) -> HashMap<&'a str, Send<'a>> {
    let repeated = repeated(histories);
    let mut sends = HashMap::<&str, Send<'_>>::new();
    for history in histories {
        let mut latest = HashMap::new();
        for event in &history.events {
            match &event.what {
                What::Sent { client_id, text, .. } => {
                    let send = sends.entry(client_id).or_default();
                    (send.client, send.text, send.attempts) = (&history.client, text, send.attempts + 1);
                }
                What::Received(Frame::Acknowledged { room, client_id, seq, rev }) => {
                    let send = sends.entry(client_id).or_default();
                    match send.acknowledged.replace((room, *seq)) {
                        Some(before) if before != (room.as_str(), *seq) => report.add(Fault::Doubled, || {
                            format!("{} was acknowledged as {before:?} and {:?}", send.text, (room, seq))
                        }),
                        Some(_) => {}
                        None => {
                            report.acknowledged += 1;
                            if repeated.contains(client_id.as_str()) {
                                continue;
                            }
                            let last = latest.insert(room.as_str(), *rev);
                            if last.is_some_and(|last| last >= *rev) {
                                report.add(Fault::Misordered, || {
                                    format!("{} in {room} has {rev}, after {last:?}", send.text)
                                });
                            }
                        }
                    }
                }
                // below 500 it is final, but for 429
                What::Received(Frame::Refused { client_id, status, .. }) if *status < 500 && *status != 429 => {
                    sends.entry(client_id).or_default().is_refused = true;
                    report.refused += 1;
                }
                _ => {}
            }
        }
    }
    // a deleted user gets no answers
    let users: HashMap<&str, bool> =
        histories.iter().map(|history| (&*history.client, outcome.users.contains_key(&history.user_id))).collect();
    let is_unfinished = |send: &Send<'_>| send.acknowledged.is_none() && !send.is_refused && users[send.client];
    for (client_id, send) in sends.iter().filter(|(_, send)| is_unfinished(send)) {
        report.add(Fault::Unfinished, || format!("{} of {} ({client_id}) has no answer", send.text, send.client));
    }
    sends
}

fn compare_log(sends: &HashMap<&str, Send<'_>>, outcome: &Outcome, report: &mut Report) {
    let by_text: HashMap<&str, &Send<'_>> = sends.values().map(|send| (posted(send.text), send)).collect();
    let mut seen = HashSet::new();
    for (room, log) in &outcome.rooms {
        for (message, expected) in log.messages.iter().zip(1..) {
            if message.seq != expected {
                report.add(Fault::Lost, || format!("{room} has {message:?} in place of #{expected}"));
            }
            report.stored += usize::from(message.is_text());
            let Some(text) = message.text() else { continue };
            if !seen.insert(text) {
                report.add(Fault::Doubled, || format!("{room} has {message:?}, which is there twice"));
            }
            match by_text.get(posted(text)) {
                None if !text.starts_with(TEXT_PREFIX) => {} // somebody's who is no client of the run
                None => report.add(Fault::Doubled, || format!("{room} has {message:?}, which nobody sent")),
                // a refusal of a repeat says nothing of the first attempt
                Some(send) if send.is_refused && send.acknowledged.is_none() && send.attempts == 1 => {
                    report.add(Fault::Misordered, || format!("{room} has {message:?}, which was refused"));
                }
                Some(_) => {}
            }
        }
    }
    for send in sends.values() {
        let Some((room, seq)) = send.acknowledged else { continue };
        let Some(log) = outcome.rooms.get(room) else { continue };
        let message = log.message(seq);
        let is_there = |message: &Message| {
            message.text().is_none_or(|text| posted(text) == posted(send.text)) && message.is_text()
        };
        if !message.is_some_and(is_there) {
            let Send { text, client, .. } = send;
            report.add(Fault::Lost, || format!("{text} of {client} is not #{seq} of {room}: {message:?}"));
        }
    }
}

/// The text under which the message of this text was posted, apart from whom it mentioned.
fn posted(text: &str) -> &str {
    without_mentions(text).split(EDIT_MARK).next().unwrap_or_default()
}

/// Acknowledged deletions and edits.
fn check_changes(history: &History, outcome: &Outcome, report: &mut Report) {
    for event in &history.events {
        let (What::Deleted { room, seq } | What::Edited { room, seq, .. }) = &event.what else { continue };
        let Some(log) = outcome.rooms.get(room) else { continue };
        let message = log.message(*seq);
        let is_there = message.is_some_and(|message| match &event.what {
            What::Edited { rev, text, .. } => {
                message.text_rev > *rev || message.text_rev == *rev && message.text() == Some(text)
            }
            _ => message.deleted_rev().is_some(),
        });
        if !is_there {
            report.add(Fault::Lost, || format!("{}: {:?}, and it is {message:?}", history.client, event.what));
        }
    }
}

fn check_order(history: &History, subscription: &Subscription<'_>, report: &mut Report) {
    let Subscription { after, rows, .. } = subscription;
    let client = &history.client;
    let (mut latest, mut received) = (after.unwrap_or_default(), HashMap::new());
    report.received += rows.len();
    for (at, row) in rows {
        if row.rev < latest || Some(row.rev) == *after {
            report.add(Fault::Misordered, || format!("{client} got {row:?} after {latest} at {at}"));
        }
        latest = latest.max(row.rev);
        if let Some(before) = received.insert(row.seq, *row)
            && before.rev == row.rev
        {
            report.add(Fault::Doubled, || format!("{client} got {row:?} twice, again at {at}"));
        }
    }
}

/// Each change of the log came, in its latest state.
fn check_subscription(
    history: &History,
    has_account: bool,
    subscription: &Subscription<'_>,
    log: &RoomLog,
    report: &mut Report,
) {
    let Subscription { room, after, rows, has_gap, is_open, .. } = subscription;
    let client = &history.client;
    let received: HashMap<u64, &Row> = rows.iter().map(|(_, row)| (row.seq, *row)).collect();
    let latest = rows.iter().map(|(_, row)| row.rev).max().unwrap_or_default();
    let begin = after.or_else(|| rows.first().map(|(_, row)| row.rev - 1)).unwrap_or_default();
    // a reader without the right or without an account is no longer sent anything
    let may_read = has_account && log.standings(&history.user_id).last().is_some_and(|standing| standing.may_read);
    let end = if *is_open && may_read { log.head() } else { latest };
    for message in log.messages.iter().filter(|message| message.rev > begin && message.rev <= end) {
        let got = received.get(&message.seq);
        let is_final = got.is_some_and(|row| {
            row.rev == message.rev
                && row.text.as_deref()
                    == message.text().filter(|text| text.starts_with(TEXT_PREFIX)).map(without_mentions)
        });
        if !is_final && !has_gap {
            report.add(Fault::Lost, || {
                let revs: Vec<u64> = rows.iter().map(|(_, row)| row.rev).collect();
                format!("{client} in {room} after {after:?}, up to {end}, got {got:?} of {message:?}; all: {revs:?}")
            });
        }
    }
}
