//! Finding articles by their words.
//!
//! The engine is the same on both databases: an index in the data folder of each
//! node. [`analyser`] makes terms of texts, [`query`] reads what a reader types,
//! [`index`] keeps the terms, [`find`] and [`like`] look for the articles that fit
//! best, [`highlight`] shows where, and [`follower`] keeps the index up to date.
//!
//! There are two indexes, of different types. [`Public`] holds what readers see and
//! follows the change log; delivery knows this one alone. [`Drafts`] holds the
//! working copy of every article, and answers editors.
//!
//! An index is never asked what readers may see: what it finds are ids, which are
//! loaded through the visibility check. One that lags can therefore miss
//! something, but never show it.
//!
//! The order of what is found depends on the articles alone: not on how the index
//! is laid out, nor on what was deleted from it. Frequencies are counted without
//! what is deleted, sums are made in the query's order, and whoever scores the
//! same is ordered by date and id.

pub mod analyser;
mod drafts;
pub mod find;
pub mod follower;
pub mod highlight;
pub mod index;
mod keep;
pub mod like;
pub mod limits;
mod part;
mod piece;
mod plan;
mod postings;
pub mod query;
mod spelled;
mod weight;

pub use drafts::Drafts;
pub use follower::Follower;
pub use index::{Public, Standing, look};
pub use piece::mark;
