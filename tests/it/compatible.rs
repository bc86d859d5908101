//! What clients of other systems send, each system in a module of its own.

mod aleph;
mod kratos;
