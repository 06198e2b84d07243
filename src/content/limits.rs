//! How large a body and its parts may be. The readers check these, and the
//! schemas state them.

use super::blocks::{Block, Body, Image};
use super::count::Size;
use super::text::shorten;
use crate::error::FieldError;

/// Blocks in a body, those within lists, quotes and callouts included.
pub const BLOCKS: usize = 2_000;
/// List items and table cells in a body, taken together.
pub const ITEMS: usize = 20_000;
/// Characters of text in a body, all strings taken together.
pub const TEXT: usize = 1_000_000;
/// Lists within lists.
pub const LIST_DEPTH: usize = 8;
/// Pictures in one gallery.
pub const GALLERY_IMAGES: usize = 200;
/// Columns of one table.
pub const COLUMNS: usize = 200;
/// Characters of an address.
pub const URL: usize = 2_048;
/// Characters of an alternative text.
pub const ALT: usize = 1_000;
/// Characters of a caption.
pub const CAPTION: usize = 2_000;
/// Characters of a credit, a cite, a callout's title or a headline.
pub const LINE: usize = 300;
/// Characters of a slug.
pub const SLUG: usize = 120;
/// Characters of a code block's language.
pub const LANGUAGE: usize = 40;
/// Pixels of a picture's edge.
pub const PIXELS: u32 = 100_000;
/// The largest first number of a list: nine digits, as in CommonMark.
pub const LIST_START: u32 = 999_999_999;
/// Bytes of a Markdown or HTML document.
pub const MARKUP_BYTES: usize = 8 * 1024 * 1024;

/// Checks a normal body against every cap that no type enforces.
pub(super) fn check(body: &Body, pointer: &str) -> Vec<FieldError> {
    let mut check = Check {
        pointer,
        errors: Vec::new(),
    };
    let size = Size::of(body);
    check.count("too-many-blocks", size.blocks, BLOCKS, "The body", "blocks");
    check.count(
        "too-many-items",
        size.items,
        ITEMS,
        "The body",
        "list items and table cells",
    );
    check.count(
        "too-much-text",
        size.chars,
        TEXT,
        "The body",
        "characters of text",
    );
    check.parts(body);
    check.errors
}

struct Check<'p> {
    pointer: &'p str,
    errors: Vec<FieldError>,
}

impl Check<'_> {
    /// All parts with a cap of their own stand at the top level.
    fn parts(&mut self, body: &Body) {
        for block in &body.blocks {
            match block {
                Block::Image(image) => self.image(image),
                Block::Gallery(gallery) => {
                    let count = gallery.images.len();
                    self.count(
                        "too-many-items",
                        count,
                        GALLERY_IMAGES,
                        "A gallery",
                        "pictures",
                    );
                    gallery.images.iter().for_each(|image| self.image(image));
                    self.text("caption", &gallery.caption, CAPTION);
                }
                Block::Embed(embed) => self.text("caption", &embed.caption, CAPTION),
                Block::Table(table) => {
                    let count = table.columns.len();
                    self.count("too-many-items", count, COLUMNS, "A table", "columns");
                }
                Block::Callout(callout) => self.text("title", &callout.title, LINE),
                Block::Related(related) => self.text("headline", &related.headline, LINE),
                Block::Quote(quote) => self.text("cite", &quote.cite, LINE),
                _ => {}
            }
        }
    }

    fn image(&mut self, image: &Image) {
        self.text("alt text", &image.alt, ALT);
        self.text("caption", &image.caption, CAPTION);
        self.text("credit", &image.credit, LINE);
    }

    fn text(&mut self, what: &str, text: &Option<String>, max: usize) {
        let Some(text) = text else { return };
        let have = text.chars().count();
        if have > max {
            let what = format!("The {what} “{}”", shorten(text, 40));
            self.count("too-long", have, max, &what, "characters");
        }
    }

    fn count(&mut self, code: &'static str, have: usize, max: usize, whole: &str, of: &str) {
        // A body has few caps to break, but each as often as it has blocks.
        if have > max && self.errors.len() < 100 {
            let detail = format!("{whole} has {have} {of}; the cap is {max}.");
            self.errors.push(FieldError {
                pointer: self.pointer.to_owned(),
                code,
                detail,
            });
        }
    }
}
