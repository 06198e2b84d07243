//! Rows, states, filters and the content of a revision.

mod content;
mod head;
mod rows;

pub use content::{Content, EndLink, Origin, Picture, Seo, Target, ids};
pub use head::{LiveHead, RevisionHead};
pub use rows::{
    ArticleRow, FormerSlugRow, LinkRow, Listed, ListingRow, LiveLink, LiveRevision, LiveRow,
    RevisionLine, RevisionRow,
};

use crate::db::{Id, Time};
use crate::http::cursor::Position;

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

/// Articles in the order of their publication, from a position up to, but not
/// including, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: Position,
    /// The first after it.
    pub until: Position,
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
    /// One of these; empty means any.
    pub only: Vec<Id>,
}
