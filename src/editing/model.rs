//! The row of an answer that is kept for its key.

use diesel::prelude::*;

use crate::db::Time;
use crate::db::schema::idempotency_keys;

/// An answer that is replayed to whoever asks the same again.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = idempotency_keys)]
pub struct Kept {
    /// Digest of actor, method, path and key.
    pub scope: String,
    /// Digest of what was asked.
    pub fingerprint: String,
    /// The answer's status.
    pub status: i32,
    /// Its headers, as a JSON object.
    pub headers: String,
    /// Its body, if it had one.
    pub body: Option<String>,
    /// Until when it is replayed.
    pub expires_at: Time,
}
