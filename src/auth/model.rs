//! The rows that access is made of.

use std::fmt;

use diesel::prelude::*;

use super::{Right, Role};
use crate::db::schema::{api_keys, refresh_tokens, users};
use crate::db::{Id, Time};

/// A user.
#[derive(Queryable, Selectable, Insertable, Clone, PartialEq, Eq)]
#[diesel(table_name = users)]
pub struct User {
    /// Its id.
    pub id: Id,
    /// Unique; see [`crate::users`] for what it may look like.
    pub name: String,
    /// What they are in the newsroom.
    pub role: Role,
    /// An argon2id hash in PHC form; none for whoever has keys only.
    pub password_hash: Option<String>,
    /// Since when they may do nothing.
    pub disabled_at: Option<Time>,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When they were added.
    pub created_at: Time,
}

/// Without the hash: a row may end in a log line.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("disabled_at", &self.disabled_at)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A key, as it is kept: its digest, never the key.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = api_keys)]
pub struct Key {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub user_id: Id,
    /// Unique among the owner's keys that are not revoked.
    pub name: String,
    /// How the key begins, for people to recognise it.
    pub prefix: String,
    /// SHA-256 in hexadecimal digits.
    pub digest: String,
    /// Names of rights, separated by spaces; read with [`Key::rights`].
    pub scopes: String,
    /// When it was made.
    pub created_at: Time,
    /// When it stops working, if ever.
    pub expires_at: Option<Time>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

impl Key {
    /// What it was given of its owner's rights.
    pub fn rights(&self) -> Vec<Right> {
        let names = self.scopes.split(' ');
        names.filter_map(|name| name.parse().ok()).collect()
    }

    /// How rights are kept in a row.
    pub fn scopes_of(rights: &[Right]) -> String {
        let names: Vec<&str> = rights.iter().map(|right| right.as_str()).collect();
        names.join(" ")
    }
}

/// A refresh token, as it is kept. A family is one sign-in: the first token and
/// everything it was exchanged for.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = refresh_tokens)]
pub struct RefreshToken {
    /// Its id.
    pub id: Id,
    /// The sign-in it belongs to.
    pub family_id: Id,
    /// Who signed in.
    pub user_id: Id,
    /// SHA-256 in hexadecimal digits.
    pub digest: String,
    /// When it was handed out.
    pub created_at: Time,
    /// When it stops working.
    pub expires_at: Time,
    /// When it was first exchanged.
    pub used_at: Option<Time>,
    /// When the sign-in ended.
    pub revoked_at: Option<Time>,
}
