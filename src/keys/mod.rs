//! Keys: what scripts sign in with.
//!
//! A key belongs to a user and has a name that is unique among that user's
//! keys, scopes (some of the rights that the owner's role has) and perhaps an
//! expiry. It is shown once, when it is made; only its SHA-256 is kept. What a
//! key may do is what both its scopes and its owner's present role include.
//! Nobody makes or revokes a key that can do more than they can themselves.

mod model;
pub mod ops;
mod routes;

pub use model::{KeyIn, KeyMade, KeyOut};
pub use routes::configure;
