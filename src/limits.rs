use crate::clock::{Span, Time};
pub struct Limit { pub name: &'static str, pub most: u32, pub within: Span }
pub struct RetryAfter(pub u64);
#[derive(Default)] pub struct Limiter;
impl Limiter {
 pub fn check(&self, _l: &Limit, _k: &str, _now: Time) -> Result<(), RetryAfter> { Ok(()) }
 pub fn take(&self, _l: &Limit, _k: &str, _now: Time) -> Result<(), RetryAfter> { Ok(()) }
 pub fn count(&self, _l: &Limit, _k: &str, _now: Time) {}
 pub fn forget(&self, _l: &Limit, _k: &str) {}
}
