//! A change, as clients get it: what to do with which thing, and the thing.

use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::model::Seo;
use crate::articles::view::Correction;
use crate::changes::Entity;
use crate::db::{Id, Time};
use crate::delivery::article::{BodyOut, Share};
use crate::delivery::authors::AuthorItem;
use crate::delivery::card::Card;
use crate::delivery::context::Context;
use crate::delivery::curated::CuratedLinks;
use crate::delivery::media::PublicMedium;
use crate::delivery::pictures::RenditionFile;
use crate::delivery::related::RelatedOut;
use crate::delivery::site::SitePage;
use crate::delivery::taxonomy::TermLinks;
use crate::delivery::topics::TopicItem;
use crate::sections::Section;

crate::text_enum! {
    /// What a change is about. This list may grow: skip what you don't know.
    pub enum ChangeType {
        /// An article.
        Article = "article",
        /// A section of the tree.
        Section = "section",
        /// A topic.
        Topic = "topic",
        /// An author.
        Author = "author",
        /// A curated list.
        List = "list",
        /// What is said about a picture, or what was made of it. Articles that show
        /// it come too.
        Media = "media",
        /// The newsroom itself.
        Site = "site",
    }
}

crate::text_enum! {
    /// What to do with what a client keeps. This list may grow: skip what you don't
    /// know.
    pub enum ChangeOp {
        /// Put it in the place of what you have under its id, if anything.
        Upsert = "upsert",
        /// Forget it, if you have it.
        Delete = "delete",
    }
}

impl ChangeType {
    /// What entries of the log about this are to clients; nothing, if they don't get
    /// them.
    pub fn of(kind: Entity) -> Option<Self> {
        match kind {
            Entity::Article => Some(ChangeType::Article),
            Entity::Section => Some(ChangeType::Section),
            Entity::Topic => Some(ChangeType::Topic),
            Entity::Author => Some(ChangeType::Author),
            Entity::List => Some(ChangeType::List),
            Entity::Media => Some(ChangeType::Media),
            Entity::Site => Some(ChangeType::Site),
            Entity::Redirect => None,
        }
    }

    /// What entries of the log about this are about.
    pub fn entity(self) -> Entity {
        match self {
            ChangeType::Article => Entity::Article,
            ChangeType::Section => Entity::Section,
            ChangeType::Topic => Entity::Topic,
            ChangeType::Author => Entity::Author,
            ChangeType::List => Entity::List,
            ChangeType::Media => Entity::Media,
            ChangeType::Site => Entity::Site,
        }
    }
}

/// A thing that is there or has changed, or that is gone. The member that is named
/// like its type has it as it is now; of what is gone there is none.
#[derive(Serialize, ToSchema)]
pub struct Change {
    /// What it is. Open: skip what you don't know.
    #[serde(rename = "type")]
    pub kind: ChangeType,
    /// Its id.
    pub id: Id,
    /// What to do. Open: skip what you don't know.
    pub op: ChangeOp,
    /// The article.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<Box<SyncArticle>>,
    /// The section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<SyncSection>,
    /// The topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub topic: Option<TopicItem>,
    /// The author.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<AuthorItem>,
    /// The curated list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub list: Option<SyncList>,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub media: Option<PublicMedium>,
    /// The newsroom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub site: Option<Box<SitePage>>,
}

impl Change {
    /// A curated list as it is.
    pub fn list(list: SyncList) -> Self {
        let mut change = Change::of(ChangeType::List, list.id, ChangeOp::Upsert);
        change.list = Some(list);
        change
    }

    /// That something is gone.
    pub fn gone(kind: ChangeType, id: Id) -> Self {
        Change::of(kind, id, ChangeOp::Delete)
    }

    /// What to do with a thing, without the thing.
    pub fn of(kind: ChangeType, id: Id, op: ChangeOp) -> Self {
        Change {
            kind,
            id,
            op,
            article: None,
            section: None,
            topic: None,
            author: None,
            list: None,
            media: None,
            site: None,
        }
    }
}

/// An article as a card, with what else was asked for.
#[derive(Serialize, ToSchema)]
pub struct SyncArticle {
    /// The card. With `fields`, `teaser` is the whole teaser and `image` has its
    /// caption.
    #[serde(flatten)]
    pub card: Card,
    /// The line below the headline, with `fields=subheadline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subheadline: Option<String>,
    /// When it was first published, with `fields=first_published_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub first_published_at: Option<Time>,
    /// Where it comes from, with `fields=source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "fpd")]
    pub source: Option<String>,
    /// For search engines, with `fields=seo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seo: Option<Seo>,
    /// What was wrong and is right now, with `fields=corrections`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub corrections: Option<Vec<Correction>>,
    /// The text as blocks, with `fields=body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body: Option<BodyOut>,
    /// Related links, with `fields=related`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub related: Option<Vec<RelatedOut>>,
    /// What to pass on when a reader shares it, with `fields=share`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub share: Option<Share>,
    /// The files of its pictures, with `fields=media`: what to fetch to show it
    /// without a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub media: Option<Vec<RenditionFile>>,
}

impl SyncArticle {
    /// A card, and nothing that was asked for yet.
    pub fn of(card: Card) -> Self {
        SyncArticle {
            card,
            subheadline: None,
            first_published_at: None,
            source: None,
            seo: None,
            corrections: None,
            body: None,
            related: None,
            share: None,
            media: None,
        }
    }
}

/// A section among all others.
#[derive(Serialize, ToSchema)]
pub struct SyncSection {
    /// Its id.
    pub id: Id,
    /// Its name in addresses.
    #[schema(example = "musik")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Musik")]
    pub name: String,
    /// The slugs from the top down to it.
    #[schema(example = "kultur/musik")]
    pub path: String,
    /// The section above it; none at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent: Option<Id>,
    /// Its place among its siblings; those with the same stand in the order of their
    /// names.
    #[schema(example = 0)]
    pub position: i32,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Addresses.
    pub links: TermLinks,
}

impl SyncSection {
    /// A section as it is.
    pub fn of(section: &Section, context: &Context) -> Self {
        let parent = section.parent_id.and_then(|id| context.tree.by_id(id));
        SyncSection {
            id: section.id,
            path: context.tree.path(section.id),
            links: TermLinks::of(&context.config.public_url, "section", &section.slug),
            slug: section.slug.clone(),
            name: section.name.clone(),
            parent: parent.map(|parent| parent.id),
            position: section.position,
            description: section.description.clone(),
        }
    }
}

/// A curated list.
#[derive(Serialize, ToSchema)]
pub struct SyncList {
    /// Its id.
    pub id: Id,
    /// Its slug; `home` is the front page.
    #[schema(example = "home")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Startseite")]
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// The ids of its articles, in their order.
    pub articles: Vec<Id>,
    /// Where to go on.
    pub links: CuratedLinks,
}
