//! The body of an article: a tree of typed blocks.
//!
//! A body has one form, [`Body`]. Every format that comes in is read into it
//! ([`Body::from_json`], [`from_markdown()`], [`from_html()`]) and every format that goes out is
//! written from it ([`to_html()`], [`to_markdown()`], [`to_text()`], and serde for
//! JSON). Markup from outside never passes through: HTML is written from the
//! tree, so it holds only the elements this room knows.
//!
//! What always holds for a body that a reader returned:
//!
//! - It is *normal* ([`Body::normalize`]): equal content is equal data. Marks
//!   are sorted, neighbours with the same marks and link are one span, empty
//!   spans and paragraphs are gone, one-line strings are one line, a table's
//!   rows are equally long, an embed's provider follows from its address.
//! - Headings, images, galleries, embeds, tables, dividers, callouts and
//!   related links stand at the top level only. List items hold paragraphs,
//!   lists, quotes and code; quotes hold paragraphs and lists; callouts hold
//!   what list items hold. So the tree is never deeper than the limits say,
//!   and plain recursion over it is safe.
//! - Links are `http`, `https`, `mailto` or `tel`; images and embeds are
//!   `http` or `https` ([`url`]), or an image is an uploaded one and has an id.
//! - No text holds a control character (other than line feed and tab) or a
//!   bidirectional override ([`text::check`]).
//! - It is within the [`limits`].
//!
//! What a reader meets and the tree can't hold is moved behind its container
//! or flattened to its text, and a [`Warning`] says so with the place. JSON is
//! the exception: a program sent it, so it gets an error instead.
//!
//! References to other articles are unresolved while a body is stored.
//! [`resolve()`] fills them in, or takes them out, for one reader at one moment;
//! the writers work on both kinds of body.

mod blocks;
mod count;
mod from_html;
mod from_markdown;
mod front_matter;
pub mod limits;
mod normalize;
mod parsed;
mod read_json;
mod references;
mod related_line;
mod resolve;
mod schema;
mod span_writer;
mod stored;
pub mod text;
mod to_html;
mod to_markdown;
mod to_text;
pub mod url;
mod warning;

pub use blocks::{
    Align, ArticleRef, Block, Body, Callout, CalloutStyle, Cell, Code, Column, Embed, Gallery,
    Heading, Image, Link, List, ListItem, Mark, Paragraph, Point, Quote, Related, RelatedTarget,
    Relation, Renditions, Span, Table,
};
pub use from_html::{from_html, from_html_body_with, from_html_with};
pub use from_markdown::{from_markdown, from_markdown_with};
pub use parsed::Parsed;
pub use read_json::is_malformed;
pub use references::RefKind;
pub use resolve::{Find, ResolvedArticle, ResolvedBlock, Show, resolve, resolve_stored};
pub use schema::{BlockInput, BodyInput, RelatedInput};
pub use stored::media as media_of_stored;
pub use to_html::to_html;
pub use to_markdown::to_markdown;
pub use to_text::to_text;
pub use warning::Warning;
