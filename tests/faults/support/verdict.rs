//! What became of the messages and commands of a run, in figures.

use std::time::Duration;

/// The most examples that a verdict keeps.
const EXAMPLES: usize = 20;

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
    /// The first of these, in words.
    pub examples: Vec<String>,
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
    pub pins: usize,
    pub unpins: usize,
    /// Reactions and replies to messages that were deleted already, and pins above the limit.
    pub refused: usize,
}

impl Verdict {
    pub fn lost(&mut self, count: usize, example: String) {
        self.lost += count;
        self.keep("lost", example);
    }

    pub fn doubled(&mut self, count: usize, example: String) {
        self.doubled += count;
        self.keep("doubled", example);
    }

    pub fn misordered(&mut self, example: String) {
        self.misordered += 1;
        self.keep("misordered", example);
    }

    fn keep(&mut self, kind: &str, example: String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{kind}: {example}"));
        }
    }

    /// Whether nothing was lost, doubled or misordered, and every client stopped.
    pub fn is_clean(&self) -> bool {
        [self.lost, self.doubled, self.misordered, self.unfinished] == [0; 4] && self.acknowledged > 0
    }

    pub fn summary(&self) -> String {
        let Commands { edits, deletes, reactions, reactions_taken_back, replies, pins, unpins, refused } =
            self.commands;
        format!(
            "lost {}  doubled {}  misordered {}; {} messages, {replies} replies, {edits} edits, {reactions} reactions, \
             {reactions_taken_back} taken back, {pins} pins, {unpins} unpins, {deletes} deletes, {refused} refused",
            self.lost, self.doubled, self.misordered, self.acknowledged
        )
    }
}
