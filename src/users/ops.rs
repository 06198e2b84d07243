//! Every change to users.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

use super::check_name;
use crate::auth::passwords::Hash;
use crate::auth::{Actor, Right, Role, User};
use crate::changes::Tx;
use crate::db::Id;
use crate::error::{Error, Result, conflict, invalid_all};

/// A user to be added.
#[derive(Debug)]
pub struct New {
    /// The name.
    pub name: String,
    /// What they are to be.
    pub role: Role,
    /// Their password, if they get one.
    pub password: Option<Hash>,
}

/// Adds a user.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, new: New) -> Result<User> {
    actor.require(Right::Administer)?;
    actor.require_all(new.role.rights())?;
    let mut errors = Vec::new();
    check_name(&new.name, "#/name", &mut errors);
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    let user = User {
        id: Id::new(),
        name: new.name,
        role: new.role,
        password_hash: new.password.map(Hash::into_string),
        disabled_at: None,
        version: 1,
        created_at: tx.now,
    };
    crate::store!(tx.conn, users::insert(&user)).map_err(|error| taken(error, &user.name))?;
    Ok(user)
}

/// A name that somebody has is a conflict; everything else stays what it is.
fn taken(error: Diesel, name: &str) -> Error {
    match error {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            conflict(format!("There is a user `{name}` already."))
        }
        other => other.into(),
    }
}
