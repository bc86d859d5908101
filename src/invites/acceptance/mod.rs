//! What the invited person meets: the page behind the link, in each of its states, and what they can answer.
//!
//! [`landing`] says what somebody with a link can do. [`accept`] does it, with what [`join`] makes of it; where the
//! template wants it, [`approval`] comes in between. [`proof`] shows that an address is theirs, and [`asks`] is for those
//! whom their link does not let in. [`preview`] is the same page before anything is sent.

pub mod accept;
pub mod api;
pub mod approval;
mod asks;
mod ended_pages;
mod join;
pub mod landing;
pub mod pages;
pub mod preview;
mod proof;
pub mod view;
