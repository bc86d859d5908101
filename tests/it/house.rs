//! Rules of the house that no compiler holds: what may import what, that every text exists and is used,
//! that both databases have one schema, and that the papers say what the code does.

mod files;
mod imports;
mod languages;
mod papers;
mod schema;
mod sources;
mod tables;
mod texts;
mod writes;
