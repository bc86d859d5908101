//! Which passwords are taken.

use super::common;

/// The least number of characters (Unicode scalar values).
pub const MIN_CHARACTERS: usize = 12;
/// The largest number of bytes.
pub const MAX_BYTES: usize = 1_024;
/// Shorter names are too likely to be in a good password by chance.
const MIN_WORD: usize = 4;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than 12 characters.
    TooShort,
    /// More than 1,024 bytes.
    TooLong,
    /// It holds the person's own name or address, or the site's name.
    Personal,
    /// Many people use it, or it is made like those that many people use.
    Common,
}

/// Whether `password` may be chosen by the person to whom the `personal` words belong: display
/// name, address (whole, and the part before `@`) and site name.
///
/// There are no rules of composition: spaces, emoji, lower case alone and the NUL character are as
/// good as anything (ASVS 6.2.5, 6.2.8). A personal word counts in either case and whatever stands
/// between its letters: a whole one of four characters or more may not occur at all, and the parts
/// of one, as the names in "Grace Hopper", may not make up half of the password (ASVS 6.2.11).
/// Common passwords are recognised as the module `common` says (ASVS 6.2.4).
///
/// # Errors
/// The first weakness found.
pub fn check_strength(password: &str, personal: &[&str]) -> Result<(), Weakness> {
    if password.len() > MAX_BYTES {
        Err(Weakness::TooLong)
    } else if password.chars().count() < MIN_CHARACTERS {
        Err(Weakness::TooShort)
    } else if is_personal(password, personal) {
        Err(Weakness::Personal)
    } else if common::is_common(password) {
        Err(Weakness::Common)
    } else {
        Ok(())
    }
}

fn is_personal(password: &str, personal: &[&str]) -> bool {
    let password = fold(password);
    let mut in_a_part = vec![false; password.len()];
    for word in personal {
        let whole = fold(word);
        let word = word.rsplit_once('@').map_or(*word, |(local, _)| local);
        if !places(&password, &fold(word)).is_empty() || !places(&password, &whole).is_empty() {
            return true;
        }
        for part in word.split(|char: char| !char.is_alphanumeric()) {
            let part = fold(part);
            for start in places(&password, &part) {
                in_a_part[start..start + part.len()].fill(true);
            }
        }
    }
    let covered = in_a_part.iter().filter(|covered| **covered).count();
    covered > 0 && covered * 2 >= password.len()
}

/// Lower-case letters and digits alone.
fn fold(text: &str) -> Vec<char> {
    text.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Where `word` starts in `text`; nowhere when it is shorter than four characters.
fn places(text: &[char], word: &[char]) -> Vec<usize> {
    if word.len() < MIN_WORD {
        return Vec::new();
    }
    text.windows(word.len())
        .enumerate()
        .filter_map(|(start, window)| (window == word).then_some(start))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSONAL: [&str; 3] = ["Grace Hopper", "g.b.hopper+work@example.org", "Flow Lab"];

    #[test]
    fn good_passwords_are_taken() {
        let long = "long enough ".repeat(85);
        let good = [
            "correct horse battery staple",
            "correcthorsebatterystaple",
            "only lowercase letters",
            " spaces at both ends ",
            "🦀🐙🦊🐝🐢🦉🐳🦋🌵🍄🌻🌊",
            "пять зелёных окон",
            "nul\0in the middle",
            "839201746520",
            "xK7#pQ2$vB9!",
            "!#%/(=?@£$€{",
            "hopping along gracefully",
            "my flower shop window",
            &long,
            &"xyz pq 17 ".repeat(102)[..1_000],
        ];
        for password in good {
            assert_eq!(check_strength(password, &PERSONAL), Ok(()), "{password:?}");
        }
    }

    #[test]
    fn length_counts_characters_below_and_bytes_above() {
        let cases = [
            ("", Some(Weakness::TooShort)),
            ("elevenchars", Some(Weakness::TooShort)),
            ("élevenchars", Some(Weakness::TooShort)),
            ("twelve chars", None),
            ("🦀🐙🦊🐝🐢🦉🐳🦋🌵🍄🌻", Some(Weakness::TooShort)),
        ];
        for (password, weakness) in cases {
            assert_eq!(check_strength(password, &[]).err(), weakness, "{password}");
        }
        let most = "ab7 ké".repeat(146) + "xy";
        assert_eq!(most.len(), MAX_BYTES);
        assert_eq!(check_strength(&(most + "z"), &[]), Err(Weakness::TooLong));
    }

    #[test]
    fn own_names_are_refused() {
        let refused = [
            "grace hopper 1906",
            "GraceHopper-rocks-on",
            "this is g r a c e hopper",
            "xxgbhopperworkxx",
            "flowlab-is-where-i-work",
            "HOPPER482915",
            "hopper-grace-12",
            "gracegracegrace",
        ];
        for password in refused {
            let found = check_strength(password, &PERSONAL);
            assert_eq!(found, Err(Weakness::Personal), "{password}");
            assert_ne!(check_strength(password, &[]), found, "{password}");
        }
    }

    #[test]
    fn short_and_empty_names_refuse_nothing() {
        for personal in ["", "@", "Bo", "Li X", "---", "a@example.org"] {
            let found = check_strength("bo and li x sail at dawn", &[personal]);
            assert_eq!(found, Ok(()), "{personal}");
        }
    }

    #[test]
    fn common_passwords_are_refused() {
        let found = check_strength("Password2024!", &PERSONAL);
        assert_eq!(found, Err(Weakness::Common));
    }
}
