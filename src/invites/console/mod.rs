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
pub mod open_pages;
mod preview_pages;
pub mod undo_pages;
