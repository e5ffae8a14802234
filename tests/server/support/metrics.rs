//! Metrics of one test.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// Counts what happens in this test's thread, in which a natter of its own runs too: the recorder of the process
/// counts for all tests.
pub struct Metrics(PrometheusRecorder);

impl Metrics {
    pub fn new() -> Self {
        Self(PrometheusBuilder::new().build_recorder())
    }

    /// Counts for as long as the value lives. For tests on a runtime of one thread.
    pub fn record(&self) -> metrics::LocalRecorderGuard<'_> {
        metrics::set_default_local_recorder(&self.0)
    }

    pub fn count(&self, name: &str) -> u64 {
        let text = self.0.handle().render();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }
}
