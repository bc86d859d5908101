//! What the journeys share: the browser, what holds for every page, and a site in use.

pub mod axe;
pub mod driver;
pub mod inspect;
pub mod site;
