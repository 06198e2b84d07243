//! Turning a stored body into the one that a reader gets: references filled
//! in, or gone without a trace.

use super::blocks::{ArticleRef, Block, Body, Link, RelatedTarget};
use super::normalize::normalize_spans;
use super::references::for_each_text;
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
pub fn resolve(body: Body, find: &mut dyn FnMut(&ArticleRef) -> Option<ResolvedArticle>) -> Body {
    let mut resolved = Body {
        blocks: Vec::with_capacity(body.blocks.len()),
    };
    let mut related_index = 0;
    for mut block in body.blocks {
        if let Block::Related(related) = &mut block {
            if let RelatedTarget::Article(article) = &mut related.target {
                match find(article) {
                    Some(found) => *article = found.into(),
                    None => continue,
                }
            }
            related.index = Some(related_index);
            related_index += 1;
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
        resolved.blocks.push(block);
    }
    resolved
}
