//! One argon2 computation, and what is stored of it.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use zeroize::Zeroizing;

use crate::secret::random;

const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;
/// More memory than any stored hash may ask for, in KiB. A larger number is a damaged row.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;

/// How much work one hash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB; at least eight times `lanes`.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes. More than one does not make a hash faster here.
    pub lanes: u32,
}

impl Cost {
    /// 19 MiB, two passes, one lane: the least that OWASP's password storage rules allow. About
    /// 15 ms of one core.
    pub const STANDARD: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// The least that argon2 can do, for tests that sign many people in.
    pub const CHEAP: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    /// # Errors
    /// When argon2 cannot work at this cost.
    pub(super) fn recipe(self) -> Result<Recipe, argon2::Error> {
        let params = Params::new(
            self.memory_kib,
            self.passes,
            self.lanes,
            Some(OUTPUT_LENGTH),
        )?;
        Ok(Recipe {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
        })
    }
}

/// The stored form of a password: a PHC string with the parameters, the salt and the hash.
#[derive(Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash that was made elsewhere, as in an import. `None` unless it is a PHC string of an
    /// argon2 variant with salt and hash.
    pub fn from_phc(phc: String) -> Option<Self> {
        Stored::read(&phc)?;
        Some(Self(phc))
    }

    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl<DB> ToSql<Text, DB> for PasswordHash
where
    DB: Backend,
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

impl<DB> FromSql<Text, DB> for PasswordHash
where
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(Self)
    }
}

/// The answer to "is this the password?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Right,
    /// It is, and the stored hash was made with other parameters than today's: hash it anew.
    RightButOld,
    /// It is not, or nobody was asked about.
    Wrong,
}

/// How a hash is computed.
#[derive(Clone)]
pub(super) struct Recipe {
    algorithm: Algorithm,
    version: Version,
    params: Params,
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Self) -> bool {
        let cost = |it: &Self| (it.params.m_cost(), it.params.t_cost(), it.params.p_cost());
        self.algorithm == other.algorithm
            && self.version == other.version
            && self.params.output_len() == other.params.output_len()
            && cost(self) == cost(other)
    }
}

/// A PHC string, taken apart.
struct Stored {
    recipe: Recipe,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    fn read(phc: &str) -> Option<Self> {
        let hash = argon2::PasswordHash::new(phc).ok()?;
        let version = match hash.version {
            Some(version) => Version::try_from(version).ok()?,
            None => Version::V0x10,
        };
        let params = Params::try_from(&hash).ok()?;
        if params.m_cost() > MOST_MEMORY_KIB {
            return None;
        }
        Some(Self {
            recipe: Recipe {
                algorithm: Algorithm::try_from(hash.algorithm.as_str()).ok()?,
                version,
                params,
            },
            salt: hash.salt?.to_vec(),
            output: hash.hash?.as_bytes().to_vec(),
        })
    }
}

/// Hashes one password after the other in memory of its own, which is kept: fresh memory for each
/// hash costs page faults and made a process grow to 141 MiB.
pub(super) struct Hasher {
    recipe: Recipe,
    memory: Vec<Block>,
}

impl Hasher {
    pub(super) const fn new(recipe: Recipe) -> Self {
        Self {
            recipe,
            memory: Vec::new(),
        }
    }

    /// `None` when there is no memory for it.
    pub(super) fn hash(&mut self, password: &str) -> Option<PasswordHash> {
        let salt: [u8; SALT_LENGTH] = random();
        let recipe = self.recipe.clone();
        let output = self.compute(&recipe, password, &salt, OUTPUT_LENGTH)?;
        Some(PasswordHash(format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            recipe.params.m_cost(),
            recipe.params.t_cost(),
            recipe.params.p_cost(),
            BASE64_STANDARD_NO_PAD.encode(salt),
            BASE64_STANDARD_NO_PAD.encode(&*output),
        )))
    }

    /// Compares with `stored`, or spends the same time on nothing when there is none, so that
    /// unknown people cannot be told from known ones. `None` when there is no memory for it.
    pub(super) fn verify(
        &mut self,
        password: &str,
        stored: Option<&PasswordHash>,
    ) -> Option<Verdict> {
        let current = self.recipe.clone();
        let Some(stored) = stored.and_then(read_or_log) else {
            self.compute(&current, password, &[0; SALT_LENGTH], OUTPUT_LENGTH)?;
            return Some(Verdict::Wrong);
        };
        let output = self.compute(&stored.recipe, password, &stored.salt, stored.output.len())?;
        Some(
            if verify_slices_are_equal(&output, &stored.output).is_err() {
                Verdict::Wrong
            } else if stored.recipe == current {
                Verdict::Right
            } else {
                Verdict::RightButOld
            },
        )
    }

    fn compute(
        &mut self,
        recipe: &Recipe,
        password: &str,
        salt: &[u8],
        length: usize,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let blocks = recipe.params.block_count();
        if let Some(missing) = blocks.checked_sub(self.memory.len()) {
            self.memory.try_reserve_exact(missing).ok()?;
            self.memory.resize(blocks, Block::new());
        }
        let mut output = Zeroizing::new(vec![0; length]);
        let computed = Argon2::new(recipe.algorithm, recipe.version, recipe.params.clone())
            .hash_password_into_with_memory(
                password.as_bytes(),
                salt,
                &mut output,
                &mut self.memory[..blocks],
            );
        // A stored hash of a larger cost must not make the thread larger for good.
        self.memory.truncate(self.recipe.params.block_count());
        self.memory.shrink_to_fit();
        computed.ok()?;
        Some(output)
    }
}

fn read_or_log(hash: &PasswordHash) -> Option<Stored> {
    let stored = Stored::read(&hash.0);
    if stored.is_none() {
        tracing::error!("a stored password hash cannot be read; it counts as wrong");
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(cost: Cost) -> Hasher {
        Hasher::new(cost.recipe().unwrap())
    }

    #[test]
    fn the_stored_form_is_a_phc_string_with_its_parameters() {
        let mut hasher = hasher(Cost::STANDARD);
        let hash = hasher.hash("correct horse battery").unwrap();
        assert!(hash.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(PasswordHash::from_phc(hash.as_phc().to_owned()).is_some());
        let again = hasher.hash("correct horse battery").unwrap();
        assert_ne!(hash.as_phc(), again.as_phc(), "each hash has its own salt");
        assert_eq!(format!("{hash:?}"), "PasswordHash");
    }

    #[test]
    fn every_character_counts() {
        let mut hasher = hasher(Cost::CHEAP);
        let long = "x".repeat(1_024);
        let cases = [
            ("Ångström 42 élan", "ångström 42 élan"),
            ("with a space at the end ", "with a space at the end"),
            ("nul\0inside the text", "nul"),
            (&long, &long[..1_023]),
            ("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀"),
        ];
        for (password, other) in cases {
            let hash = hasher.hash(password).unwrap();
            assert_eq!(hasher.verify(password, Some(&hash)), Some(Verdict::Right));
            assert_eq!(hasher.verify(other, Some(&hash)), Some(Verdict::Wrong));
        }
    }

    #[test]
    fn nobody_has_no_right_password() {
        let mut hasher = hasher(Cost::CHEAP);
        assert_eq!(hasher.verify("", None), Some(Verdict::Wrong));
    }

    #[test]
    fn other_parameters_are_right_but_old() {
        let old = hasher(Cost::CHEAP).hash("correct horse").unwrap();
        for cost in [
            Cost {
                memory_kib: 16,
                ..Cost::CHEAP
            },
            Cost {
                passes: 2,
                ..Cost::CHEAP
            },
            Cost {
                memory_kib: 16,
                lanes: 2,
                ..Cost::CHEAP
            },
        ] {
            let mut hasher = hasher(cost);
            let verdict = hasher.verify("correct horse", Some(&old));
            assert_eq!(verdict, Some(Verdict::RightButOld), "{cost:?}");
            assert_eq!(hasher.verify("wrong", Some(&old)), Some(Verdict::Wrong));
            let new = hasher.hash("correct horse").unwrap();
            assert_eq!(
                hasher.verify("correct horse", Some(&new)),
                Some(Verdict::Right)
            );
        }
    }

    #[test]
    fn hashes_of_other_programs_are_right_but_old() {
        // From the test vectors of the reference implementation: argon2i, version 16.
        let phc = "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ\
                   $/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY";
        let hash = PasswordHash::from_phc(phc.to_owned()).unwrap();
        let verdict = hasher(Cost::CHEAP).verify("password", Some(&hash));
        assert_eq!(verdict, Some(Verdict::RightButOld));
    }

    #[test]
    fn a_damaged_hash_is_wrong_and_not_imported() {
        let damaged = [
            "",
            "plain",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=8,t=1,p=1",
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA",
            "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdA",
        ];
        for phc in damaged {
            assert!(PasswordHash::from_phc(phc.to_owned()).is_none(), "{phc}");
            let stored = PasswordHash(phc.to_owned());
            let verdict = hasher(Cost::CHEAP).verify("password", Some(&stored));
            assert_eq!(verdict, Some(Verdict::Wrong), "{phc}");
        }
    }
}
