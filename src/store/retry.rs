//! The delays between attempts of an operation that failed.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBackoff, ConstantBuilder};

/// An endless series of delays. Each one is `delay` plus a random time shorter than `delay`, so that processes that
/// failed at the same time retry at different times. The caller decides when to stop.
pub(super) fn delays(delay: Duration) -> ConstantBackoff {
    ConstantBuilder::new().with_delay(delay).without_max_times().with_jitter().build()
}
