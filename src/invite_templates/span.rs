//! Lengths of time as people write them: "3 days".

use crate::text::Text;

/// Units of time: the letter that each begins with, its seconds, and the key of its words.
const UNITS: [(char, i64, &str); 4] = [
    ('d', 86_400, "templates-span-days"),
    ('h', 3_600, "templates-span-hours"),
    ('m', 60, "templates-span-minutes"),
    ('s', 1, "templates-span-seconds"),
];

/// "3 days" or "12 hours" in seconds; a number alone counts days.
pub fn span(text: &str) -> Option<i64> {
    let end = text.find(|char: char| !char.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let letter = unit.trim_start().chars().next().unwrap_or('d');
    let of_letter = |unit: &&(char, i64, &str)| unit.0 == letter.to_ascii_lowercase();
    let (_, seconds, _) = UNITS.iter().find(of_letter)?;
    number.parse::<i64>().ok()?.checked_mul(*seconds)
}

/// Seconds as [`span`] reads them, in the largest unit that tells them whole.
pub fn shown(text: Text, seconds: i64) -> String {
    let whole = UNITS.iter().find(|(_, unit, _)| seconds % unit == 0);
    let (_, unit, key) = whole.unwrap_or(&UNITS[3]);
    let (words, count) = (text.get(*key), seconds / unit);
    let words = match count {
        0..1_000 => words.arg("count", count),
        // It stands in a field, and is read again: without a sign between its thousands.
        _ => words.arg("count", count.to_string()),
    };
    words.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown_in_whole_units() {
        for (text, seconds) in [
            ("3", Some(259_200)),
            ("3 days", Some(259_200)),
            ("36 Hours", Some(129_600)),
            ("90m", Some(5_400)),
            ("soon", None),
            ("3 years", None),
            ("-1 day", None),
            ("9223372036854775807 days", None),
        ] {
            assert_eq!(span(text), seconds, "{text}");
        }
        assert_eq!(shown(Text::ENGLISH, 86_400), "1 day");
        assert_eq!(shown(Text::ENGLISH, 129_600), "36 hours");
        assert_eq!(shown(Text::ENGLISH, 3_601), "3601 seconds");
    }
}
