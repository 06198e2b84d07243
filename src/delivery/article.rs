//! An article as readers get it: whole, in one request.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::card::{Card, CardLinks, Image, NameRef, reading_minutes, unique};
use super::context::Context;
use super::list::keep;
use super::related::{self, RelatedOut, related_out};
use super::resolved::Resolved;
use super::sections::SectionRef;
use crate::articles::model::{Access, Kind, LiveRevision, LiveRow, Priority, Seo, ids};
use crate::articles::view::Correction;
use crate::changes::{self, Tag};
use crate::config::Config;
use crate::content::ResolvedBlock;
use crate::db::{Conn, Id, Time};
use crate::error::{GONE, Problem, Result, internal};
use crate::http::answer::Draft;
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::text;

/// What `include` may name on an article.
pub const INCLUDES: [&str; 2] = ["more", "related_auto"];

/// The forms that `body` may name.
pub const FORMS: [&str; 4] = ["blocks", "html", "markdown", "text"];

/// The members of an article that `fields` may name.
pub const ARTICLE_FIELDS: [&str; 29] = [
    "id",
    "rev",
    "slug",
    "kind",
    "language",
    "kicker",
    "headline",
    "subheadline",
    "teaser",
    "section",
    "topics",
    "authors",
    "image",
    "published_at",
    "first_published_at",
    "updated_at",
    "priority",
    "access",
    "source",
    "seo",
    "corrections",
    "word_count",
    "reading_minutes",
    "body",
    "related",
    "share",
    "links",
    "related_auto",
    "more",
];

/// An article, with everything that its page shows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Article {
    /// The article's id; stays when the slug changes.
    pub id: Id,
    /// Rises with every publication.
    #[schema(example = 7)]
    pub rev: i32,
    /// The article's slug.
    #[schema(example = "stadtrat-beschliesst-kostenlosen-nahverkehr")]
    pub slug: String,
    /// What kind of piece it is. Open: skip what you don't know.
    pub kind: Kind,
    /// BCP 47.
    #[schema(example = "de")]
    pub language: String,
    /// The line above the headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Nahverkehr")]
    pub kicker: Option<String>,
    /// The headline.
    #[schema(example = "Stadtrat beschließt kostenlosen Nahverkehr")]
    pub headline: String,
    /// The line below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subheadline: Option<String>,
    /// What stands before the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "Ab Januar fahren Busse und Bahnen ohne Fahrschein."
    )]
    pub teaser: Option<String>,
    /// Its section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<SectionRef>,
    /// Its topics.
    pub topics: Vec<NameRef>,
    /// Who wrote it.
    pub authors: Vec<NameRef>,
    /// The picture above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<Image>,
    /// When it was published, this time.
    pub published_at: Time,
    /// When it was first published.
    pub first_published_at: Time,
    /// When it last changed in substance.
    pub updated_at: Time,
    /// How urgent it is. Open: skip what you don't know.
    pub priority: Priority,
    /// Who may read it on the website. Open: skip what you don't know.
    pub access: Access,
    /// Where it comes from, such as an agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "fpd")]
    pub source: Option<String>,
    /// For search engines and social networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seo: Option<Seo>,
    /// What was wrong and is right now, oldest first.
    pub corrections: Vec<Correction>,
    /// Words of the body.
    #[schema(example = 412)]
    pub word_count: i32,
    /// Minutes it takes to read.
    #[schema(example = 2)]
    pub reading_minutes: i32,
    /// The text, in the forms that were asked for.
    pub body: BodyOut,
    /// Related links: those between the paragraphs in their order, then those
    /// below the text.
    pub related: Vec<RelatedOut>,
    /// More articles like this one, with `include=related_auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub related_auto: Option<Vec<Card>>,
    /// More news without this one, with `include=more`: see `links.more`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub more: Option<Vec<Card>>,
    /// What to pass on when a reader shares it.
    pub share: Share,
    /// Where to go on.
    pub links: ArticleLinks,
}

/// A text in the forms that were asked for.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct BodyOut {
    /// As blocks. Open: skip types you don't know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<crate::content::Block>>)]
    pub blocks: Option<Vec<ResolvedBlock>>,
    /// As HTML with documented class names and nothing executable in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "<p>Der Rat stimmte <strong>einstimmig</strong> zu.</p>"
    )]
    pub html: Option<String>,
    /// As Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Der Rat stimmte **einstimmig** zu.")]
    pub markdown: Option<String>,
    /// As plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Der Rat stimmte einstimmig zu.")]
    pub text: Option<String>,
}

/// What to pass on when a reader shares an article.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Share {
    /// Its address on the website, or at this API if there is none.
    #[schema(
        format = "uri",
        example = "https://flussblick.example/2026/11/stadtrat-beschliesst-kostenlosen-nahverkehr/"
    )]
    pub url: String,
    /// Its headline.
    #[schema(example = "Stadtrat beschließt kostenlosen Nahverkehr")]
    pub title: String,
    /// Its teaser, shortened.
    #[schema(example = "Ab Januar fahren Busse und Bahnen ohne Fahrschein.")]
    pub text: String,
}

/// Where to go on from an article.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArticleLinks {
    /// This article and its page on the website.
    #[serde(flatten)]
    pub article: CardLinks,
    /// Related articles, the curated first.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/v1/articles/stadtrat-beschliesst-kostenlosen-nahverkehr/related"
    )]
    pub related: String,
    /// More news: a curated list, or the newest of its section.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/v1/articles/stadtrat-beschliesst-kostenlosen-nahverkehr/more"
    )]
    pub more: String,
}

/// What a client asks of an article.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    forms: Vec<&'static str>,
    include: Vec<&'static str>,
    fields: Vec<&'static str>,
}

impl Wanted {
    /// Reads the parameters of an article.
    pub fn of(params: &mut Params) -> Result<Self> {
        Ok(Wanted {
            forms: params.names("body", &FORMS)?,
            include: params.names("include", &INCLUDES)?,
            fields: params.names("fields", &ARTICLE_FIELDS)?,
        })
    }

    /// The canonical form, for the cache.
    pub fn key(&self) -> String {
        format!(
            "{}&{}&{}",
            self.forms.join(","),
            self.include.join(","),
            self.fields.join(",")
        )
    }

    /// Keeps the members that are wanted.
    pub fn keep(&self, members: &mut serde_json::Map<String, Value>) {
        if !self.fields.is_empty() {
            keep(members, &self.fields);
        }
    }
}

/// What is found under a slug or id.
pub enum Found {
    /// An article that readers see, and its live revision.
    Live(Box<(LiveRow, LiveRevision)>),
    /// It has another slug now.
    Moved(Box<LiveRow>),
}

/// Looks an article up for readers. One that they don't see is 404, one that
/// was taken down is 410; an old slug leads to the article if they see that.
pub fn find(conn: &mut Conn<'_>, now: Time, name: &str) -> Result<Found> {
    let found = match Reference::of(name) {
        Reference::Id(id) => crate::store!(*conn, articles::with_live_revision(id))?,
        Reference::Slug(slug) => crate::store!(*conn, articles::with_live_revision_by_slug(&slug))?,
    };
    if let Some((row, revision)) = found
        && row.is_visible(now)
    {
        return Ok(Found::Live(Box::new((row, revision))));
    }
    let row = match Reference::of(name) {
        Reference::Id(id) => crate::store!(*conn, articles::find(id))?,
        Reference::Slug(slug) => match crate::store!(*conn, articles::by_slug(&slug))? {
            Some(row) => Some(row),
            None => match crate::store!(*conn, articles::by_former_slug(&slug))? {
                Some(row) if row.is_visible(now) => {
                    return Ok(Found::Moved(Box::new(row.delivered())));
                }
                row => row,
            },
        },
    };
    match row {
        Some(row) if row.withdrawn_at.is_some() => Err(gone(&row.delivered())),
        _ => Err(super::serve::missing("The article", name)),
    }
}

fn gone(row: &LiveRow) -> crate::error::Error {
    Problem::new(&GONE, "The newsroom has taken this article down.")
        .header("Cache-Control", "public, max-age=30")
        .header(
            "Surrogate-Key",
            changes::join(&[
                Tag::everything(),
                Tag::article(row.id),
                Tag::slug(&row.slug),
            ]),
        )
        .into()
}

/// The answer to a request for an article by a name it no longer has. `suffix`
/// is what follows the slug, the query included.
pub fn moved(row: &LiveRow, suffix: &str, config: &Config) -> Draft {
    let location = format!("{}/v1/articles/{}{suffix}", config.public_url, row.slug);
    let mut draft = Draft::moved(location, vec![Tag::article(row.id)]);
    draft.disappears_at(row.expires_at);
    draft
}

/// An article, with everything that its page shows, as an answer.
pub fn article(
    conn: &mut Conn<'_>,
    now: Time,
    row: LiveRow,
    revision: LiveRevision,
    wanted: &Wanted,
    context: &Context,
) -> Result<Draft> {
    let mut resolved = Resolved::load(conn, now, context, row, revision)?;
    let mut made = related::Made::default();
    let article = assemble(conn, now, context, &resolved, wanted, &mut made)?;
    let mut tags = std::mem::take(&mut resolved.tags);
    tags.append(&mut made.tags);
    let mut draft = match wanted.fields.as_slice() {
        [] => Draft::json(&article, unique(tags))?,
        fields => {
            let mut value = serde_json::to_value(&article).map_err(internal)?;
            if let Value::Object(members) = &mut value {
                keep(members, fields);
            }
            Draft::json(&value, unique(tags))?
        }
    };
    if !wanted.include.is_empty() {
        draft.appears_at(Some(now.plus_seconds(related::LIFETIME)));
    }
    made.limit(&mut draft);
    resolved.limit(&mut draft);
    Ok(draft)
}

/// An article made of any of its revisions, for previews.
pub fn whole(
    conn: &mut Conn<'_>,
    now: Time,
    row: LiveRow,
    revision: LiveRevision,
    wanted: &Wanted,
    context: &Context,
) -> Result<Article> {
    let resolved = Resolved::load(conn, now, context, row, revision)?;
    let mut made = related::Made::default();
    assemble(conn, now, context, &resolved, wanted, &mut made)
}

/// All of a resolved article, without automatic lists.
pub fn alone(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    resolved: &Resolved,
) -> Result<Article> {
    let mut made = related::Made::default();
    let wanted = Wanted::default();
    assemble(conn, now, context, resolved, &wanted, &mut made)
}

/// Puts an article together; `made` takes what its automatic lists are made of.
fn assemble(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    resolved: &Resolved,
    wanted: &Wanted,
    made: &mut related::Made,
) -> Result<Article> {
    let (row, revision) = (&resolved.row, &resolved.revision);

    let topics = context.names(conn, &ids(&revision.topics)?)?;
    let authors = context.names(conn, &ids(&revision.authors)?)?;
    made.tags
        .extend(topics.iter().map(|(id, _)| Tag::topic(*id)));
    made.tags
        .extend(authors.iter().map(|(id, _)| Tag::author(*id)));
    let mut related_auto = None;
    let mut more = None;
    if wanted.include.contains(&"related_auto") {
        let known: Vec<Id> = resolved
            .links
            .iter()
            .filter_map(|(link, _)| link.target_id)
            .collect();
        related_auto = Some(related::automatic(
            conn, now, context, row, revision, &known, made,
        )?);
    }
    if wanted.include.contains(&"more") {
        more = Some(related::more(
            conn,
            now,
            context,
            row,
            revision,
            related::MORE,
            made,
        )?);
    }

    let mut related = Vec::new();
    for (link, target) in &resolved.links {
        related.extend(related_out(
            context,
            link,
            target.as_ref(),
            &resolved.pictures,
        )?);
    }
    let web = context.web(row, revision.section_id);
    let api = context.api(&row.slug);
    let published_at = row.published_at.unwrap_or_default();
    Ok(Article {
        id: row.id,
        rev: revision.number,
        slug: row.slug.clone(),
        kind: revision.kind,
        language: revision.language.clone(),
        kicker: revision.kicker.clone(),
        headline: revision.headline.clone(),
        subheadline: revision.subheadline.clone(),
        teaser: revision.teaser.clone(),
        section: context.section(revision.section_id),
        topics: topics.into_iter().map(|(_, name)| name).collect(),
        authors: authors.into_iter().map(|(_, name)| name).collect(),
        image: resolved.pictures.above(revision.image.as_deref())?,
        published_at,
        first_published_at: row.first_published_at.unwrap_or(published_at),
        updated_at: row.updated_at.unwrap_or(published_at),
        priority: revision.priority,
        access: revision.access,
        source: revision.source.clone(),
        seo: revision
            .seo
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(internal)?,
        corrections: Correction::of(row.corrections.as_deref())?,
        word_count: revision.word_count,
        reading_minutes: reading_minutes(revision.word_count),
        body: resolved.forms(&wanted.forms)?,
        related,
        related_auto,
        more,
        share: Share {
            url: web.clone().unwrap_or_else(|| api.clone()),
            title: revision.headline.clone(),
            text: text::shorten(
                revision.teaser.as_deref().unwrap_or(&revision.headline),
                200,
            ),
        },
        links: ArticleLinks {
            related: format!("{api}/related"),
            more: format!("{api}/more"),
            article: CardLinks { this: api, web },
        },
    })
}
