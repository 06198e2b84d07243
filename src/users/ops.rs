//! Reading users and every change to them.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

use super::check_name;
use crate::audit::model::{Deed, Subject};
use crate::auth::passwords::Hash;
use crate::auth::{Actor, Right, Role, User};
use crate::changes::{Tx, note};
use crate::db::{Conn, Id};
use crate::error::{Error, Result, conflict, invalid_all, not_found};
use crate::http::conditional::{Current, Expect, stale};
use crate::http::cursor::Position;
use crate::http::reply::{Outcome, Saved};

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

/// What is to be different about a user. Whatever is left out stays.
#[derive(Debug, Default)]
pub struct Change {
    /// Another name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Whether they may do nothing.
    pub disabled: Option<bool>,
    /// Another password, or none any more.
    pub password: Option<Option<Hash>>,
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

/// Users in the order in which they were added, after a place in it.
pub fn list(conn: &mut Conn<'_>, after: Option<Position>, limit: i64) -> Result<Vec<User>> {
    let after = after.map(|position| (position.at, position.id));
    Ok(crate::store!(*conn, users::list(after, limit))?)
}

/// Whether there is anybody who could sign in.
pub fn any(conn: &mut Conn<'_>) -> Result<bool> {
    Ok(crate::store!(*conn, users::any())?)
}

/// Adds a user.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, new: New) -> Result<User> {
    actor.require(Right::Administer)?;
    actor.require_all(new.role.rights())?;
    check(&new.name)?;
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
    note(tx, Deed::Created, (Subject::User, user.id), user.version);
    Ok(user)
}

/// Changes a user. A new password and disabling end their sign-ins.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    which: &str,
    expect: Expect,
    change: Change,
) -> Result<Saved<User>> {
    actor.require(Right::Administer)?;
    // Before anything is read: what is read must still hold when it is written.
    crate::store!(tx.conn, users::lock_admins())?;
    let old = find(&mut tx.conn, which)?;
    expect.require(&current(&old))?;
    let mut user = old.clone();
    if let Some(name) = change.name {
        check(&name)?;
        user.name = name;
    }
    if let Some(role) = change.role {
        user.role = role;
    }
    match change.disabled {
        Some(true) if user.disabled_at.is_none() => user.disabled_at = Some(tx.now),
        Some(false) => user.disabled_at = None,
        _ => {}
    }
    let new_password = change.password.is_some();
    if let Some(password) = change.password {
        user.password_hash = password.map(Hash::into_string);
    }
    if user == old {
        let result = Outcome::Unchanged;
        return Ok(Saved { result, item: old });
    }
    // Who may do less than a user, before or after, changes nothing about them.
    actor.require_all(old.role.rights())?;
    actor.require_all(user.role.rights())?;
    let is_admin = |user: &User| user.role == Role::Admin && user.disabled_at.is_none();
    if is_admin(&old) && !is_admin(&user) && !crate::store!(tx.conn, users::another_admin(old.id))?
    {
        return Err(conflict(format!(
            "`{}` is the last admin who isn't disabled. Make somebody else an admin first.",
            old.name
        )));
    }
    if new_password || user.disabled_at.is_some() {
        crate::store!(tx.conn, sessions::lock(user.id))?;
        crate::store!(tx.conn, sessions::end_all(user.id, None, tx.now))?;
    }
    user.version += 1;
    let written = crate::store!(tx.conn, users::update(&user, old.version))
        .map_err(|error| taken(error, &user.name))?;
    if !written {
        // They changed their own password at the same moment.
        return Err(stale(&current(&find(&mut tx.conn, &user.id.to_string())?)));
    }
    note(tx, Deed::Updated, (Subject::User, user.id), user.version);
    let result = Outcome::Updated;
    Ok(Saved { result, item: user })
}

fn current(user: &User) -> Current {
    Current {
        version: user.version,
        ..Current::default()
    }
}

fn check(name: &str) -> Result<()> {
    let mut errors = Vec::new();
    check_name(name, "#/name", &mut errors);
    match errors.is_empty() {
        true => Ok(()),
        false => Err(invalid_all(errors)),
    }
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
