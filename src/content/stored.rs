//! Reading blocks that this program stored itself.
//!
//! They were checked when they came in, and a reader waits for them, so nothing
//! is checked and nothing buffered here: a block's `type` comes first, as it is
//! written, and the rest is read straight into what it names.

use super::blocks::{
    Align, ArticleRef, Block, CalloutStyle, Mark, Related, RelatedTarget, Relation,
};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use uuid::Uuid;

/// Whether a stored block refers to an article or to an uploaded picture: whether
/// it isn't what a reader gets. Within a text the quotation marks would be escaped,
/// so a member's name can't be mistaken.
pub fn refers(block: &str) -> bool {
    block.starts_with(r#"{"type":"related""#)
        || block.contains(r#""article":"#)
        || media(block).next().is_some()
}

/// The uploaded pictures that a stored body, or a block of it, shows: the ids that
/// follow an image block's type, or begin a picture of a gallery. No other object
/// in an array begins with an id.
pub fn media(body: &str) -> impl Iterator<Item = Uuid> {
    const ID: &str = r#""id":""#;
    body.match_indices(ID).filter_map(move |(at, _)| {
        let before = &body[..at];
        let shown = [r#"{"type":"image","#, "[{", ",{"];
        if !shown.iter().any(|begin| before.ends_with(begin)) {
            return None;
        }
        Uuid::try_parse(body.get(at + ID.len()..)?.get(..36)?).ok()
    })
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum First {
    Type,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Paragraph,
    Heading,
    List,
    Quote,
    Image,
    Gallery,
    Embed,
    Table,
    Code,
    Callout,
    Divider,
    Related,
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BlockVisitor)
    }
}

struct BlockVisitor;

impl<'de> Visitor<'de> for BlockVisitor {
    type Value = Block;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a block whose type comes first")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Block, A::Error> {
        let Some(First::Type) = map.next_key()? else {
            return Err(A::Error::missing_field("type"));
        };
        let kind = map.next_value()?;
        let rest = MapAccessDeserializer::new(map);
        Ok(match kind {
            Kind::Paragraph => Block::Paragraph(Deserialize::deserialize(rest)?),
            Kind::Heading => Block::Heading(Deserialize::deserialize(rest)?),
            Kind::List => Block::List(Deserialize::deserialize(rest)?),
            Kind::Quote => Block::Quote(Deserialize::deserialize(rest)?),
            Kind::Image => Block::Image(Deserialize::deserialize(rest)?),
            Kind::Gallery => Block::Gallery(Deserialize::deserialize(rest)?),
            Kind::Embed => Block::Embed(Deserialize::deserialize(rest)?),
            Kind::Table => Block::Table(Deserialize::deserialize(rest)?),
            Kind::Code => Block::Code(Deserialize::deserialize(rest)?),
            Kind::Callout => Block::Callout(Deserialize::deserialize(rest)?),
            Kind::Divider => {
                IgnoredAny::deserialize(rest)?;
                Block::Divider
            }
            Kind::Related => Block::Related(Deserialize::deserialize(rest)?),
        })
    }
}

impl<'de> Deserialize<'de> for Related {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Unresolved {
            article: Option<ArticleRef>,
            url: Option<String>,
            relation: Relation,
            headline: Option<String>,
        }
        let Unresolved {
            article,
            url,
            relation,
            headline,
        } = Deserialize::deserialize(deserializer)?;
        let target = match (article, url) {
            (Some(article), _) => RelatedTarget::Article(article),
            (None, Some(url)) => RelatedTarget::Url(url),
            (None, None) => return Err(D::Error::missing_field("article")),
        };
        Ok(Related {
            target,
            relation,
            headline,
            index: None,
        })
    }
}

/// Reads values by their names.
macro_rules! by_name {
    ($($name:ident)+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Named;

                impl Visitor<'_> for Named {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "one of {}", $name::NAMES.join(", "))
                    }

                    fn visit_str<E: Error>(self, name: &str) -> Result<$name, E> {
                        $name::from_name(name).ok_or_else(|| E::unknown_variant(name, $name::NAMES))
                    }
                }

                deserializer.deserialize_str(Named)
            }
        }
    )+};
}

by_name!(Mark CalloutStyle Align Relation);
