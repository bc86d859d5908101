//! Identity schemas: JSON Schema 2020-12 documents that say what a platform wants to know of a person, its
//! *traits*. The registration form is rendered from one, and what is entered is checked against it.
//!
//! A schema is changed for those who come after: traits that are kept already are not checked again until
//! somebody changes them.

pub mod actions;
pub mod api;
pub mod edit_pages;
pub mod form;
pub mod model;
pub mod pages;
pub mod store;
