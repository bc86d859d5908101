//! One form makes one secret: the page that shows a key or a link is the answer to a POST, and reloading it
//! must not make another.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Code, Result};
use crate::ids::SessionId;
use crate::secret::{self, MasterKey, Place};

/// Forms that are remembered. One that was pushed out makes another secret when it is sent again, which
/// harms nobody.
const FORMS: usize = 10_000;

type Number = [u8; 16];

/// The forms that have made a secret, in this process. Under a lock of its own: of any number of takes at
/// once one is the first.
#[derive(Debug, Default)]
pub struct UsedForms(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    numbers: HashSet<Number>,
    /// In the order in which they came, to push out the oldest.
    order: VecDeque<Number>,
}

/// A form that is being used for the first time.
#[derive(Debug)]
pub struct FirstUse(Number);

impl UsedForms {
    /// The hidden value of a new form: a random number that only this session can send back.
    pub fn stamp(master: &MasterKey, session: SessionId) -> String {
        let number: Number = secret::random();
        URL_SAFE_NO_PAD.encode(master.seal(place(&session), &number))
    }

    /// Takes a form that was sent. `None` when it has made a secret already, or is about to.
    ///
    /// # Errors
    /// `form_expired` for a value that this session did not get.
    pub fn take(
        &self,
        master: &MasterKey,
        session: SessionId,
        value: &str,
    ) -> Result<Option<FirstUse>> {
        let number = number(master, session, value)?;
        let mut used = self.lock();
        let is_first = used.numbers.insert(number);
        if is_first {
            used.order.push_back(number);
            if used.order.len() > FORMS
                && let Some(oldest) = used.order.pop_front()
            {
                used.numbers.remove(&oldest);
            }
        }
        Ok(is_first.then_some(FirstUse(number)))
    }

    /// Whether a form that was sent has made a secret already, or is about to.
    ///
    /// # Errors
    /// `form_expired` for a value that this session did not get.
    pub fn is_used(&self, master: &MasterKey, session: SessionId, value: &str) -> Result<bool> {
        let number = number(master, session, value)?;
        Ok(self.lock().numbers.contains(&number))
    }

    /// Lets the form be sent again, because nothing came of it.
    pub fn give_back(&self, form: &FirstUse) {
        let mut used = self.lock();
        used.numbers.remove(&form.0);
        // Else it would stand twice in the order when it is taken again, and be forgotten with the first.
        used.order.retain(|number| *number != form.0);
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(master: &MasterKey, session: SessionId, value: &str) -> Result<Number> {
    let number = URL_SAFE_NO_PAD
        .decode(value)
        .ok()
        .and_then(|sealed| master.open(place(&session), &sealed))
        .and_then(|plain| Number::try_from(plain.as_slice()).ok());
    Ok(number.ok_or(Code::FormExpired)?)
}

fn place(session: &SessionId) -> Place<'_> {
    Place {
        table: "forms",
        column: "stamp",
        row: session.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;

    #[test]
    fn a_form_counts_once_and_only_for_its_session() {
        let master = MasterKey::from_bytes(&[7; 32]);
        let now = Time::from_micros(1_795_424_400_000_000);
        let (mine, theirs) = (SessionId::new(now), SessionId::new(now));
        let forms = UsedForms::default();
        let value = UsedForms::stamp(&master, mine);

        assert_eq!(
            forms.take(&master, theirs, &value).unwrap_err().code(),
            Code::FormExpired
        );
        assert!(!forms.is_used(&master, mine, &value).unwrap());
        let first = forms.take(&master, mine, &value).unwrap().unwrap();
        assert!(forms.is_used(&master, mine, &value).unwrap());
        assert!(forms.take(&master, mine, &value).unwrap().is_none());
        forms.give_back(&first);
        assert!(forms.take(&master, mine, &value).unwrap().is_some());
        let used = forms.lock();
        assert_eq!((used.numbers.len(), used.order.len()), (1, 1));
        drop(used);

        let other = UsedForms::stamp(&master, mine);
        assert!(forms.take(&master, mine, &other).unwrap().is_some());
        for bad in ["", "AAAA", "not base64!"] {
            let answer = forms.take(&master, mine, bad);
            assert_eq!(answer.unwrap_err().code(), Code::FormExpired, "{bad}");
        }
    }

    #[test]
    fn of_fifty_at_once_one_is_the_first() {
        let master = MasterKey::from_bytes(&[7; 32]);
        let session = SessionId::new(Time::from_micros(1_795_424_400_000_000));
        let forms = UsedForms::default();
        let value = UsedForms::stamp(&master, session);
        let firsts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..50)
                .map(|_| scope.spawn(|| forms.take(&master, session, &value).unwrap().is_some()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|first| *first)
                .count()
        });
        assert_eq!(firsts, 1);
    }
}
