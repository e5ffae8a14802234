//! Structured logs on standard error.

use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::config::{Config, LogFormat};

/// Starts logging with the format and the filter of the settings.
pub fn init(config: &Config) {
    let filter: Targets = config.log.parse().expect("the settings are validated");
    let lines = fmt::layer().with_writer(std::io::stderr);
    let logs = tracing_subscriber::registry().with(filter);
    match config.log_format {
        LogFormat::Text => logs.with(lines.with_target(false)).init(),
        LogFormat::Json => logs.with(lines.json().flatten_event(true)).init(),
    }
}
