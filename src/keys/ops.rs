//! Making and revoking keys.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

use crate::audit::model::{Deed, Subject};
use crate::auth::opaque::{self, Kind};
use crate::auth::{Actor, Key, Right, User, Via};
use crate::changes::{Tx, note};
use crate::db::{Conn, Id, Time};
use crate::error::{Error, FieldError, Result, conflict, forbidden, invalid_all, not_found};
use crate::http::cursor::Position;
use crate::users::{self, check_name};

use super::KeyIn;

/// A key that was just made.
pub struct Made {
    /// What is kept.
    pub key: Key,
    /// Whose it is.
    pub owner: User,
    /// The key itself, which nobody sees again.
    pub secret: String,
}

/// Makes a key.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, new: KeyIn) -> Result<Made> {
    let owner = match &new.user {
        None => users::ops::find(&mut tx.conn, &actor.id.to_string())?,
        Some(which) => somebody(&mut tx.conn, actor, which)?,
    };
    let mut errors = Vec::new();
    check_name(&new.name, "#/name", &mut errors);
    let scopes = scopes(actor, &owner, new.scopes, &mut errors)?;
    if new.expires_at.is_some_and(|at| at <= tx.now) {
        errors.push(FieldError::new(
            "#/expires_at",
            "in-the-past",
            "has passed already; send a later one",
        ));
    }
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    let expires_at = expiry(actor, new.expires_at)?;
    if owner.disabled_at.is_some() {
        return Err(conflict(format!(
            "The user `{}` is disabled and can have no new keys.",
            owner.name
        )));
    }
    if crate::store!(tx.conn, keys::by_name(owner.id, &new.name))?.is_some() {
        return Err(taken(&owner, &new.name));
    }
    let secret = Kind::Key.generate()?;
    let key = Key {
        id: Id::new(),
        user_id: owner.id,
        name: new.name,
        prefix: opaque::shown(&secret),
        digest: opaque::digest(&secret),
        scopes: Key::scopes_of(&scopes),
        created_at: tx.now,
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    crate::store!(tx.conn, keys::insert(&key)).map_err(|error| match error {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => taken(&owner, &key.name),
        other => other.into(),
    })?;
    note(tx, Deed::Created, (Subject::Key, key.id), None);
    Ok(Made { key, owner, secret })
}

/// Revokes a key; from now on it opens nothing.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, id: Id) -> Result<Key> {
    let (key, _) = find(&mut tx.conn, actor, id)?;
    let itself = matches!(&actor.via, Via::Key { id: own, .. } if *own == id);
    let by_key = matches!(&actor.via, Via::Key { .. });
    // A person may revoke all their keys, whatever has become of their role.
    if by_key && !itself {
        actor.require_all(&key.rights())?;
    }
    match crate::store!(tx.conn, keys::revoke(id, tx.now))? {
        true => {
            note(tx, Deed::Revoked, (Subject::Key, id), None);
            Ok(key)
        }
        false => Err(unknown(id)),
    }
}

/// A key that is not revoked, and its owner.
pub fn find(conn: &mut Conn<'_>, actor: &Actor, id: Id) -> Result<(Key, User)> {
    let found = crate::store!(*conn, keys::find(id))?;
    found
        .filter(|(key, _)| key.revoked_at.is_none())
        // Others' keys don't exist for whoever may not keep them.
        .filter(|(key, _)| key.user_id == actor.id || actor.may(Right::Administer))
        .ok_or_else(|| unknown(id))
}

/// Keys with their owners' names, in the order in which they were made: the
/// actor's own, somebody's, or, for `*`, everybody's.
pub fn list(
    conn: &mut Conn<'_>,
    actor: &Actor,
    whose: Option<&str>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<(Key, String)>> {
    let user = match whose {
        None => Some(actor.id),
        Some("*") => {
            actor.require(Right::Administer)?;
            None
        }
        Some(which) => Some(somebody(conn, actor, which)?.id),
    };
    let after = after.map(|position| (position.at, position.id));
    Ok(crate::store!(*conn, keys::list(user, after, limit))?)
}

/// A key by its owner and its name.
pub fn by_name(conn: &mut Conn<'_>, actor: &Actor, user: &str, name: &str) -> Result<Key> {
    let owner = somebody(conn, actor, user)?;
    crate::store!(*conn, keys::by_name(owner.id, name))?
        .ok_or_else(|| not_found(format!("A key `{name}` of `{user}`")))
}

/// Somebody whose keys are looked at or made; others than oneself are an
/// admin's business.
fn somebody(conn: &mut Conn<'_>, actor: &Actor, which: &str) -> Result<User> {
    if which != actor.name && which != actor.id.to_string() {
        actor.require(Right::Administer)?;
    }
    users::ops::find(conn, which)
}

fn unknown(id: Id) -> Error {
    not_found(format!("The key {id}"))
}

/// The rights a new key gets.
fn scopes(
    actor: &Actor,
    owner: &User,
    asked: Option<Vec<Right>>,
    errors: &mut Vec<FieldError>,
) -> Result<Vec<Right>> {
    let of_role = owner.role.rights();
    let Some(mut scopes) = asked else {
        let mut can_give = of_role.to_vec();
        can_give.retain(|right| actor.may(*right));
        return Ok(can_give);
    };
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        errors.push(FieldError::new(
            "#/scopes",
            "required",
            "is empty; name at least one right, or leave `scopes` out for all of them",
        ));
    }
    for right in &scopes {
        if !of_role.contains(right) {
            let detail = format!(
                "`{right}` is no right of `{}`, whose role is {}",
                owner.name, owner.role
            );
            errors.push(FieldError::new(
                "#/scopes",
                "not-a-right-of-the-owner",
                detail,
            ));
        }
    }
    if errors.is_empty() {
        actor.require_all(&scopes)?;
    }
    Ok(scopes)
}

/// A key that expires makes no key that outlives it.
fn expiry(actor: &Actor, asked: Option<Time>) -> Result<Option<Time>> {
    match (&actor.via, asked) {
        (
            Via::Key {
                expires_at: Some(own),
                ..
            },
            Some(asked),
        ) if asked > *own => Err(forbidden(format!(
            "You came in with a key that expires at {own}, and what it makes can't outlive it."
        ))),
        (
            Via::Key {
                expires_at: Some(own),
                ..
            },
            None,
        ) => Ok(Some(*own)),
        (_, asked) => Ok(asked),
    }
}

fn taken(owner: &User, name: &str) -> Error {
    conflict(format!(
        "`{}` has a key `{name}` already. Revoke that one or choose another name.",
        owner.name
    ))
}
