//! The block tree.
