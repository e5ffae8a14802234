//! Structured logs, on standard error.

use tracing_subscriber::EnvFilter;

use super::config::{Config, LogFormat};

/// Sends log lines to standard error from here on.
pub fn init(config: &Config) {
    // memory-serve tells of every asset at every start
    let filter = EnvFilter::new(format!("memory_serve=warn,{}", config.log));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => logs.with_target(false).init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
}
