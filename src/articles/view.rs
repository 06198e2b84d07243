//! What editors see of an article: the receipt of a write, a row of the list,
//! and the whole working copy in the form in which it can be sent again.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::input::{ArticleRefIn, LinkIn, NamedRef};
use super::model::{
    Access, ArticleRow, Content, Kind, Picture, Priority, RevisionHead, Seo, State, Target,
};
use super::ops::{Outcome, content_of, revision_of};
use crate::config::Config;
use crate::content::{self, ArticleRef, Warning};
use crate::db::{Conn, Id, Time};
use crate::error::{Result, internal};
use crate::media::model::{self as media, Delivered};
use crate::sections::{self, Tree};

/// What a write did, short enough for a terminal.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e",
    "slug": "stadtrat-beschliesst-kostenlosen-nahverkehr",
    "state": "draft",
    "version": 3,
    "revision": 2,
    "result": "updated",
    "links": {
        "editor": "https://api.example/v1/editor/articles/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e",
        "public": "https://api.example/v1/articles/stadtrat-beschliesst-kostenlosen-nahverkehr",
    },
    "warnings": [{"code": "raw-html", "detail": "The tag <div> was left out; its text was kept.", "line": 3, "column": 1}],
}))]
pub struct Receipt {
    /// The article's id.
    pub id: Id,
    /// Its slug.
    #[schema(example = "stadtrat-beschliesst-kostenlosen-nahverkehr")]
    pub slug: String,
    /// Where it stands now.
    pub state: State,
    /// Send it back as `If-Match: "v<version>"`.
    #[schema(example = 3)]
    pub version: i64,
    /// The newest revision.
    #[schema(example = 2)]
    pub revision: i32,
    /// What happened: created, updated, unchanged, published, scheduled,
    /// unpublished, submitted, sent_back, withdrawn, corrected, trashed,
    /// restored or revision_restored. This list may grow.
    #[schema(example = "created")]
    pub result: &'static str,
    /// When readers see it, if that lies ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visible_at: Option<Time>,
    /// Where to go on.
    pub links: ReceiptLinks,
    /// What could not be kept as it was sent, or what should be known.
    pub warnings: Vec<Warning>,
    /// Of a dry run, the article as it would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<Box<ArticleView>>,
}

/// What a write answers: a receipt, or with `Prefer: return=representation` the
/// whole article.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub enum ReceiptOrArticle {
    /// What the write did.
    Receipt(Receipt),
    /// The working copy.
    Article(Box<ArticleView>),
}

/// Addresses of an article.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptLinks {
    /// For editors.
    #[schema(
        format = "uri",
        example = "https://api.example/v1/editor/articles/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"
    )]
    pub editor: String,
    /// For readers, once it is live.
    #[schema(
        format = "uri",
        example = "https://api.example/v1/articles/stadtrat-beschliesst-kostenlosen-nahverkehr"
    )]
    pub public: String,
}

impl Receipt {
    /// The receipt of a write.
    pub fn new(
        row: &ArticleRow,
        outcome: Outcome,
        warnings: Vec<Warning>,
        now: Time,
        config: &Config,
    ) -> Self {
        Receipt {
            id: row.id,
            slug: row.slug.clone(),
            state: row.state(now),
            version: row.version,
            revision: row.revision,
            result: outcome.as_str(),
            visible_at: row.published_at.filter(|at| *at > now),
            links: links(row, config),
            warnings,
            article: None,
        }
    }
}

fn links(row: &ArticleRow, config: &Config) -> ReceiptLinks {
    ReceiptLinks {
        editor: format!("{}/v1/editor/articles/{}", config.public_url, row.id),
        public: format!("{}/v1/articles/{}", config.public_url, row.slug),
    }
}

/// Who did something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    /// The user's id.
    pub id: Id,
    /// The user's name, if there still is such a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "anna")]
    pub name: Option<String>,
}

impl Person {
    /// Looks up what they are called.
    pub fn load(conn: &mut Conn<'_>, id: Id) -> Result<Self> {
        Ok(Person {
            id,
            name: crate::store!(*conn, users::find(id))?.map(|user| user.name),
        })
    }
}

/// A correction that readers see.
// Stored with the article as it is written here.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// When it was made.
    pub at: Time,
    /// What was wrong and what is right.
    #[schema(
        example = "In einer früheren Fassung stand, der Beschluss koste 4 Millionen Euro; es sind 14."
    )]
    pub text: String,
}

impl Correction {
    /// An article's corrections as they are stored, oldest first.
    pub fn of(stored: Option<&str>) -> Result<Vec<Self>> {
        serde_json::from_str(stored.unwrap_or("[]")).map_err(internal)
    }
}

/// Everything about an article that this API sets by itself. It may come back
/// in a PUT or PATCH as it was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReadOnly {
    /// Its id.
    pub id: Id,
    /// Where it stands.
    pub state: State,
    /// Counts every write to it.
    #[schema(example = 3)]
    pub version: i64,
    /// The newest revision, the working copy.
    #[schema(example = 2)]
    pub revision: i32,
    /// The revision that readers see, or will see.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub live_revision: Option<i32>,
    /// Slugs that it once had: they lead to it, and nothing else gets them until
    /// they are freed.
    #[schema(example = json!(["rat-beschliesst-nahverkehr"]))]
    pub former_slugs: Vec<String>,
    /// When readers will see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visible_at: Option<Time>,
    /// When it became visible, or will.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub published_at: Option<Time>,
    /// When it first became visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub first_published_at: Option<Time>,
    /// When what readers see last changed in substance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_at: Option<Time>,
    /// When it was marked ready for review.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submitted_at: Option<Time>,
    /// When it was last sent back from review.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_back_at: Option<Time>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_back_by: Option<Person>,
    /// What they want changed; it stays until the article is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Bitte die zweite Quelle nennen.")]
    pub sent_back_remark: Option<String>,
    /// When it was taken down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub withdrawn_at: Option<Time>,
    /// Why it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub withdrawn_reason: Option<String>,
    /// When it was put into the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trashed_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub created_by: Person,
    /// When anything about it was last written.
    pub edited_at: Time,
    /// By whom.
    pub edited_by: Person,
}

impl ReadOnly {
    fn load(conn: &mut Conn<'_>, row: &ArticleRow, now: Time) -> Result<Self> {
        Ok(ReadOnly {
            id: row.id,
            state: row.state(now),
            version: row.version,
            revision: row.revision,
            live_revision: row.live_revision,
            former_slugs: crate::store!(*conn, articles::former_slugs_of(row.id))?,
            visible_at: row.published_at.filter(|at| *at > now),
            published_at: row.published_at,
            first_published_at: row.first_published_at,
            updated_at: row.updated_at,
            submitted_at: row.submitted_at,
            sent_back_at: row.sent_back_at,
            sent_back_by: row
                .sent_back_by
                .map(|id| Person::load(conn, id))
                .transpose()?,
            sent_back_remark: row.sent_back_remark.clone(),
            withdrawn_at: row.withdrawn_at,
            withdrawn_reason: row.withdrawn_reason.clone(),
            trashed_at: row.trashed_at,
            created_at: row.created_at,
            created_by: Person::load(conn, row.created_by)?,
            edited_at: row.edited_at,
            edited_by: Person::load(conn, row.edited_by)?,
        })
    }
}

/// The working copy of an article: it can be edited and sent back by PUT.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArticleView {
    /// The address.
    #[schema(example = "stadtrat-beschliesst-kostenlosen-nahverkehr")]
    pub slug: String,
    /// What a feed calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub external_id: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub content: ContentView,
    /// Corrections that readers see, oldest first.
    pub corrections: Vec<Correction>,
    /// Words of the body.
    #[schema(example = 412)]
    pub word_count: i32,
    /// What this API sets by itself.
    #[serde(flatten)]
    pub read_only: ReadOnly,
    /// Where to go on.
    pub links: ReceiptLinks,
    /// After a write: what could not be kept as it was sent, or what should be
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub warnings: Option<Vec<Warning>>,
}

/// The content of a revision, in the form in which it can be sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContentView {
    /// What kind of piece it is.
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
    #[schema(nullable = false)]
    pub teaser: Option<String>,
    /// The section's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "politik")]
    pub section: Option<String>,
    /// The topics' slugs.
    #[schema(example = json!(["verkehr"]))]
    pub topics: Vec<String>,
    /// The authors' slugs.
    #[schema(example = json!(["mara-lenz"]))]
    pub authors: Vec<String>,
    /// The picture above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<Picture>,
    /// How urgent it is.
    pub priority: Priority,
    /// Who may read it on the website.
    pub access: Access,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<String>,
    /// For search engines and social networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seo: Option<Seo>,
    /// For the newsroom only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
    /// Not visible before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub embargo_until: Option<Time>,
    /// Not visible from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires_at: Option<Time>,
    /// The text, in the form that was asked for.
    pub body: BodyView,
    /// Related links below the text.
    pub related: Vec<LinkIn>,
}

/// A text in the form that was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BodyView {
    /// As blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<content::BlockInput>>)]
    pub blocks: Option<Vec<content::Block>>,
    /// As Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub markdown: Option<String>,
}

/// The form in which an editor wants the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As blocks.
    Blocks,
    /// As Markdown.
    Markdown,
}

/// The working copy of an article.
pub fn article(
    conn: &mut Conn<'_>,
    row: &ArticleRow,
    form: Form,
    now: Time,
    config: &Config,
) -> Result<ArticleView> {
    let revision = revision_of(conn, row.id, row.revision)?;
    let content = content_of(conn, &revision)?;
    Ok(ArticleView {
        slug: row.slug.clone(),
        external_id: row.external_id.clone(),
        content: content_view(conn, content, form, config)?,
        corrections: Correction::of(row.corrections.as_deref())?,
        word_count: revision.word_count,
        read_only: ReadOnly::load(conn, row, now)?,
        links: links(row, config),
        warnings: None,
    })
}

/// Content in the form in which it can be sent: names instead of ids.
pub fn content_view(
    conn: &mut Conn<'_>,
    mut content: Content,
    form: Form,
    config: &Config,
) -> Result<ContentView> {
    name_targets(conn, &mut content)?;
    let tree = sections::ops::tree(conn)?;
    let topics = crate::store!(*conn, topics::by_ids(&content.topics))?;
    let authors = crate::store!(*conn, authors::by_ids(&content.authors))?;
    let Content {
        kind,
        language,
        kicker,
        headline,
        subheadline,
        teaser,
        section_id,
        topics: topic_ids,
        authors: author_ids,
        image,
        priority,
        access,
        source,
        seo,
        note,
        embargo_until,
        expires_at,
        body,
        related,
    } = content;
    Ok(ContentView {
        kind,
        language,
        kicker,
        headline,
        subheadline,
        teaser,
        section: section_id
            .and_then(|id| tree.by_id(id))
            .map(|section| section.slug.clone()),
        topics: in_order(
            &topic_ids,
            topics.iter().map(|topic| (topic.id, topic.slug.clone())),
        ),
        authors: in_order(
            &author_ids,
            authors
                .iter()
                .map(|author| (author.id, author.slug.clone())),
        ),
        image,
        priority,
        access,
        source,
        seo,
        note,
        embargo_until,
        expires_at,
        body: match form {
            Form::Blocks => BodyView {
                blocks: Some(body.blocks),
                markdown: None,
            },
            Form::Markdown => BodyView {
                blocks: None,
                markdown: Some(content::to_markdown(&with_addresses(body, config))),
            },
        },
        related: related.into_iter().map(link).collect(),
    })
}

/// Uploaded pictures with an address by which Markdown shows them, and which means
/// the same picture when it is sent back.
fn with_addresses(mut body: content::Body, config: &Config) -> content::Body {
    body.retain_images(|image| {
        if let Some(id) = image.id {
            image.url = media::address(config, Id(id), 640, Delivered::Jpeg);
        }
        true
    });
    body
}

pub(super) fn link(link: super::model::EndLink) -> LinkIn {
    let (article, url) = match link.target {
        Target::Url(url) => (None, Some(url)),
        Target::Article(ArticleRef { id, slug, .. }) => (
            Some(ArticleRefIn::Named(NamedRef {
                slug,
                id: id.map(|id| id.to_string()),
            })),
            None,
        ),
    };
    LinkIn {
        article,
        url,
        headline: link.headline,
        relation: Some(link.relation.name().to_owned()),
    }
}

/// Adds to each reference by id the slug that the article has now, so that a
/// person can read it.
pub(super) fn name_targets(conn: &mut Conn<'_>, content: &mut Content) -> Result<()> {
    let mut ids = Vec::new();
    content
        .body
        .for_each_article_ref(|_, article| ids.extend(article.id.map(Id)));
    for link in &content.related {
        if let Target::Article(ArticleRef { id: Some(id), .. }) = &link.target {
            ids.push(Id(*id));
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let slugs: std::collections::HashMap<Id, String> =
        crate::store!(*conn, articles::slugs_of_ids(&ids))?
            .into_iter()
            .collect();
    let name = |article: &mut ArticleRef| {
        if let Some(slug) = article.id.and_then(|id| slugs.get(&Id(id))) {
            article.slug = Some(slug.clone());
        }
    };
    content
        .body
        .for_each_article_ref(|_, article| name(article));
    for link in &mut content.related {
        if let Target::Article(article) = &mut link.target {
            name(article);
        }
    }
    Ok(())
}

fn in_order<T: Clone>(ids: &[Id], found: impl Iterator<Item = (Id, T)>) -> Vec<T> {
    let found: std::collections::HashMap<Id, T> = found.collect();
    ids.iter().filter_map(|id| found.get(id).cloned()).collect()
}

/// Every read-only member as it is now, by name.
pub fn read_only(conn: &mut Conn<'_>, row: &ArticleRow, now: Time) -> Result<Map<String, Value>> {
    let value = serde_json::to_value(ReadOnly::load(conn, row, now)?).map_err(internal)?;
    let Value::Object(mut members) = value else {
        return Ok(Map::new());
    };
    members.insert(
        "corrections".to_owned(),
        serde_json::to_value(Correction::of(row.corrections.as_deref())?).map_err(internal)?,
    );
    if let Some(head) = crate::store!(*conn, articles::head(row.id, row.revision))? {
        members.insert("word_count".to_owned(), head.word_count.into());
    }
    Ok(members)
}

/// An article in the editors' list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArticleItem {
    /// Its id.
    pub id: Id,
    /// Its slug.
    #[schema(example = "stadtrat-beschliesst-kostenlosen-nahverkehr")]
    pub slug: String,
    /// What a feed calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub external_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Counts every write to it.
    #[schema(example = 3)]
    pub version: i64,
    /// The newest revision.
    #[schema(example = 2)]
    pub revision: i32,
    /// The revision that readers see, or will see.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub live_revision: Option<i32>,
    /// What kind of piece it is.
    pub kind: Kind,
    /// BCP 47.
    #[schema(example = "de")]
    pub language: String,
    /// The line above the headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kicker: Option<String>,
    /// The headline of the newest revision.
    pub headline: String,
    /// The section's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "politik")]
    pub section: Option<String>,
    /// Words of the body.
    #[schema(example = 412)]
    pub word_count: i32,
    /// When it became visible, or will.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub published_at: Option<Time>,
    /// When it was last sent back from review.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_back_at: Option<Time>,
    /// What is to be changed before it is submitted again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Bitte die zweite Quelle nennen.")]
    pub sent_back_remark: Option<String>,
    /// When anything about it was last written.
    pub edited_at: Time,
    /// Where to go on.
    pub links: ReceiptLinks,
}

impl ArticleItem {
    /// An article in the editors' list.
    pub fn new(
        row: &ArticleRow,
        head: &RevisionHead,
        tree: &Tree,
        now: Time,
        config: &Config,
    ) -> Self {
        ArticleItem {
            id: row.id,
            slug: row.slug.clone(),
            external_id: row.external_id.clone(),
            state: row.state(now),
            version: row.version,
            revision: row.revision,
            live_revision: row.live_revision,
            kind: head.kind,
            language: head.language.clone(),
            kicker: head.kicker.clone(),
            headline: head.headline.clone(),
            section: head
                .section_id
                .and_then(|id| tree.by_id(id))
                .map(|section| section.slug.clone()),
            word_count: head.word_count,
            published_at: row.published_at,
            sent_back_at: row.sent_back_at,
            sent_back_remark: row.sent_back_remark.clone(),
            edited_at: row.edited_at,
            links: links(row, config),
        }
    }
}
