//! The metrics of one test.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// Records the metrics of this thread, on which the test's own natter runs too. The recorder of the process would mix the
/// metrics of all tests.
pub struct Metrics(PrometheusRecorder);

impl Metrics {
    pub fn new() -> Self {
        Self(PrometheusBuilder::new().build_recorder())
    }

    /// Records until the guard is dropped. For tests on a runtime with one thread.
    pub fn record(&self) -> metrics::LocalRecorderGuard<'_> {
        metrics::set_default_local_recorder(&self.0)
    }

    /// The value of a counter.
    pub fn count(&self, name: &str) -> u64 {
        let text = self.0.handle().render();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }
}
