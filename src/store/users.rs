//! Users.

use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::auth::{Role, User};
use crate::db::schema::users;
use crate::db::{Dialect, Id, Time, lock_key};

/// A user by id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<User>> {
    users::table
        .find(id)
        .select(User::as_select())
        .first(c)
        .optional()
}

/// A user by name.
pub fn by_name(c: &mut Conn, name: &str) -> QueryResult<Option<User>> {
    users::table
        .filter(users::name.eq(name))
        .select(User::as_select())
        .first(c)
        .optional()
}

/// Users after a place, in the order in which they were added.
pub fn list(c: &mut Conn, after: Option<(Time, Id)>, limit: i64) -> QueryResult<Vec<User>> {
    let mut query: users::BoxedQuery<'_, Db> = users::table.into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            users::created_at
                .gt(at)
                .or(users::created_at.eq(at).and(users::id.gt(id))),
        );
    }
    query
        .order((users::created_at.asc(), users::id.asc()))
        .limit(limit)
        .select(User::as_select())
        .load(c)
}

/// Whether there is anybody at all.
pub fn any(c: &mut Conn) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result(c)
}

/// Whether somebody else is an admin and not disabled.
pub fn another_admin(c: &mut Conn, than: Id) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        users::table
            .filter(users::role.eq(Role::Admin))
            .filter(users::disabled_at.is_null())
            .filter(users::id.ne(than)),
    ))
    .get_result(c)
}

/// Lets one write at a time change who is an admin: two admins who demote each
/// other at once would otherwise both find another one.
pub fn lock_admins(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key("admins"))
}

/// Adds a user.
pub fn insert(c: &mut Conn, user: &User) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values(user)
        .execute(c)
        .map(drop)
}

/// Writes a changed user over its version `before`; false if that isn't the
/// present one any more.
pub fn update(c: &mut Conn, user: &User, before: i64) -> QueryResult<bool> {
    diesel::update(users::table.find(user.id).filter(users::version.eq(before)))
        .set((
            users::name.eq(&user.name),
            users::role.eq(user.role),
            users::password_hash.eq(&user.password_hash),
            users::disabled_at.eq(user.disabled_at),
            users::version.eq(user.version),
        ))
        .execute(c)
        .map(|rows| rows == 1)
}

/// Replaces a password's hash by one of the same password, unless the password
/// has changed in between. No new version: nobody sees a difference.
pub fn rehash(c: &mut Conn, id: Id, before: &str, after: &str) -> QueryResult<()> {
    diesel::update(
        users::table
            .find(id)
            .filter(users::password_hash.eq(before)),
    )
    .set(users::password_hash.eq(after))
    .execute(c)
    .map(drop)
}
