//! A live article with its links and pictures resolved, and its text in every form.

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::article::BodyOut;
use super::card::Card;
use super::context::Context;
use super::pictures::{Pictures, RenditionFile};
use crate::articles::model::{LiveLink, LiveRevision, LiveRow, Picture, RevisionHead, ids};
use crate::articles::view::Correction;
use crate::changes::Tag;
use crate::content::{self, ArticleRef, Body, Find, ResolvedArticle, ResolvedBlock, Show};
use crate::db::{Conn, Id, Time};
use crate::error::{Result, internal};
use crate::http::answer::Draft;

/// A link, and what it leads to, if that has a live revision.
type Linked = (LiveLink, Option<(LiveRow, RevisionHead)>);

/// A live article with its links resolved: what every form of it is made from.
pub struct Resolved {
    pub(super) row: LiveRow,
    pub(super) revision: LiveRevision,
    pub(super) links: Vec<Linked>,
    targets: Targets,
    /// Its own pictures.
    media: Vec<Id>,
    /// Its own and those of the cards that it shows.
    pub(super) pictures: Arc<Pictures>,
    /// What it is made of.
    pub tags: Vec<Tag>,
    pub(super) appears: Option<Time>,
    pub(super) disappears: Option<Time>,
    zone: Tz,
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
            zone: context.zone,
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

    /// The text, for the forms that are written from the whole of it.
    fn body(&self) -> Result<Body> {
        let stored = serde_json::from_str(&self.revision.body).map_err(internal)?;
        let find: Find<'_> = &mut |article| self.targets.find(article);
        Ok(content::resolve(stored, find, &|image| {
            self.pictures.within(image)
        }))
    }

    /// The text and below it what was corrected, for forms that stand alone: there is
    /// no other place in them where readers could learn of that.
    fn document(&self) -> Result<Body> {
        let mut body = self.body()?;
        let primary = self.revision.language.split('-').next();
        let is_german = primary.is_some_and(|primary| primary.eq_ignore_ascii_case("de"));
        for Correction { at, text } in Correction::of(self.row.corrections.as_deref())? {
            let day = at.to_datetime().with_timezone(&self.zone);
            let title = match is_german {
                true => day.format("Korrektur, %-d.%-m.%Y"),
                false => day.format("Correction, %Y-%m-%d"),
            };
            let span = content::Span {
                text,
                ..content::Span::default()
            };
            let text = content::Block::Paragraph(content::Paragraph { spans: vec![span] });
            body.blocks.push(content::Block::Callout(content::Callout {
                style: content::CalloutStyle::Note,
                title: Some(title.to_string()),
                blocks: vec![text],
            }));
        }
        Ok(body)
    }

    /// The text as blocks.
    fn blocks(&self) -> Result<Vec<ResolvedBlock>> {
        let find: Find<'_> = &mut |article| self.targets.find(article);
        let show: Show<'_> = &|image| self.pictures.within(image);
        content::resolve_stored(&self.revision.body, find, show).map_err(internal)
    }

    /// The text in the forms that are wanted.
    pub fn forms(&self, forms: &[&str]) -> Result<BodyOut> {
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

    /// The text as HTML, with what was corrected.
    pub fn to_html(&self) -> Result<String> {
        Ok(content::to_html(&self.document()?))
    }

    /// The text as Markdown, under its headline, with what was corrected.
    pub fn to_markdown(&self) -> Result<String> {
        let headline = format!("# {}", plain_markdown(&self.revision.headline));
        let teaser = self.revision.teaser.as_deref().map(plain_markdown);
        let body = content::to_markdown(&self.document()?);
        let parts = [Some(headline), teaser, Some(body)];
        Ok(parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
    }

    /// The text as plain text, under its headline, with what was corrected.
    pub fn to_text(&self) -> Result<String> {
        let parts = [
            Some(self.revision.headline.clone()),
            self.revision.teaser.clone(),
            Some(content::to_text(&self.document()?)),
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
