//! How large a body and its parts may be. The readers check these, and the
//! schemas state them.

use super::blocks::Body;
use super::count::Size;
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
/// Bytes of a Markdown document.
pub const MARKDOWN_BYTES: usize = 8 * 1024 * 1024;

/// Checks the caps on the whole of a body. They guard the readers and every
/// program that shows the article.
pub(super) fn check_size(body: &Body, pointer: &str) -> Vec<FieldError> {
    let size = Size::of(body);
    let mut errors = Vec::new();
    let mut cap = |code, have: usize, max: usize, what: &str| {
        if have > max {
            errors.push(FieldError {
                pointer: pointer.to_owned(),
                code,
                detail: format!("The body has {have} {what}; the cap is {max}. Split the article."),
            });
        }
    };
    cap("too-many-blocks", size.blocks, BLOCKS, "blocks");
    cap(
        "too-many-items",
        size.items,
        ITEMS,
        "list items and table cells",
    );
    cap("too-much-text", size.chars, TEXT, "characters of text");
    errors
}
