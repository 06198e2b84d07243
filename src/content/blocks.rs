//! The types of the tree and how they look as JSON.
//!
//! The JSON is internally tagged by `type` in snake case. Absent values are
//! left out, never `null`; arrays are always there. `Deserialize` reads back what
//! was written here and checks nothing; what comes from outside is read by
//! [`Body::from_json`].

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// The body of an article, from top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The blocks in reading order.
    pub blocks: Vec<Block>,
}

/// One block of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Running text.
    Paragraph(Paragraph),
    /// A subheading of level 2 to 4; level 1 is the article's headline.
    Heading(Heading),
    /// An ordered or unordered list.
    List(List),
    /// A block quotation.
    Quote(Quote),
    /// One picture.
    Image(Image),
    /// Pictures that belong together.
    Gallery(Gallery),
    /// Something that another service shows at its address.
    Embed(Embed),
    /// A table.
    Table(Table),
    /// Preformatted text.
    Code(Code),
    /// A boxed remark.
    Callout(Callout),
    /// A break between two parts of the text.
    Divider,
    /// A link to another article or page that stands between the paragraphs.
    Related(Related),
}

/// Running text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paragraph {
    /// The text, cut where marks or links change.
    pub spans: Vec<Span>,
}

/// A subheading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// 2, 3 or 4.
    pub level: u8,
    /// The text of the heading.
    pub spans: Vec<Span>,
}

/// A list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Whether the items are numbered.
    pub ordered: bool,
    /// The first number of an ordered list; absent means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// The items, at least one.
    pub items: Vec<ListItem>,
}

/// One item of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListItem {
    /// Paragraphs, lists, quotes and code.
    pub blocks: Vec<Block>,
}

/// A block quotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Paragraphs and lists.
    pub blocks: Vec<Block>,
    /// Who said it, or where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cite: Option<String>,
}

/// A picture, as a block of its own or within a gallery: one that the newsroom has
/// uploaded, by its id, or one elsewhere, by its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The uploaded picture. Comes first: [`super::media_of_stored`] looks there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Where the picture is, `http` or `https`. Empty while a picture with an `id`
    /// isn't resolved.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// What it shows, for those who can't see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Whether it only decorates and so needs no `alt`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decorative: bool,
    /// The text below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// Width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// What an uploaded picture can be fetched as; only there when it is resolved.
    #[serde(flatten, skip_deserializing)]
    pub renditions: Option<Renditions>,
}

/// What an uploaded picture can be fetched as.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Renditions {
    /// What must stay in sight when it is cropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_point: Option<Point>,
    /// A few bytes (Base64) that give an idea of it while it loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbhash: Option<String>,
    /// The widths in which it can be fetched, the narrowest first.
    pub widths: Vec<u32>,
    /// Its address as WebP, with one of `widths` in the place of `{width}`.
    pub url_template: String,
}

/// A point of a picture, from the left and from above, each 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

// Both are numbers from 0 to 1, never NaN.
impl Eq for Point {}
impl Eq for Renditions {}

/// Pictures that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gallery {
    /// The pictures, at least one.
    pub images: Vec<Image>,
    /// The text below all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// Something that another service shows at its address. No markup of that
/// service is kept, only the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embed {
    /// The service, such as `youtube`, or the address's host. Follows from
    /// `url`, see [`super::url::provider`].
    pub provider: String,
    /// The address, `http` or `https`.
    pub url: String,
    /// The text below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// A table. Every row, and the header, has as many cells as `columns`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// One entry a column.
    pub columns: Vec<Column>,
    /// The header row, if the table has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Vec<Cell>>,
    /// The rows below the header.
    pub rows: Vec<Vec<Cell>>,
}

/// What holds for a whole column of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// How its cells are aligned, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub align: Option<Align>,
}

/// One cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Its text, possibly empty.
    pub spans: Vec<Span>,
}

/// Preformatted text, kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The language it is written in, such as `rust`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The text, without a line feed at its end that only closed the block.
    pub text: String,
}

/// A boxed remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callout {
    /// What kind of remark it is.
    pub style: CalloutStyle,
    /// Its own heading; without one the frontend names the style.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Paragraphs, lists, quotes and code.
    pub blocks: Vec<Block>,
}

/// A link to an article or an address elsewhere that stands as a block.
///
/// As JSON it has two forms. Unresolved, it is what an editor wrote:
/// `{"type": "related", "article": {"slug": "x"}, "relation": "background"}`.
/// Resolved, it only points into the article's `related` list:
/// `{"type": "related", "index": 0}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What it points to.
    pub target: RelatedTarget,
    /// How the target relates to this article.
    pub relation: Relation,
    /// Its own text; without one the target's headline is shown.
    pub headline: Option<String>,
    /// Its place in the delivered `related` list; set by [`super::resolve()`].
    pub index: Option<usize>,
}

/// What a [`Related`] block points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelatedTarget {
    /// An article of this newsroom.
    Article(ArticleRef),
    /// An address elsewhere.
    Url(String),
}

/// Text with the same marks and link from its first character to its last.
/// A line feed in it is a line break.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The text, never empty.
    pub text: String,
    /// Sorted, each at most once.
    pub marks: Vec<Mark>,
    /// Where the text leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// Where a span leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// An address: `http`, `https`, `mailto` or `tel`.
    Url(String),
    /// An article of this newsroom.
    Article(ArticleRef),
}

/// A reference to an article, by slug or id. `headline` and `url` are only
/// there when it is resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleRef {
    /// The article's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The article's slug, which need not exist yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The article's headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Its address on the website.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Declares an enumeration together with its names in JSON, so that the
/// readers, the writers and the schemas can't disagree about them.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in its order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];
            /// The name of every value, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// The name in JSON.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The value with this name, if there is one.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

named! {
    /// How a span is set. The order is the order in `marks`.
    Mark {
        /// Strong importance, usually bold.
        Strong = "strong",
        /// Stress, usually italic.
        Emphasis = "emphasis",
        /// Struck through.
        Strike = "strike",
        /// Code within running text.
        Code = "code",
        /// Lowered.
        Subscript = "subscript",
        /// Raised.
        Superscript = "superscript",
    }
}

named! {
    /// The kinds of callout, those of GitHub's alerts.
    CalloutStyle {
        /// Worth knowing.
        Note = "note",
        /// Helpful advice.
        Tip = "tip",
        /// Needed to understand the rest.
        Important = "important",
        /// Needs attention at once.
        Warning = "warning",
        /// Warns of what may follow.
        Caution = "caution",
    }
}

named! {
    /// How the cells of a column are aligned.
    Align {
        /// To the left.
        Left = "left",
        /// In the middle.
        Center = "center",
        /// To the right.
        Right = "right",
    }
}

named! {
    /// How a related target relates to the article.
    Relation {
        /// Explains what went before.
        Background = "background",
        /// Tells what happened next.
        FollowUp = "follow_up",
        /// Comments on it.
        Opinion = "opinion",
        /// Where it comes from.
        Source = "source",
        /// Simply more on the subject; the default.
        ReadMore = "read_more",
    }
}

// The macro can't mark a variant as the default.
#[allow(clippy::derivable_impls)]
impl Default for Relation {
    fn default() -> Self {
        Relation::ReadMore
    }
}

impl Block {
    /// The names of all blocks, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &[
        "paragraph",
        "heading",
        "list",
        "quote",
        "image",
        "gallery",
        "embed",
        "table",
        "code",
        "callout",
        "divider",
        "related",
    ];

    /// The block's `type` in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Block::Paragraph(_) => "paragraph",
            Block::Heading(_) => "heading",
            Block::List(_) => "list",
            Block::Quote(_) => "quote",
            Block::Image(_) => "image",
            Block::Gallery(_) => "gallery",
            Block::Embed(_) => "embed",
            Block::Table(_) => "table",
            Block::Code(_) => "code",
            Block::Callout(_) => "callout",
            Block::Divider => "divider",
            Block::Related(_) => "related",
        }
    }
}

impl ArticleRef {
    /// A reference by slug.
    pub fn slug(slug: impl Into<String>) -> Self {
        ArticleRef {
            slug: Some(slug.into()),
            ..Self::default()
        }
    }

    /// A reference by id.
    pub fn id(id: Uuid) -> Self {
        ArticleRef {
            id: Some(id),
            ..Self::default()
        }
    }

    /// A reference written as one word: a UUID is an id, anything else a slug.
    pub fn parse(word: &str) -> Self {
        match Uuid::try_parse(word) {
            Ok(id) => Self::id(id),
            Err(_) => Self::slug(word),
        }
    }

    /// The word that [`ArticleRef::parse`] reads back: the slug if known,
    /// otherwise the id.
    pub fn word(&self) -> String {
        match (&self.slug, self.id) {
            (Some(slug), _) => slug.clone(),
            (None, Some(id)) => id.to_string(),
            (None, None) => String::new(),
        }
    }
}

impl Related {
    /// The text to show: its own, the target's headline, or what the target is
    /// called by while it isn't resolved.
    pub fn text(&self) -> String {
        if let Some(headline) = &self.headline {
            return headline.clone();
        }
        match &self.target {
            RelatedTarget::Article(article) => {
                article.headline.clone().unwrap_or_else(|| article.word())
            }
            RelatedTarget::Url(url) => url.clone(),
        }
    }

    /// The address to lead to, if one is known.
    pub fn href(&self) -> Option<&str> {
        match &self.target {
            RelatedTarget::Article(article) => article.url.as_deref(),
            RelatedTarget::Url(url) => Some(url),
        }
    }
}

impl Serialize for Related {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(index) = self.index {
            let mut fields = serializer.serialize_struct("Related", 1)?;
            fields.serialize_field("index", &index)?;
            return fields.end();
        }
        let length = 2 + usize::from(self.headline.is_some());
        let mut fields = serializer.serialize_struct("Related", length)?;
        match &self.target {
            RelatedTarget::Article(article) => fields.serialize_field("article", article)?,
            RelatedTarget::Url(url) => fields.serialize_field("url", url)?,
        }
        fields.serialize_field("relation", &self.relation)?;
        if let Some(headline) = &self.headline {
            fields.serialize_field("headline", headline)?;
        }
        fields.end()
    }
}
