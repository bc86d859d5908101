//! Phone numbers, and what can stand where somebody may write an address or a number.

use std::fmt;
use std::str::FromStr;

use super::model::Email;
use crate::error::FieldError;
use crate::outbox::Channel;

/// A phone number as the whole world dials it: `+` and 7 to 15 digits, of which the first is no zero (E.164).
/// It is kept and compared in this one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Reads the value of a field. What people put between digits to read them better does not count.
    ///
    /// # Errors
    /// `required` or `not_a_phone`, for the field.
    pub fn read(field: &'static str, text: &str) -> Result<Self, FieldError> {
        if text.trim().is_empty() {
            return Err(FieldError::new(field, "required"));
        }
        text.parse()
            .map_err(|()| FieldError::new(field, "not_a_phone"))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // "+49 (0) 151": the zero is dialled at home instead of +49, and is no part of the number.
        let number = without_spacing(&text.replace("(0)", ""));
        let digits = number.strip_prefix('+').ok_or(())?;
        let valid = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        valid.then_some(Self(number)).ok_or(())
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text without spaces, dashes, dots and brackets. No-break spaces and dashes come along when a number is
/// copied from a page.
pub(super) fn without_spacing(text: &str) -> String {
    let spacing = |c: char| {
        c.is_whitespace() || "-.()[]/".contains(c) || matches!(c, '\u{2010}'..='\u{2014}')
    };
    text.chars().filter(|c| !spacing(*c)).collect()
}

/// An e-mail address or a phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Reached by mail.
    Email(Email),
    /// Reached by SMS.
    Phone(Phone),
}

impl Address {
    /// Reads a field that takes either. What holds an `@` is meant as an address.
    ///
    /// # Errors
    /// `required`, `not_an_email`, `not_a_phone`, `too_long`; `not_an_address` for what looks like neither.
    pub fn read(field: &'static str, text: &str) -> Result<Self, FieldError> {
        if text.trim().is_empty() || text.contains('@') {
            return Email::read(field, text).map(Self::Email);
        }
        let number = without_spacing(text);
        match number.starts_with('+') {
            true => Phone::read(field, text).map(Self::Phone),
            false if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(FieldError::new(field, "not_a_phone"))
            }
            false => Err(FieldError::new(field, "not_an_address")),
        }
    }

    /// What somebody typed who signs in, in the form in which addresses are compared. Anything is taken: what
    /// is no address belongs to nobody.
    pub fn normal(text: &str) -> String {
        match text.parse::<Phone>() {
            Ok(phone) => phone.0,
            Err(()) => text.trim().to_ascii_lowercase(),
        }
    }

    /// As it was written, for people and for sending.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone.as_str(),
        }
    }

    /// As it is compared. No address is ever equal to a number.
    pub fn norm(&self) -> String {
        match self {
            Self::Email(email) => email.norm(),
            Self::Phone(phone) => phone.0.clone(),
        }
    }

    /// How messages get there.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Mail,
            Self::Phone(_) => Channel::Sms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_in_one_form_or_refused() {
        for (written, kept) in [
            ("+351 21 555 01 00", "+351215550100"),
            ("+49 (0) 151 12345678", "+4915112345678"),
            ("+49(0)15112345678", "+4915112345678"),
            (" +1 (415) 555-2671 ", "+14155552671"),
            ("+44.20.7946.0958", "+442079460958"),
            ("+49\u{a0}30\u{2011}123456", "+4930123456"),
            ("+1234567", "+1234567"),
            ("+123456789012345", "+123456789012345"),
        ] {
            assert_eq!(Phone::read("phone", written).unwrap().as_str(), kept);
        }
        for bad in [
            "0215550100",
            "00351215550100",
            "+0351215550100",
            "+123456",
            "+1234567890123456",
            "+35121555O100",
            "+351 21 555 01 00 ext 7",
            "++351215550100",
            "+٣٥١٢١٥٥٥٠١٠٠",
            "+351215550100\0",
            "+",
            "ada@example.org",
        ] {
            let refused = Phone::read("phone", bad).unwrap_err();
            assert_eq!(refused.code, "not_a_phone", "{bad:?}");
        }
        assert_eq!(Phone::read("phone", " ").unwrap_err().code, "required");
    }

    #[test]
    fn one_field_takes_either() {
        let read = |text| Address::read("address", text);
        assert_eq!(read("ADA@example.org").unwrap().norm(), "ada@example.org");
        assert_eq!(read("+351 21 555 0100").unwrap().norm(), "+351215550100");
        for (bad, code) in [
            ("", "required"),
            ("ada@", "not_an_email"),
            ("021 555 0100", "not_a_phone"),
            ("+0", "not_a_phone"),
            ("ada", "not_an_address"),
        ] {
            assert_eq!(read(bad).unwrap_err().code, code, "{bad:?}");
        }
        assert_eq!(Address::normal(" +351 21 555 0100"), "+351215550100");
        assert_eq!(Address::normal(" Ada@Example.org "), "ada@example.org");
    }
}
