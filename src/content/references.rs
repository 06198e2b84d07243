//! What a body points to: articles, addresses and pictures.

use super::blocks::{ArticleRef, Block, Body, Image, Link, Related, RelatedTarget, Span};

/// Where in a body a reference to an article stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefKind {
    /// A related block between the paragraphs.
    Inline,
    /// Linked words in running text.
    Text,
}

impl Body {
    /// Visits every reference to an article, in reading order. The visitor may
    /// change it, for example to bind a slug to the id it was found under.
    pub fn for_each_article_ref(&mut self, mut visit: impl FnMut(RefKind, &mut ArticleRef)) {
        self.for_each_placed_ref(|_, kind, article| visit(kind, article));
    }

    /// [`Body::for_each_article_ref`] with the number of the block that each stands in.
    pub fn for_each_placed_ref(&mut self, mut visit: impl FnMut(usize, RefKind, &mut ArticleRef)) {
        for (index, block) in self.blocks.iter_mut().enumerate() {
            if let Block::Related(Related {
                target: RelatedTarget::Article(article),
                ..
            }) = block
            {
                visit(index, RefKind::Inline, article);
            }
            for_each_text(block, &mut |spans| {
                for span in spans.iter_mut() {
                    if let Some(Link::Article(article)) = &mut span.link {
                        visit(index, RefKind::Text, article);
                    }
                }
            });
        }
    }

    /// Turns links to addresses of articles of this newsroom into links to the articles;
    /// `find` tells the slug or id in such an address.
    pub fn lead_to_articles(&mut self, find: impl Fn(&str) -> Option<String>) {
        let mut found = false;
        let mut article = |url: &str| {
            let word = find(url)?;
            found = true;
            Some(ArticleRef::parse(&word))
        };
        for block in &mut self.blocks {
            if let Block::Related(Related { target, .. }) = block
                && let RelatedTarget::Url(url) = target
                && let Some(article) = article(url)
            {
                *target = RelatedTarget::Article(article);
            }
            for_each_text(block, &mut |spans| {
                for span in spans.iter_mut() {
                    if let Some(Link::Url(url)) = &span.link
                        && let Some(article) = article(url)
                    {
                        span.link = Some(Link::Article(article));
                    }
                }
            });
        }
        if found {
            // Words whose links now lead to the same article join.
            self.normalize();
        }
    }

    /// Every reference to an article, in reading order. Linked words whose
    /// marks change are several references to the same article.
    pub fn article_refs(&self) -> Vec<(RefKind, ArticleRef)> {
        let mut refs = Vec::new();
        self.clone()
            .for_each_article_ref(|kind, article| refs.push((kind, article.clone())));
        refs
    }

    /// The related blocks, in reading order.
    pub fn related(&self) -> impl Iterator<Item = &Related> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Related(related) => Some(related),
            _ => None,
        })
    }

    /// Visits every picture, those in galleries included, in reading order; those
    /// that the visitor refuses go, and a gallery without pictures with them.
    pub fn retain_images(&mut self, mut keep: impl FnMut(&mut Image) -> bool) {
        self.blocks.retain_mut(|block| match block {
            Block::Image(image) => keep(image),
            Block::Gallery(gallery) => {
                gallery.images.retain_mut(&mut keep);
                !gallery.images.is_empty()
            }
            _ => true,
        });
    }

    /// Every picture, those in galleries included, with the JSON Pointer (in
    /// URI fragment form) of its place in an article: `#/body/blocks/3` or
    /// `#/body/blocks/3/images/0`.
    pub fn images(&self) -> impl Iterator<Item = (String, &Image)> {
        self.blocks.iter().enumerate().flat_map(|(index, block)| {
            let place = || format!("#/body/blocks/{index}");
            match block {
                Block::Image(image) => vec![(place(), image)],
                Block::Gallery(gallery) => gallery
                    .images
                    .iter()
                    .enumerate()
                    .map(|(image_index, image)| {
                        (format!("{}/images/{image_index}", place()), image)
                    })
                    .collect(),
                _ => Vec::new(),
            }
        })
    }
}

/// Visits every run of spans within a block, in reading order.
pub(super) fn for_each_text(block: &mut Block, visit: &mut dyn FnMut(&mut Vec<Span>)) {
    let within = |blocks: &mut [Block], visit: &mut dyn FnMut(&mut Vec<Span>)| {
        blocks
            .iter_mut()
            .for_each(|block| for_each_text(block, visit));
    };
    match block {
        Block::Paragraph(paragraph) => visit(&mut paragraph.spans),
        Block::Heading(heading) => visit(&mut heading.spans),
        Block::List(list) => {
            list.items
                .iter_mut()
                .for_each(|item| within(&mut item.blocks, visit));
        }
        Block::Quote(quote) => within(&mut quote.blocks, visit),
        Block::Callout(callout) => within(&mut callout.blocks, visit),
        Block::Table(table) => {
            for row in table.header.iter_mut().chain(&mut table.rows) {
                row.iter_mut().for_each(|cell| visit(&mut cell.spans));
            }
        }
        Block::Image(_)
        | Block::Gallery(_)
        | Block::Embed(_)
        | Block::Code(_)
        | Block::Divider
        | Block::Related(_) => {}
    }
}
