//! An article as readers get it: whole, in one request.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::card::{Card, CardLinks, Image, NameRef, reading_minutes, unique};
use super::context::Context;
use super::list::keep;
use super::pictures::{Pictures, RenditionFile};
use super::related::{self, RelatedOut, related_out};
use super::sections::SectionRef;
use crate::articles::model::{
    Access, Kind, LiveLink, LiveRevision, LiveRow, Picture, Priority, RevisionHead, Seo, ids,
};
use crate::articles::view::Correction;
use crate::changes::{self, Tag};
use crate::config::Config;
use crate::content::{self, ArticleRef, Body, Find, ResolvedArticle, ResolvedBlock, Show};
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
    #[schema(nullable = false, value_type = Option<Vec<content::Block>>)]
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

/// A link, and what it leads to, if that has a live revision.
type Linked = (LiveLink, Option<(LiveRow, RevisionHead)>);

/// A live article with its links resolved: what every form of it is made from.
pub struct Resolved {
    pub(super) row: LiveRow,
    pub(super) revision: LiveRevision,
    links: Vec<Linked>,
    targets: Targets,
    /// Its own pictures.
    media: Vec<Id>,
    /// Its own and those of the cards that it shows.
    pub(super) pictures: Arc<Pictures>,
    /// What it is made of.
    pub tags: Vec<Tag>,
    pub(super) appears: Option<Time>,
    pub(super) disappears: Option<Time>,
}

/// The articles that an article's links lead to and that readers see.
#[derive(Default)]
struct Targets {
    by_id: HashMap<Id, ResolvedArticle>,
    by_slug: HashMap<String, Id>,
}

impl Targets {
    fn find(&self, article: &ArticleRef) -> Option<ResolvedArticle> {
        let id = match (&article.id, &article.slug) {
            (Some(id), _) => Id(*id),
            (None, Some(slug)) => *self.by_slug.get(slug)?,
            (None, None) => return None,
        };
        self.by_id.get(&id).cloned()
    }
}

impl Resolved {
    /// Resolves the links of a live revision: targets that readers don't see
    /// are gone without a trace.
    pub fn load(
        conn: &mut Conn<'_>,
        now: Time,
        context: &Context,
        row: LiveRow,
        revision: LiveRevision,
    ) -> Result<Self> {
        let links = crate::store!(*conn, links::with_targets(row.id, revision.number))?;
        let none = Arc::new(Pictures::load(conn, context, Vec::new())?);
        let mut resolved = Self::of(now, context, row, revision, links, none);
        let media = resolved.shown_media();
        resolved.pictures = Arc::new(Pictures::load(conn, context, media)?);
        Ok(resolved)
    }

    /// [`Resolved::load`] of several at once, in as many queries as for one.
    pub fn load_all(
        conn: &mut Conn<'_>,
        now: Time,
        context: &Context,
        found: Vec<(LiveRow, LiveRevision)>,
    ) -> Result<Vec<Self>> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let ids_of: Vec<Id> = found.iter().map(|(row, _)| row.id).collect();
        let mut numbers: Vec<i32> = found.iter().map(|(_, revision)| revision.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut links: HashMap<(Id, i32), Vec<Linked>> = HashMap::new();
        for link in crate::store!(*conn, links::with_targets_of(&ids_of, &numbers))? {
            let of = (link.0.article_id, link.0.revision);
            links.entry(of).or_default().push(link);
        }
        let mut named = Vec::new();
        for (_, revision) in &found {
            named.extend(ids(&revision.topics)?);
            named.extend(ids(&revision.authors)?);
        }
        // All at once, so that each one's names are known later.
        context.names(conn, &named)?;
        let none = Arc::new(Pictures::load(conn, context, Vec::new())?);
        let mut all: Vec<Self> = found
            .into_iter()
            .map(|(row, revision)| {
                let links = links.remove(&(row.id, revision.number));
                let links = links.unwrap_or_default();
                Self::of(now, context, row, revision, links, Arc::clone(&none))
            })
            .collect();
        let media = all.iter().flat_map(Self::shown_media).collect();
        let pictures = Arc::new(Pictures::load(conn, context, media)?);
        for resolved in &mut all {
            resolved.pictures = Arc::clone(&pictures);
        }
        Ok(all)
    }

    fn of(
        now: Time,
        context: &Context,
        row: LiveRow,
        revision: LiveRevision,
        mut links: Vec<Linked>,
        pictures: Arc<Pictures>,
    ) -> Self {
        let mut tags = vec![Tag::site(), Tag::article(row.id)];
        context.tag_section(revision.section_id, &mut tags);
        let (mut appears, mut disappears) = (None, row.expires_at);
        let mut targets = Targets::default();
        for (link, target) in &mut links {
            let Some((article, head)) = target else {
                continue;
            };
            if !article.is_visible(now) {
                // It may become visible by time alone.
                appears = [appears, article.published_at.filter(|at| *at > now)]
                    .into_iter()
                    .flatten()
                    .min();
                *target = None;
                continue;
            }
            disappears = [disappears, article.expires_at].into_iter().flatten().min();
            context.tag_card(article, head, &mut tags);
            let slug = link.slug.clone();
            targets.by_slug.extend(slug.map(|slug| (slug, article.id)));
            targets
                .by_id
                .entry(article.id)
                .or_insert_with(|| ResolvedArticle {
                    id: article.id.0,
                    slug: article.slug.clone(),
                    headline: head.headline.clone(),
                    url: context.web(article, head.section_id),
                });
        }
        let above = Picture::medium_of(revision.image.as_deref());
        let mut media: Vec<Id> = above.into_iter().collect();
        media.extend(content::media_of_stored(&revision.body).map(Id));
        tags.extend(media.iter().copied().map(Tag::media));
        Resolved {
            row,
            revision,
            links,
            targets,
            media,
            pictures,
            tags,
            appears,
            disappears,
        }
    }

    /// The media that it shows, those of the cards in it included.
    fn shown_media(&self) -> Vec<Id> {
        let targets = self.links.iter().filter_map(|(_, target)| target.as_ref());
        let above = targets.filter_map(|(_, head)| Picture::medium_of(head.image.as_deref()));
        self.media.iter().copied().chain(above).collect()
    }

    /// The files of its own pictures.
    pub fn files(&self) -> Result<Vec<RenditionFile>> {
        let mut media = self.media.clone();
        let mut seen = std::collections::HashSet::new();
        media.retain(|id| seen.insert(*id));
        self.pictures.manifest(&media)
    }

    /// It as a card.
    pub fn card(&self, context: &Context) -> Result<Card> {
        let head = RevisionHead::from(&self.revision);
        context.card(&self.row, &head, &self.pictures)
    }

    /// All of it, without automatic lists.
    pub fn whole(&self, conn: &mut Conn<'_>, now: Time, context: &Context) -> Result<Article> {
        let mut made = related::Made::default();
        assemble(conn, now, context, self, &Wanted::default(), &mut made)
    }

    /// The text, for the forms that are written from the whole of it.
    fn body(&self) -> Result<Body> {
        let stored = serde_json::from_str(&self.revision.body).map_err(internal)?;
        let find: Find<'_> = &mut |article| self.targets.find(article);
        Ok(content::resolve(stored, find, &|image| {
            self.pictures.within(image)
        }))
    }

    /// The text as blocks.
    fn blocks(&self) -> Result<Vec<ResolvedBlock>> {
        let find: Find<'_> = &mut |article| self.targets.find(article);
        let show: Show<'_> = &|image| self.pictures.within(image);
        content::resolve_stored(&self.revision.body, find, show).map_err(internal)
    }

    /// The text in the forms that are wanted.
    fn forms(&self, forms: &[&str]) -> Result<BodyOut> {
        let wants = |form| forms.contains(&form);
        let mut out = BodyOut::default();
        if wants("html") || wants("markdown") || wants("text") {
            let body = self.body()?;
            out.html = wants("html").then(|| content::to_html(&body));
            out.markdown = wants("markdown").then(|| content::to_markdown(&body));
            out.text = wants("text").then(|| content::to_text(&body));
        }
        if forms.is_empty() || wants("blocks") {
            out.blocks = Some(self.blocks()?);
        }
        Ok(out)
    }

    /// The text as HTML.
    pub fn to_html(&self) -> Result<String> {
        Ok(content::to_html(&self.body()?))
    }

    /// The text as Markdown, under its headline.
    pub fn to_markdown(&self) -> Result<String> {
        let headline = format!("# {}", plain_markdown(&self.revision.headline));
        let teaser = self.revision.teaser.as_deref().map(plain_markdown);
        let body = content::to_markdown(&self.body()?);
        let parts = [Some(headline), teaser, Some(body)];
        Ok(parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
    }

    /// The text as plain text, under its headline.
    pub fn to_text(&self) -> Result<String> {
        let parts = [
            Some(self.revision.headline.clone()),
            self.revision.teaser.clone(),
            Some(content::to_text(&self.body()?)),
        ];
        Ok(parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
    }

    /// Notes when the answer may change by itself.
    pub fn limit(&self, draft: &mut Draft) {
        draft.appears_at(self.appears);
        draft.disappears_at(self.disappears);
    }
}

/// A text without marks, escaped so that Markdown reads it as it is.
fn plain_markdown(text: &str) -> String {
    let span = content::Span {
        text: text.to_owned(),
        ..content::Span::default()
    };
    let paragraph = content::Block::Paragraph(content::Paragraph { spans: vec![span] });
    content::to_markdown(&Body {
        blocks: vec![paragraph],
    })
    .trim_end()
    .to_owned()
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
