//! The answers that the clients got, and what they received, against the log.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    changer::EMOJI,
    client::Client,
    commands::{Command, Done},
    natter::Message,
    socket::digest,
    verdict::Verdict,
};

/// A message as the answers say that it is.
#[derive(Debug, Default)]
struct Expected {
    /// `None` if it is deleted.
    text: Option<String>,
    text_rev: u64,
    /// The latest number in an answer.
    rev: u64,
    is_gone: bool,
    reply_to: Option<u64>,
    reactions: BTreeMap<&'static str, usize>,
    is_pinned: bool,
    /// A pin was refused after an attempt that was not answered: it may be there nevertheless.
    is_pin_uncertain: bool,
}

/// Compares everything with `log`, the messages at the end in order of `rev`. `first` is the first `seq` of the run,
/// and `run` begins each of its texts.
pub fn compare(
    log: &[Message],
    (run, first): (&str, u64),
    clients: &[Client],
    changers: &[(Vec<Done>, &'static str)],
) -> Verdict {
    let mut verdict = Verdict { readers: clients.len(), ..Verdict::default() };
    let mut expected = HashMap::new();
    for client in clients {
        verdict.disconnects += client.disconnects;
        verdict.acknowledged += client.acknowledged.len();
        let mut last = 0;
        for message in &client.acknowledged {
            let (rev, text) = (message.rev, Some(message.text.clone()));
            if rev <= last {
                verdict.misordered(format!("{} has {rev}, after {last}", message.text));
            }
            last = rev;
            let posted = Expected { text, text_rev: rev, rev, ..Expected::default() };
            if expected.insert(message.seq, posted).is_some() {
                verdict.doubled(1, format!("#{} is of two messages, such as {}", message.seq, message.text));
            }
        }
    }
    let refused: Vec<&str> =
        changers.iter().flat_map(|(done, emoji)| verdict.expect(&mut expected, done, emoji)).collect();
    verdict.compare_log(log, &expected, |message| {
        let is_ours = message.message.as_ref().is_none_or(|text| text.starts_with(run));
        message.seq >= first && is_ours
    });
    for message in log.iter().filter(|message| message.message.as_deref().is_some_and(|text| refused.contains(&text))) {
        verdict.misordered(format!("{message:?} was refused"));
    }
    let posts: HashMap<_, _> =
        clients.iter().flat_map(|client| &client.acknowledged).map(|post| ((post.seq, post.rev), post)).collect();
    for client in clients {
        let (mut received, mut latest, mut last) = (HashSet::new(), 0, HashMap::new());
        for one in &client.received {
            let key = (one.fragment.seq, one.fragment.rev);
            if key.1 < latest {
                verdict.misordered(format!("{} received {key:?} after {latest}", client.name));
            }
            latest = latest.max(key.1);
            if !received.insert(key) {
                verdict.doubled(1, format!("{} received {key:?} twice", client.name));
            }
            last.insert(key.0, one.fragment);
            if let Some(post) = posts.get(&key)
                && post.server != one.server
            {
                verdict.across.push(one.at.saturating_duration_since(post.sent));
                verdict.across_from_commit.push(one.at.saturating_duration_since(post.acknowledged));
            }
        }
        for message in log {
            let is_final = last
                .get(&message.seq)
                .is_some_and(|last| last.rev == message.rev && last.text == digest(message.message.as_deref()));
            if !is_final {
                verdict.lost(1, format!("{} received {:?} of {message:?}", client.name, last.get(&message.seq)));
            }
        }
    }
    verdict.across.sort_unstable();
    verdict.across_from_commit.sort_unstable();
    verdict
}

impl Verdict {
    /// Adds a client's commands to what is expected. Returns the texts that were refused.
    fn expect<'a>(
        &mut self,
        expected: &mut HashMap<u64, Expected>,
        done: &'a [Done],
        emoji: &'static str,
    ) -> Vec<&'a str> {
        let (mut refused, mut last) = (Vec::new(), 0);
        for Done { target, command, answer, is_repeat, rev } in done {
            // each command changes something, so its number is above those before it
            if answer.is_some() {
                if *rev <= last {
                    self.misordered(format!("{command:?} of #{target} has {rev}, after {last}"));
                }
                last = *rev;
            }
            let message = expected.entry(*target).or_default();
            message.rev = message.rev.max(if matches!(command, Command::Reply { .. }) { 0 } else { *rev });
            let commands = &mut self.commands;
            match (command, answer) {
                (Command::Delete, _) => (message.text, commands.deletes) = (None, commands.deletes + 1),
                (Command::Pin, None) => {
                    message.is_pin_uncertain |= *is_repeat;
                    commands.refused += 1;
                }
                (_, None) => {
                    message.is_gone = true;
                    commands.refused += 1;
                    if let Command::Reply { text } = command {
                        refused.push(text.as_str());
                    }
                }
                (Command::Edit { text, .. }, Some(answer)) => {
                    (message.text, message.text_rev) = (Some(text.clone()), answer.text_rev);
                    commands.edits += 1;
                }
                (Command::React, Some(_)) => {
                    *message.reactions.entry(emoji).or_default() += 1;
                    commands.reactions += 1;
                }
                (Command::Unreact, Some(_)) => {
                    *message.reactions.entry(emoji).or_default() -= 1;
                    commands.reactions_taken_back += 1;
                }
                (Command::Pin, Some(_)) => (message.is_pinned, commands.pins) = (true, commands.pins + 1),
                (Command::Unpin, Some(_)) => (message.is_pinned, commands.unpins) = (false, commands.unpins + 1),
                (Command::Reply { text }, Some(answer)) => {
                    commands.replies += 1;
                    let reply = expected.entry(answer.seq).or_default();
                    (reply.text, reply.text_rev) = (Some(text.clone()), answer.text_rev);
                    (reply.rev, reply.reply_to) = (reply.rev.max(*rev), Some(*target));
                }
            }
        }
        refused
    }

    fn compare_log(
        &mut self,
        log: &[Message],
        expected: &HashMap<u64, Expected>,
        is_of_run: impl Fn(&Message) -> bool,
    ) {
        let (mut texts, mut found) = (HashMap::new(), 0);
        for message in log {
            let text = message.message.as_deref();
            let is_new = text.is_none_or(|text| texts.insert(text, message.seq).is_none());
            let Some(expected) = expected.get(&message.seq) else {
                if is_of_run(message) || !is_new {
                    self.doubled(1, format!("{message:?} was never acknowledged"));
                }
                continue;
            };
            found += 1;
            if !is_new {
                self.doubled(1, format!("{message:?} is there twice"));
            }
            if text != expected.text.as_deref()
                || expected.is_gone && text.is_some()
                || message.reply_to != expected.reply_to
            {
                self.lost(1, format!("{message:?}, expected {expected:?}"));
            }
            if message.text_rev != expected.text_rev && text.is_some() || message.rev < expected.rev {
                self.misordered(format!("{message:?}, expected {expected:?}"));
            }
            let is_pinned = expected.is_pinned && text.is_some();
            if message.pinned != is_pinned && !expected.is_pin_uncertain {
                self.lost(1, format!("the pin of {message:?}, expected {expected:?}"));
            }
            for emoji in EMOJI {
                let given =
                    message.reactions.iter().find(|reaction| reaction.emoji == emoji).map_or(0, |one| one.count);
                let wanted = expected.reactions.get(emoji).copied().filter(|_| text.is_some()).unwrap_or_default();
                if given < wanted {
                    self.lost(wanted - given, format!("{emoji} of {message:?}, expected {expected:?}"));
                } else if given > wanted {
                    self.doubled(given - wanted, format!("{emoji} of {message:?}, expected {expected:?}"));
                }
            }
        }
        if found < expected.len() {
            self.lost(expected.len() - found, "messages are not in the log".into());
        }
    }
}
