//! Keys as their owners see and ask for them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Key, Right};
use crate::db::{Id, Time};

/// A key, without the key itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyOut {
    /// Its id.
    pub id: Id,
    /// Its name, unique among its owner's keys.
    #[schema(example = "nightly")]
    pub name: String,
    /// The name of its owner.
    #[schema(example = "anna")]
    pub user: String,
    /// How it begins, to recognise it by.
    #[schema(example = "psp_live_3Ki4")]
    pub prefix: String,
    /// What it was given of its owner's rights. It can do what its owner's role
    /// includes too.
    pub scopes: Vec<Right>,
    /// When it was made.
    pub created_at: Time,
    /// When it stops working; left out if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires_at: Option<Time>,
    /// When it was last used, give or take a minute; left out if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_used_at: Option<Time>,
}

impl KeyOut {
    /// A key of this user.
    pub fn new(key: Key, user: String) -> Self {
        KeyOut {
            scopes: key.rights(),
            id: key.id,
            name: key.name,
            user,
            prefix: key.prefix,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub struct KeyMade {
    /// The key itself. Keep it: it is never shown again. Left out of the answer
    /// to a dry run, which made none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "psp_live_3Ki47ZsPvLfQcSW5yxU6EZ933U67Lo2yaPut"
    )]
    pub key: Option<String>,
    /// What is known about it from now on.
    #[serde(flatten)]
    pub about: KeyOut,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "nightly", "scopes": ["read", "write"], "expires_at": "2027-02-21T00:00:00Z"}))]
pub struct KeyIn {
    /// 2 to 40 of a-z, 0-9, dot, hyphen and underscore; unique among the owner's
    /// keys that are not revoked.
    #[schema(example = "nightly", pattern = "^[a-z0-9._-]{2,40}$")]
    pub name: String,
    /// Whose it is to be, by name or id: yours if left out. Others' keys are an
    /// admin's business.
    #[serde(default)]
    #[schema(nullable = false, example = "anna")]
    pub user: Option<String>,
    /// What it may do: some of its owner's rights, and some of yours. Left out,
    /// all of both.
    #[serde(default)]
    #[schema(nullable = false, min_items = 1)]
    pub scopes: Option<Vec<Right>>,
    /// When it stops working; left out, never.
    #[serde(default)]
    #[schema(nullable = false)]
    pub expires_at: Option<Time>,
}
