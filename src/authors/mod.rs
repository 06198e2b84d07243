//! Authors: the names in bylines.
//!
//! - An author is not a user: whoever is named need not be able to sign in.
//! - An author has a slug that no other author has. Names may be equal; then an
//!   upload has to say which one by slug.
//! - Readers see an author only while an article of theirs is live. The e-mail
//!   address is for the newsroom and never handed out.
//! - Uploads name authors by slug or name and create those that are unknown,
//!   where the actor may.
//! - An author whom an article names can't be deleted; they can be merged into
//!   another.
//!
//! Other names, and every write, are in [`taxonomy`](crate::taxonomy).

mod model;
pub mod ops;
pub mod routes;

pub use model::{Author, AuthorIn, AuthorOut, AuthorPatch};
