//! Reading blocks.

use super::Reader;
use super::fields::Object;
use crate::content::blocks::{
    Align, Block, Callout, CalloutStyle, Cell, Code, Column, Embed, Gallery, Heading, Image, List,
    ListItem, Paragraph, Quote, Related, RelatedTarget, Relation, Table,
};
use crate::content::{limits, normalize, url};
use serde_json::Value;
use uuid::Uuid;

/// What may stand in list items and callouts.
const IN_ITEM: &[&str] = &["paragraph", "list", "quote", "code"];
/// What may stand in quotes.
const IN_QUOTE: &[&str] = &["paragraph", "list"];

/// Where blocks are being read.
#[derive(Clone, Copy)]
struct Place {
    allowed: &'static [&'static str],
    name: &'static str,
    lists: usize,
}

impl Reader {
    pub fn top_level(&mut self, blocks: &Value, pointer: &str) -> Vec<Block> {
        match blocks {
            Value::Array(values) => {
                let place = Place {
                    allowed: Block::NAMES,
                    name: "the body",
                    lists: 0,
                };
                self.blocks(values, pointer, place)
            }
            other => {
                self.wrong_type(pointer, "an array of blocks", other);
                Vec::new()
            }
        }
    }

    fn blocks(&mut self, values: &[Value], pointer: &str, place: Place) -> Vec<Block> {
        let mut blocks = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if self.is_full() {
                break;
            }
            let pointer = format!("{pointer}/{index}");
            blocks.extend(
                self.object(value, &pointer)
                    .and_then(|object| self.block(object, place)),
            );
        }
        blocks
    }

    fn inner(&mut self, object: Object<'_>, place: Place) -> Vec<Block> {
        if object.get("blocks").is_none() {
            self.missing(object, "blocks", "an array of blocks");
        }
        let values = self.array(object, "blocks").unwrap_or_default();
        self.blocks(values, &object.at("blocks"), place)
    }

    fn block(&mut self, object: Object<'_>, place: Place) -> Option<Block> {
        let Some(name) = object.get("type") else {
            let known = Block::NAMES.join(", ");
            self.missing(object, "type", &format!("one of {known}"));
            return None;
        };
        let Some(name) = name.as_str() else {
            self.wrong_type(&object.at("type"), "a string", name);
            return None;
        };
        if Block::NAMES.contains(&name) && !place.allowed.contains(&name) {
            let detail = format!(
                "A block of type {name} can't stand in {}; allowed there: {}.",
                place.name,
                place.allowed.join(", ")
            );
            self.error(object.pointer, "not-allowed-here", detail);
            return None;
        }
        match name {
            "paragraph" => {
                self.known_fields(object, &["type", "spans"]);
                Some(Block::Paragraph(Paragraph {
                    spans: self.spans(object),
                }))
            }
            "heading" => self.heading(object),
            "list" => self.list(object, place),
            "quote" => {
                self.known_fields(object, &["type", "blocks", "cite"]);
                let place = Place {
                    allowed: IN_QUOTE,
                    name: "a quote",
                    ..place
                };
                let cite = self.string(object, "cite", limits::LINE);
                Some(Block::Quote(Quote {
                    blocks: self.inner(object, place),
                    cite,
                }))
            }
            "image" => self.image(object, true).map(Block::Image),
            "gallery" => self.gallery(object),
            "embed" => self.embed(object),
            "table" => self.table(object),
            "code" => self.code(object),
            "callout" => self.callout(object),
            "divider" => {
                self.known_fields(object, &["type"]);
                Some(Block::Divider)
            }
            "related" => self.related(object),
            unknown => {
                let value = Value::String(unknown.to_owned());
                let pointer = object.at("type");
                self.named::<()>(&value, &pointer, Block::NAMES, |_| None);
                if let Some(error) = self
                    .errors
                    .last_mut()
                    .filter(|error| error.pointer == pointer)
                {
                    error.code = "unknown-type";
                }
                None
            }
        }
    }

    fn heading(&mut self, object: Object<'_>) -> Option<Block> {
        self.known_fields(object, &["type", "level", "spans"]);
        if object.get("level").is_none() {
            self.missing(object, "level", "a number from 2 to 4");
        }
        let level = self.integer(object, "level", 2, 4);
        let spans = self.spans(object);
        let level = u8::try_from(level?).ok()?;
        Some(Block::Heading(Heading { level, spans }))
    }

    fn list(&mut self, object: Object<'_>, place: Place) -> Option<Block> {
        self.known_fields(object, &["type", "ordered", "start", "items"]);
        let place = Place {
            allowed: IN_ITEM,
            name: "a list item",
            lists: place.lists + 1,
        };
        if place.lists > limits::LIST_DEPTH {
            let detail = format!("Lists nest at most {} deep.", limits::LIST_DEPTH);
            self.error(object.pointer, "too-deep", detail);
            return None;
        }
        let ordered = self.boolean(object, "ordered").unwrap_or(false);
        let start = self.integer(object, "start", 0, limits::LIST_START);
        if start.is_some() && !ordered {
            let detail = "Only an ordered list has a start; add \"ordered\": true or leave it out.";
            self.error(&object.at("start"), "conflict", detail);
        }
        if object.get("items").is_none() {
            self.missing(object, "items", "an array such as [{\"blocks\": […]}]");
        }
        let mut items = Vec::new();
        for (index, value) in self
            .array(object, "items")
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            if self.is_full() {
                break;
            }
            let pointer = format!("{}/items/{index}", object.pointer);
            let Some(item) = self.object(value, &pointer) else {
                continue;
            };
            self.known_fields(item, &["blocks"]);
            items.push(ListItem {
                blocks: self.inner(item, place),
            });
        }
        Some(Block::List(List {
            ordered,
            start,
            items,
        }))
    }

    fn image(&mut self, object: Object<'_>, block: bool) -> Option<Image> {
        let known = [
            "type",
            "id",
            "url",
            "alt",
            "decorative",
            "caption",
            "credit",
            "width",
            "height",
        ];
        self.known_fields(object, &known[usize::from(!block)..]);
        let (id, url) = match (object.get("id"), object.get("url")) {
            (Some(_), None) => (self.medium(object), None),
            (None, Some(_)) => (None, self.url(object, "url", url::Use::Media)),
            (Some(_), Some(_)) => {
                let detail = "A picture has either an id or a url, not both.";
                self.error(object.pointer, "conflict", detail);
                (None, None)
            }
            (None, None) => {
                let what = "send the id of an uploaded picture, or a url";
                self.missing(object, "id", what);
                (None, None)
            }
        };
        let image = Image {
            id,
            alt: self.string(object, "alt", limits::ALT),
            decorative: self.boolean(object, "decorative").unwrap_or(false),
            caption: self.string(object, "caption", limits::CAPTION),
            credit: self.string(object, "credit", limits::LINE),
            width: self.integer(object, "width", 1, limits::PIXELS),
            height: self.integer(object, "height", 1, limits::PIXELS),
            ..Image::default()
        };
        if id.is_some() && (image.width.is_some() || image.height.is_some()) {
            let detail = "The size of an uploaded picture is known; leave width and height out.";
            self.error(object.pointer, "conflict", detail);
        }
        if image.decorative && image.alt.as_ref().is_some_and(|alt| !alt.trim().is_empty()) {
            let detail = "A decorative picture has no alt text; send one or the other.";
            self.error(&object.at("decorative"), "conflict", detail);
        }
        match (id, url) {
            (None, None) => None,
            (_, url) => Some(Image {
                url: url.unwrap_or_default(),
                ..image
            }),
        }
    }

    /// The id of an uploaded picture.
    fn medium(&mut self, object: Object<'_>) -> Option<Uuid> {
        let id = self.string(object, "id", 100)?;
        let id = Uuid::try_parse(&id).ok();
        if id.is_none() {
            let detail = "This isn't a UUID; an upload to /v1/editor/media answers the id.";
            self.error(&object.at("id"), "invalid-id", detail);
        }
        id
    }

    fn gallery(&mut self, object: Object<'_>) -> Option<Block> {
        self.known_fields(object, &["type", "images", "caption"]);
        let caption = self.string(object, "caption", limits::CAPTION);
        if object.get("images").is_none() {
            self.missing(object, "images", "an array of pictures");
        }
        let values = self.array(object, "images")?;
        if values.is_empty() {
            self.error(
                &object.at("images"),
                "empty",
                "A gallery has at least one picture.",
            );
        }
        if values.len() > limits::GALLERY_IMAGES {
            let detail = format!("A gallery has at most {} pictures.", limits::GALLERY_IMAGES);
            self.error(&object.at("images"), "too-many-items", detail);
        }
        let mut images = Vec::new();
        for (index, value) in values.iter().enumerate().take(limits::GALLERY_IMAGES) {
            let pointer = format!("{}/images/{index}", object.pointer);
            images.extend(
                self.object(value, &pointer)
                    .and_then(|image| self.image(image, false)),
            );
        }
        Some(Block::Gallery(Gallery { images, caption }))
    }

    fn embed(&mut self, object: Object<'_>) -> Option<Block> {
        self.known_fields(object, &["type", "provider", "url", "caption"]);
        if object.get("url").is_none() {
            self.missing(object, "url", "the address of what is embedded");
        }
        let url = self.url(object, "url", url::Use::Media);
        let caption = self.string(object, "caption", limits::CAPTION);
        let given = self.string(object, "provider", limits::URL);
        let url = url?;
        let provider = url::provider(&url);
        if given.is_some_and(|given| given != provider) {
            let detail = format!(
                "The provider follows from the address, here “{provider}”; leave the field out."
            );
            self.error(&object.at("provider"), "conflict", detail);
        }
        Some(Block::Embed(Embed {
            provider,
            url,
            caption,
        }))
    }

    fn table(&mut self, object: Object<'_>) -> Option<Block> {
        self.known_fields(object, &["type", "columns", "header", "rows"]);
        let mut columns = Vec::new();
        for (index, value) in self
            .array(object, "columns")
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            if self.is_full() {
                break;
            }
            let pointer = format!("{}/columns/{index}", object.pointer);
            let Some(column) = self.object(value, &pointer) else {
                continue;
            };
            self.known_fields(column, &["align"]);
            let align = column.get("align").and_then(|align| {
                self.named(align, &column.at("align"), Align::NAMES, Align::from_name)
            });
            columns.push(Column { align });
        }
        let header = object
            .get("header")
            .and_then(|value| self.row(value, &object.at("header")));
        if object.get("rows").is_none() {
            self.missing(object, "rows", "an array of rows, each an array of cells");
        }
        let mut rows = Vec::new();
        for (index, value) in self
            .array(object, "rows")
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            if self.is_full() {
                break;
            }
            rows.extend(self.row(value, &format!("{}/rows/{index}", object.pointer)));
        }
        let width = header
            .iter()
            .chain(&rows)
            .map(Vec::len)
            .max()
            .unwrap_or(0)
            .max(columns.len());
        if width > limits::COLUMNS {
            let detail = format!("A table has at most {} columns.", limits::COLUMNS);
            self.error(object.pointer, "too-many-items", detail);
            return None;
        }
        // Rows are filled up to the longest, so many short ones count as long.
        let cells = width * (rows.len() + usize::from(header.is_some()));
        if cells > limits::ITEMS {
            let detail = format!("The table has {cells} cells; the cap is {}.", limits::ITEMS);
            self.error(object.pointer, "too-many-items", detail);
            return None;
        }
        if width == 0 {
            self.error(object.pointer, "empty", "A table has at least one cell.");
        }
        Some(Block::Table(Table {
            columns,
            header,
            rows,
        }))
    }

    fn row(&mut self, value: &Value, pointer: &str) -> Option<Vec<Cell>> {
        let Value::Array(values) = value else {
            self.wrong_type(pointer, "an array of cells", value);
            return None;
        };
        let mut cells = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if self.is_full() {
                break;
            }
            let pointer = format!("{pointer}/{index}");
            let Some(cell) = self.object(value, &pointer) else {
                continue;
            };
            self.known_fields(cell, &["spans"]);
            cells.push(Cell {
                spans: self.spans(cell),
            });
        }
        Some(cells)
    }

    fn code(&mut self, object: Object<'_>) -> Option<Block> {
        self.known_fields(object, &["type", "language", "text"]);
        let language = self.string(object, "language", limits::LANGUAGE);
        if language
            .as_deref()
            .is_some_and(|word| !normalize::is_language(word))
        {
            let detail = "A language is one word of letters, digits and + - # . _, such as rust.";
            self.error(&object.at("language"), "invalid-language", detail);
        }
        if object.get("text").is_none() {
            self.missing(object, "text", "a string");
        }
        let text = self.string(object, "text", limits::TEXT)?;
        Some(Block::Code(Code { language, text }))
    }

    fn callout(&mut self, object: Object<'_>) -> Option<Block> {
        self.known_fields(object, &["type", "style", "title", "blocks"]);
        let style = match object.get("style") {
            Some(style) => {
                let pointer = object.at("style");
                self.named(
                    style,
                    &pointer,
                    CalloutStyle::NAMES,
                    CalloutStyle::from_name,
                )
            }
            None => {
                self.missing(
                    object,
                    "style",
                    &format!("one of {}", CalloutStyle::NAMES.join(", ")),
                );
                None
            }
        };
        let title = self.string(object, "title", limits::LINE);
        let place = Place {
            allowed: IN_ITEM,
            name: "a callout",
            lists: 0,
        };
        let blocks = self.inner(object, place);
        Some(Block::Callout(Callout {
            style: style?,
            title,
            blocks,
        }))
    }

    fn related(&mut self, object: Object<'_>) -> Option<Block> {
        self.known_fields(
            object,
            &["type", "article", "url", "relation", "headline", "index"],
        );
        let relation = object.get("relation").and_then(|value| {
            self.named(
                value,
                &object.at("relation"),
                Relation::NAMES,
                Relation::from_name,
            )
        });
        let headline = self.string(object, "headline", limits::LINE);
        let target = match (object.get("article"), object.get("url")) {
            (Some(article), None) => self
                .article(article, &object.at("article"))
                .map(RelatedTarget::Article),
            (None, Some(_)) => {
                if headline.as_ref().is_none_or(|text| text.trim().is_empty()) {
                    let what = "a related address needs a text of its own";
                    self.missing(object, "headline", what);
                }
                self.url(object, "url", url::Use::Media)
                    .map(RelatedTarget::Url)
            }
            (Some(_), Some(_)) => {
                let detail = "A related block has either an article or a url, not both.";
                self.error(object.pointer, "conflict", detail);
                None
            }
            (None, None) => {
                let what = if object.get("index").is_some() {
                    "a block with only an index is the delivered form and can't be sent back; send \
                     {\"type\": \"related\", \"article\": {\"slug\": \"…\"}}"
                } else {
                    "send \"article\": {\"slug\": \"…\"}, or a url with a headline"
                };
                self.missing(object, "article", what);
                None
            }
        };
        Some(Block::Related(Related {
            target: target?,
            relation: relation.unwrap_or_default(),
            headline,
            index: None,
        }))
    }
}
