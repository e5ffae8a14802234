//! Delays between the attempts of an operation that is retried until it succeeds.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep_until};

/// Delays that double from `first` to `longest` without an end. Each is lengthened by up to its own length at random,
/// so that processes that lost the same database do not all reconnect at the same moment.
pub const fn backoff(first: Duration, longest: Duration) -> ExponentialBuilder {
    ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest).without_max_times().with_jitter()
}

/// When a task makes its next attempt, for a task that does other work until then.
pub struct RetryTimer {
    builder: ExponentialBuilder,
    /// The delays since the last success, and when the next attempt is due.
    pending: Option<(ExponentialBackoff, Instant)>,
}

impl RetryTimer {
    pub const fn new(builder: ExponentialBuilder) -> Self {
        Self { builder, pending: None }
    }

    /// Schedules the next attempt, and returns the delay until then.
    pub fn schedule(&mut self) -> Duration {
        let mut delays = self.pending.take().map_or_else(|| self.builder.build(), |(delays, _)| delays);
        let delay = delays.next().unwrap_or_default();
        self.pending = Some((delays, Instant::now() + delay));
        delay
    }

    /// Records a success: no attempt is scheduled, and the next delay is the first one again.
    pub fn reset(&mut self) {
        self.pending = None;
    }

    /// Waits until the next attempt is due; never returns if none is scheduled.
    pub async fn due(&self) {
        match &self.pending {
            Some((_, due)) => sleep_until(*due).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_until_a_success() {
        let second = Duration::from_secs(1);
        let mut timer = RetryTimer::new(backoff(second, 4 * second));
        for shortest in [1, 2, 4, 4, 4] {
            let delay = timer.schedule();
            assert!((shortest * second..=2 * shortest * second).contains(&delay), "{shortest} s: {delay:?}");
        }
        timer.reset();
        assert!(timer.schedule() <= 2 * second);
    }
}
