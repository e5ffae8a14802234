//! Points in time.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// Milliseconds since 1970-01-01T00:00:00Z. Both stores keep milliseconds exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

const RFC3339_MILLIS: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const CLOCK: &[BorrowedFormatItem<'static>] = format_description!("[hour]:[minute]");
const DAY: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");

impl Timestamp {
    pub fn now() -> Self {
        let nanos = OffsetDateTime::now_utc().unix_timestamp_nanos();
        Self((nanos / 1_000_000) as i64)
    }

    /// The time `secs` seconds later; earlier if negative.
    pub fn plus_secs(self, secs: i64) -> Self {
        Self(self.0 + secs * 1000)
    }

    pub fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// RFC 3339 in UTC with milliseconds, for JSON and `<time datetime>`.
    pub fn rfc3339(self) -> String {
        self.format(RFC3339_MILLIS)
    }

    /// `14:03` in UTC. Pages show it until the browser's script replaces it by local time.
    pub fn clock(self) -> String {
        self.format(CLOCK)
    }

    /// `2026-11-22`, in UTC.
    pub fn day(self) -> String {
        self.format(DAY)
    }

    fn format(self, form: &[BorrowedFormatItem<'static>]) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|t| t.format(form).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_in_utc_with_milliseconds() {
        let t = Timestamp(1_795_354_980_123);
        assert_eq!(t.rfc3339(), "2026-11-22T13:43:00.123Z");
        assert_eq!(t.clock(), "13:43");
        assert_eq!(t.day(), "2026-11-22");
    }
}
