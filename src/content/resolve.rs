//! Turning a stored body into the one that a reader gets: references filled
//! in, or gone without a trace.

use super::blocks::{ArticleRef, Block, Body, Image, Link, RelatedTarget};
use super::normalize::normalize_spans;
use super::references::for_each_text;
use super::stored;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// An article that a reference was found to point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedArticle {
    /// Its id.
    pub id: Uuid,
    /// Its present slug.
    pub slug: String,
    /// Its headline.
    pub headline: String,
    /// Its address on the website, if the website has one for it.
    pub url: Option<String>,
}

impl From<ResolvedArticle> for ArticleRef {
    fn from(article: ResolvedArticle) -> Self {
        ArticleRef {
            id: Some(article.id),
            slug: Some(article.slug),
            headline: Some(article.headline),
            url: article.url,
        }
    }
}

/// Resolves every reference to an article through `find`, which answers `None`
/// for a target that this reader must not see.
///
/// Related blocks without a target go, linked words without one become plain
/// text, and nothing names what was there. The related blocks that stay, those
/// with an address elsewhere included, are numbered from 0 in reading order:
/// the n-th of them is the n-th entry of the delivered `related` list.
///
/// Uploaded pictures are filled in by `show`; one that is gone goes.
pub fn resolve(body: Body, find: Find<'_>, show: Show<'_>) -> Body {
    let mut related = 0;
    let blocks = body.blocks.into_iter();
    Body {
        blocks: blocks
            .filter_map(|block| resolve_block(block, &mut *find, show, &mut related))
            .collect(),
    }
}

/// Fills in an uploaded picture, as it stands in a body, with what is known of it.
pub type Show<'a> = &'a dyn Fn(&Image) -> Option<Image>;

/// Finds the article that a reference means, for one reader at one moment.
pub type Find<'a> = &'a mut dyn FnMut(&ArticleRef) -> Option<ResolvedArticle>;

/// A block of a body that is resolved for a reader; serialises as a block.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum ResolvedBlock {
    /// As it is stored: nothing in it hangs on anything else.
    Stored(Box<RawValue>),
    /// Read, resolved and written anew.
    Read(Box<Block>),
}

/// [`resolve`] for a body in the form in which it is stored. Only blocks that
/// refer to something are read; the others, most of a text, go out as they are.
/// Errors are those of data that this program didn't write.
pub fn resolve_stored(
    body: &str,
    find: Find<'_>,
    show: Show<'_>,
) -> serde_json::Result<Vec<ResolvedBlock>> {
    #[derive(Deserialize)]
    struct Cut<'a> {
        #[serde(borrow)]
        blocks: Vec<&'a RawValue>,
    }
    let Cut { blocks } = serde_json::from_str(body)?;
    let mut related = 0;
    let mut resolved = Vec::with_capacity(blocks.len());
    for block in blocks {
        if !stored::refers(block.get()) {
            resolved.push(ResolvedBlock::Stored(block.to_owned()));
            continue;
        }
        let block = serde_json::from_str(block.get())?;
        let block = resolve_block(block, &mut *find, show, &mut related);
        resolved.extend(block.map(|block| ResolvedBlock::Read(Box::new(block))));
    }
    Ok(resolved)
}

/// Resolves one block; `None` if it goes. `related` counts the related blocks
/// before it.
fn resolve_block(
    mut block: Block,
    find: Find<'_>,
    show: Show<'_>,
    related: &mut usize,
) -> Option<Block> {
    let shown = |image: Image| match image.id {
        Some(_) => show(&image),
        None => Some(image),
    };
    match &mut block {
        Block::Image(image) => return shown(std::mem::take(image)).map(Block::Image),
        Block::Gallery(gallery) => {
            let images = std::mem::take(&mut gallery.images);
            gallery.images = images.into_iter().filter_map(shown).collect();
            return (!gallery.images.is_empty()).then_some(block);
        }
        _ => {}
    }
    if let Block::Related(link) = &mut block {
        if let RelatedTarget::Article(article) = &mut link.target {
            *article = find(article)?.into();
        }
        link.index = Some(*related);
        *related += 1;
    }
    for_each_text(&mut block, &mut |spans| {
        let mut changed = false;
        for span in spans.iter_mut() {
            if let Some(Link::Article(article)) = &span.link {
                span.link = find(article).map(|found| Link::Article(found.into()));
                changed = true;
            }
        }
        // Unlinked words join their neighbours, as if never linked.
        if changed {
            normalize_spans(spans);
        }
    });
    Some(block)
}
