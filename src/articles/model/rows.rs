//! Rows as they are stored.

use diesel::prelude::*;

use super::{Access, Kind, Placement, Priority, RevisionHead, State};
use crate::db::schema::{articles, former_slugs, links, listings, revisions};
use crate::db::{Id, Time};
use crate::error::{Result, internal};

/// Whether readers see the article of a row, whichever of its columns were read.
macro_rules! visible {
    ($row:ident, $now:ident) => {
        $row.live_revision.is_some()
            && $row.published_at.is_some_and(|at| at <= $now)
            && $row.expires_at.is_none_or(|at| at > $now)
            && $row.withdrawn_at.is_none()
            && $row.trashed_at.is_none()
    };
}

/// An article's row.
#[derive(
    Queryable, Selectable, Insertable, AsChangeset, Identifiable, Clone, Debug, PartialEq, Eq,
)]
#[diesel(table_name = articles, treat_none_as_null = true, treat_none_as_default_value = false)]
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
    /// Corrections that readers see, as JSON, oldest first.
    pub corrections: Option<String>,
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
    /// When it was last sent back from review.
    pub sent_back_at: Option<Time>,
    /// By whom.
    pub sent_back_by: Option<Id>,
    /// What they want changed; stays until it is published.
    pub sent_back_remark: Option<String>,
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
    /// What cards show of the live revision, as JSON: a [`super::LiveHead`].
    pub live_head: Option<String>,
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
        visible!(self, now)
    }

    /// What lists show of the live revision.
    pub fn live_head(&self) -> Result<Option<RevisionHead>> {
        let read = |json: &String| serde_json::from_str(json).map_err(internal);
        self.live_head.as_ref().map(read).transpose()
    }

    /// Whether readers ever saw it.
    pub fn was_public(&self, now: Time) -> bool {
        self.first_published_at.is_some_and(|at| at <= now)
    }

    /// What delivery reads of it.
    pub fn delivered(self) -> LiveRow {
        LiveRow {
            id: self.id,
            slug: self.slug,
            live_revision: self.live_revision,
            published_at: self.published_at,
            first_published_at: self.first_published_at,
            updated_at: self.updated_at,
            corrections: self.corrections,
            expires_at: self.expires_at,
            withdrawn_at: self.withdrawn_at,
            trashed_at: self.trashed_at,
        }
    }
}

/// What delivery reads of an article: what readers may learn, and what decides
/// whether they see it. A third of the row, which is read for each link and card.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = articles)]
#[allow(missing_docs)]
pub struct LiveRow {
    pub id: Id,
    pub slug: String,
    pub live_revision: Option<i32>,
    pub published_at: Option<Time>,
    pub first_published_at: Option<Time>,
    pub updated_at: Option<Time>,
    pub corrections: Option<String>,
    pub expires_at: Option<Time>,
    pub withdrawn_at: Option<Time>,
    pub trashed_at: Option<Time>,
}

impl LiveRow {
    /// Whether readers see it at an instant.
    pub fn is_visible(&self, now: Time) -> bool {
        visible!(self, now)
    }
}

/// A revision's row: the content at one moment.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = revisions, treat_none_as_default_value = false)]
pub struct RevisionRow {
    /// The article it belongs to.
    pub article_id: Id,
    /// 1 for the first.
    pub number: i32,
    /// When it was written.
    pub created_at: Time,
    /// By whom.
    pub created_by: Id,
    /// What it changes, in the words of who wrote it.
    pub revision_note: Option<String>,
    /// The older revision that it is a copy of.
    pub restored_from: Option<i32>,
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

impl RevisionRow {
    /// What delivery reads of it.
    pub fn delivered(self) -> LiveRevision {
        LiveRevision {
            number: self.number,
            kind: self.kind,
            language: self.language,
            kicker: self.kicker,
            headline: self.headline,
            subheadline: self.subheadline,
            teaser: self.teaser,
            section_id: self.section_id,
            topics: self.topics,
            authors: self.authors,
            image: self.image,
            priority: self.priority,
            access: self.access,
            source: self.source,
            seo: self.seo,
            word_count: self.word_count,
            body: self.body,
        }
    }
}

/// What delivery reads of a revision: nothing that is for the newsroom only.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = revisions)]
#[allow(missing_docs)]
pub struct LiveRevision {
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
    pub seo: Option<String>,
    pub word_count: i32,
    pub body: String,
}

/// What the list of an article's revisions shows of one.
#[derive(Queryable, Clone, Debug)]
#[allow(missing_docs)]
pub struct RevisionLine {
    pub number: i32,
    pub created_at: Time,
    pub created_by: Id,
    pub revision_note: Option<String>,
    pub restored_from: Option<i32>,
    pub headline: String,
    pub word_count: i32,
    /// Of the body, as it is stored.
    pub bytes: i32,
}

/// A link of a revision.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = links, treat_none_as_default_value = false)]
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

/// What delivery reads of a link.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = links)]
#[allow(missing_docs)]
pub struct LiveLink {
    pub article_id: Id,
    pub revision: i32,
    pub placement: Placement,
    pub relation: String,
    pub headline: Option<String>,
    pub slug: Option<String>,
    pub target_id: Option<Id>,
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
    /// When it stops being visible by itself.
    pub expires_at: Option<Time>,
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

/// What a sitemap says of an article, and what its address is made of.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: Id,
    /// Its slug.
    pub slug: String,
    /// When it was first published.
    pub first_published_at: Time,
    /// When it last changed in substance.
    pub updated_at: Time,
    /// When it disappears by itself.
    pub expires_at: Option<Time>,
    /// Its section, if that was asked for.
    pub section_id: Option<Id>,
}
