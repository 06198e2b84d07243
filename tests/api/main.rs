//! The suite.
mod content;
