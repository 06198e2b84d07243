//! The content of a revision.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Access, Kind, LinkRow, Placement, Priority, RevisionRow};
use crate::content::{ArticleRef, Body, Relation};
use crate::db::{Id, Time};
use crate::error::{Result, internal};

/// The picture above an article: an uploaded one by its `id`, or one elsewhere by its
/// `url`. What isn't said here of an uploaded one is taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Picture, example = json!({"id": "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e", "caption": "Linie 3 am Wehr"}))]
pub struct Picture {
    /// The uploaded picture. Comes first: [`Picture::medium_of`] looks there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Id>,
    /// Where a picture elsewhere is; instead of `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        max_length = 2000,
        example = "https://bilder.flussblick.example/bus.jpg"
    )]
    pub url: Option<String>,
    /// What it shows, for those who can't see it; needed to publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1000, example = "Ein Bus am Flussufer")]
    pub alt: Option<String>,
    /// Whether it only decorates and needs no alternative text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decorative: bool,
    /// What stands below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1000)]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 300, example = "Jonte Behrens")]
    pub credit: Option<String>,
    /// Pixels from left to right, of a picture elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100000, example = 2400)]
    pub width: Option<u32>,
    /// Pixels from top to bottom, of a picture elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100000, example = 1600)]
    pub height: Option<u32>,
}

impl Picture {
    /// The uploaded picture in an `image` column, without reading the rest.
    pub fn medium_of(json: Option<&str>) -> Option<Id> {
        let id = json?.strip_prefix(r#"{"id":""#)?;
        id.get(..36)?.parse().ok()
    }
}

/// What search engines and social networks are told, where it differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seo {
    /// Instead of the headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 300)]
    pub title: Option<String>,
    /// Instead of the teaser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 1000,
        example = "Ab Januar fahren Busse und Bahnen ohne Fahrschein."
    )]
    pub description: Option<String>,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An article, by id or by a slug that nothing has yet.
    Article(ArticleRef),
    /// An address elsewhere.
    Url(String),
}

/// A related link below the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndLink {
    /// Where it leads.
    pub target: Target,
    /// How it relates to the article.
    pub relation: Relation,
    /// Its own text.
    pub headline: Option<String>,
}

/// The content of a revision, with every reference that can be resolved held
/// by id. Two that are equal say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Content {
    pub kind: Kind,
    pub language: String,
    pub kicker: Option<String>,
    pub headline: String,
    pub subheadline: Option<String>,
    pub teaser: Option<String>,
    pub section_id: Option<Id>,
    pub topics: Vec<Id>,
    pub authors: Vec<Id>,
    pub image: Option<Picture>,
    pub priority: Priority,
    pub access: Access,
    pub source: Option<String>,
    pub seo: Option<Seo>,
    pub note: Option<String>,
    pub embargo_until: Option<Time>,
    pub expires_at: Option<Time>,
    pub body: Body,
    pub related: Vec<EndLink>,
}

/// What is said about a revision and isn't content: it tells two revisions
/// apart, but makes none by itself.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// What it changes, in the words of who wrote it.
    pub note: Option<String>,
    /// The older revision that it is a copy of.
    pub restored_from: Option<i32>,
}

impl Content {
    /// The row of a new revision with this content.
    pub fn to_row(
        &self,
        article_id: Id,
        number: i32,
        created_at: Time,
        created_by: Id,
        origin: Origin,
    ) -> Result<RevisionRow> {
        Ok(RevisionRow {
            article_id,
            number,
            created_at,
            created_by,
            revision_note: origin.note,
            restored_from: origin.restored_from,
            kind: self.kind,
            language: self.language.clone(),
            kicker: self.kicker.clone(),
            headline: self.headline.clone(),
            subheadline: self.subheadline.clone(),
            teaser: self.teaser.clone(),
            section_id: self.section_id,
            topics: json(&self.topics)?,
            authors: json(&self.authors)?,
            image: self.image.as_ref().map(json).transpose()?,
            priority: self.priority,
            access: self.access,
            source: self.source.clone(),
            seo: self.seo.as_ref().map(json).transpose()?,
            note: self.note.clone(),
            embargo_until: self.embargo_until,
            expires_at: self.expires_at,
            word_count: i32::try_from(self.body.word_count()).unwrap_or(i32::MAX),
            search_text: self.search_text(),
            body: json(&self.body)?,
        })
    }

    /// The uploaded pictures that it shows, each once.
    pub fn media(&self) -> Vec<Id> {
        let mut ids: Vec<Id> = self.image.iter().filter_map(|image| image.id).collect();
        let shown = self.body.images().filter_map(|(_, image)| image.id);
        ids.extend(shown.map(Id));
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn search_text(&self) -> String {
        let parts = [
            self.kicker.as_deref(),
            Some(&self.headline),
            self.teaser.as_deref(),
        ];
        let text: Vec<&str> = parts.into_iter().flatten().collect();
        crate::http::text::name_key(&text.join(" "))
    }

    /// The rows of its links.
    pub fn to_links(&self, article_id: Id, revision: i32) -> Vec<LinkRow> {
        let mut rows: Vec<LinkRow> = Vec::new();
        let mut push =
            |placement, relation: Relation, headline: Option<String>, target: &Target| {
                let (slug, target_id, url) = match target {
                    Target::Article(ArticleRef { id: Some(id), .. }) => (None, Some(Id(*id)), None),
                    Target::Article(ArticleRef { slug, .. }) => (slug.clone(), None, None),
                    Target::Url(url) => (None, None, Some(url.clone())),
                };
                let position = rows.len() as i32;
                let relation = relation.name().to_owned();
                rows.push(LinkRow {
                    article_id,
                    revision,
                    position,
                    placement,
                    relation,
                    headline,
                    slug,
                    target_id,
                    url,
                });
            };
        for related in self.body.related() {
            use crate::content::RelatedTarget;
            let target = match &related.target {
                RelatedTarget::Article(article) => Target::Article(article.clone()),
                RelatedTarget::Url(url) => Target::Url(url.clone()),
            };
            push(
                Placement::Inline,
                related.relation,
                related.headline.clone(),
                &target,
            );
        }
        for link in &self.related {
            push(
                Placement::End,
                link.relation,
                link.headline.clone(),
                &link.target,
            );
        }
        let mut seen: Vec<ArticleRef> = Vec::new();
        for (kind, article) in self.body.article_refs() {
            if kind == crate::content::RefKind::Text && !seen.contains(&article) {
                push(
                    Placement::Text,
                    Relation::ReadMore,
                    None,
                    &Target::Article(article.clone()),
                );
                seen.push(article);
            }
        }
        rows
    }

    /// Reads a revision back: slugs that have been bound since are replaced by
    /// the ids they are bound to.
    pub fn from_row(row: &RevisionRow, links: &[LinkRow]) -> Result<Self> {
        let bind = |article: &mut ArticleRef| {
            let bound = links
                .iter()
                .find(|link| link.slug.is_some() && link.slug == article.slug);
            if let (None, Some(Id(id))) = (article.id, bound.and_then(|link| link.target_id)) {
                *article = ArticleRef {
                    id: Some(id),
                    ..ArticleRef::default()
                };
            }
        };
        let mut body: Body = serde_json::from_str(&row.body).map_err(internal)?;
        body.for_each_article_ref(|_, article| bind(article));
        let mut related = Vec::new();
        for link in links.iter().filter(|link| link.placement == Placement::End) {
            let target = match (&link.url, link.target_id, &link.slug) {
                (Some(url), ..) => Target::Url(url.clone()),
                (None, Some(Id(id)), _) => Target::Article(ArticleRef {
                    id: Some(id),
                    ..ArticleRef::default()
                }),
                (None, None, slug) => Target::Article(ArticleRef {
                    slug: slug.clone(),
                    ..ArticleRef::default()
                }),
            };
            let relation = Relation::from_name(&link.relation).unwrap_or_default();
            related.push(EndLink {
                target,
                relation,
                headline: link.headline.clone(),
            });
        }
        Ok(Content {
            kind: row.kind,
            language: row.language.clone(),
            kicker: row.kicker.clone(),
            headline: row.headline.clone(),
            subheadline: row.subheadline.clone(),
            teaser: row.teaser.clone(),
            section_id: row.section_id,
            topics: ids(&row.topics)?,
            authors: ids(&row.authors)?,
            image: row
                .image
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .map_err(internal)?,
            priority: row.priority,
            access: row.access,
            source: row.source.clone(),
            seo: row
                .seo
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .map_err(internal)?,
            note: row.note.clone(),
            embargo_until: row.embargo_until,
            expires_at: row.expires_at,
            body,
            related,
        })
    }
}

/// The ids in a `topics` or `authors` column.
pub fn ids(json: &str) -> Result<Vec<Id>> {
    serde_json::from_str(json).map_err(internal)
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(internal)
}
