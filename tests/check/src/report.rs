//! What a check found.

use std::{collections::BTreeMap, fmt};

/// The most examples that are kept of each fault.
const EXAMPLES: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Acknowledged and not in the log, or in the log and not received by a subscriber.
    Lost,
    /// In the log twice or though nobody sent it, or received twice in one subscription.
    Doubled,
    /// Received or numbered before an earlier change, or in the log although it was refused.
    Misordered,
    /// Received without the right to read the room, or after it was lost.
    Leaked,
    /// A number of a room that differs from the log.
    WrongCount,
    /// A frame that is not as the protocol has it.
    Invalid,
    /// A message that was neither acknowledged nor refused.
    Unfinished,
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct Report {
    pub acknowledged: usize,
    pub refused: usize,
    /// Texts in the logs, deleted ones included.
    pub stored: usize,
    pub received: usize,
    /// Numbers that were compared with the logs.
    pub counts: usize,
    /// Files that were read at the end and are whole.
    pub files: usize,
    pub connections: usize,
    /// How often somebody lost the right to read a room.
    pub losses: usize,
    pub deleted_rooms: usize,
    pub deleted_users: usize,
    faults: BTreeMap<Fault, (usize, Vec<String>)>,
}

impl Report {
    pub(crate) fn add(&mut self, fault: Fault, example: impl FnOnce() -> String) {
        let (count, examples) = self.faults.entry(fault).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example());
        }
    }

    pub fn count(&self, fault: Fault) -> usize {
        self.faults.get(&fault).map_or(0, |(count, _)| *count)
    }

    /// Whether there is no fault, and something was compared at all.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty() && [self.acknowledged, self.received, self.counts].iter().all(|count| *count > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, refused, stored, received, counts, connections, losses, .. } = self;
        let Self { deleted_rooms, deleted_users, files, faults, .. } = self;
        let of = |fault| self.count(fault);
        writeln!(
            f,
            "lost {}  doubled {}  misordered {}  leaked {}  wrong counts {}; {acknowledged} acknowledged, {refused} \
             refused, {stored} stored, {received} received, {counts} counts compared, {files} files read, {losses} rights lost, \
             {connections} connections, {deleted_rooms} rooms and {deleted_users} users deleted",
            of(Fault::Lost),
            of(Fault::Doubled),
            of(Fault::Misordered),
            of(Fault::Leaked),
            of(Fault::WrongCount),
        )?;
        for (fault, (count, examples)) in faults {
            writeln!(f, "{fault:?}: {count}")?;
            examples.iter().try_for_each(|example| writeln!(f, "  {example}"))?;
        }
        Ok(())
    }
}
