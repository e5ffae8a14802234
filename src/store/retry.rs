//! The delays between attempts of an operation that failed.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBackoff, ConstantBuilder};

/// Endless delays of `delay` plus a random part below `delay`, so that processes that failed together do not retry
/// together. The caller decides when to stop.
pub(super) fn delays(delay: Duration) -> ConstantBackoff {
    ConstantBuilder::new().with_delay(delay).without_max_times().with_jitter().build()
}
