//! Sign-ins: families of refresh tokens.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::super::Conn;
use crate::auth::{RefreshToken, User};
use crate::db::schema::{refresh_tokens, users};
use crate::db::{Dialect, Id, Time, lock_key};

/// A user, and whether this sign-in of theirs still holds.
pub fn user_of(c: &mut Conn, user: Id, family: Id) -> QueryResult<Option<(User, bool)>> {
    users::table
        .find(user)
        .select((
            User::as_select(),
            exists(
                refresh_tokens::table
                    .filter(refresh_tokens::family_id.eq(family))
                    .filter(refresh_tokens::user_id.eq(user))
                    .filter(refresh_tokens::revoked_at.is_null()),
            ),
        ))
        .first(c)
        .optional()
}

/// A refresh token by its digest.
pub fn by_digest(c: &mut Conn, digest: &str) -> QueryResult<Option<RefreshToken>> {
    refresh_tokens::table
        .filter(refresh_tokens::digest.eq(digest))
        .select(RefreshToken::as_select())
        .first(c)
        .optional()
}

/// Lets one write at a time begin, renew or end a user's sign-ins: one that
/// ends them all would otherwise miss the token that another is just inserting.
pub fn lock(c: &mut Conn, user: Id) -> QueryResult<()> {
    c.lock(lock_key(&format!("sessions of {user}")))
}

/// Adds a token.
pub fn insert(c: &mut Conn, token: &RefreshToken) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values(token)
        .execute(c)
        .map(drop)
}

/// Notes that a token was exchanged.
pub fn mark_used(c: &mut Conn, id: Id, at: Time) -> QueryResult<()> {
    diesel::update(refresh_tokens::table.find(id))
        .set(refresh_tokens::used_at.eq(at))
        .execute(c)
        .map(drop)
}

/// Whether anything that a token may have been exchanged for has itself been
/// exchanged: then the answer to the first exchange was not lost.
pub fn successor_used(c: &mut Conn, token: &RefreshToken) -> QueryResult<bool> {
    let since = token.used_at.unwrap_or(token.created_at);
    diesel::select(exists(
        refresh_tokens::table
            .filter(refresh_tokens::family_id.eq(token.family_id))
            .filter(refresh_tokens::id.ne(token.id))
            .filter(refresh_tokens::created_at.ge(since))
            .filter(refresh_tokens::used_at.is_not_null()),
    ))
    .get_result(c)
}

/// Ends one sign-in.
pub fn end_family(c: &mut Conn, family: Id, at: Time) -> QueryResult<()> {
    diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::family_id.eq(family))
        .filter(refresh_tokens::revoked_at.is_null())
        .set(refresh_tokens::revoked_at.eq(at))
        .execute(c)
        .map(drop)
}

/// Ends all sign-ins of a user but one.
pub fn end_all(c: &mut Conn, user: Id, but: Option<Id>, at: Time) -> QueryResult<()> {
    let but = but.unwrap_or(Id(uuid::Uuid::nil()));
    diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::user_id.eq(user))
        .filter(refresh_tokens::family_id.ne(but))
        .filter(refresh_tokens::revoked_at.is_null())
        .set(refresh_tokens::revoked_at.eq(at))
        .execute(c)
        .map(drop)
}

/// Forgets a user's tokens that expired before an instant.
pub fn prune(c: &mut Conn, user: Id, before: Time) -> QueryResult<()> {
    diesel::delete(refresh_tokens::table)
        .filter(refresh_tokens::user_id.eq(user))
        .filter(refresh_tokens::expires_at.lt(before))
        .execute(c)
        .map(drop)
}
