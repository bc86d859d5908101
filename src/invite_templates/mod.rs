//! Invite templates: named policies that invites are made from. Each answers, with a safe default, the
//! questions on which every team decides otherwise: who may invite, whom, to what at most, how the person
//! is known, what they are asked.
//!
//! An invite is a template and what its maker chose within it. What was chosen stands on the invite; what
//! the template says of the form, the terms and the approval holds as it is when the person accepts.

pub mod actions;
pub mod api;
pub mod delete_pages;
mod form;
pub mod model;
pub mod pages;
pub mod policy;
pub mod redirect;
pub mod store;
pub mod words;
