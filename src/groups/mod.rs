//! Groups of users.
//!
//! A group has one owner, who counts as holding `can_manage` without being a member, and members with a
//! level each. Administrators manage every group; a member of the site makes groups, sees those that
//! they own or belong to, and manages those that they own or hold `can_manage` in. A name is taken once,
//! whatever its case and spacing.
//!
//! Reads the names and states of users from their table, but never changes it.

pub mod actions;
pub mod api;
pub mod model;
pub mod store;

pub use model::{ChangeGroup, Group, GroupName, GroupView, Level, MakeGroup, Member, MemberLevel};
