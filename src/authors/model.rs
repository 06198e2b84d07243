//! The author as they are stored and as editors see them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::authors;
use crate::db::{Id, Time};
use crate::http::patch::{Ignored, Patch};
use crate::taxonomy::{Kept, Others};

/// The longest role, in characters.
pub const ROLE_MAX: usize = 120;
/// The longest biography, in characters.
pub const BIO_MAX: usize = 2_000;

/// An author as they are stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = authors, treat_none_as_null = true)]
pub struct Author {
    /// Their id.
    pub id: Id,
    /// Their name in addresses, which no other author has.
    pub slug: String,
    /// Their name.
    pub name: String,
    /// The name in the form in which two names are the same.
    pub name_key: String,
    /// The name in the form that lists are sorted by.
    pub sort_key: String,
    /// What they are in the newsroom.
    pub role: Option<String>,
    /// About them.
    pub bio: Option<String>,
    /// Where the newsroom reaches them.
    pub email: Option<String>,
    /// Their page on the web.
    pub url: Option<String>,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

/// An author as a client sends them.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Mara Lenz", "role": "Lokalredakteurin", "bio": "Schreibt über Verkehr und Stadtplanung."}))]
pub struct AuthorIn {
    /// Their name, at most 120 characters.
    pub name: String,
    /// Their name in addresses. Made from the name if left out.
    #[serde(default)]
    #[schema(nullable = false)]
    pub slug: Option<String>,
    /// What they are in the newsroom, at most 120 characters.
    #[serde(default)]
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// About them, at most 2000 characters.
    #[serde(default)]
    #[schema(nullable = false)]
    pub bio: Option<String>,
    /// Where the newsroom reaches them; never handed out to readers.
    #[serde(default)]
    #[schema(nullable = false, example = "mara.lenz@flussblick.example")]
    pub email: Option<String>,
    /// Their page on the web.
    #[serde(default)]
    #[schema(nullable = false, example = "https://mara-lenz.example/")]
    pub url: Option<String>,
    /// What else they are called, 100 at most: an upload finds them by these too. They
    /// stay as they are if left out.
    #[serde(default)]
    #[schema(nullable = false, max_items = 100, example = json!(["M. Lenz"]))]
    pub aliases: Option<Vec<String>>,
    /// Kept by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub former_slugs: Ignored,
    /// Can't be changed; may come back as it was.
    #[serde(default)]
    #[schema(nullable = false)]
    pub id: Option<Id>,
    /// Counted by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = i64)]
    pub version: Ignored,
    /// Set by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Time)]
    pub created_at: Ignored,
    /// Set by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Time)]
    pub updated_at: Ignored,
}

/// Changes to an author, as a merge patch: what is left out stays.
#[derive(Deserialize, ToSchema, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "Chefredakteurin", "url": null}))]
pub struct AuthorPatch {
    /// Their name, at most 120 characters.
    #[serde(default)]
    #[schema(value_type = String)]
    pub name: Patch<String>,
    /// Their name in addresses.
    #[serde(default)]
    #[schema(value_type = String)]
    pub slug: Patch<String>,
    /// What they are in the newsroom; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub role: Patch<String>,
    /// About them; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub bio: Patch<String>,
    /// Where the newsroom reaches them; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub email: Patch<String>,
    /// Their page on the web; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub url: Patch<String>,
    /// What else they are called; null removes all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub aliases: Patch<Vec<String>>,
}

/// An author as editors see them.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct AuthorOut {
    /// Their id.
    pub id: Id,
    /// Their name in addresses.
    #[schema(example = "mara-lenz")]
    pub slug: String,
    /// Their name.
    #[schema(example = "Mara Lenz")]
    pub name: String,
    /// What they are in the newsroom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Lokalredakteurin")]
    pub role: Option<String>,
    /// About them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bio: Option<String>,
    /// Where the newsroom reaches them; never handed out to readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<String>,
    /// Their page on the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// What else they are called.
    #[schema(example = json!(["M. Lenz"]))]
    pub aliases: Vec<String>,
    /// Slugs that lead to them because they had them, or what was merged into them.
    #[schema(example = json!(["mara-schulz"]))]
    pub former_slugs: Vec<String>,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

impl From<Kept<Author>> for AuthorOut {
    fn from(kept: Kept<Author>) -> Self {
        let Others {
            aliases,
            former_slugs,
        } = kept.others;
        let Author {
            id,
            slug,
            name,
            name_key: _,
            sort_key: _,
            role,
            bio,
            email,
            url,
            version,
            created_at,
            updated_at,
        } = kept.item;
        AuthorOut {
            id,
            slug,
            name,
            role,
            bio,
            email,
            url,
            aliases,
            former_slugs,
            version,
            created_at,
            updated_at,
        }
    }
}
