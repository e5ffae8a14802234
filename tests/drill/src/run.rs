//! What all drills have in common.

use std::time::{Duration, Instant};

use natter_check::{
    Report,
    team::{Random, Team},
};
use tokio::time::sleep;

use crate::tally::Tally;

const INTERVAL: Duration = Duration::from_millis(5);
/// A backup begins in one round of so many.
pub const ROUNDS_TO_BACKUP: u32 = 5;

/// What a part of a drill found.
pub struct Part {
    pub report: Report,
    /// Backups that were restored and are whole.
    pub backups: usize,
}

/// Runs a drill in parts of `most` rounds, each with a database and a seed of its own: the histories of all clients of a
/// part are in memory until they are checked.
///
/// # Errors
/// Those of `part`, which gets its rounds and its seed.
pub async fn in_parts(
    rounds: u32,
    most: u32,
    first_seed: u64,
    part: impl AsyncFn(u32, u64) -> Result<Part, String>,
) -> Result<Tally, String> {
    let (mut tally, mut left, mut seed) = (Tally::new(), rounds, first_seed);
    while left > 0 {
        let of_part = left.min(most);
        let Part { report, backups } = part(of_part, seed).await?;
        if !report.is_clean() {
            eprintln!("seed {seed}: {report}");
        }
        tally.add(&report, backups);
        left -= of_part;
        seed += 1;
        eprintln!("{} rounds: {tally}", rounds - left);
    }
    Ok(tally)
}

/// A time of at least `least` milliseconds and less than `most`.
pub fn milliseconds(random: &mut Random, least: usize, most: usize) -> Duration {
    Duration::from_millis((least + random.below(most - least)) as u64)
}

/// Waits until a message is acknowledged.
///
/// # Errors
/// None is within `limit`.
pub async fn recovers(team: &Team, limit: Duration) -> Result<(), String> {
    let (started, before) = (Instant::now(), team.acknowledged());
    while team.acknowledged() == before {
        if started.elapsed() > limit {
            return Err(format!("nothing is acknowledged after {limit:?}"));
        }
        sleep(INTERVAL).await;
    }
    Ok(())
}
