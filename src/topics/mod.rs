//! Topics (Schlagwörter): what articles are about, across sections.
//!
//! - A topic has a slug and a name that no other topic has; two spellings that
//!   differ only in case, composition or spaces are one name.
//! - Readers see a topic only while an article is live under it.
//! - Uploads name topics by slug or name and create those that are unknown,
//!   where the actor may; two uploads that create the same topic at once create
//!   one.
//! - A topic that an article uses can't be deleted; it can be merged into another.
//!
//! Other names, and every write, are in [`taxonomy`](crate::taxonomy).

mod model;
pub mod ops;
pub mod routes;

pub use model::{Topic, TopicIn, TopicOut, TopicPatch};
