//! When an invite ends, as clients of Kratos say it: in seconds, or as durations are written in Go.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::clock::seconds;
use crate::error::FieldError;
use crate::invites::model::End;

/// Time from now on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(super) enum ExpiresIn {
    /// Seconds.
    Seconds(i64),
    /// A duration, such as `24h`, `30m` or `1h30m`.
    Duration(String),
}

impl ExpiresIn {
    /// The end that is meant.
    ///
    /// # Errors
    /// `not_a_duration`.
    pub(super) fn end(&self) -> Result<End, FieldError> {
        let count = match self {
            Self::Seconds(count) => *count,
            Self::Duration(text) => whole_seconds(text)
                .ok_or_else(|| FieldError::new("expires_in", "not_a_duration"))?,
        };
        // More seconds than any lifetime are out of range, not an overflow.
        Ok(End::In(seconds(count.clamp(-1, i64::from(i32::MAX)))))
    }
}

/// The units, in nanoseconds; of those that begin alike the longer one first.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3_600 * SECOND),
];

const SECOND: i128 = 1_000_000_000;

/// Reads a duration as Go writes it: a sign, then numbers with a unit each. What is less than a second is left out.
fn whole_seconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let (number, after) = rest.split_at(end);
        let (unit, factor) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        nanos = nanos.checked_add(times(number, *factor)?)?;
        rest = &after[unit.len()..];
    }
    // More than any lifetime is told as such, on either side.
    let limit = i128::from(i64::MAX);
    i64::try_from((sign * nanos / SECOND).clamp(-limit, limit)).ok()
}

/// A number with or without a point, so many times.
fn times(number: &str, factor: i128) -> Option<i128> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{part}").parse().ok()?;
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    Some(digits.checked_mul(factor)? / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, wanted) in [
            ("24h", Some(86_400)),
            ("30m", Some(1_800)),
            ("1h30m", Some(5_400)),
            ("1.5h", Some(5_400)),
            ("90s", Some(90)),
            ("1m0.5s", Some(60)),
            ("500ms", Some(0)),
            ("60000000µs", Some(60)),
            ("+2h", Some(7_200)),
            ("-1h", Some(-3_600)),
            ("0", Some(0)),
            ("99999999999999999999999h", Some(i64::MAX)),
            ("1.h", Some(3_600)),
            (".5m", Some(30)),
            ("1x", None),
            ("", None),
            ("-", None),
            ("h", None),
            (".h", None),
            ("1", None),
            ("3600", None),
            ("1d", None),
            ("1h 30m", None),
            ("24H", None),
            ("1h-30m", None),
            ("1.2.3h", None),
            ("NaNh", None),
            ("infs", None),
            ("1e3s", None),
        ] {
            assert_eq!(whole_seconds(text), wanted, "{text}");
        }
    }
}
