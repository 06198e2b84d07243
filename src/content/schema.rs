//! The shape of a body for the API's specification.
//!
//! The union of blocks is written by hand: serde tags it internally by `type`,
//! and a derived schema would neither name its members nor carry a
//! discriminator, without which generated clients can't tell them apart. Every
//! bound comes from the constants that the readers check.

use super::blocks::{Align, Block, Body, CalloutStyle, Mark, Relation};
use super::limits;
use serde_json::{Value, json};
use std::borrow::Cow;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, Discriminator, ObjectBuilder, OneOfBuilder, Schema,
    SchemaFormat, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// The form of one block that clients send. Only `related` differs from
/// [`Block`]; this type stands for that form in the specification.
pub struct BlockInput;

/// The form of a body's blocks that clients send: `{"blocks": […]}`.
pub struct BodyInput;

/// The form of a related block that clients send.
pub struct RelatedInput;

type Schemas = Vec<(String, RefOr<Schema>)>;

const OPEN: &str = "More values may be added; skip what you don't know.";

impl PartialSchema for Body {
    fn schema() -> RefOr<Schema> {
        let blocks = array("Block").max_items(Some(limits::BLOCKS));
        ObjectBuilder::new()
            .description(Some("The body of an article as a tree of typed blocks."))
            .property(
                "blocks",
                blocks.description(Some("The blocks in reading order.")),
            )
            .required("blocks")
            .into()
    }
}

impl ToSchema for Body {
    fn name() -> Cow<'static, str> {
        "Body".into()
    }

    fn schemas(schemas: &mut Schemas) {
        Block::schemas(schemas);
        schemas.push(("Block".to_owned(), Block::schema()));
    }
}

impl PartialSchema for BodyInput {
    fn schema() -> RefOr<Schema> {
        let blocks = array("BlockInput").max_items(Some(limits::BLOCKS));
        ObjectBuilder::new()
            .description(Some("The body of an article as a tree of typed blocks."))
            .property(
                "blocks",
                blocks.description(Some("The blocks in reading order.")),
            )
            .required("blocks")
            .additional_properties(Some(closed()))
            .into()
    }
}

impl ToSchema for BodyInput {
    fn name() -> Cow<'static, str> {
        "BodyInput".into()
    }

    fn schemas(schemas: &mut Schemas) {
        BlockInput::schemas(schemas);
        schemas.push(("BlockInput".to_owned(), BlockInput::schema()));
    }
}

impl PartialSchema for Block {
    fn schema() -> RefOr<Schema> {
        union(false)
    }
}

impl ToSchema for Block {
    fn name() -> Cow<'static, str> {
        "Block".into()
    }

    fn schemas(schemas: &mut Schemas) {
        schemas.push(("Block".to_owned(), union(false)));
        schemas.extend(members(false));
        schemas.extend(parts(false));
    }
}

impl PartialSchema for BlockInput {
    fn schema() -> RefOr<Schema> {
        union(true)
    }
}

impl ToSchema for BlockInput {
    fn name() -> Cow<'static, str> {
        "BlockInput".into()
    }

    fn schemas(schemas: &mut Schemas) {
        schemas.push(("BlockInput".to_owned(), union(true)));
        schemas.extend(members(true));
        schemas.extend(parts(true));
    }
}

impl PartialSchema for RelatedInput {
    fn schema() -> RefOr<Schema> {
        related_input().into()
    }
}

impl ToSchema for RelatedInput {
    fn name() -> Cow<'static, str> {
        "RelatedBlockInput".into()
    }

    fn schemas(schemas: &mut Schemas) {
        schemas.extend(parts(true));
    }
}

/// The name of a member of the union: `ParagraphBlock`, `ParagraphBlockInput`.
fn member_name(block: &str, input: bool) -> String {
    let mut name = block[..1].to_ascii_uppercase();
    name.push_str(&block[1..]);
    name.push_str(if input { "BlockInput" } else { "Block" });
    name
}

fn union(input: bool) -> RefOr<Schema> {
    let names = || {
        Block::NAMES
            .iter()
            .map(|block| (*block, member_name(block, input)))
    };
    let mapping = names().map(|(block, name)| (block, format!("#/components/schemas/{name}")));
    let description = if input {
        "One block of a body, told apart by `type`.".to_owned()
    } else {
        format!("One block of a body, told apart by `type`. {OPEN}")
    };
    let mut union = OneOfBuilder::new()
        .description(Some(description))
        .discriminator(Some(Discriminator::with_mapping("type", mapping)))
        .examples([json!({
            "type": "paragraph",
            "spans": [{"text": "Der Rat stimmte zu.", "marks": []}]
        })]);
    for (_, name) in names() {
        union = union.item(Ref::from_schema_name(name));
    }
    union.into()
}

/// The schemas of all blocks. What stands in `type` has a name of its own: some
/// languages have no room for a type called `Type`, which generators would make
/// of it otherwise.
fn members(input: bool) -> Schemas {
    let types = Block::NAMES.iter().map(|name| {
        let one = plain("The block's type.").enum_values(Some([*name]));
        (type_name(name), one.into())
    });
    Block::NAMES
        .iter()
        .map(|name| (member_name(name, input), member(name, input).into()))
        .chain(types)
        .collect()
}

/// The name of what stands in `type`: `ParagraphBlockType`, sent and delivered.
fn type_name(block: &str) -> String {
    format!("{}Type", member_name(block, false))
}

fn member(name: &str, input: bool) -> ObjectBuilder {
    let suffix = if input { "Input" } else { "" };
    let nested = format!("Block{suffix}");
    let blocks = |what: &str| array(&nested).description(Some(what.to_owned()));
    let spans = array(&format!("Span{suffix}"));
    match name {
        "paragraph" => block(name, "Running text.", input)
            .property("spans", spans)
            .required("spans"),
        "heading" => block(
            name,
            "A subheading; level 1 is the article's headline.",
            input,
        )
        .property("level", integer(2, 4))
        .required("level")
        .property("spans", spans)
        .required("spans"),
        "list" => {
            let start = integer(0, limits::LIST_START)
                .description(Some("The first number of an ordered list; absent means 1."));
            let ordered = boolean("Whether the items are numbered.");
            let list = block(name, "A list.", input)
                .property("ordered", ordered)
                .property("start", start)
                .property("items", array(&format!("ListItem{suffix}")))
                .required("items");
            if input {
                list
            } else {
                list.required("ordered")
            }
        }
        "quote" => block(name, "A block quotation.", input)
            .property("blocks", blocks("Paragraphs and lists."))
            .required("blocks")
            .property(
                "cite",
                string(limits::LINE, "Who said it, or where it stands."),
            ),
        "image" => image(block(name, "One picture.", input), input),
        "gallery" => {
            let images = array(&format!("GalleryImage{suffix}"))
                .min_items(Some(1))
                .max_items(Some(limits::GALLERY_IMAGES));
            block(name, "Pictures that belong together.", input)
                .property("images", images)
                .required("images")
                .property(
                    "caption",
                    string(limits::CAPTION, "The text below all of them."),
                )
        }
        "embed" => {
            let what = format!(
                "The service, such as `youtube`, or the address's host; follows from `url`. {OPEN}"
            );
            let embed = block(
                name,
                "Something that another service shows. Only its address is kept, no markup.",
                input,
            )
            .property("provider", string(limits::URL, &what))
            .property("url", address("Its address, `http` or `https`."))
            .required("url")
            .property("caption", string(limits::CAPTION, "The text below it."));
            if input {
                embed
            } else {
                embed.required("provider")
            }
        }
        "table" => table(block(name, "A table.", input), suffix, input),
        "code" => block(name, "Preformatted text, kept as it is.", input)
            .property("language", string(limits::LANGUAGE, "Such as `rust`."))
            .property("text", string(limits::TEXT, "The text."))
            .required("text"),
        "callout" => block(name, "A boxed remark.", input)
            .property(
                "style",
                enumeration(CalloutStyle::NAMES, "What kind of remark it is.", input),
            )
            .required("style")
            .property("title", string(limits::LINE, "Its own heading."))
            .property("blocks", blocks("Paragraphs, lists, quotes and code."))
            .required("blocks"),
        "divider" => block(name, "A break between two parts of the text.", input),
        _ if input => related_input(),
        _ => {
            let index = integer(0, u32::MAX).description(Some(
                "Its entry in the article's `related`, counted from 0.",
            ));
            block(name, "A link that stands between the paragraphs.", input)
                .property("index", index)
                .required("index")
                .examples([json!({"type": "related", "index": 0})])
        }
    }
}

/// An object with its `type`.
fn block(name: &str, description: &str, input: bool) -> ObjectBuilder {
    object(description, input)
        .property("type", Ref::from_schema_name(type_name(name)))
        .required("type")
}

fn object(description: &str, input: bool) -> ObjectBuilder {
    let object = ObjectBuilder::new().description(Some(description.to_owned()));
    // What is sent is checked to the letter; what is delivered may grow.
    if input {
        object.additional_properties(Some(closed()))
    } else {
        object
    }
}

fn closed() -> AdditionalProperties<Schema> {
    AdditionalProperties::FreeForm(false)
}

fn image(object: ObjectBuilder, input: bool) -> ObjectBuilder {
    let alt = "What it shows, for those who can't see it. Needed to publish, unless `decorative`.";
    let id = |what: &str| plain(what).format(Some(SchemaFormat::Custom("uuid".to_owned())));
    let object = if input {
        let what = "An uploaded picture; what isn't said here is taken from it.";
        let elsewhere = "Where a picture elsewhere is, `http` or `https`; instead of `id`.";
        object
            .property("id", id(what))
            .property("url", address(elsewhere))
    } else {
        let widths = ArrayBuilder::new()
            .items(integer(1, limits::PIXELS))
            .description(Some(
                "The widths in which an uploaded picture can be fetched.",
            ));
        let template = "The address of an uploaded picture as WebP, with one of `widths` in the \
                        place of `{width}`.";
        let thumbhash = "A few bytes (Base64) that give an idea of it while it loads.";
        object
            .property("id", id("Its id, if it is an uploaded picture."))
            .property(
                "url",
                address("Where the picture is; an uploaded one as JPEG."),
            )
            .required("url")
            // As the pictures of articles have it.
            .property("focal_point", Ref::from_schema_name("FocalPoint"))
            .property("thumbhash", plain(thumbhash))
            .property("widths", widths)
            .property("url_template", plain(template))
    };
    object
        .property("alt", string(limits::ALT, alt))
        .property(
            "decorative",
            boolean("Whether it only decorates; absent means no."),
        )
        .property("caption", string(limits::CAPTION, "The text below it."))
        .property("credit", string(limits::LINE, "Who made it."))
        .property(
            "width",
            integer(1, limits::PIXELS).description(Some("Width in pixels.")),
        )
        .property(
            "height",
            integer(1, limits::PIXELS).description(Some("Height in pixels.")),
        )
}

fn table(object: ObjectBuilder, suffix: &str, input: bool) -> ObjectBuilder {
    let row = || array(&format!("Cell{suffix}")).max_items(Some(limits::COLUMNS));
    let columns = array(&format!("Column{suffix}"))
        .max_items(Some(limits::COLUMNS))
        .description(Some("One entry for each column."));
    let rows = ArrayBuilder::new()
        .items(row())
        .description(Some("The rows below the header."));
    let table = object
        .property("columns", columns)
        .property(
            "header",
            row().description(Some("The header row, if there is one.")),
        )
        .property("rows", rows)
        .required("rows");
    if input {
        table
    } else {
        table.required("columns")
    }
}

fn related_input() -> ObjectBuilder {
    block("related", "A link that stands between the paragraphs: to an `article`, or to a `url`, which then needs a `headline`.", true)
        .property("article", Ref::from_schema_name("ArticleRefInput"))
        .property("url", address("An address elsewhere."))
        .property("relation", enumeration(Relation::NAMES, "Default: read_more.", true))
        .property("headline", string(limits::LINE, "Its own text; without one the target's headline is shown."))
        .examples([
            json!({"type": "related", "article": {"slug": "was-kostet-der-nahverkehr"}, "relation": "background"}),
            json!({"type": "related", "url": "https://example.org/214-26", "headline": "Beschlussvorlage 214/26", "relation": "source"}),
        ])
}

/// The schemas that blocks refer to.
fn parts(input: bool) -> Schemas {
    let suffix = if input { "Input" } else { "" };
    let nested = array(&format!("Block{suffix}"));
    let spans = array(&format!("Span{suffix}"));
    let article = Ref::from_schema_name(format!("ArticleRef{suffix}"));
    let marks = ArrayBuilder::new()
        .items(enumeration(Mark::NAMES, "How the text is set.", input))
        .unique_items(true);
    let span = object("Text with the same marks and link throughout.", input)
        .property(
            "text",
            string(limits::TEXT, "The text; a line feed in it is a line break."),
        )
        .required("text")
        .property("marks", marks)
        .property("link", Ref::from_schema_name(format!("Link{suffix}")))
        .examples([json!({"text": "einstimmig", "marks": ["strong"]})]);
    let span = if input { span } else { span.required("marks") };
    let link = object("Where a text leads: either a `url` or an `article`.", input)
        .property(
            "url",
            address("An `http`, `https`, `mailto` or `tel` address."),
        )
        .property("article", article);
    let item = object("One item of a list.", input)
        .property(
            "blocks",
            nested.description(Some("Paragraphs, lists, quotes and code.")),
        )
        .required("blocks");
    let cell = object("One cell of a table.", input)
        .property("spans", spans)
        .required("spans");
    let reference = object(
        if input {
            "An article, by its slug or its id."
        } else {
            "An article that a text leads to."
        },
        input,
    )
    .property("id", uuid())
    .property("slug", slug())
    .property(
        "headline",
        plain("The article's headline; ignored in what is sent."),
    )
    .property(
        "url",
        plain("Its address on the website; ignored in what is sent."),
    );
    let reference = if input {
        reference
    } else {
        reference
            .required("id")
            .required("slug")
            .required("headline")
    };
    let column = ObjectBuilder::new()
        .description(Some("A column of a table."))
        .property(
            "align",
            enumeration(Align::NAMES, "How its cells are aligned.", input),
        );
    vec![
        (format!("Span{suffix}"), span.into()),
        (format!("Column{suffix}"), column.into()),
        (format!("Link{suffix}"), link.into()),
        (format!("ListItem{suffix}"), item.into()),
        (format!("Cell{suffix}"), cell.into()),
        (format!("ArticleRef{suffix}"), reference.into()),
        (
            format!("GalleryImage{suffix}"),
            image(object("A picture in a gallery.", input), input).into(),
        ),
    ]
}

fn array(of: &str) -> ArrayBuilder {
    ArrayBuilder::new().items(Ref::from_schema_name(of))
}

fn plain(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.to_owned()))
}

fn string(max: usize, description: &str) -> ObjectBuilder {
    plain(description).max_length(Some(max))
}

fn address(description: &str) -> ObjectBuilder {
    string(limits::URL, description).format(Some(SchemaFormat::Custom("iri".to_owned())))
}

fn uuid() -> ObjectBuilder {
    plain("The article's id.").format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

fn slug() -> ObjectBuilder {
    string(limits::SLUG, "The article's slug.").pattern(Some("^[a-z0-9]+(-[a-z0-9]+)*$"))
}

fn boolean(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .description(Some(description.to_owned()))
}

fn integer(min: u32, max: u32) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(f64::from(min)))
        .maximum(Some(f64::from(max)))
}

/// What is sent is one of these names; what is delivered may be another one day, which a
/// client made from the description must not refuse.
fn enumeration(names: &[&str], description: &str, input: bool) -> ObjectBuilder {
    let values: Vec<Value> = names.iter().map(|name| Value::from(*name)).collect();
    let named = plain(&format!("{description} {OPEN}"));
    if input {
        return named.enum_values(Some(values));
    }
    let first = values.first().cloned();
    let known = Extensions::builder()
        .add("x-extensible-enum", values)
        .build();
    named.examples(first).extensions(Some(known))
}
