//! Sections (Ressorts): the tree that every published article stands in.
//!
//! - A section has a slug that no other section has, a name, and a place: its
//!   parent, and among the parent's children a position; equal positions are
//!   sorted by name.
//! - The tree has no cycles, at most 8 levels and at most 500 sections, so it is
//!   always loaded whole, with one query, as a [`Tree`].
//! - An article in a section is in all sections above it too. What readers see
//!   in lists is kept in `listings`, a row for each of these; moving a section
//!   rewrites those rows in the same transaction.
//! - A section with children or with articles can't be deleted. It can be merged
//!   into another: its articles and what lies below it are that one's then.
//! - Every write to the tree holds one lock, and articles are written under a
//!   shared one: no article is filed while the tree changes under it.

pub mod merging;
mod model;
pub mod ops;
pub mod routes;

pub use model::{DEPTH_MAX, SECTIONS_MAX, Section, SectionIn, SectionOut, SectionPatch, Tree};
