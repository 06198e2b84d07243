//! Perspektive, a headless content API for newsrooms.
pub mod content;
pub mod error;
