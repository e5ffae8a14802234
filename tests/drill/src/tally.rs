//! The sum of several runs.

use std::fmt;

use natter_check::{Fault, Report};

const FAULTS: [(Fault, &str); 7] = [
    (Fault::Lost, "lost"),
    (Fault::Doubled, "doubled"),
    (Fault::Misordered, "misordered"),
    (Fault::Leaked, "leaked"),
    (Fault::WrongCount, "wrong counts"),
    (Fault::Invalid, "invalid frames"),
    (Fault::Unfinished, "unfinished"),
];

#[derive(Debug, Default)]
pub struct Tally {
    acknowledged: usize,
    stored: usize,
    received: usize,
    counts: usize,
    files: usize,
    backups: usize,
    faults: [usize; FAULTS.len()],
    is_complete: bool,
}

impl Tally {
    pub fn new() -> Self {
        Self { is_complete: true, ..Self::default() }
    }

    /// `backups`: how many are whole.
    pub fn add(&mut self, report: &Report, backups: usize) {
        self.acknowledged += report.acknowledged;
        self.stored += report.stored;
        self.received += report.received;
        self.counts += report.counts;
        self.files += report.files;
        self.backups += backups;
        for (count, (fault, _)) in self.faults.iter_mut().zip(FAULTS) {
            *count += report.count(fault);
        }
        // a run in which nothing was compared proves nothing
        self.is_complete &= report.acknowledged > 0 && report.received > 0 && report.counts > 0;
    }

    /// Whether there is no fault, and each run compared something.
    pub fn is_clean(&self) -> bool {
        self.is_complete && self.faults.iter().all(|count| *count == 0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, stored, received, counts, files, backups, .. } = self;
        write!(
            f,
            "{acknowledged} acknowledged, {stored} stored, {received} received, {counts} counts \
             compared, {files} files read, {backups} backups restored:"
        )?;
        for (count, (_, name)) in self.faults.iter().zip(FAULTS) {
            write!(f, " {name} {count}")?;
        }
        Ok(())
    }
}
