//! Lists as they are kept, sent and shown.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::model::{Kind, State};
use crate::db::schema::{list_entries, lists};
use crate::db::{Id, Time};
use crate::http::patch::{Ignored, Patch};

/// The slug of the list that "more news" is, of all sections or, with a hyphen and
/// its slug, of one.
pub const MORE: &str = "more";
/// The longest name, in characters.
pub const NAME_MAX: usize = 120;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: usize = 1_000;
/// The most articles that a list shows.
pub const SIZE_MAX: i32 = 100;
/// How many it shows if nothing is said.
pub const SIZE_DEFAULT: i32 = 20;
/// The most alternatives of each part of a filter.
pub const ALTERNATIVES_MAX: usize = 20;

crate::text_enum! {
    /// How a list gets its articles. This list may grow.
    pub enum ListKind {
        /// Somebody puts them there.
        Manual = "manual",
        /// The newest that fit the filter.
        Automatic = "automatic",
        /// The newest that fit the filter, but for places that are given away.
        Pinned = "pinned",
    }
}

/// A list as it is stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = lists, treat_none_as_null = true)]
pub struct List {
    /// Its id.
    pub id: Id,
    /// Its name in addresses, which no other list has.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The name in the form that lists are sorted by.
    pub sort_key: String,
    /// What it is for.
    pub description: Option<String>,
    /// How it gets its articles.
    pub kind: ListKind,
    /// A [`Filter`] as JSON.
    pub filter: String,
    /// The most articles that it shows.
    pub size: i32,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

/// A place of a list as it is stored.
#[derive(Queryable, Selectable, Insertable, Clone, Copy, Debug, PartialEq, Eq)]
#[diesel(table_name = list_entries)]
pub struct Entry {
    /// The list.
    pub list_id: Id,
    /// The place, from 1; in a manual list no more than the order.
    pub position: i32,
    /// The article.
    pub article_id: Id,
}

/// What a list is narrowed to, as it is stored: one of each part that says
/// anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// In one of these sections, or below.
    pub sections: Vec<Id>,
    /// With one of these topics.
    pub topics: Vec<Id>,
    /// By one of these authors.
    pub authors: Vec<Id>,
    /// Of one of these kinds.
    pub kinds: Vec<Kind>,
    /// In one of these languages.
    pub languages: Vec<String>,
    /// None of these articles.
    pub exclude: Vec<Id>,
}

/// What a list is narrowed to: in each part that is there, one of what it names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"section": ["politik", "kultur"], "kind": ["news", "report"]}))]
pub struct FilterIn {
    /// Sections by slug, name or id; those below them are included.
    #[schema(max_items = 20, example = json!(["politik"]))]
    pub section: Vec<String>,
    /// Topics by slug, name or id.
    #[schema(max_items = 20, example = json!(["verkehr"]))]
    pub topic: Vec<String>,
    /// Authors by slug, name or id.
    #[schema(max_items = 20, example = json!(["mara-lenz"]))]
    pub author: Vec<String>,
    /// Kinds.
    #[schema(max_items = 20)]
    pub kind: Vec<Kind>,
    /// Language tags (BCP 47).
    #[schema(max_items = 20, example = json!(["de"]))]
    pub language: Vec<String>,
    /// Articles to leave out, by slug, id or `external:…`.
    #[schema(max_items = 20, example = json!([]))]
    pub exclude: Vec<String>,
}

/// A list as a client sends it.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Startseite", "kind": "pinned", "size": 12,
    "filter": {"section": ["politik", "kultur"]},
    "entries": [{"position": 1, "article": "stadtrat-beschliesst-kostenlosen-nahverkehr"}],
}))]
pub struct ListIn {
    /// Its name, at most 120 characters.
    pub name: String,
    /// Its name in addresses. Made from the name if left out.
    #[serde(default)]
    #[schema(nullable = false)]
    pub slug: Option<String>,
    /// What it is for, at most 1000 characters.
    #[serde(default)]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// How it gets its articles; `manual` if missing.
    #[serde(default)]
    #[schema(nullable = false)]
    pub kind: Option<ListKind>,
    /// What the automatic places are narrowed to; all articles if missing.
    #[serde(default)]
    #[schema(nullable = false)]
    pub filter: Option<FilterIn>,
    /// The most articles that it shows; 20 if missing.
    #[serde(default)]
    #[schema(nullable = false, minimum = 1, maximum = 100, example = 12)]
    pub size: Option<i32>,
    /// Its articles. Of a manual list in their order, as `"slug"`; of one with
    /// pinned places each with its place, as `{"position": 3, "article": "slug"}`.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub entries: Vec<EntryIn>,
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

/// An article of a list.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(
    untagged,
    expecting = "names no article; send a slug or an id, as \"…\" or as {\"position\": 3, \"article\": \"…\"}"
)]
pub enum EntryIn {
    /// By slug, id or `external:…`.
    #[schema(example = "was-kostet-der-nahverkehr")]
    Name(String),
    /// With its place.
    Placed(PlacedIn),
}

/// An article and its place.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"position": 3, "article": "was-kostet-der-nahverkehr"}))]
pub struct PlacedIn {
    /// The place, from 1; in a manual list the order says it.
    #[serde(default)]
    #[schema(nullable = false, minimum = 1, maximum = 100, example = 3)]
    pub position: Option<i32>,
    /// The article.
    pub article: EntryArticleIn,
}

/// An article, by a name or as it was answered.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(
    untagged,
    expecting = "names no article; send a slug or an id, as \"…\" or as {\"slug\": \"…\"}"
)]
pub enum EntryArticleIn {
    /// By slug, id or `external:…`.
    #[schema(example = "was-kostet-der-nahverkehr")]
    Name(String),
    /// As it was answered; the id is what counts.
    Named(NamedArticle),
}

/// An article as it was answered.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"slug": "was-kostet-der-nahverkehr"}))]
pub struct NamedArticle {
    /// Its id.
    #[serde(default)]
    #[schema(nullable = false)]
    pub id: Option<Id>,
    /// Its slug.
    #[serde(default)]
    #[schema(nullable = false, example = "was-kostet-der-nahverkehr")]
    pub slug: Option<String>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = String)]
    pub headline: Ignored,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = State)]
    pub state: Ignored,
}

impl EntryIn {
    /// A place as it is stored.
    pub fn stored(position: Option<i32>, id: Id) -> Self {
        EntryIn::Placed(PlacedIn {
            position,
            article: EntryArticleIn::Name(id.to_string()),
        })
    }

    /// The place and the name of the article, if it has one.
    pub fn parts(&self) -> (Option<i32>, Option<String>) {
        match self {
            EntryIn::Name(name) => (None, Some(name.clone())),
            EntryIn::Placed(PlacedIn { position, article }) => match article {
                EntryArticleIn::Name(name) => (*position, Some(name.clone())),
                EntryArticleIn::Named(named) => {
                    let id = named.id.map(|id| id.to_string());
                    (*position, id.or_else(|| named.slug.clone()))
                }
            },
        }
    }
}

/// Changes to a list, as a merge patch: what is left out stays. `filter` and
/// `entries` are replaced as a whole.
#[derive(Deserialize, ToSchema, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"entries": [{"position": 1, "article": "was-kostet-der-nahverkehr"}]}))]
pub struct ListPatch {
    /// Its name, at most 120 characters.
    #[serde(default)]
    #[schema(value_type = String)]
    pub name: Patch<String>,
    /// Its name in addresses.
    #[serde(default)]
    #[schema(value_type = String)]
    pub slug: Patch<String>,
    /// What it is for; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// How it gets its articles.
    #[serde(default)]
    #[schema(value_type = ListKind)]
    pub kind: Patch<ListKind>,
    /// What the automatic places are narrowed to; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<FilterIn>)]
    pub filter: Patch<FilterIn>,
    /// The most articles that it shows.
    #[serde(default)]
    #[schema(value_type = i32, minimum = 1, maximum = 100, example = 12)]
    pub size: Patch<i32>,
    /// Its articles; null removes all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<EntryIn>>, max_items = 100)]
    pub entries: Patch<Vec<EntryIn>>,
}

/// A list as editors see it.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct ListOut {
    /// Its id.
    pub id: Id,
    /// Its name in addresses.
    #[schema(example = "home")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Startseite")]
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// How it gets its articles.
    pub kind: ListKind,
    /// What the automatic places are narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub filter: Option<FilterIn>,
    /// The most articles that it shows.
    #[schema(example = 12)]
    pub size: i32,
    /// Its articles, those included that readers don't see yet.
    pub entries: Vec<EntryOut>,
    /// Counts the writes to it.
    #[schema(example = 7)]
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

/// An article of a list.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct EntryOut {
    /// The place it is pinned to; in a manual list the order says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub position: Option<i32>,
    /// The article.
    pub article: EntryArticle,
}

/// An article of a list, as editors see it.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct EntryArticle {
    /// Its id.
    pub id: Id,
    /// Its slug.
    #[schema(example = "was-kostet-der-nahverkehr")]
    pub slug: String,
    /// The headline of its newest revision.
    #[schema(example = "Was kostet der Nahverkehr?")]
    pub headline: String,
    /// Where it stands: only what is live is shown.
    pub state: State,
}

/// A list among others, as editors see it.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct ListHead {
    /// Its id.
    pub id: Id,
    /// Its name in addresses.
    #[schema(example = "home")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Startseite")]
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// How it gets its articles.
    pub kind: ListKind,
    /// The most articles that it shows.
    #[schema(example = 12)]
    pub size: i32,
    /// Counts the writes to it.
    #[schema(example = 7)]
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

impl From<List> for ListHead {
    fn from(list: List) -> Self {
        let List {
            id,
            slug,
            name,
            sort_key: _,
            description,
            kind,
            filter: _,
            size,
            version,
            created_at,
            updated_at,
        } = list;
        ListHead {
            id,
            slug,
            name,
            description,
            kind,
            size,
            version,
            created_at,
            updated_at,
        }
    }
}
