//! Keys.

use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::auth::{Key, User};
use crate::db::schema::{api_keys, users};
use crate::db::{Id, Time};

/// A key and its owner, by the key's digest.
pub fn by_digest(c: &mut Conn, digest: &str) -> QueryResult<Option<(Key, User)>> {
    api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .filter(api_keys::digest.eq(digest))
        .select((Key::as_select(), User::as_select()))
        .first(c)
        .optional()
}

/// A key and its owner.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<(Key, User)>> {
    api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .filter(api_keys::id.eq(id))
        .select((Key::as_select(), User::as_select()))
        .first(c)
        .optional()
}

/// The key of this name that its owner has and that is not revoked.
pub fn by_name(c: &mut Conn, user: Id, name: &str) -> QueryResult<Option<Key>> {
    api_keys::table
        .filter(api_keys::user_id.eq(user))
        .filter(api_keys::name.eq(name))
        .filter(api_keys::revoked_at.is_null())
        .select(Key::as_select())
        .first(c)
        .optional()
}

/// Keys that are not revoked, of one user or of all, with their owners' names,
/// after a place in the order in which they were made.
pub fn list(
    c: &mut Conn,
    user: Option<Id>,
    after: Option<(Time, Id)>,
    limit: i64,
) -> QueryResult<Vec<(Key, String)>> {
    let mut query = api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .filter(api_keys::revoked_at.is_null())
        .select((Key::as_select(), users::name))
        .order((api_keys::created_at.asc(), api_keys::id.asc()))
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(user) = user {
        query = query.filter(api_keys::user_id.eq(user));
    }
    if let Some((at, id)) = after {
        query = query.filter(
            api_keys::created_at
                .gt(at)
                .or(api_keys::created_at.eq(at).and(api_keys::id.gt(id))),
        );
    }
    query.load(c)
}

/// Adds a key.
pub fn insert(c: &mut Conn, key: &Key) -> QueryResult<()> {
    diesel::insert_into(api_keys::table)
        .values(key)
        .execute(c)
        .map(drop)
}

/// Revokes a key; false if it was revoked already.
pub fn revoke(c: &mut Conn, id: Id, at: Time) -> QueryResult<bool> {
    diesel::update(
        api_keys::table
            .find(id)
            .filter(api_keys::revoked_at.is_null()),
    )
    .set(api_keys::revoked_at.eq(at))
    .execute(c)
    .map(|rows| rows == 1)
}

/// Notes that a key was used, unless that was noted after `before` already.
pub fn touch(c: &mut Conn, id: Id, at: Time, before: Time) -> QueryResult<()> {
    let noted_long_ago = api_keys::last_used_at
        .is_null()
        .or(api_keys::last_used_at.le(before));
    diesel::update(api_keys::table.find(id).filter(noted_long_ago))
        .set(api_keys::last_used_at.eq(at))
        .execute(c)
        .map(drop)
}
