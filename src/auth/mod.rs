//! Who acts, and what they may do.
//!
//! A person signs in with a password and gets tokens; a script carries a key.
//! Both become an [`Actor`], resolved before a request's body is read. What an
//! actor may do is the rights of the role, for a key cut down to its scopes;
//! operations ask for rights, never for roles.

mod actor;

pub use actor::{Actor, Right, Role, Via};
