//! The progress of a long command: a bar if standard error is a terminal, else a line every 10 seconds.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

const BAR: &str = "{msg:<23} {bar:30} {human_pos}/{human_len}  {rate}  {eta}";
/// The interval between two lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

pub struct Progress {
    bar: ProgressBar,
    /// When the last line was written. `None` if there is a bar instead.
    last_line: Option<Instant>,
}

impl Progress {
    /// Starts an operation of `total` steps.
    pub fn start(label: impl Into<String>, total: u64) -> Self {
        let last_line = (!std::io::stderr().is_terminal()).then(Instant::now);
        let target = if last_line.is_some() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0}/s", state.per_sec());
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let bar = bar.with_style(style.with_key("rate", rate)).with_message(label.into());
        if last_line.is_none() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, last_line }
    }

    pub fn advance(&mut self, steps: u64) {
        self.bar.inc(steps);
        if self.last_line.is_some_and(|last| last.elapsed() > LINE_INTERVAL) {
            self.write_line();
        }
    }

    /// Prints a line on standard output, above the bar.
    pub fn print_line(&self, line: &str) {
        self.bar.suspend(|| print_line(line));
    }

    pub fn finish(mut self) {
        if self.last_line.is_some() { self.write_line() } else { self.bar.finish_and_clear() }
    }

    fn write_line(&mut self) {
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or_default());
        let _ = writeln!(std::io::stderr(), "{}: {done} of {total}", self.bar.message());
        self.last_line = Some(Instant::now());
    }
}

/// Prints a line on standard output. Errors are ignored, because a closed pipe is no reason to stop half way.
pub fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
