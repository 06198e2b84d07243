//! What was sent becomes the content of a revision: names become ids, texts
//! are checked, and everything wrong is collected before anything is refused.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::articles::input::{ArticleIn, ArticlePatch, ArticleRefIn, LinkIn};
use crate::articles::model::{Access, Content, EndLink, Kind, Picture, Priority, Seo, Target};
use crate::auth::Actor;
use crate::changes::Tx;
use crate::content::{ArticleRef, Body, Relation};
use crate::db::Id;
use crate::error::{Error, FieldError, Result, internal, invalid_all, malformed_all};
use crate::http::patch::Patch;
use crate::http::text;
use crate::http::upload;
use crate::sections;
use crate::{authors, site, topics};

/// The most related links an article may have below its text.
pub const RELATED_MAX: usize = 50;
/// The most topics, and the most authors.
pub const NAMES_MAX: usize = 30;

/// The article that content is being made for.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub id: Id,
    pub slug: &'a str,
}

/// The content that replaces everything.
pub(super) fn whole(
    tx: &mut Tx<'_>,
    actor: &Actor,
    own: Own<'_>,
    sent: &ArticleIn,
    body: Option<&Body>,
) -> Result<Content> {
    let mut errors = Vec::new();
    let content = Content {
        kind: sent.kind.unwrap_or(Kind::News),
        language: match &sent.language {
            Some(language) => language.clone(),
            None => site::ops::held(tx)?.language.clone(),
        },
        kicker: tidy(sent.kicker.as_deref()),
        headline: tidy(sent.headline.as_deref()).unwrap_or_default(),
        subheadline: tidy(sent.subheadline.as_deref()),
        teaser: tidy(sent.teaser.as_deref()),
        section_id: section(tx, sent.section.as_deref(), &mut errors)?,
        topics: topics(
            tx,
            actor,
            sent.topics.as_deref().unwrap_or_default(),
            &mut errors,
        )?,
        authors: authors(
            tx,
            actor,
            sent.authors.as_deref().unwrap_or_default(),
            &mut errors,
        )?,
        image: sent.image.clone(),
        priority: sent.priority.unwrap_or(Priority::Normal),
        access: sent.access.unwrap_or(Access::Free),
        source: tidy(sent.source.as_deref()),
        seo: sent.seo.clone().filter(|seo| *seo != Seo::default()),
        note: tidy(sent.note.as_deref()),
        embargo_until: sent.embargo_until,
        expires_at: sent.expires_at,
        body: body.cloned().unwrap_or_default(),
        related: links(sent.related.as_deref().unwrap_or_default(), &mut errors),
    };
    finish(tx, own, content, errors)
}

/// The present content, changed as a patch says.
pub(super) fn patched(
    tx: &mut Tx<'_>,
    actor: &Actor,
    own: Own<'_>,
    present: Content,
    patch: ArticlePatch,
    body: Patch<Body>,
) -> Result<Content> {
    let mut errors = Vec::new();
    let mut content = present;
    let set_text = |target: &mut Option<String>, patch: Patch<String>| match patch {
        Patch::Absent => {}
        Patch::Null => *target = None,
        Patch::Value(value) => *target = tidy(Some(&value)),
    };
    // Every member is named, so that a new one can't be forgotten here.
    let ArticlePatch {
        slug: _,
        external_id: _,
        kind,
        language,
        kicker,
        headline,
        subheadline,
        teaser,
        section: section_patch,
        topics: topics_patch,
        authors: authors_patch,
        image,
        priority,
        access,
        source,
        seo,
        note,
        embargo_until,
        expires_at,
        revision_note: _,
        body: _,
        related,
    } = patch;
    match kind {
        Patch::Absent => {}
        Patch::Null => content.kind = Kind::News,
        Patch::Value(kind) => content.kind = kind,
    }
    match language {
        Patch::Absent => {}
        Patch::Null => content.language = site::ops::held(tx)?.language.clone(),
        Patch::Value(language) => content.language = language,
    }
    set_text(&mut content.kicker, kicker);
    match headline {
        Patch::Absent => {}
        Patch::Null => content.headline = String::new(),
        Patch::Value(headline) => content.headline = tidy(Some(&headline)).unwrap_or_default(),
    }
    set_text(&mut content.subheadline, subheadline);
    set_text(&mut content.teaser, teaser);
    match section_patch {
        Patch::Absent => {}
        Patch::Null => content.section_id = None,
        Patch::Value(name) => content.section_id = section(tx, Some(&name), &mut errors)?,
    }
    match topics_patch {
        Patch::Absent => {}
        Patch::Null => content.topics.clear(),
        Patch::Value(names) => content.topics = topics(tx, actor, &names, &mut errors)?,
    }
    match authors_patch {
        Patch::Absent => {}
        Patch::Null => content.authors.clear(),
        Patch::Value(names) => content.authors = authors(tx, actor, &names, &mut errors)?,
    }
    merge(&mut content.image, image, "#/image")?;
    match priority {
        Patch::Absent => {}
        Patch::Null => content.priority = Priority::Normal,
        Patch::Value(priority) => content.priority = priority,
    }
    match access {
        Patch::Absent => {}
        Patch::Null => content.access = Access::Free,
        Patch::Value(access) => content.access = access,
    }
    set_text(&mut content.source, source);
    merge(&mut content.seo, seo, "#/seo")?;
    content.seo = content.seo.filter(|seo| *seo != Seo::default());
    set_text(&mut content.note, note);
    embargo_until.apply(&mut content.embargo_until);
    expires_at.apply(&mut content.expires_at);
    match body {
        Patch::Absent => {}
        Patch::Null => content.body = Body::default(),
        Patch::Value(body) => content.body = body,
    }
    match related {
        Patch::Absent => {}
        Patch::Null => content.related.clear(),
        Patch::Value(sent) => content.related = links(&sent, &mut errors),
    }
    finish(tx, own, content, errors)
}

/// Changes an object as a merge patch says (RFC 7396): member by member.
fn merge<T: Serialize + DeserializeOwned>(
    target: &mut Option<T>,
    patch: Patch<Map<String, Value>>,
    pointer: &str,
) -> Result<()> {
    let changes = match patch {
        Patch::Absent => return Ok(()),
        Patch::Null => {
            *target = None;
            return Ok(());
        }
        Patch::Value(changes) => changes,
    };
    let present = serde_json::to_value(&*target).map_err(internal)?;
    let mut members = present.as_object().cloned().unwrap_or_default();
    for (name, value) in changes {
        match value {
            Value::Null => drop(members.shift_remove(&name)),
            value => drop(members.insert(name, value)),
        }
    }
    let merged = upload::from_value(Value::Object(members)).map_err(|error| match error {
        Error::Problem(problem) if !problem.errors.is_empty() => {
            let below = |error: FieldError| FieldError {
                pointer: error.pointer.replacen('#', pointer, 1),
                ..error
            };
            malformed_all(problem.errors.into_iter().map(below).collect())
        }
        error => error,
    })?;
    *target = Some(merged);
    Ok(())
}

/// Checks all texts and binds all references.
fn finish(
    tx: &mut Tx<'_>,
    own: Own<'_>,
    mut content: Content,
    mut errors: Vec<FieldError>,
) -> Result<Content> {
    check_texts(&content, &mut errors);
    bind(tx, own, &mut content, &mut errors)?;
    require_media(tx, &content, &mut errors)?;
    if errors.is_empty() {
        Ok(content)
    } else {
        Err(invalid_all(errors))
    }
}

fn check_texts(content: &Content, errors: &mut Vec<FieldError>) {
    let optional = [
        ("#/kicker", &content.kicker, 200, false),
        ("#/subheadline", &content.subheadline, 300, false),
        ("#/teaser", &content.teaser, 1_000, true),
        ("#/source", &content.source, 200, false),
        ("#/note", &content.note, 4_000, true),
    ];
    if content.headline.is_empty() {
        let detail = "a headline is missing; add \"headline\": \"…\", or `# …` as the first line of Markdown, or an <h1> of at most 300 characters in HTML";
        errors.push(FieldError::new("#/headline", "required", detail));
    }
    text::check(&content.headline, "#/headline", 300, false, errors);
    for (pointer, value, max, lines) in optional {
        if let Some(value) = value {
            text::check(value, pointer, max, lines, errors);
        }
    }
    if !is_language(&content.language) {
        let detail = "is not a language tag (BCP 47), such as de, de-AT or en";
        errors.push(FieldError::new("#/language", "bad-language", detail));
    }
    if let Some(Picture {
        id,
        url,
        alt,
        decorative: _,
        caption,
        credit,
        width,
        height,
    }) = &content.image
    {
        if id.is_some() == url.is_some() {
            let detail =
                "has exactly one of `id`, for an uploaded picture, and `url`, for one elsewhere";
            errors.push(FieldError::new("#/image", "one-of", detail));
        }
        if let Some(url) = url {
            text::check_url(url, "#/image/url", errors);
        }
        if id.is_some() && (width.is_some() || height.is_some()) {
            let detail = "has a known size; leave `width` and `height` out";
            errors.push(FieldError::new("#/image", "known-size", detail));
        }
        let texts = [
            ("#/image/alt", alt, 1_000),
            ("#/image/caption", caption, 1_000),
            ("#/image/credit", credit, 300),
        ];
        for (pointer, value, max) in texts {
            if let Some(value) = value {
                text::check(value, pointer, max, false, errors);
            }
        }
        for (pointer, value) in [("#/image/width", width), ("#/image/height", height)] {
            if value.is_some_and(|value| !(1..=100_000).contains(&value)) {
                errors.push(FieldError::new(
                    pointer,
                    "out-of-range",
                    "is a number of pixels from 1 to 100000",
                ));
            }
        }
    }
    if let Some(Seo { title, description }) = &content.seo {
        for (pointer, value, max) in [
            ("#/seo/title", title, 300),
            ("#/seo/description", description, 1_000),
        ] {
            if let Some(value) = value {
                text::check(value, pointer, max, false, errors);
            }
        }
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    tag.len() <= 35
        && (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// A section by slug, id or name. Sections are never made by an upload.
fn section(
    tx: &mut Tx<'_>,
    name: Option<&str>,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Id>> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let tree = sections::ops::hold(tx)?;
    match tree.resolve(name, "#/section") {
        Ok(section) => Ok(Some(section.id)),
        Err(error) => {
            errors.push(error);
            Ok(None)
        }
    }
}

fn topics(
    tx: &mut Tx<'_>,
    actor: &Actor,
    names: &[String],
    errors: &mut Vec<FieldError>,
) -> Result<Vec<Id>> {
    if too_many(names.len(), "#/topics", errors) {
        return Ok(Vec::new());
    }
    let found = topics::ops::resolve_or_create(tx, actor, names)?;
    Ok(unique(found, errors))
}

fn authors(
    tx: &mut Tx<'_>,
    actor: &Actor,
    names: &[String],
    errors: &mut Vec<FieldError>,
) -> Result<Vec<Id>> {
    if too_many(names.len(), "#/authors", errors) {
        return Ok(Vec::new());
    }
    let found = authors::ops::resolve_or_create(tx, actor, names)?;
    Ok(unique(found, errors))
}

fn too_many(count: usize, pointer: &str, errors: &mut Vec<FieldError>) -> bool {
    if count > NAMES_MAX {
        errors.push(FieldError::new(
            pointer,
            "too-many",
            format!("has {count} entries; {NAMES_MAX} are the most"),
        ));
    }
    count > NAMES_MAX
}

fn unique(
    found: std::result::Result<Vec<Id>, Vec<FieldError>>,
    errors: &mut Vec<FieldError>,
) -> Vec<Id> {
    let mut unique = Vec::new();
    match found {
        Ok(ids) => ids.into_iter().for_each(|id| {
            if !unique.contains(&id) {
                unique.push(id)
            }
        }),
        Err(wrong) => errors.extend(wrong),
    }
    unique
}

/// Related links as they were sent; their articles are bound later.
fn links(sent: &[LinkIn], errors: &mut Vec<FieldError>) -> Vec<EndLink> {
    if sent.len() > RELATED_MAX {
        let detail = format!("has {} entries; {RELATED_MAX} are the most", sent.len());
        errors.push(FieldError::new("#/related", "too-many", detail));
        return Vec::new();
    }
    let mut links = Vec::new();
    for (index, link) in sent.iter().enumerate() {
        let LinkIn {
            article,
            url,
            headline,
            relation,
        } = link;
        let pointer = format!("#/related/{index}");
        let headline = tidy(headline.as_deref());
        if let Some(headline) = &headline {
            text::check(headline, &format!("{pointer}/headline"), 300, false, errors);
        }
        let relation = match relation.as_deref() {
            None => Relation::default(),
            Some(name) => Relation::from_name(name).unwrap_or_else(|| {
                let detail = text::unknown(name, Relation::NAMES);
                errors.push(FieldError::new(
                    format!("{pointer}/relation"),
                    "unknown-value",
                    detail,
                ));
                Relation::default()
            }),
        };
        let target = match (article, url) {
            (Some(article), None) => {
                reference(article, &format!("{pointer}/article"), errors).map(Target::Article)
            }
            (None, Some(url)) => {
                text::check_url(url, &format!("{pointer}/url"), errors);
                if headline.is_none() {
                    let detail = "an address elsewhere needs a headline";
                    errors.push(FieldError::new(
                        format!("{pointer}/headline"),
                        "required",
                        detail,
                    ));
                }
                Some(Target::Url(url.clone()))
            }
            _ => {
                let detail = "a related link has exactly one of `article` and `url`";
                errors.push(FieldError::new(pointer, "one-of", detail));
                None
            }
        };
        // What is wrong is never stored; it keeps its place, so that errors that
        // are found later name the right one.
        links.push(EndLink {
            target: target.unwrap_or(Target::Url(String::new())),
            relation,
            headline,
        });
    }
    links
}

fn reference(
    sent: &ArticleRefIn,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> Option<ArticleRef> {
    let named = match sent {
        ArticleRefIn::Text(text) => return slug_or_id(text, pointer, errors),
        ArticleRefIn::Named(named) => named,
    };
    // A view names both; the id is what counts.
    match (&named.id, &named.slug) {
        (Some(id), _) => match id.parse::<Id>() {
            Ok(id) => Some(ArticleRef::id(id.0)),
            Err(_) => {
                errors.push(FieldError::new(
                    format!("{pointer}/id"),
                    "bad-id",
                    "is not an id (a hyphenated UUID)",
                ));
                None
            }
        },
        (None, Some(slug)) => slug_or_id(slug, &format!("{pointer}/slug"), errors),
        (None, None) => {
            errors.push(FieldError::new(
                pointer,
                "required",
                "names an article by `slug` or by `id`",
            ));
            None
        }
    }
}

fn slug_or_id(text: &str, pointer: &str, errors: &mut Vec<FieldError>) -> Option<ArticleRef> {
    if let Ok(id) = text.parse::<Id>() {
        return Some(ArticleRef::id(id.0));
    }
    let before = errors.len();
    text::check_slug(text, pointer, errors);
    (errors.len() == before).then(|| ArticleRef::slug(text))
}

/// Replaces each slug that an article has, or once had, by its id; the others
/// wait for their article. An id must be an article's.
fn bind(
    tx: &mut Tx<'_>,
    own: Own<'_>,
    content: &mut Content,
    errors: &mut Vec<FieldError>,
) -> Result<()> {
    let (mut slugs, mut ids) = (Vec::new(), Vec::new());
    each_reference(content, |_, article| match (&article.id, &article.slug) {
        (Some(id), _) => ids.push(Id(*id)),
        (None, Some(slug)) => slugs.push(slug.clone()),
        (None, None) => {}
    });
    if slugs.is_empty() && ids.is_empty() {
        return Ok(());
    }
    slugs.sort_unstable();
    slugs.dedup();
    let mut known: HashMap<String, Id> = HashMap::new();
    slugs.retain(|slug| match tx.known.targets.get(slug) {
        Some(target) => {
            known.extend(target.map(|id| (slug.clone(), id)));
            false
        }
        None => true,
    });
    if !slugs.is_empty() {
        // The present ones first: whatever is renamed between the two queries is
        // found by its former slug.
        known.extend(crate::store!(tx.conn, articles::ids_of_slugs(&slugs))?);
        for (slug, id) in crate::store!(tx.conn, articles::ids_of_former_slugs(&slugs))? {
            known.entry(slug).or_insert(id);
        }
    }
    let existing = if ids.is_empty() {
        Vec::new()
    } else {
        crate::store!(tx.conn, articles::existing(&ids))?
    };
    each_reference(content, |pointer, article| {
        let id = match (article.id, article.slug.as_deref()) {
            (Some(id), _) if !existing.contains(&Id(id)) && Id(id) != own.id => {
                errors.push(FieldError::new(
                    pointer,
                    "unknown-article",
                    format!("no article has the id {id}"),
                ));
                return;
            }
            (Some(id), _) => Id(id),
            (None, Some(slug)) if slug == own.slug => own.id,
            (None, Some(slug)) => match known.get(slug) {
                Some(id) => *id,
                None => return,
            },
            (None, None) => return,
        };
        if id == own.id {
            let name = article.slug.clone().unwrap_or_else(|| id.to_string());
            let detail = format!("`{name}` is the article that this stands in; remove the link");
            errors.push(FieldError::new(pointer, "links-to-itself", detail));
        }
        *article = ArticleRef::id(id.0);
    });
    // Words whose links now lead to the same article join.
    content.body.normalize();
    Ok(())
}

/// Every uploaded picture must be there. None is deleted before the end of this
/// write: [`super::hold`].
fn require_media(tx: &mut Tx<'_>, content: &Content, errors: &mut Vec<FieldError>) -> Result<()> {
    let named = content.media();
    if named.is_empty() {
        return Ok(());
    }
    let there = crate::store!(tx.conn, media::existing(&named))?;
    let lead = content.image.as_ref().and_then(|image| image.id);
    let lead = lead.map(|id| ("#/image".to_owned(), id));
    let shown = content.body.images();
    let shown = shown.filter_map(|(pointer, image)| Some((pointer, Id(image.id?))));
    for (pointer, id) in lead.into_iter().chain(shown) {
        if !there.contains(&id) {
            let detail = format!("no uploaded picture has the id {id}");
            errors.push(FieldError::new(
                format!("{pointer}/id"),
                "unknown-media",
                detail,
            ));
        }
    }
    Ok(())
}

/// Visits every reference to an article, with its place as a JSON Pointer.
pub(super) fn each_reference(
    content: &mut Content,
    mut visit: impl FnMut(String, &mut ArticleRef),
) {
    content
        .body
        .for_each_placed_ref(|index, _, article| visit(format!("#/body/blocks/{index}"), article));
    for (index, link) in content.related.iter_mut().enumerate() {
        if let Target::Article(article) = &mut link.target {
            visit(format!("#/related/{index}/article"), article);
        }
    }
}

/// Without space around it; nothing if nothing is left that can be seen.
fn tidy(text: Option<&str>) -> Option<String> {
    text.map(str::trim)
        .filter(|text| !text::is_blank(text))
        .map(str::to_owned)
}
