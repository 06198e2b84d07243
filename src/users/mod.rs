//! Users: people and scripts that may see more than anyone.
//!
//! A user has a name (`[a-z0-9._-]{2,40}`, unique), one role, and a password
//! unless they have keys only. Users are never deleted, because articles name
//! them; they are disabled, which ends their sign-ins and stops their keys at
//! once. There is always an admin who is not disabled: the last one can be
//! neither disabled nor demoted.

mod model;
pub mod ops;
mod routes;

pub use model::{UserIn, UserOut, UserPatch, check_name};
pub use routes::configure;
