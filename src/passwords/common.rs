//! Recognises passwords that many people use, and those that are made in the same way.
//!
//! A list of whole passwords would miss the next year at the end of "Summer2026!". So the list
//! (`common.txt`, our own) holds what common passwords are made of, and a password is common when
//! two pieces or fewer explain all of it:
//!
//! - a word of the list, in either case, with the usual digits and signs for letters (`p@ssw0rd`);
//! - a pattern: one character three times or more, a sequence (`abc`, `321`), or neighbours on the
//!   keyboard (`qwerty`, `1q2w3e`), and any chain of patterns;
//! - a number: a year, a date, one or two digits, or up to four digits at the end;
//! - any other letter or digit, alone.
//!
//! A repetition of what stands before it costs nothing, and neither do signs and spaces when they
//! are a third of the password or less. Three words make three pieces, so a few words are enough.

use std::sync::LazyLock;

const MOST_PIECES: usize = 2;
const MIN_PATTERN: usize = 3;
const LONGEST_REPEAT: usize = 64;
/// Rows of a keyboard, without and with the shift key.
const ROWS: [[&str; 2]; 4] = [
    ["1234567890-=", "!@#$%^&*()_+"],
    ["qwertyuiop[]", "qwertyuiop{}"],
    ["asdfghjkl;'", "asdfghjkl:\""],
    ["zxcvbnm,./", "zxcvbnm<>?"],
];

static WORDS: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    include_str!("common.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|word| word.chars().collect())
        .collect()
});

/// Whether two pieces or fewer explain `password`.
pub(super) fn is_common(password: &str) -> bool {
    let chars: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    fewest_pieces(&chars) <= MOST_PIECES
}

/// The fewest pieces that explain all characters, found from left to right.
fn fewest_pieces(chars: &[char]) -> usize {
    let signs = chars.iter().filter(|char| is_sign(**char)).count();
    let sign_cost = usize::from(signs * 3 > chars.len());
    // For each place, the fewest pieces before it: when the last one was a pattern, and else.
    let mut best = vec![Best::NONE; chars.len() + 1];
    best[0].other = 0;
    for start in 0..chars.len() {
        let here = best[start];
        let rest = &chars[start..];
        let any = here.any();

        if is_sign(rest[0]) {
            best[start + 1].pattern_at_most(here.pattern.saturating_add(sign_cost));
            best[start + 1].other_at_most(here.other.saturating_add(sign_cost));
        } else {
            best[start + 1].other_at_most(any.saturating_add(1));
        }
        for length in WORDS.iter().filter_map(|word| word_at(rest, word)) {
            best[start + length].other_at_most(any.saturating_add(1));
        }
        for length in numbers_at(rest) {
            best[start + length].other_at_most(any.saturating_add(1));
        }
        for length in MIN_PATTERN..=pattern_at(rest) {
            let pieces = here.pattern.min(here.other.saturating_add(1));
            best[start + length].pattern_at_most(pieces);
        }
        for length in 1..=start.min(rest.len()).min(LONGEST_REPEAT) {
            if chars[start - length..start] == rest[..length] {
                best[start + length].pattern_at_most(here.pattern);
                best[start + length].other_at_most(here.other);
            }
        }
    }
    best[chars.len()].any()
}

#[derive(Clone, Copy)]
struct Best {
    pattern: usize,
    other: usize,
}

impl Best {
    const NONE: Self = Self {
        pattern: usize::MAX,
        other: usize::MAX,
    };

    fn any(self) -> usize {
        self.pattern.min(self.other)
    }

    fn pattern_at_most(&mut self, pieces: usize) {
        self.pattern = self.pattern.min(pieces);
    }

    fn other_at_most(&mut self, pieces: usize) {
        self.other = self.other.min(pieces);
    }
}

fn is_sign(char: char) -> bool {
    char.is_ascii_punctuation() || char == ' '
}

/// The length of `word` when `text` starts with it.
fn word_at(text: &[char], word: &[char]) -> Option<usize> {
    let start = text.get(..word.len())?;
    start
        .iter()
        .zip(word)
        .all(|(written, meant)| written == meant || stands_for(*written, *meant))
        .then_some(word.len())
}

/// The digits and signs that people write for letters.
fn stands_for(written: char, meant: char) -> bool {
    let letters = match written {
        '0' => "o",
        '1' | '!' | '|' => "il",
        '2' => "z",
        '3' => "e",
        '4' | '@' => "a",
        '5' | '$' => "s",
        '6' | '9' => "g",
        '7' | '+' => "t",
        '8' => "b",
        _ => return false,
    };
    letters.contains(meant)
}

/// The lengths of the numbers that `text` starts with.
fn numbers_at(text: &[char]) -> Vec<usize> {
    let digits: Vec<u32> = text.iter().map_while(|char| char.to_digit(10)).collect();
    let number = |from: usize, to: usize| digits[from..to].iter().fold(0, |n, d| n * 10 + d);
    let year = |from: usize| (1900..2100).contains(&number(from, from + 4));
    let day = |from: usize| (1..=31).contains(&number(from, from + 2));
    let mut lengths = Vec::new();
    if digits.len() >= 2 {
        lengths.push(2);
    }
    if digits.len() >= 4 && year(0) {
        lengths.push(4);
    }
    if digits.len() >= 6 && day(0) && day(2) {
        lengths.push(6);
    }
    if digits.len() >= 8 && (year(0) && day(4) && day(6) || day(0) && day(2) && year(4)) {
        lengths.push(8);
    }
    let ends = text[digits.len()..].iter().all(|char| is_sign(*char));
    if ends && (3..=4).contains(&digits.len()) {
        lengths.push(digits.len());
    }
    lengths
}

/// The length of the longest pattern that `text` starts with.
fn pattern_at(text: &[char]) -> usize {
    let step = |from: char, to: char| {
        let known = from.is_ascii_alphanumeric() && to.is_ascii_alphanumeric();
        match (from, to) {
            ('9', '0') => Some(1),
            ('0', '9') => Some(-1),
            _ => known.then(|| i64::from(u32::from(to)) - i64::from(u32::from(from))),
        }
    };
    let sequence = |by: i64| length_while(text, |from, to| step(from, to) == Some(by));
    [
        length_while(text, |from, to| from == to),
        sequence(1),
        sequence(-1),
        length_while(text, neighbours),
    ]
    .into_iter()
    .max()
    .unwrap_or(0)
}

/// How many characters from the start follow each other as `follows` says.
fn length_while(text: &[char], follows: impl Fn(char, char) -> bool) -> usize {
    let pairs = text.windows(2);
    1 + pairs.take_while(|pair| follows(pair[0], pair[1])).count()
}

/// Whether two keys lie next to each other on the keyboard, or one row and column apart.
fn neighbours(a: char, b: char) -> bool {
    let (Some((row_a, column_a)), Some((row_b, column_b))) = (key(a), key(b)) else {
        return false;
    };
    a != b && (row_a - row_b).abs() <= 1 && (column_a - column_b).abs() <= 1
}

/// Row and column of the key that writes `char`.
fn key(char: char) -> Option<(isize, isize)> {
    ROWS.iter().zip(0..).find_map(|(faces, row)| {
        faces.iter().find_map(|face| {
            let column = face.find(char)?;
            Some((row, column.try_into().expect("a row has twelve keys")))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_clean() {
        let mut seen = std::collections::HashSet::new();
        for word in WORDS.iter() {
            let text: String = word.iter().collect();
            assert!(word.len() >= 3, "{text} is too short");
            assert!(
                word.iter()
                    .all(|char| char.is_ascii_lowercase() || char.is_ascii_digit()),
                "{text} has other characters than a-z and 0-9"
            );
            assert!(seen.insert(text.clone()), "{text} is there twice");
        }
    }

    #[test]
    fn common_passwords_are_found() {
        let common = [
            "password1234",
            "Password123!",
            "P@ssw0rd!2024",
            "passwordpassword",
            "Password1!Password1!",
            "Summer2026!!",
            "!!welcome!!2025",
            "changeme-123",
            "Admin@123456",
            "qwertyuiop123",
            "qwerty123456",
            "1q2w3e4r5t6y",
            "q1w2e3r4t5y6u7i8o9p0",
            "1qaz2wsx3edc",
            "!QAZ2wsx#EDC",
            "zaq1xsw2cde3",
            "qwerasdfzxcv",
            "qwertzuiop12",
            "azertyuiop12",
            "123456789012",
            "098765432109",
            "123456654321",
            "112233445566",
            "aaaaaaaaaaaa",
            "abababababab",
            "abcdefghijkl",
            "abcabcabcabc",
            "iloveyou1234",
            "iloveyouforever",
            "ILoveYou 2 !!",
            "jennifer1987",
            "michaeljackson",
            "manchesterunited",
            "monkey-dragon",
            "letmein letmein letmein",
            "trustno1trustno1",
            "international",
            "christopher1",
            "football19061990",
            "gfhjkmgfhjkm",
            "motdepasse123",
            "1234567890-=",
        ];
        for password in common {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn other_passwords_are_not() {
        let other = [
            "correct horse battery staple",
            "monkey dragon coffee",
            "summer winter 1987 spring",
            "test-password-4711-x",
            "jennifer met robert in paris",
            "839201746520",
            "472910385561",
            "tr0ub4dor&3xyz",
            "unser haus am see",
            "qwerty is how keyboards begin",
            "a1b9c7d3e8f2",
            "ntbkxvqzrwpl",
            "xk7#xk7#xk7#",
        ];
        for password in other {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn the_longest_passwords_are_read_to_their_end() {
        for piece in ["a", "ab", "password1", "1q2w3e4r", "zyxw 17 ~"] {
            is_common(&piece.repeat(1_024 / piece.len()));
        }
    }
}
