//! Users as admins see and send them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::passwords::Password;
use crate::auth::{Role, User};
use crate::db::{Id, Time};
use crate::error::FieldError;
use crate::http::patch::{Ignored, Patch};

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserOut {
    /// Its id, by which articles name their authors in the newsroom.
    pub id: Id,
    /// The name to sign in with.
    #[schema(example = "anna")]
    pub name: String,
    /// What they are in the newsroom.
    pub role: Role,
    /// Whether they can sign in with a password; if not, they work with keys.
    pub has_password: bool,
    /// Whether they may do nothing, neither with a password nor with a key.
    pub disabled: bool,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub disabled_at: Option<Time>,
    /// Counts the changes, from 1; the ETag is made of it.
    #[schema(example = 1)]
    pub version: i64,
    /// When they were added.
    pub created_at: Time,
}

impl From<User> for UserOut {
    fn from(user: User) -> Self {
        UserOut {
            id: user.id,
            name: user.name,
            role: user.role,
            has_password: user.password_hash.is_some(),
            disabled: user.disabled_at.is_some(),
            disabled_at: user.disabled_at,
            version: user.version,
            created_at: user.created_at,
        }
    }
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "bert", "role": "author", "password": "vier Wörter sind gut"}))]
pub struct UserIn {
    /// 2 to 40 of a-z, 0-9, dot, hyphen and underscore; no other user may have it.
    #[schema(example = "bert", pattern = "^[a-z0-9._-]{2,40}$")]
    pub name: String,
    /// What they are to be in the newsroom.
    pub role: Role,
    /// At least 12 characters, at most 1024 bytes. Left out, the user works with
    /// keys only.
    #[serde(default)]
    #[schema(value_type = String, required = false, format = Password, min_length = 12, max_length = 1024)]
    pub password: Option<Password>,
}

/// Changes to a user, as a merge patch: what is left out stays.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "editor"}))]
pub struct UserPatch {
    /// Another name.
    #[serde(default)]
    #[schema(value_type = String, required = false, example = "bert", pattern = "^[a-z0-9._-]{2,40}$")]
    pub name: Patch<String>,
    /// Another role.
    #[serde(default)]
    #[schema(value_type = Role, required = false)]
    pub role: Patch<Role>,
    /// `true` ends their sign-ins and stops their keys; `false` lets them in again.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub disabled: Patch<bool>,
    /// A new password, which ends their sign-ins; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<String>, required = false, format = Password, min_length = 12, max_length = 1024)]
    pub password: Patch<Password>,
    /// Can't be changed; ignored.
    #[serde(default)]
    #[schema(value_type = Id, required = false)]
    pub id: Ignored,
    /// Follows from `password`; ignored.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub has_password: Ignored,
    /// Follows from `disabled`; ignored.
    #[serde(default)]
    #[schema(value_type = Time, required = false)]
    pub disabled_at: Ignored,
    /// Counted by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = i64, required = false)]
    pub version: Ignored,
    /// Set by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Time, required = false)]
    pub created_at: Ignored,
}

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
