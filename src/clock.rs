//! Time as a value: read once at the edge of a request and handed on.

use std::fmt;
use std::ops::Sub;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a time as RFC 3339, many times faster than a pattern of `strftime` does.
const WHOLE_SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));

/// A moment in UTC, in whole microseconds, which both databases keep exactly.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = Ts)]
pub struct Time(i64);

/// The SQL type of a [`Time`]: `timestamptz` on PostgreSQL, microseconds since 1970 in an `INTEGER` on
/// SQLite. Sorts by time.
#[derive(
    Debug, Clone, Copy, Default, diesel::query_builder::QueryId, diesel::sql_types::SqlType,
)]
#[diesel(postgres_type(name = "timestamptz"))]
#[diesel(sqlite_type(name = "Long"))]
pub struct Ts;

impl diesel::sql_types::SqlOrd for Ts {}

/// 0001-01-01T00:00:00Z in microseconds. PostgreSQL keeps no time that is much earlier.
const EARLIEST: i64 = -62_135_596_800_000_000;

/// A length of time in microseconds; may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(i64);

/// `n` seconds.
pub const fn seconds(n: i64) -> Span {
    Span(n * 1_000_000)
}

/// `n` minutes.
pub const fn minutes(n: i64) -> Span {
    seconds(n * 60)
}

/// `n` hours.
pub const fn hours(n: i64) -> Span {
    minutes(n * 60)
}

/// `n` days of 24 hours.
pub const fn days(n: i64) -> Span {
    hours(n * 24)
}

impl Span {
    /// So many microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// This length in whole seconds, rounded up, so that a wait is never told too short.
    pub const fn seconds_up(self) -> i64 {
        (self.0 + 999_999).div_euclid(1_000_000)
    }

    /// This length in whole days, rounded down.
    pub const fn whole_days(self) -> i64 {
        self.0.div_euclid(days(1).0)
    }

    /// This length in microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl Time {
    /// The moment `micros` microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// [`Time::from_micros`] for a number that came from outside: only the years 1 to 9999, which both
    /// databases keep and every answer can tell.
    pub fn in_range(micros: i64) -> Option<Self> {
        let can_be_told = Timestamp::from_microsecond(micros).is_ok();
        (micros >= EARLIEST && can_be_told).then_some(Self(micros))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment moved by `span`; stops at the ends of the range instead of overflowing.
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This moment moved back by `span`.
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// The start of this second. Ends are kept so, because they are told in whole seconds and
    /// enforced exactly as told.
    pub const fn whole_seconds(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1_000_000))
    }

    /// RFC 3339 in UTC with whole seconds, as every answer and page writes it: `2026-11-22T09:00:00Z`.
    pub fn rfc3339(self) -> String {
        match Timestamp::from_microsecond(self.0) {
            Ok(stamp) => WHOLE_SECONDS.timestamp_to_string(&stamp),
            Err(_) => "-".to_owned(),
        }
    }

    /// The moment written with a `strftime` pattern, in UTC.
    pub fn format(self, pattern: &str) -> String {
        match Timestamp::from_microsecond(self.0) {
            Ok(stamp) => stamp.strftime(pattern).to_string(),
            Err(_) => "-".to_owned(),
        }
    }

    /// The month in UTC, 1 to 12.
    pub fn month(self) -> usize {
        Timestamp::from_microsecond(self.0).map_or(1, |stamp| {
            let month = Offset::UTC.to_datetime(stamp).month();
            usize::from(month.unsigned_abs())
        })
    }

    /// Reads RFC 3339 with any offset, in the years 1 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let stamp = text.parse::<Timestamp>().ok()?;
        Self::in_range(stamp.as_microsecond())
    }
}

impl Sub for Time {
    type Output = Span;

    fn sub(self, other: Self) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

impl schemars::JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, UTC, whole seconds",
            "examples": ["2026-11-22T09:00:00Z"],
        })
    }
}

/// Where the time comes from. The only thing in the crate that may ask the machine.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that moves only when told, plus one millisecond at each reading so that rows made one
    /// after the other keep their order.
    Manual(AtomicI64),
}

impl Clock {
    /// A clock that starts at `start` and is moved by [`Clock::advance`].
    pub fn manual(start: Time) -> Self {
        Self::Manual(AtomicI64::new(start.0))
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        match self {
            Self::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place that asks the machine"
                )]
                let now = Timestamp::now();
                Time(now.as_microsecond())
            }
            Self::Manual(at) => Time(at.fetch_add(1_000, Ordering::Relaxed)),
        }
    }

    /// Moves a manual clock; the machine's clock cannot be moved and stays as it is.
    pub fn advance(&self, span: Span) {
        if let Self::Manual(at) = self {
            at.fetch_add(span.0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_whole_seconds_and_read_with_any_offset() {
        let time = Time::parse("2026-11-22T10:00:00.750+01:00").unwrap();
        assert_eq!(time.rfc3339(), "2026-11-22T09:00:00Z");
        assert_eq!(time.whole_seconds().as_micros() % 1_000_000, 0);
        assert_eq!(Time::parse("2026-11-22"), None);
    }

    #[test]
    fn times_from_outside_lie_in_the_years_1_to_9999() {
        let first = Time::parse("0001-01-01T00:00:00Z").unwrap();
        assert_eq!(first.as_micros(), EARLIEST);
        for micros in [EARLIEST, 0, 253_402_000_000_000_000] {
            assert_eq!(Time::in_range(micros), Some(Time(micros)));
        }
        for micros in [i64::MIN, EARLIEST - 1, 253_402_300_800_000_000, i64::MAX] {
            assert_eq!(Time::in_range(micros), None, "{micros}");
        }
        for text in ["-009999-01-02T00:00:00Z", "0000-12-31T23:59:59Z"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(Span(1).seconds_up(), 1);
        assert_eq!(seconds(2).seconds_up(), 2);
        assert_eq!(Span(0).seconds_up(), 0);
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = Clock::manual(Time::from_micros(0));
        let first = clock.now();
        clock.advance(days(1));
        assert!(clock.now() - first >= days(1));
    }
}
