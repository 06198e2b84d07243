//! Redirects as they are kept, sent and shown.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::redirects;
use crate::db::{Id, Time};
use crate::http::patch::{Ignored, Patch};

/// The status of an address that leads on.
pub const MOVED: i32 = 301;
/// The status of an address that leads nowhere any more.
pub const GONE: i32 = 410;

/// A redirect as it is stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = redirects, treat_none_as_null = true)]
pub struct Redirect {
    /// Its id.
    pub id: Id,
    /// The address or pattern, in its canonical form, which no other entry has.
    pub source: String,
    /// How many characters of a pattern stand for themselves; `None` for a single
    /// address.
    pub literals: Option<i32>,
    /// [`MOVED`] or [`GONE`].
    pub status: i32,
    /// The article it leads to.
    pub article_id: Option<Id>,
    /// Otherwise: a path, an address elsewhere, or what an article is found by.
    pub target: Option<String>,
    /// Source and target, case-folded.
    pub search_text: String,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

/// Which entries a page of the editors' list shows.
#[derive(Clone, Debug, Default)]
pub struct RedirectFilter {
    /// Stand in source or target, case-folded.
    pub words: Vec<String>,
    /// Lead to this article.
    pub article: Option<Id>,
    /// Are patterns, or are none.
    pub pattern: Option<bool>,
}

/// A redirect as a client sends it.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "/artikel/4711.html", "to": "stadtrat-beschliesst-kostenlosen-nahverkehr"}))]
pub struct RedirectIn {
    /// The old address: a path, with the query if that counts, or `https://…` if
    /// the host does. With placeholders such as `{slug}`, `{id}`, `{yyyy}` or
    /// `{rest}` it is a pattern.
    #[schema(max_length = 2000, example = "/artikel/4711.html")]
    pub from: String,
    /// Where it leads: an article (slug, id, or `external:…`), a path of the
    /// website (`/…`), or an address elsewhere (`https://…`). Of a pattern it may
    /// have the same placeholders. Left out if the status is 410.
    #[serde(default)]
    #[schema(
        nullable = false,
        max_length = 2000,
        example = "stadtrat-beschliesst-kostenlosen-nahverkehr"
    )]
    pub to: Option<String>,
    /// 301, which is meant if it is missing: it has moved. 410: it is gone.
    #[serde(default)]
    #[schema(nullable = false, example = 301)]
    pub status: Option<i32>,
    /// Can't be changed; may come back as it was.
    #[serde(default)]
    #[schema(nullable = false)]
    pub id: Option<Id>,
    /// Follows from `from`; ignored.
    #[serde(default)]
    #[schema(value_type = bool)]
    pub pattern: Ignored,
    /// Follows from `to`; ignored.
    #[serde(default)]
    #[schema(value_type = RedirectArticle)]
    pub article: Ignored,
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

/// Changes to a redirect, as a merge patch: what is left out stays.
#[derive(Deserialize, ToSchema, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "/nahverkehr/"}))]
pub struct RedirectPatch {
    /// The old address or pattern.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000, example = "/artikel/4711.html")]
    pub from: Patch<String>,
    /// Where it leads; null removes it, which a status of 410 does too.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000, example = "/nahverkehr/")]
    pub to: Patch<String>,
    /// 301 or 410.
    #[serde(default)]
    #[schema(value_type = i32, example = 301)]
    pub status: Patch<i32>,
}

/// A redirect as editors see it.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct RedirectOut {
    /// Its id.
    pub id: Id,
    /// The old address or pattern, in its canonical form; a host stands after `//`.
    #[schema(example = "/artikel/4711.html")]
    pub from: String,
    /// Whether it is a pattern.
    pub pattern: bool,
    /// Where it leads; an article by the slug it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "stadtrat-beschliesst-kostenlosen-nahverkehr"
    )]
    pub to: Option<String>,
    /// 301: it has moved. 410: it is gone.
    #[schema(example = 301)]
    pub status: i32,
    /// The article it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<RedirectArticle>,
    /// Counts the writes to it.
    #[schema(example = 1)]
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

/// The article that a redirect leads to.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct RedirectArticle {
    /// Its id.
    pub id: Id,
    /// The slug it has now.
    #[schema(example = "stadtrat-beschliesst-kostenlosen-nahverkehr")]
    pub slug: String,
}

impl RedirectOut {
    /// What editors see of an entry whose article has this slug.
    pub fn new(redirect: Redirect, slug: Option<String>) -> Self {
        let Redirect {
            id,
            source,
            literals,
            status,
            article_id,
            target,
            search_text: _,
            version,
            created_at,
            updated_at,
        } = redirect;
        let article = article_id
            .zip(slug)
            .map(|(id, slug)| RedirectArticle { id, slug });
        let to = article.as_ref().map(|article| article.slug.clone());
        RedirectOut {
            id,
            from: source,
            pattern: literals.is_some(),
            to: to.or(target),
            status,
            article,
            version,
            created_at,
            updated_at,
        }
    }
}

/// What an import has done.
#[derive(Serialize, ToSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that are new.
    #[schema(example = 1204)]
    pub created: usize,
    /// Entries that lead elsewhere than before, with `overwrite=true`.
    #[schema(example = 0)]
    pub updated: usize,
    /// Entries that were there already.
    #[schema(example = 37)]
    pub unchanged: usize,
}
