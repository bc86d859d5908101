//! The pages of those who invite.

pub mod bulk_pages;
pub mod detail_pages;
mod edit_form;
pub mod edit_pages;
pub mod export_pages;
pub mod funnel_pages;
pub mod link_pages;
mod list_form;
pub mod list_pages;
mod new_form;
pub mod new_pages;
mod offer;
pub mod open_pages;
mod preview_pages;
mod several;
pub mod undo_pages;

pub use several::Drafts;
