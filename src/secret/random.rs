//! The one place of ambient randomness.

/// `N` bytes from the operating system's random source.
///
/// # Panics
/// When the operating system has no randomness to give. Nothing safe can be done without it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of ambient randomness; everything else asks here"
)]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A code of six decimal digits for mail and SMS, each of the 1,000,000 equally likely
/// (ASVS 6.5.4).
pub fn six_digits() -> String {
    code_from(|| u32::from_be_bytes(random()))
}

/// Draws until a number falls below the largest multiple of a million, so that the remainder
/// favours no code.
fn code_from(mut draw: impl FnMut() -> u32) -> String {
    const CODES: u32 = 1_000_000;
    const LIMIT: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let number = draw();
        if number < LIMIT {
            return format!("{:06}", number % CODES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_differ() {
        assert_ne!(random::<32>(), random::<32>());
    }

    #[test]
    fn codes_have_six_digits() {
        for _ in 0..1_000 {
            let code = six_digits();
            assert_eq!(code.len(), 6);
            assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn leading_zeros_stay() {
        assert_eq!(code_from(|| 3_000_042), "000042");
    }

    #[test]
    fn numbers_that_would_favour_low_codes_are_drawn_again() {
        let mut numbers = [u32::MAX, 4_294_000_000, 4_293_999_999].into_iter();
        assert_eq!(code_from(|| numbers.next().unwrap()), "999999");
    }
}
