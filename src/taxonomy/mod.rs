//! What sections, topics and authors have in common: names that lead to them.
//!
//! - Each has one slug and one name, and any number of *other names*: slugs that
//!   it had, aliases, and the ids of those that were merged into it.
//! - A name in an upload means, in this order: whose id it is, whose slug it is
//!   or was, whose name it is, whose alias it is; names and aliases in whatever
//!   spelling ([`name_key`](crate::http::text::name_key)).
//! - A former slug stays reserved, and readers are redirected from it, until an
//!   editor frees it; whoever takes it back loses the entry. An alias leads
//!   nowhere else: it is nobody's name or slug, and no other's alias.
//! - Revisions hold ids and are never touched. What was merged goes on being
//!   named by old ones under its old id, which leads to what it was merged into;
//!   whoever reads ids out of a revision passes them through [`names`].
//! - Every write here holds one lock, and articles are written under a shared
//!   one: no article names what is renamed, merged or removed meanwhile.
//!
//! [`terms`] has every write to topics and authors, which differ in a few fields
//! only; sections stand in a tree and have their own `ops`.

pub mod merging;
mod model;
pub mod names;
mod term;
pub mod terms;
pub mod uploads;

pub use model::{ALIASES_MAX, Kept, Kind, MergeIn, Merged, NAME_MAX, OtherName, Others, Way};
pub use term::Term;
