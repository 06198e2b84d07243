//! Answers that are kept for their keys.

use diesel::prelude::*;

use super::super::Conn;
use crate::db::schema::idempotency_keys;
use crate::db::{Dialect, Time, lock_key};
use crate::editing::model::Kept;

/// Holds a key's scope until the end of the transaction; false if another
/// transaction holds it.
pub fn hold(c: &mut Conn, scope: &str) -> QueryResult<bool> {
    c.try_lock(lock_key(scope))
}

/// The answer that is kept, expired or not.
pub fn find(c: &mut Conn, scope: &str) -> QueryResult<Option<Kept>> {
    idempotency_keys::table
        .find(scope)
        .select(Kept::as_select())
        .first(c)
        .optional()
}

/// Keeps an answer, in the place of an expired one if there is one.
pub fn keep(c: &mut Conn, kept: &Kept) -> QueryResult<()> {
    diesel::delete(idempotency_keys::table.find(&kept.scope)).execute(c)?;
    diesel::insert_into(idempotency_keys::table)
        .values(kept)
        .execute(c)
        .map(drop)
}

/// How many answers are kept.
pub fn count(c: &mut Conn) -> QueryResult<i64> {
    idempotency_keys::table.count().get_result(c)
}

/// Whether something has expired.
pub fn any_expired(c: &mut Conn, now: Time) -> QueryResult<bool> {
    let expired = idempotency_keys::table.filter(idempotency_keys::expires_at.le(now));
    diesel::select(diesel::dsl::exists(expired)).get_result(c)
}

/// Forgets what has expired.
pub fn prune(c: &mut Conn, now: Time) -> QueryResult<usize> {
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::expires_at.le(now))).execute(c)
}
