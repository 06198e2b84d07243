//! Who acts, and what they may do.
//!
//! A person signs in with a password and gets tokens; a script carries a key.
//! Both become an [`Actor`], resolved before a request's body is read. What an
//! actor may do is the rights of the role, for a key cut down to its scopes;
//! operations ask for rights, never for roles.
//!
//! - `actor`: actors, roles, rights
//! - `model`: rows of users, keys and refresh tokens
//! - `extract`: a request's actor, and why there is none
//! - [`jwt`]: access tokens, good for ten minutes
//! - [`opaque`]: keys and refresh tokens
//! - [`passwords`]: hashing, and the rules for passwords
//! - [`limits`]: how often somebody may guess
//! - `secret`: what access tokens are signed with
//! - `sign_in`: a password's way from a request to the database
//! - [`ops`]: signing in, staying signed in, signing out
//! - `routes`: the same over HTTP
//!
//! On every request the user's row is read, and the key's or the sign-in's with
//! it: whoever is disabled, demoted or signed out is so at once, on every node.

mod actor;
mod extract;
pub mod jwt;
pub mod limits;
mod model;
pub mod opaque;
pub mod ops;
pub mod passwords;
mod routes;
pub mod secret;
mod sign_in;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub use actor::{Actor, Right, Role, Via};
pub use extract::{Known, unauthenticated};
pub use model::{Key, RefreshToken, User};
pub use routes::{configure, describe};

use crate::db::{Id, Time};
use crate::error::Result;
use crate::state::State;

/// What resolving actors and signing in need beside the database; one a process.
pub struct Access {
    /// Signs and reads access tokens.
    pub tokens: jwt::Tokens,
    /// Hashes passwords, a few at a time.
    pub passwords: passwords::Hasher,
    /// How often somebody may guess.
    pub limits: limits::Limits,
    /// When the use of a key was last noted.
    noted: Mutex<HashMap<Id, Time>>,
}

impl Access {
    /// Reads the signing secret, or makes it. Blocks.
    pub fn open(state: &State) -> Result<Arc<Self>> {
        let secret = secret::load(state)?;
        Ok(Arc::new(Access {
            tokens: jwt::Tokens::new(&secret, &state.config.public_url),
            passwords: passwords::Hasher::default(),
            limits: limits::Limits::new(state.config.wrong_passwords),
            noted: Mutex::default(),
        }))
    }
}
