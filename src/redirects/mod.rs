//! Redirects: where old addresses lead, those of the website as it was and those
//! of a system that came before this one.
//!
//! - An entry leads from one address (`address`), or from all that fit a pattern
//!   (`pattern`), to an article, which it follows from then on whatever that is
//!   called, to a path of the website, to an address elsewhere, or nowhere any
//!   more (410).
//! - A host and `www.` before it, a slash at the end, the order of parameters and
//!   how something is escaped make no difference. An entry that names a host
//!   counts for that host; one with a query for addresses with that very query.
//! - Single entries come before patterns, and of patterns those of which more
//!   stands for itself.
//! - Nothing leads in a circle: whoever would close one is told. Entries that lead
//!   to addresses that have entries are followed, a few times.
//! - An article that readers see at an address comes before all entries.
//!
//! Old slugs of articles need no entry: they are kept with their article. What a
//! reader gets for an address is made by `delivery::resolve`.

pub mod address;
pub mod find;
pub mod import;
pub mod model;
pub mod ops;
pub mod pattern;
mod routes;

pub use routes::configure;
