//! The topic as it is stored and as editors see it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::topics;
use crate::db::{Id, Time};
use crate::http::patch::{Ignored, Patch};
use crate::taxonomy::{Kept, Others};

/// The longest description, in characters.
pub const DESCRIPTION_MAX: usize = 1_000;

/// A topic as it is stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = topics, treat_none_as_null = true)]
pub struct Topic {
    /// Its id.
    pub id: Id,
    /// Its name in addresses, which no other topic has.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The name in the form in which two names are the same.
    pub name_key: String,
    /// The name in the form that lists are sorted by.
    pub sort_key: String,
    /// What it is about.
    pub description: Option<String>,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

/// A topic as a client sends it.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Öffentlicher Nahverkehr", "description": "Busse, Bahnen, Fahrpreise"}))]
pub struct TopicIn {
    /// Its name, at most 120 characters. No other topic may have it.
    pub name: String,
    /// Its name in addresses. Made from the name if left out.
    #[serde(default)]
    #[schema(nullable = false)]
    pub slug: Option<String>,
    /// What it is about, at most 1000 characters.
    #[serde(default)]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// What else it is called, 100 at most: an upload finds it by these too. They
    /// stay as they are if left out.
    #[serde(default)]
    #[schema(nullable = false, max_items = 100, example = json!(["ÖPNV"]))]
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

/// Changes to a topic, as a merge patch: what is left out stays.
#[derive(Deserialize, ToSchema, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Nahverkehr", "description": null}))]
pub struct TopicPatch {
    /// Its name, at most 120 characters.
    #[serde(default)]
    #[schema(value_type = String)]
    pub name: Patch<String>,
    /// Its name in addresses.
    #[serde(default)]
    #[schema(value_type = String)]
    pub slug: Patch<String>,
    /// What it is about; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// What else it is called; null removes all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub aliases: Patch<Vec<String>>,
}

/// A topic as editors see it.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct TopicOut {
    /// Its id.
    pub id: Id,
    /// Its name in addresses.
    #[schema(example = "nahverkehr")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Nahverkehr")]
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// What else it is called.
    #[schema(example = json!(["ÖPNV"]))]
    pub aliases: Vec<String>,
    /// Slugs that lead to it because it had them, or what was merged into it.
    #[schema(example = json!(["oepnv"]))]
    pub former_slugs: Vec<String>,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

impl From<Kept<Topic>> for TopicOut {
    fn from(kept: Kept<Topic>) -> Self {
        let Others {
            aliases,
            former_slugs,
        } = kept.others;
        let Topic {
            id,
            slug,
            name,
            name_key: _,
            sort_key: _,
            description,
            version,
            created_at,
            updated_at,
        } = kept.item;
        TopicOut {
            id,
            slug,
            name,
            description,
            aliases,
            former_slugs,
            version,
            created_at,
            updated_at,
        }
    }
}
