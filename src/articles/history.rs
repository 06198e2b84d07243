//! What editors see of an article's revisions: the list, one of them whole, and
//! what differs between two.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::diff::{self, BlockChange, BlockFate, DiffSpan, Fate};
use super::model::{ArticleRow, Content, RevisionLine};
use super::ops::{content_of, revision_at};
use super::view::{ContentView, Form, Person, content_view, link, name_targets};
use crate::config::Config;
use crate::content::Block;
use crate::db::{Conn, Id, Time};
use crate::error::{Result, internal, not_found};
use crate::sections;

/// A revision in the list of an article's revisions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RevisionItem {
    /// 1 for the first.
    #[schema(example = 3)]
    pub number: i32,
    /// When it was written.
    pub created_at: Time,
    /// By whom.
    pub created_by: Person,
    /// What it changes, in the words of who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Zahlen korrigiert")]
    pub revision_note: Option<String>,
    /// The older revision that it is a copy of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub restored_from: Option<i32>,
    /// Whether it is the newest, which editing goes on from.
    pub working_copy: bool,
    /// Whether readers see it.
    pub live: bool,
    /// Whether readers will see it, by time alone.
    pub scheduled: bool,
    /// Its headline.
    #[schema(example = "Stadtrat beschließt kostenlosen Nahverkehr")]
    pub headline: String,
    /// Words of its body.
    #[schema(example = 412)]
    pub word_count: i32,
    /// Bytes of its body, as it is stored.
    #[schema(example = 5312)]
    pub bytes: i32,
    /// Where to go on.
    pub links: RevisionLinks,
}

/// Addresses of a revision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RevisionLinks {
    /// The revision, whole.
    #[serde(rename = "self")]
    #[schema(
        format = "uri",
        example = "https://api.example/v1/editor/articles/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/revisions/3"
    )]
    pub this: String,
    /// What it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "https://api.example/v1/editor/articles/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/diff?from=2&to=3"
    )]
    pub diff: Option<String>,
}

/// A revision, whole, in the form in which it can be sent by PUT.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RevisionView {
    /// What it says.
    #[serde(flatten)]
    pub content: ContentView,
    /// Where this text comes from. It may be sent along, to any article.
    pub from_revision: RevisionItem,
}

/// What differs between two revisions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Diff {
    /// The one side, in most cases the older one.
    pub from: RevisionItem,
    /// The other side.
    pub to: RevisionItem,
    /// The members that differ, but for the body.
    pub fields: Vec<FieldChange>,
    /// The blocks of the body that aren't the same, in reading order.
    pub blocks: Vec<BlockChange>,
    /// How many blocks are the same, in the same order.
    #[schema(example = 12)]
    pub same_blocks: usize,
}

/// A member that differs between two revisions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldChange {
    /// Its name.
    #[schema(value_type = String, example = "headline")]
    pub field: &'static str,
    /// What it was; left out if it wasn't there. Sections, topics and authors
    /// come with id, slug and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Value>, example = json!("Stadtrat beschließt Nahverkehr"))]
    pub from: Option<Value>,
    /// What it is; left out if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Value>, example = json!("Stadtrat beschließt kostenlosen Nahverkehr"))]
    pub to: Option<Value>,
    /// Both texts, word by word; empty if it is no text.
    pub spans: Vec<DiffSpan>,
}

/// The revisions of an article, newest first, from below a number.
pub fn page(
    conn: &mut Conn<'_>,
    row: &ArticleRow,
    below: Option<i32>,
    limit: i64,
    now: Time,
    config: &Config,
) -> Result<Vec<RevisionItem>> {
    let below = below.unwrap_or(i32::MAX);
    let lines = crate::store!(*conn, articles::revision_lines(row.id, below, limit))?;
    let mut people: BTreeMap<Id, Person> = BTreeMap::new();
    let mut items = Vec::with_capacity(lines.len());
    for line in lines {
        let person = match people.get(&line.created_by) {
            Some(person) => person.clone(),
            None => {
                let person = Person::load(conn, line.created_by)?;
                people.insert(line.created_by, person.clone());
                person
            }
        };
        items.push(item(row, line, person, now, config));
    }
    Ok(items)
}

fn item(
    row: &ArticleRow,
    line: RevisionLine,
    created_by: Person,
    now: Time,
    config: &Config,
) -> RevisionItem {
    let number = line.number;
    let at = format!("{}/v1/editor/articles/{}", config.public_url, row.id);
    let pointed = row.live_revision == Some(number);
    RevisionItem {
        number,
        created_at: line.created_at,
        created_by,
        revision_note: line.revision_note,
        restored_from: line.restored_from,
        working_copy: number == row.revision,
        live: pointed && row.is_visible(now),
        scheduled: pointed && row.published_at.is_some_and(|at| at > now),
        headline: line.headline,
        word_count: line.word_count,
        bytes: line.bytes,
        links: RevisionLinks {
            this: format!("{at}/revisions/{number}"),
            diff: (number > 1).then(|| format!("{at}/diff?from={}&to={number}", number - 1)),
        },
    }
}

fn one(
    conn: &mut Conn<'_>,
    row: &ArticleRow,
    number: i32,
    now: Time,
    config: &Config,
) -> Result<RevisionItem> {
    page(conn, row, number.checked_add(1), 1, now, config)?
        .pop()
        .filter(|item| item.number == number)
        .ok_or_else(|| not_found(format!("Revision {number} of `{}`", row.slug)))
}

/// A revision, whole.
pub fn revision(
    conn: &mut Conn<'_>,
    row: &ArticleRow,
    number: i32,
    form: Form,
    now: Time,
    config: &Config,
) -> Result<RevisionView> {
    let revision = revision_at(conn, row, number)?;
    let content = content_of(conn, &revision)?;
    Ok(RevisionView {
        content: content_view(conn, content, form, config)?,
        from_revision: one(conn, row, number, now, config)?,
    })
}

/// What differs between two revisions.
pub fn diff(
    conn: &mut Conn<'_>,
    row: &ArticleRow,
    from: i32,
    to: i32,
    now: Time,
    config: &Config,
) -> Result<Diff> {
    let mut read = |number| {
        let revision = revision_at(conn, row, number)?;
        let mut content = content_of(conn, &revision)?;
        name_targets(conn, &mut content)?;
        Ok::<_, crate::error::Error>(content)
    };
    let (old, new) = (read(from)?, read(to)?);
    let names = Names::load(conn, &[&old, &new])?;
    let deadline = diff::deadline();
    let (blocks, same_blocks) = diff::blocks(&old.body, &new.body, deadline);
    Ok(Diff {
        from: one(conn, row, from, now, config)?,
        to: one(conn, row, to, now, config)?,
        fields: fields(&names, &old, &new, deadline)?,
        blocks,
        same_blocks,
    })
}

/// What sections, topics and authors are called now.
#[derive(Default)]
struct Names(HashMap<Id, (String, String)>);

impl Names {
    fn load(conn: &mut Conn<'_>, contents: &[&Content]) -> Result<Self> {
        let mut names = Names::default();
        let tree = sections::ops::tree(conn)?;
        let of = |list: fn(&Content) -> &[Id]| -> Vec<Id> {
            contents
                .iter()
                .flat_map(|content| list(content).to_vec())
                .collect()
        };
        for section in contents.iter().filter_map(|content| content.section_id) {
            if let Some(section) = tree.by_id(section) {
                names.put(section.id, &section.slug, &section.name);
            }
        }
        for topic in crate::store!(*conn, topics::by_ids(&of(|content| &content.topics)))? {
            names.put(topic.id, &topic.slug, &topic.name);
        }
        for author in crate::store!(*conn, authors::by_ids(&of(|content| &content.authors)))? {
            names.put(author.id, &author.slug, &author.name);
        }
        Ok(names)
    }

    fn put(&mut self, id: Id, slug: &str, name: &str) {
        self.0.insert(id, (slug.to_owned(), name.to_owned()));
    }

    /// What has been removed since has its id only.
    fn show(&self, id: Id) -> Value {
        match self.0.get(&id) {
            Some((slug, name)) => json!({"id": id, "slug": slug, "name": name}),
            None => json!({"id": id}),
        }
    }
}

/// Every member of a revision but its body, as it is compared and shown.
fn members(names: &Names, content: &Content) -> Result<Vec<(&'static str, Option<Value>)>> {
    let Content {
        kind,
        language,
        kicker,
        headline,
        subheadline,
        teaser,
        section_id,
        topics,
        authors,
        image,
        priority,
        access,
        source,
        seo,
        note,
        embargo_until,
        expires_at,
        body: _,
        related,
    } = content;
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let list = |ids: &[Id]| -> Option<Value> {
        (!ids.is_empty()).then(|| ids.iter().map(|id| names.show(*id)).collect())
    };
    let value = |value: Result<Value, serde_json::Error>| value.map_err(internal);
    let related: Vec<_> = related.iter().cloned().map(link).collect();
    Ok(vec![
        ("kind", Some(json!(kind))),
        ("language", Some(json!(language))),
        ("kicker", text(kicker)),
        ("headline", Some(json!(headline))),
        ("subheadline", text(subheadline)),
        ("teaser", text(teaser)),
        ("section", section_id.map(|id| names.show(id))),
        ("topics", list(topics)),
        ("authors", list(authors)),
        (
            "image",
            image
                .as_ref()
                .map(|image| value(serde_json::to_value(image)))
                .transpose()?,
        ),
        ("priority", Some(json!(priority))),
        ("access", Some(json!(access))),
        ("source", text(source)),
        (
            "seo",
            seo.as_ref()
                .map(|seo| value(serde_json::to_value(seo)))
                .transpose()?,
        ),
        ("note", text(note)),
        ("embargo_until", embargo_until.map(|at| json!(at))),
        ("expires_at", expires_at.map(|at| json!(at))),
        (
            "related",
            match related.is_empty() {
                true => None,
                false => Some(value(serde_json::to_value(related))?),
            },
        ),
    ])
}

/// The members that are texts, and are compared word by word.
const TEXTS: [&str; 6] = [
    "kicker",
    "headline",
    "subheadline",
    "teaser",
    "source",
    "note",
];

fn fields(
    names: &Names,
    old: &Content,
    new: &Content,
    deadline: Instant,
) -> Result<Vec<FieldChange>> {
    let both = members(names, old)?.into_iter().zip(members(names, new)?);
    let differing = both.filter(|((_, old), (_, new))| old != new);
    Ok(differing
        .map(|((field, from), (_, to))| {
            let text = |value: &Option<Value>| {
                let text = value.as_ref().and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            let spans = match TEXTS.contains(&field) {
                true => diff::words(&text(&from), &text(&to), deadline),
                false => Vec::new(),
            };
            FieldChange {
                field,
                from,
                to,
                spans,
            }
        })
        .collect())
}

impl Diff {
    /// The same for a terminal; words as in `git diff --word-diff`: `[-gone-]`
    /// and `{+new+}`.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (sign, side) in [("---", &self.from), ("+++", &self.to)] {
            let who = side.created_by.name.as_deref().unwrap_or("somebody");
            let _ = write!(
                text,
                "{sign} revision {}, {who}, {}",
                side.number, side.created_at
            );
            if let Some(note) = &side.revision_note {
                let _ = write!(text, ": {}", note.replace('\n', " "));
            }
            text.push('\n');
        }
        for field in &self.fields {
            let _ = writeln!(text, "\n{}", field.field);
            if field.spans.is_empty() {
                for (sign, value) in [("-", &field.from), ("+", &field.to)] {
                    for line in value.iter().flat_map(lines) {
                        let _ = writeln!(text, "{sign} {line}");
                    }
                }
            } else {
                indent(&mut text, &marked(&field.spans));
            }
        }
        for block in &self.blocks {
            let place = |index: usize| index + 1;
            let kind = block
                .to
                .as_ref()
                .or(block.from.as_ref())
                .map_or("block", kind);
            let (sign, title) = match (block.change, block.from_index, block.to_index) {
                (BlockFate::Removed, Some(from), _) => {
                    ("-", format!("{kind} {} is gone", place(from)))
                }
                (BlockFate::Added, _, Some(to)) => ("+", format!("{kind} {} is new", place(to))),
                (BlockFate::Moved, Some(from), Some(to)) => {
                    (" ", format!("{kind} {} is now {}", place(from), place(to)))
                }
                (_, _, to) => (" ", format!("{kind} {}", place(to.unwrap_or_default()))),
            };
            let _ = writeln!(text, "\n{title}");
            if !block.spans.is_empty() {
                indent(&mut text, &marked(&block.spans));
                continue;
            }
            match (&block.from, &block.to) {
                // Only marks, links or the like: what is written says it all.
                (Some(from), Some(to)) => {
                    let _ = writeln!(text, "- {}\n+ {}", json!(from), json!(to));
                }
                (Some(block), None) | (None, Some(block)) => {
                    for line in diff::text(block).lines() {
                        let _ = writeln!(text, "{sign} {line}");
                    }
                }
                (None, None) => {}
            }
        }
        if self.fields.is_empty() && self.blocks.is_empty() {
            text.push_str("\nNothing differs.\n");
        }
        text
    }
}

/// A value in lines: a list in one each, a name for what has one.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(lines).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Object(members) => match (members.get("name"), members.get("slug")) {
            (Some(Value::String(name)), Some(Value::String(slug))) => {
                vec![format!("{name} ({slug})")]
            }
            _ => vec![value.to_string()],
        },
        other => vec![other.to_string()],
    }
}

fn marked(spans: &[DiffSpan]) -> String {
    spans
        .iter()
        .map(|span| match span.change {
            Fate::Same => span.text.clone(),
            Fate::Removed => format!("[-{}-]", span.text),
            Fate::Added => format!("{{+{}+}}", span.text),
        })
        .collect()
}

fn indent(text: &mut String, lines: &str) {
    for line in lines.lines() {
        let _ = writeln!(text, "  {line}");
    }
}

/// A block's type, as JSON calls it.
fn kind(block: &Block) -> &'static str {
    match block {
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
