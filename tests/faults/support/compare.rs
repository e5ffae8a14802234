//! What became of the messages and commands of a run: the clients' answers against the log, and what they received.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use super::{
    changer::{Command, Done},
    client::Client,
    natter::Message,
    socket::digest,
};

/// What became of the messages of a run.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Acknowledged, and the log does not show it, although no later command undid it; or in the log and not received
    /// in its final state by a reader, counted once a reader.
    pub lost: usize,
    /// In the log twice, or without an acknowledgement; or received again by a reader whose cursor was past it.
    pub doubled: usize,
    /// Received before an earlier change; acknowledged with another number than in the log, or with a lower one than a
    /// command before it; or in the log although it was refused.
    pub misordered: usize,
    /// Clients that did not stop within a minute.
    pub unfinished: usize,
    /// Messages sent by sockets and acknowledged.
    pub acknowledged: usize,
    pub readers: usize,
    pub commands: Commands,
    /// Connections that the server ended, or that broke.
    pub disconnects: usize,
    /// Longest time between two acknowledgements.
    pub longest_pause: Duration,
    #[allow(dead_code)] // tests/cluster prints it
    pub took: Duration,
    /// From the moment a message was sent to one server until a socket of another received it; sorted.
    pub across: Vec<Duration>,
    /// From the acknowledgement of a message until a socket of another server received it, 0 if that was first; sorted.
    pub across_from_commit: Vec<Duration>,
}

/// The acknowledged commands of a run, other than messages sent by sockets.
#[derive(Debug, Default)]
pub struct Commands {
    pub edits: usize,
    pub deletes: usize,
    pub reactions: usize,
    pub reactions_taken_back: usize,
    pub replies: usize,
    /// Reactions and replies to messages that were deleted already.
    pub refused: usize,
}

/// A message as the answers say that it is.
#[derive(Default)]
struct Expected {
    /// `None` if it is deleted.
    text: Option<String>,
    text_rev: u64,
    /// The latest number in an answer.
    rev: u64,
    is_gone: bool,
    reply_to: Option<u64>,
    reactions: BTreeMap<&'static str, usize>,
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
            verdict.misordered += usize::from(rev <= last);
            last = rev;
            let posted = Expected { text, text_rev: rev, rev, ..Expected::default() };
            verdict.doubled += usize::from(expected.insert(message.seq, posted).is_some());
        }
    }
    let refused: Vec<&str> =
        changers.iter().flat_map(|(done, emoji)| verdict.expect(&mut expected, done, emoji)).collect();
    verdict.compare_log(log, &expected, |message| {
        let is_ours = message.message.as_ref().is_none_or(|text| text.starts_with(run));
        message.seq >= first && is_ours
    });
    verdict.misordered +=
        log.iter().filter(|message| message.message.as_deref().is_some_and(|text| refused.contains(&text))).count();
    let posts: HashMap<_, _> =
        clients.iter().flat_map(|client| &client.acknowledged).map(|post| ((post.seq, post.rev), post)).collect();
    for client in clients {
        let (mut received, mut latest) = (HashMap::new(), 0);
        for one in &client.received {
            let key = (one.fragment.seq, one.fragment.rev);
            verdict.misordered += usize::from(key.1 < latest);
            latest = latest.max(key.1);
            verdict.doubled += usize::from(received.insert(key, one.fragment.text).is_some());
            if let Some(post) = posts.get(&key)
                && post.server != one.server
            {
                verdict.across.push(one.at.saturating_duration_since(post.sent));
                verdict.across_from_commit.push(one.at.saturating_duration_since(post.acknowledged));
            }
        }
        let is_lost = |m: &&Message| received.get(&(m.seq, m.rev)) != Some(&digest(m.message.as_deref()));
        verdict.lost += log.iter().filter(is_lost).count();
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
        for Done { target, command, answer, rev } in done {
            // each command changes something, so its number is above those before it
            if answer.is_some() {
                self.misordered += usize::from(*rev <= last);
                last = *rev;
            }
            let message = expected.entry(*target).or_default();
            message.rev = message.rev.max(if matches!(command, Command::Reply { .. }) { 0 } else { *rev });
            let commands = &mut self.commands;
            match (command, answer) {
                (Command::Delete, _) => (message.text, commands.deletes) = (None, commands.deletes + 1),
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
                self.doubled += usize::from(is_of_run(message) || !is_new);
                continue;
            };
            found += 1;
            self.doubled += usize::from(!is_new);
            self.lost += usize::from(text != expected.text.as_deref() || expected.is_gone && text.is_some());
            self.lost += usize::from(message.reply_to != expected.reply_to);
            let has_number = message.text_rev == expected.text_rev || text.is_none();
            self.misordered += usize::from(!has_number || message.rev < expected.rev);
            for emoji in super::changer::EMOJI {
                let given =
                    message.reactions.iter().find(|reaction| reaction.emoji == emoji).map_or(0, |one| one.count);
                let wanted = expected.reactions.get(emoji).copied().filter(|_| text.is_some()).unwrap_or_default();
                self.lost += wanted.saturating_sub(given);
                self.doubled += given.saturating_sub(wanted);
            }
        }
        self.lost += expected.len() - found;
    }

    /// Whether nothing was lost, doubled or misordered, and every client stopped.
    pub fn is_clean(&self) -> bool {
        [self.lost, self.doubled, self.misordered, self.unfinished] == [0; 4] && self.acknowledged > 0
    }

    pub fn summary(&self) -> String {
        let Commands { edits, deletes, reactions, reactions_taken_back, replies, refused } = self.commands;
        format!(
            "lost {}  doubled {}  misordered {}; {} messages, {replies} replies, {edits} edits, {reactions} reactions, \
             {reactions_taken_back} taken back, {deletes} deletes, {refused} refused",
            self.lost, self.doubled, self.misordered, self.acknowledged
        )
    }
}
