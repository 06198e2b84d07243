//! The block tree.
pub mod text;
