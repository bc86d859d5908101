//! Checks of what people and programs send, shared by the features: each adds what is wrong to a list,
//! so that a form is told everything at once.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, FieldError, Result};
use crate::secret::SecretDigest;

/// What is wrong so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Adds an error.
    pub fn add(&mut self, fault: FieldError) {
        self.0.push(fault);
    }

    /// Trims a text of one line. It must have so many characters, counted as Unicode scalar values, and
    /// no control characters.
    pub fn line(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) -> String {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            self.add(FieldError::new(field, "control_characters"));
        }
        self.length(field, text, length);
        text.to_owned()
    }

    /// A line that stands for somebody or something in lists and sentences: it must show something, and turn nothing
    /// around.
    pub fn name(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) -> String {
        let (before, needed) = (self.0.len(), *length.start() > 0);
        let name = self.line(field, text, length);
        if self.0.len() == before {
            let blank = !name.is_empty() && name.chars().all(is_blank);
            if blank && needed {
                self.add(FieldError::new(field, "required"));
            } else if blank || name.chars().any(turns_text) {
                self.add(FieldError::new(field, "control_characters"));
            }
        }
        name
    }

    /// Trims a text of any number of lines.
    pub fn lines(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) -> String {
        let text = text.trim();
        if text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            self.add(FieldError::new(field, "control_characters"));
        }
        self.length(field, text, length);
        text.to_owned()
    }

    fn length(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) {
        let (least, most) = length.into_inner();
        match text.chars().count() {
            0 if least > 0 => self.add(FieldError::new(field, "required")),
            count if count < least => {
                self.add(FieldError::new(field, "too_short").with("min", least));
            }
            count if count > most => self.add(FieldError::new(field, "too_long").with("max", most)),
            _ => {}
        }
    }

    /// Checks that a number lies in a range.
    pub fn range<T: PartialOrd + Display>(
        &mut self,
        field: &str,
        number: T,
        range: RangeInclusive<T>,
    ) {
        if !range.contains(&number) {
            let (min, max) = range.into_inner();
            self.add(
                FieldError::new(field, "out_of_range")
                    .with("min", min)
                    .with("max", max),
            );
        }
    }

    /// The value, when nothing is wrong.
    ///
    /// # Errors
    /// `invalid_input` with everything that is wrong.
    pub fn none_in<T>(self, value: T) -> Result<T> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(Error::Invalid(self.0))
        }
    }
}

/// One line of text alone, as [`Faults::line`] checks it.
///
/// # Errors
/// The first thing that is wrong.
pub fn line(field: &str, text: &str, length: RangeInclusive<usize>) -> Result<String, FieldError> {
    let mut faults = Faults::default();
    let text = faults.line(field, text, length);
    faults.0.into_iter().next().map_or(Ok(text), Err)
}

/// A name alone, as [`Faults::name`] checks it.
///
/// # Errors
/// The first thing that is wrong.
pub fn name(field: &str, text: &str, length: RangeInclusive<usize>) -> Result<String, FieldError> {
    let mut faults = Faults::default();
    let name = faults.name(field, text, length);
    faults.0.into_iter().next().map_or(Ok(name), Err)
}

/// Marks that reverse what stands around them (Unicode, Bidi_Control): a name with one changes how the
/// sentences that hold it read.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that show nothing: a name of these alone leaves a hole in every list.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{2800}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
}

/// Reads a field of a PATCH for which `null` means something else than leaving it out. For
/// `#[serde(default, deserialize_with = "given")]` on an `Option<Option<T>>`.
///
/// # Errors
/// When the value is of another type.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Changes whenever a part of a thing does; says whether what somebody edits is still what is kept.
pub fn etag(thing: &impl Serialize) -> String {
    let json = serde_json::to_vec(thing).expect("what people edit is plain data");
    let [a, b, c, d, e, f, g, h, ..] = *SecretDigest::of_bytes(&json).as_bytes();
    format!("{:016x}", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

/// A name or an address as it is compared and searched: small letters, one space between words.
pub fn normal_name(name: &str) -> String {
    name.to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(faults: Faults) -> Vec<&'static str> {
        faults.0.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn every_fault_is_told_and_lengths_count_characters() {
        let mut faults = Faults::default();
        assert_eq!(faults.line("a", "  Größe ", 1..=5), "Größe");
        faults.line("b", " ", 1..=5);
        faults.line("c", "a\nb", 1..=2);
        faults.lines("d", "a\nb", 1..=3);
        faults.range("e", 91, 1..=90);
        assert_eq!(
            codes(faults),
            ["required", "control_characters", "too_long", "out_of_range"]
        );
    }

    #[test]
    fn a_name_shows_something_and_turns_nothing_around() {
        let told = |text: &str, least| {
            let mut faults = Faults::default();
            faults.name("name", text, least..=9);
            codes(faults).join(" ")
        };
        for good in ["Ada", "\u{5e2}\u{5d3}\u{5d4}", "a\u{200d}b"] {
            assert_eq!(told(good, 1), "", "{good:?}");
        }
        assert_eq!(told("Ada\u{202e}", 1), "control_characters");
        assert_eq!(told("\u{200b}\u{2800}", 1), "required");
        assert_eq!(told("\u{200b}", 0), "control_characters");
        assert_eq!(told(" ", 0), "");
        assert_eq!(told(" ", 1), "required");
    }

    #[test]
    fn names_compare_without_case_and_spacing() {
        assert_eq!(
            normal_name("  Data\t Analysts "),
            normal_name("DATA analysts")
        );
    }
}
