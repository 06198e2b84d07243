//! Preview links: one article's working copy, for whoever has the link.
//!
//! A link follows the working copy, so that what was just written is seen; it
//! opens nothing else, and other drafts that the article links to stay as hidden
//! as they are. It is shown once, only its SHA-256 is kept; it ends at an
//! instant, or when it is revoked, and leads nowhere while the article is in the
//! trash. A link that has ended and one that never was are told apart by nobody.
//! Reading through one is `delivery::preview`'s.

pub mod model;
pub mod ops;
mod routes;

pub use routes::configure;
