//! A histogram of delivery times, exact to one part in 128.

/// Buckets for each doubling of the time, as a power of two.
const STEPS: u32 = 7;

#[derive(Default)]
pub struct Latency {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Latency {
    pub fn record(&mut self, micros: u64) {
        let at = bucket(micros);
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.total += 1;
        self.max = self.max.max(micros);
    }

    /// The quantile in milliseconds.
    pub fn ms(&self, quantile: f64) -> f64 {
        let (mut left, last) = ((self.total as f64 * quantile).ceil() as u64, self.max as f64 / 1000.0);
        for (at, count) in self.counts.iter().enumerate() {
            match left.checked_sub(*count) {
                Some(rest) if rest > 0 => left = rest,
                _ => return last.min(longest(at) as f64 / 1000.0),
            }
        }
        last
    }
}

/// Each time below 128 µs has a bucket of its own; from there on each doubling has 128.
fn bucket(micros: u64) -> usize {
    let doublings = micros.checked_ilog2().unwrap_or_default().saturating_sub(STEPS);
    (doublings as usize) * (1 << STEPS) + (micros >> doublings) as usize
}

/// The longest time in a bucket.
fn longest(bucket: usize) -> u64 {
    let doublings = (bucket >> STEPS).saturating_sub(1);
    let first = (bucket - doublings * (1 << STEPS)) as u64;
    ((first + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_the_bucket_that_covers_it() {
        let times = (0..3000).chain([65_535, 65_536, 1_000_000, 59_999_999]);
        for micros in times {
            let at = bucket(micros);
            let shorter = at.checked_sub(1).map(longest);
            assert!(longest(at) >= micros && shorter.is_none_or(|shorter| shorter < micros), "{micros}");
            assert!(longest(at) - micros <= micros / 128, "{micros}: {}", longest(at));
        }
    }

    #[test]
    fn quantiles_match_the_recorded_times() {
        let mut latency = Latency::default();
        (1..=1000).for_each(|ms| latency.record(ms * 1000));
        for (quantile, ms) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            assert!((latency.ms(quantile) - ms).abs() <= ms / 100.0, "{quantile}: {}", latency.ms(quantile));
        }
    }
}
