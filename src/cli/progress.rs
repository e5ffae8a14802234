//! How far a long command has come: a bar on a terminal, lines now and then where standard error goes
//! somewhere else.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

const BAR: &str = "{msg:<23} {bar:30} {human_pos}/{human_len}  {rate}  {eta}";
/// Between two lines.
const LINES: Duration = Duration::from_secs(10);

pub struct Progress {
    bar: ProgressBar,
    /// When the last line was written, where there is no bar to see.
    lines: Option<Instant>,
}

impl Progress {
    /// Begins something of `total` steps.
    pub fn start(what: impl Into<String>, total: u64) -> Self {
        let lines = (!std::io::stderr().is_terminal()).then(Instant::now);
        let target = if lines.is_some() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0}/s", state.per_sec());
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let bar = bar.with_style(style.with_key("rate", rate)).with_message(what.into());
        if lines.is_none() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, lines }
    }

    pub fn advance(&mut self, steps: u64) {
        self.bar.inc(steps);
        if self.lines.is_some_and(|last| last.elapsed() > LINES) {
            self.line();
        }
    }

    /// Prints a line on standard output, above the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    pub fn finish(mut self) {
        if self.lines.is_some() { self.line() } else { self.bar.finish_and_clear() }
    }

    fn line(&mut self) {
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or_default());
        let _ = writeln!(std::io::stderr(), "{}: {done} of {total}", self.bar.message());
        self.lines = Some(Instant::now());
    }
}

/// Prints a line on standard output. Whoever reads it may have gone: that is no reason to stop half way.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
