//! Names.

use crate::auth::User;
use crate::db::{Conn, Id};
use crate::error::{FieldError, Result, not_found};

/// Checks the name of a user or a key: `[a-z0-9._-]{2,40}`, not shaped like a
/// UUID, because both are found by name or id.
pub fn check_name(name: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    let good = (2..=40).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
        && name.parse::<Id>().is_err();
    if !good {
        let detail = "must be 2 to 40 of a-z, 0-9, dot, hyphen and underscore, and no UUID";
        errors.push(FieldError::new(pointer, "bad-name", detail));
    }
}

/// A user by id or by name; a 404 if there is none.
pub fn find(conn: &mut Conn<'_>, which: &str) -> Result<User> {
    let found = match which.parse::<Id>() {
        Ok(id) => crate::store!(*conn, users::find(id))?,
        Err(_) => crate::store!(*conn, users::by_name(which))?,
    };
    found.ok_or_else(|| {
        let shown: String = which.chars().take(80).collect();
        not_found(format!("The user `{shown}`"))
    })
}
