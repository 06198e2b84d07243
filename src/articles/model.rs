//! Rows, states and the content of a revision.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::content::{ArticleRef, Body, Relation};
use crate::db::schema::{articles, corrections, former_slugs, links, listings, revisions};
use crate::db::{Id, Time};
use crate::error::{Result, internal};

crate::text_enum! {
    /// What kind of piece it is. This list may grow.
    pub enum Kind {
        /// What happened.
        News = "news",
        /// A reporter was there.
        Report = "report",
        /// Questions and answers.
        Interview = "interview",
        /// What somebody thinks.
        Opinion = "opinion",
        /// What is behind it.
        Analysis = "analysis",
        /// Of a book, a play, a record.
        Review = "review",
    }
}

crate::text_enum! {
    /// How urgent it is. This list may grow.
    pub enum Priority {
        /// As most.
        Normal = "normal",
        /// More prominent than most.
        High = "high",
        /// Breaking news.
        Breaking = "breaking",
    }
}

crate::text_enum! {
    /// Who may read it on the website; this API delivers it all the same. This
    /// list may grow.
    pub enum Access {
        /// Everybody.
        Free = "free",
        /// Everybody, so many a month.
        Metered = "metered",
        /// Subscribers.
        Paid = "paid",
    }
}

crate::text_enum! {
    /// Where an article stands. This list may grow.
    pub enum State {
        /// Being written, or unpublished.
        Draft = "draft",
        /// Ready for somebody's review.
        InReview = "in_review",
        /// Becomes visible at an instant ahead.
        Scheduled = "scheduled",
        /// Readers see it.
        Live = "live",
        /// Taken down; readers get 410.
        Withdrawn = "withdrawn",
        /// In the trash.
        Trashed = "trashed",
    }
}

crate::text_enum! {
    /// Where in an article a link stands. This list may grow.
    pub enum Placement {
        /// Between the paragraphs.
        Inline = "inline",
        /// Below the text.
        End = "end",
        /// On words of the running text.
        Text = "text",
    }
}

/// An article's row.
#[derive(
    Queryable, Selectable, Insertable, AsChangeset, Identifiable, Clone, Debug, PartialEq, Eq,
)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub struct ArticleRow {
    /// Its id.
    pub id: Id,
    /// Its present slug.
    pub slug: String,
    /// What a feed calls it.
    pub external_id: Option<String>,
    /// Counts every write to it.
    pub version: i64,
    /// The newest revision.
    pub revision: i32,
    /// The revision that readers see, now or from `published_at` on.
    pub live_revision: Option<i32>,
    /// When it becomes or became visible.
    pub published_at: Option<Time>,
    /// When it first did.
    pub first_published_at: Option<Time>,
    /// When what readers see last changed in substance.
    pub updated_at: Option<Time>,
    /// When it stops being visible by itself.
    pub expires_at: Option<Time>,
    /// The next instant that the log must be told of.
    pub announce_at: Option<Time>,
    /// Kind of the live revision, else of the newest.
    pub kind: Kind,
    /// Language of the live revision, else of the newest.
    pub language: String,
    /// When it was marked ready for review.
    pub submitted_at: Option<Time>,
    /// When it was taken down.
    pub withdrawn_at: Option<Time>,
    /// Why, for the newsroom only.
    pub withdrawn_reason: Option<String>,
    /// When it was put into the trash.
    pub trashed_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub created_by: Id,
    /// When anything about it was last written.
    pub edited_at: Time,
    /// By whom.
    pub edited_by: Id,
}

impl ArticleRow {
    /// Where it stands at an instant.
    pub fn state(&self, now: Time) -> State {
        if self.trashed_at.is_some() {
            State::Trashed
        } else if self.withdrawn_at.is_some() {
            State::Withdrawn
        } else if self.is_visible(now) {
            State::Live
        } else if self.live_revision.is_some() && self.published_at.is_some_and(|at| at > now) {
            State::Scheduled
        } else if self.submitted_at.is_some() {
            State::InReview
        } else {
            State::Draft
        }
    }

    /// Whether readers see it at an instant.
    pub fn is_visible(&self, now: Time) -> bool {
        self.live_revision.is_some()
            && self.published_at.is_some_and(|at| at <= now)
            && self.expires_at.is_none_or(|at| at > now)
            && self.withdrawn_at.is_none()
            && self.trashed_at.is_none()
    }

    /// Whether readers ever saw it.
    pub fn was_public(&self, now: Time) -> bool {
        self.first_published_at.is_some_and(|at| at <= now)
    }
}

/// A revision's row: the content at one moment.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = revisions)]
pub struct RevisionRow {
    /// The article it belongs to.
    pub article_id: Id,
    /// 1 for the first.
    pub number: i32,
    /// When it was written.
    pub created_at: Time,
    /// By whom.
    pub created_by: Id,
    /// What kind of piece it is.
    pub kind: Kind,
    /// BCP 47.
    pub language: String,
    /// The line above the headline.
    pub kicker: Option<String>,
    /// The headline.
    pub headline: String,
    /// The line below it.
    pub subheadline: Option<String>,
    /// What stands before the text.
    pub teaser: Option<String>,
    /// The section, by id.
    pub section_id: Option<Id>,
    /// Topic ids, as JSON.
    pub topics: String,
    /// Author ids, as JSON.
    pub authors: String,
    /// The picture above it, as JSON.
    pub image: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// Who may read it on the website.
    pub access: Access,
    /// Where it comes from, such as an agency.
    pub source: Option<String>,
    /// For search engines, as JSON.
    pub seo: Option<String>,
    /// For the newsroom only.
    pub note: Option<String>,
    /// Not visible before.
    pub embargo_until: Option<Time>,
    /// Not visible from then on.
    pub expires_at: Option<Time>,
    /// Words of the body.
    pub word_count: i32,
    /// Kicker, headline and teaser, case-folded.
    pub search_text: String,
    /// The block tree, as JSON.
    pub body: String,
}

/// What lists read of a revision: everything but its body.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = revisions)]
#[allow(missing_docs)]
pub struct RevisionHead {
    pub number: i32,
    pub kind: Kind,
    pub language: String,
    pub kicker: Option<String>,
    pub headline: String,
    pub subheadline: Option<String>,
    pub teaser: Option<String>,
    pub section_id: Option<Id>,
    pub topics: String,
    pub authors: String,
    pub image: Option<String>,
    pub priority: Priority,
    pub access: Access,
    pub source: Option<String>,
    pub word_count: i32,
}

/// A link of a revision.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = links)]
pub struct LinkRow {
    /// The article that links.
    pub article_id: Id,
    /// Its revision.
    pub revision: i32,
    /// Order within the revision: inline ones, those at the end, those in text.
    pub position: i32,
    /// Where it stands.
    pub placement: Placement,
    /// How the target relates to the article.
    pub relation: String,
    /// Its own text.
    pub headline: Option<String>,
    /// The slug as written, if nothing had it then.
    pub slug: Option<String>,
    /// The article it means.
    pub target_id: Option<Id>,
    /// An address elsewhere.
    pub url: Option<String>,
}

/// A row of a public list.
#[derive(Insertable, Clone, Copy, Debug)]
#[diesel(table_name = listings)]
pub struct ListingRow {
    /// The section, topic or author.
    pub list_id: Id,
    /// When the article becomes or became visible.
    pub published_at: Time,
    /// The article.
    pub article_id: Id,
    /// When it last changed in substance.
    pub updated_at: Time,
}

/// A correction that readers see.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = corrections)]
pub struct CorrectionRow {
    /// Its id.
    pub id: Id,
    /// The article.
    pub article_id: Id,
    /// When it was made.
    pub at: Time,
    /// What was wrong and what is right.
    pub text: String,
    /// By whom.
    pub created_by: Id,
}

/// A slug that an article once had.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = former_slugs)]
pub struct FormerSlugRow {
    /// The slug.
    pub slug: String,
    /// The article.
    pub article_id: Id,
    /// When it was given up.
    pub retired_at: Time,
}

/// What a public list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Sections, topics and authors by id: in one of the first and in one of
    /// the second and so on.
    pub lists: Vec<Vec<Id>>,
    /// One of these kinds; empty means any.
    pub kinds: Vec<Kind>,
    /// One of these languages; empty means any.
    pub languages: Vec<String>,
    /// Published at this instant or later.
    pub published_after: Option<Time>,
    /// Published before this instant.
    pub published_before: Option<Time>,
    /// Without these.
    pub exclude: Vec<Id>,
}

/// How a public list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By publication, the newest first.
    #[default]
    NewestFirst,
    /// By publication, the oldest first.
    OldestFirst,
    /// By the last change in substance, the newest first.
    UpdatedFirst,
}

/// What the editors' list is narrowed to.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct EditorFilter {
    pub state: Option<State>,
    pub kind: Option<Kind>,
    pub language: Option<String>,
    /// In one of these sections; empty means any.
    pub sections: Vec<Id>,
    pub topic: Option<Id>,
    pub author: Option<Id>,
    pub created_by: Option<Id>,
    pub external_id: Option<String>,
    /// Each stands in the kicker, the headline, the teaser or the slug,
    /// case-folded.
    pub words: Vec<String>,
}

/// The picture above an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Picture)]
pub struct Picture {
    /// Where it is.
    #[schema(
        format = "uri",
        max_length = 2000,
        example = "https://bilder.flussblick.example/bus.jpg"
    )]
    pub url: String,
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
    /// Pixels from left to right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100000, example = 2400)]
    pub width: Option<u32>,
    /// Pixels from top to bottom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100000, example = 1600)]
    pub height: Option<u32>,
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

impl Content {
    /// The row of a new revision with this content.
    pub fn to_row(
        &self,
        article_id: Id,
        number: i32,
        created_at: Time,
        created_by: Id,
    ) -> Result<RevisionRow> {
        Ok(RevisionRow {
            article_id,
            number,
            created_at,
            created_by,
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
