//! What editors send: JSON, a merge patch, or Markdown or HTML with front matter.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::form::Files;
use super::model::{Access, Kind, Picture, Priority, Seo};
use crate::config::Config;
use crate::content::{self, Body, Warning};
use crate::db::{Id, Time};
use crate::error::{FieldError, Result, invalid_all, malformed_all};
use crate::http::address;
use crate::http::patch::Patch;
use crate::http::text;
use crate::http::upload;

/// Members of the editor's view that can't be written. They may come back as
/// they were, so that what was fetched can be edited and sent again.
pub const READ_ONLY: [&str; 25] = [
    "id",
    "state",
    "version",
    "revision",
    "live_revision",
    "former_slugs",
    "visible_at",
    "published_at",
    "first_published_at",
    "updated_at",
    "submitted_at",
    "sent_back_at",
    "sent_back_by",
    "sent_back_remark",
    "withdrawn_at",
    "withdrawn_reason",
    "trashed_at",
    "created_at",
    "created_by",
    "edited_at",
    "edited_by",
    "word_count",
    "corrections",
    "links",
    "warnings",
];

/// Where the text of an older revision says that it comes from; with the rest of
/// it, it may be sent anywhere.
const FROM_REVISION: &str = "from_revision";

/// An article as an editor writes it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kicker": "Nahverkehr",
    "headline": "Stadtrat beschließt kostenlosen Nahverkehr",
    "teaser": "Ab Januar fahren Busse und Bahnen ohne Fahrschein.",
    "section": "politik",
    "topics": ["Verkehr"],
    "body": {"markdown": "Der Rat stimmte **einstimmig** zu.\n\n[[was-kostet-der-nahverkehr]]\n\nDie Linke jubelte."},
    "related": [{"url": "https://stadt.example/beschluss-214", "headline": "Beschlussvorlage 214/26", "relation": "source"}]
}))]
pub struct ArticleIn {
    /// The address; made from the headline if it is missing.
    #[schema(
        nullable = false,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length = 120,
        example = "stadtrat-beschliesst-kostenlosen-nahverkehr"
    )]
    pub slug: Option<String>,
    /// What a feed calls it; unique.
    #[schema(nullable = false, max_length = 200, example = "fpd:20261123-0815")]
    pub external_id: Option<String>,
    /// What kind of piece it is; `news` if missing.
    #[schema(nullable = false)]
    pub kind: Option<Kind>,
    /// BCP 47; the site's language if missing.
    #[schema(nullable = false, max_length = 35, example = "de")]
    pub language: Option<String>,
    /// The line above the headline (Dachzeile).
    #[schema(nullable = false, max_length = 200, example = "Nahverkehr")]
    pub kicker: Option<String>,
    /// The headline; the one thing that can't be missing.
    #[schema(
        nullable = false,
        max_length = 300,
        example = "Stadtrat beschließt kostenlosen Nahverkehr"
    )]
    pub headline: Option<String>,
    /// The line below the headline.
    #[schema(nullable = false, max_length = 300)]
    pub subheadline: Option<String>,
    /// What stands before the text (Vorspann).
    #[schema(
        nullable = false,
        max_length = 1000,
        example = "Ab Januar fahren Busse und Bahnen ohne Fahrschein."
    )]
    pub teaser: Option<String>,
    /// The section, by slug, name or id; needed to publish.
    #[schema(nullable = false, max_length = 200, example = "politik")]
    pub section: Option<String>,
    /// Topics, by slug, name or id. Unknown ones are made, if you may.
    #[schema(nullable = false, max_items = 30, example = json!(["Verkehr"]))]
    pub topics: Option<Vec<String>>,
    /// Authors, by slug, name or id. Unknown ones are made, if you may.
    #[schema(nullable = false, max_items = 30, example = json!(["Mara Lenz"]))]
    pub authors: Option<Vec<String>>,
    /// The picture above it.
    #[schema(nullable = false)]
    pub image: Option<Picture>,
    /// How urgent it is; `normal` if missing.
    #[schema(nullable = false)]
    pub priority: Option<Priority>,
    /// Who may read it on the website; `free` if missing.
    #[schema(nullable = false)]
    pub access: Option<Access>,
    /// Where it comes from, such as an agency.
    #[schema(nullable = false, max_length = 200, example = "fpd")]
    pub source: Option<String>,
    /// For search engines and social networks.
    #[schema(nullable = false)]
    pub seo: Option<Seo>,
    /// For the newsroom only.
    #[schema(
        nullable = false,
        max_length = 4000,
        example = "Zahlen noch einmal prüfen"
    )]
    pub note: Option<String>,
    /// Not visible before this instant, whatever is published.
    #[schema(nullable = false, value_type = Option<String>, format = "date-time")]
    pub embargo_until: Option<Time>,
    /// Not visible from this instant on.
    #[schema(nullable = false, value_type = Option<String>, format = "date-time")]
    pub expires_at: Option<Time>,
    /// What this revision changes, for its history. It isn't content: where
    /// nothing else differs, no revision is made and the note isn't kept.
    #[schema(nullable = false, max_length = 1000, example = "Zahlen korrigiert")]
    pub revision_note: Option<String>,
    /// The text, in exactly one form.
    #[schema(nullable = false)]
    pub body: Option<BodyIn>,
    /// Related links below the text, in order. Those between the paragraphs
    /// stand in the body.
    #[schema(nullable = false, max_items = 50)]
    pub related: Option<Vec<LinkIn>>,
}

/// A merge patch (RFC 7396) of an article: what is left out stays, `null`
/// removes, anything else replaces.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticlePatch, example = json!({"kicker": "Nahverkehr", "subheadline": null}))]
#[allow(missing_docs)]
pub struct ArticlePatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 120, example = "stadtrat-nahverkehr")]
    pub slug: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub external_id: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Kind>)]
    pub kind: Patch<Kind>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 35)]
    pub language: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub kicker: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub headline: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub subheadline: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub teaser: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub section: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 30)]
    pub topics: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 30)]
    pub authors: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Picture>)]
    pub image: Patch<Map<String, Value>>,
    #[serde(default)]
    #[schema(value_type = Option<Priority>)]
    pub priority: Patch<Priority>,
    #[serde(default)]
    #[schema(value_type = Option<Access>)]
    pub access: Patch<Access>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub source: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Seo>)]
    pub seo: Patch<Map<String, Value>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 4000)]
    pub note: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub embargo_until: Patch<Time>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires_at: Patch<Time>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub revision_note: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<BodyIn>)]
    pub body: Patch<BodyIn>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<LinkIn>>, max_items = 50)]
    pub related: Patch<Vec<LinkIn>>,
}

/// A text in exactly one form.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "an object such as {\"markdown\": \"…\"}"
)]
#[schema(example = json!({"markdown": "Der Rat stimmte **einstimmig** zu."}))]
pub struct BodyIn {
    /// As blocks.
    #[schema(nullable = false, value_type = Option<Vec<content::BlockInput>>)]
    pub blocks: Option<Value>,
    /// As Markdown: CommonMark with tables, strikethrough, `[[slug]]` and callouts.
    #[schema(nullable = false, max_length = 1000000)]
    pub markdown: Option<String>,
    /// As HTML, such as another program exports or this API delivers. What the
    /// blocks can't hold is kept as text and reported in `warnings`.
    #[schema(nullable = false, max_length = 1000000)]
    pub html: Option<String>,
}

/// A related link below the text: to an article or to an address elsewhere.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"article": "was-kostet-der-nahverkehr", "relation": "background"}))]
pub struct LinkIn {
    /// An article, by slug or id, as text or as `{"slug": …}` or `{"id": …}`;
    /// the slug need not exist yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<ArticleRefIn>,
    /// An address elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri", max_length = 2000)]
    pub url: Option<String>,
    /// Its own text; needed with an address elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 300)]
    pub headline: Option<String>,
    /// How it relates to the article: background, follow_up, opinion, source
    /// or read_more, which is meant if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "background")]
    pub relation: Option<String>,
}

/// An article by slug or id.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(
    untagged,
    expecting = "names no article; send a slug or an id, as \"…\" or as {\"slug\": \"…\"}"
)]
pub enum ArticleRefIn {
    /// A slug or an id.
    #[schema(example = "was-kostet-der-nahverkehr")]
    Text(String),
    /// Named.
    Named(NamedRef),
}

/// An article by slug or by id.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedRef {
    /// The slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 120,
        example = "was-kostet-der-nahverkehr"
    )]
    pub slug: Option<String>,
    /// The id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid")]
    pub id: Option<String>,
}

/// An upload, read but not yet checked against what is stored.
#[derive(Debug, Default)]
pub struct Sent {
    /// What was sent.
    pub article: ArticleIn,
    /// The body, read into the tree.
    pub body: Option<Body>,
    /// Read-only members that came along.
    pub read_only: Map<String, Value>,
    /// What could not be kept as it was sent.
    pub warnings: Vec<Warning>,
}

/// What addresses in an upload lead to, if they are our own.
/// By default none is.
#[derive(Clone, Copy, Default)]
pub struct Own<'a> {
    config: Option<&'a Config>,
    files: Option<&'a Files>,
}

impl<'a> Own<'a> {
    /// With the addresses that the settings say.
    pub fn new(config: &'a Config) -> Self {
        Own {
            config: Some(config),
            files: None,
        }
    }

    /// And the names of pictures that came with the article.
    pub fn with_files(self, files: &'a Files) -> Self {
        Own {
            files: Some(files),
            ..self
        }
    }

    /// The picture that came with the article under this name.
    pub fn file(self, address: &str) -> Option<Uuid> {
        self.files?.find(address).map(|id| id.0)
    }

    /// The slug or id in an address of one of our own articles.
    pub fn article(self, url: &str) -> Option<String> {
        let config = self.config?;
        let site = config.site_url.as_deref().unwrap_or_default();
        let on_site = address::below(site, url)
            .and_then(|rest| address::find(&config.site_article_path, rest));
        let here = || {
            let rest = address::below(&config.public_url, url)?;
            address::find("/v1/articles/{slug}", rest)
        };
        let found = on_site.or_else(here)?;
        (text::is_slug(found) || found.parse::<Id>().is_ok()).then(|| found.to_owned())
    }

    /// The id in an address of an uploaded picture, or of one of its renditions.
    pub fn medium(self, url: &str) -> Option<Id> {
        let path = address::below(&self.config?.public_url, url)?;
        let rest = ["/media/", "/v1/media/", "/v1/editor/media/"]
            .into_iter()
            .find_map(|begin| path.strip_prefix(begin))?;
        rest.split(['/', '?', '#']).next()?.parse().ok()
    }

    /// An end link to an address of one of our own articles leads to the article.
    fn links(self, links: &mut [LinkIn]) {
        for link in links {
            if let (None, Some(url)) = (&link.article, &link.url)
                && let Some(word) = self.article(url)
            {
                link.article = Some(ArticleRefIn::Text(word));
                link.url = None;
            }
        }
    }

    fn picture(self, picture: &mut Picture) {
        if let Some(id) = picture.url.as_deref().and_then(|url| self.medium(url))
            && picture.id.is_none_or(|known| known == id)
        {
            picture.id = Some(id);
            (picture.url, picture.width, picture.height) = (None, None, None);
        }
    }

    fn body(self, body: &mut Body) {
        body.lead_to_articles(|url| self.article(url));
        body.retain_images(|image| {
            if let Some(id) = self.medium(&image.url) {
                image.id = Some(id.0);
                image.url.clear();
                (image.width, image.height) = (None, None);
            }
            true
        });
    }
}

/// Reads an article from JSON.
pub fn from_json(bytes: &[u8], own: Own<'_>) -> Result<Sent> {
    let value: Value = upload::from_json(bytes)?;
    from_members(value, own)
}

/// Reads an article from the members of a JSON object.
pub fn from_members(mut value: Value, own: Own<'_>) -> Result<Sent> {
    let read_only = take_read_only(&mut value);
    if let Some(files) = own.files {
        files.name_in(&mut value);
    }
    let mut article: ArticleIn = upload::from_value(value)?;
    if let Some(picture) = &mut article.image {
        own.picture(picture);
    }
    if let Some(links) = &mut article.related {
        own.links(links);
    }
    let (body, warnings) = match article.body.take() {
        Some(body) => body.read("#/body", own)?,
        None => (None, Vec::new()),
    };
    Ok(Sent {
        article,
        body,
        read_only,
        warnings,
    })
}

/// Reads an article from Markdown with YAML front matter.
pub fn from_markdown(source: &str, own: Own<'_>) -> Result<Sent> {
    let article = &|address: &str| own.article(address);
    let parsed = content::from_markdown_with(source, article, &|address| own.file(address));
    from_parsed(parsed.map_err(refuse)?, own)
}

/// Reads an article from HTML, with or without YAML front matter.
pub fn from_html(source: &str, own: Own<'_>) -> Result<Sent> {
    let article = &|address: &str| own.article(address);
    let parsed = content::from_html_with(source, article, &|address| own.file(address));
    from_parsed(parsed.map_err(refuse)?, own)
}

/// Makes an article of a document: the front matter's members and the
/// text below it.
pub fn from_parsed(parsed: content::Parsed, own: Own<'_>) -> Result<Sent> {
    let mut sent = match parsed.front_matter {
        Some(members) if members.contains_key("body") => {
            return Err(malformed_all(vec![FieldError::new(
                "#/body",
                "unknown-field",
                "the text stands below the front matter, not in it",
            )]));
        }
        Some(members) => from_members(Value::Object(members), own)?,
        None => Sent::default(),
    };
    if sent.article.headline.is_none() {
        sent.article.headline = parsed.headline;
    }
    if sent.article.teaser.is_none() {
        sent.article.teaser = parsed.teaser;
    }
    let mut body = parsed.body;
    own.body(&mut body);
    sent.body = Some(body);
    sent.warnings.extend(parsed.warnings);
    Ok(sent)
}

/// Reads a merge patch.
pub fn patch_from_json(
    bytes: &[u8],
    own: Own<'_>,
) -> Result<(ArticlePatch, Patch<Body>, Map<String, Value>, Vec<Warning>)> {
    patch_from_members(upload::from_merge_patch(bytes)?, own)
}

/// Reads a merge patch from the members of a JSON object.
pub fn patch_from_members(
    mut value: Value,
    own: Own<'_>,
) -> Result<(ArticlePatch, Patch<Body>, Map<String, Value>, Vec<Warning>)> {
    let read_only = take_read_only(&mut value);
    let mut patch: ArticlePatch = upload::from_value(value)?;
    if let Patch::Value(picture) = &mut patch.image
        && let Some(id) = picture.get("url").and_then(Value::as_str)
        && let Some(id) = own.medium(id)
    {
        picture.insert("id".to_owned(), id.to_string().into());
        // Whatever stood there before goes.
        for name in ["url", "width", "height"] {
            picture.insert(name.to_owned(), Value::Null);
        }
    }
    if let Patch::Value(links) = &mut patch.related {
        own.links(links);
    }
    let (body, warnings) = match std::mem::take(&mut patch.body) {
        Patch::Absent => (Patch::Absent, Vec::new()),
        Patch::Null => (Patch::Null, Vec::new()),
        Patch::Value(body) => {
            let (body, warnings) = body.read("#/body", own)?;
            (body.map_or(Patch::Null, Patch::Value), warnings)
        }
    };
    Ok((patch, body, read_only, warnings))
}

fn take_read_only(value: &mut Value) -> Map<String, Value> {
    let mut taken = Map::new();
    if let Value::Object(members) = value {
        members.shift_remove(FROM_REVISION);
        for name in READ_ONLY {
            if let Some(value) = members.shift_remove(name) {
                taken.insert(name.to_owned(), value);
            }
        }
    }
    taken
}

impl BodyIn {
    fn read(self, pointer: &str, own: Own<'_>) -> Result<(Option<Body>, Vec<Warning>)> {
        let article = &|address: &str| own.article(address);
        let file = &|address: &str| own.file(address);
        let no_front_matter = |parsed: &content::Parsed, form: &str| {
            if parsed.front_matter.is_none() {
                return Ok(());
            }
            let detail = format!(
                "front matter belongs into a text/{form} upload; here its members stand beside body"
            );
            Err(malformed_all(vec![FieldError::new(
                format!("{pointer}/{form}"),
                "front-matter",
                detail,
            )]))
        };
        let (mut body, warnings) = match (self.blocks, self.markdown, self.html) {
            (Some(blocks), None, None) => {
                let body =
                    Body::from_json(&blocks, &format!("{pointer}/blocks")).map_err(refuse)?;
                (body, Vec::new())
            }
            (None, Some(markdown), None) => {
                let parsed =
                    content::from_markdown_with(&markdown, article, file).map_err(refuse)?;
                no_front_matter(&parsed, "markdown")?;
                let mut body = parsed.body;
                let mut warnings = parsed.warnings;
                if let Some(headline) = parsed.headline {
                    let detail = format!(
                        "The first heading, `{headline}`, has become a heading of level 2."
                    );
                    warnings.push(
                        Warning::new("heading-level", detail)
                            .at_pointer(format!("{pointer}/markdown")),
                    );
                    let span = content::Span {
                        text: headline,
                        ..content::Span::default()
                    };
                    body.blocks.insert(
                        0,
                        content::Block::Heading(content::Heading {
                            level: 2,
                            spans: vec![span],
                        }),
                    );
                }
                (body, warnings)
            }
            (None, None, Some(html)) => {
                let parsed = content::from_html_body_with(&html, article, file).map_err(refuse)?;
                no_front_matter(&parsed, "html")?;
                (parsed.body, parsed.warnings)
            }
            _ => {
                return Err(malformed_all(vec![FieldError::new(
                    pointer,
                    "one-form",
                    "a body has exactly one of `blocks`, `markdown` and `html`",
                )]));
            }
        };
        own.body(&mut body);
        Ok((Some(body), warnings))
    }
}

/// What can't be read is 400, what breaks a rule is 422.
fn refuse(errors: Vec<FieldError>) -> crate::error::Error {
    if errors.iter().any(content::is_malformed) {
        malformed_all(errors)
    } else {
        invalid_all(errors)
    }
}
