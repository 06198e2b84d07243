//! A line of a bulk body: an operation on one article.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::articles::input::{self, ArticlePatch, Own, Sent};
use crate::articles::model::ArticleRow;
use crate::articles::ops::{
    self, Correct, Key, Outcome, Publish, Schedule, SendBack, TakeDown, Written,
};
use crate::auth::Actor;
use crate::changes::{Known, Tx};
use crate::content::{Body, Warning};
use crate::error::{FieldError, Result, invalid, malformed_all};
use crate::http::conditional::Expect;
use crate::http::patch::Patch;
use crate::http::{text, upload};
use crate::site;

/// What `op` can be.
const OPERATIONS: [&str; 11] = [
    "put",
    "patch",
    "publish",
    "schedule",
    "unpublish",
    "take_down",
    "correct",
    "submit",
    "send_back",
    "trash",
    "restore",
];

/// An operation on one article, read but not yet tried.
pub struct Operation {
    key: Key,
    expect: Expect,
    what: What,
}

enum What {
    Put {
        sent: Box<Sent>,
        overwrite: bool,
        publish: bool,
    },
    Patch {
        patch: Box<ArticlePatch>,
        body: Patch<Body>,
        read_only: Map<String, Value>,
        warnings: Vec<Warning>,
        publish: bool,
    },
    Publish(Publish),
    Schedule(Schedule),
    Unpublish,
    TakeDown(TakeDown),
    Correct(Correct),
    Submit,
    SendBack(SendBack),
    Trash,
    Restore,
}

/// Reads a line.
pub fn read(line: &[u8], own: Own<'_>) -> Result<Operation> {
    let mut members: Map<String, Value> = upload::from_json(line)?;
    let operation = word(&mut members, "op")?.unwrap_or_else(|| "put".to_owned());
    let expect = match word(&mut members, "if_match")? {
        None => match flag(&mut members, "only_create")? {
            true => Expect::Nothing,
            false => Expect::Unsaid,
        },
        Some(tag) => Expect::if_match(&tag).ok_or_else(|| {
            let detail =
                "takes one strong ETag as an answer gave it, such as \"\\\"v7\\\"\", or \"*\"";
            wrong("#/if_match", "wrong-value", detail)
        })?,
    };
    let (key, what) = match operation.as_str() {
        "put" => {
            let publish = flag(&mut members, "publish")?;
            let overwrite = flag(&mut members, "overwrite")?;
            // What a feed calls it says more than a slug, and an id says nothing
            // about what isn't there yet.
            let key = key_of(&members, ["external_id", "slug", "id"])?;
            let sent = Box::new(input::from_members(members.into(), own)?);
            let what = What::Put {
                sent,
                overwrite,
                publish,
            };
            (key, what)
        }
        "patch" => {
            let publish = flag(&mut members, "publish")?;
            let key = key_of(&members, ["id", "external_id", "slug"])?;
            let (patch, body, read_only, warnings) =
                input::patch_from_members(members.into(), own)?;
            let what = What::Patch {
                patch: Box::new(patch),
                body,
                read_only,
                warnings,
                publish,
            };
            (key, what)
        }
        verb => {
            let key = key_of(&members, ["id", "external_id", "slug"])?;
            for name in ["id", "external_id", "slug"] {
                members.shift_remove(name);
            }
            let what = match verb {
                "publish" => What::Publish(of(members)?),
                "schedule" => What::Schedule(of(members)?),
                "take_down" => What::TakeDown(of(members)?),
                "correct" => What::Correct(of(members)?),
                "unpublish" => bare(members, What::Unpublish)?,
                "send_back" => What::SendBack(of(members)?),
                "submit" => bare(members, What::Submit)?,
                "trash" => bare(members, What::Trash)?,
                "restore" => bare(members, What::Restore)?,
                other => {
                    let detail = text::unknown(other, &OPERATIONS);
                    return Err(wrong("#/op", "unknown-value", detail));
                }
            };
            (key, what)
        }
    };
    Ok(Operation { key, expect, what })
}

/// What a write needs to know of operations that may make articles: [`ops::ahead`].
pub fn look_ahead(tx: &mut Tx<'_>, operations: &mut [(u64, Result<Operation>)]) -> Result<()> {
    let puts = operations
        .iter_mut()
        .filter_map(|(_, operation)| match operation {
            Ok(Operation {
                key,
                what: What::Put { sent, .. },
                ..
            }) => Some((&*key, &mut **sent)),
            _ => None,
        });
    ops::ahead::look_up(tx, &mut puts.collect::<Vec<_>>())
}

impl Operation {
    /// Whether it makes an article of what the write knows.
    pub fn is_new(&self, known: &Known) -> bool {
        match &self.what {
            What::Put { sent, .. } => ops::ahead::is_new(known, &self.key, sent),
            _ => false,
        }
    }

    /// Does it.
    pub fn apply(
        self,
        tx: &mut Tx<'_>,
        actor: &Actor,
    ) -> Result<(ArticleRow, Outcome, Vec<Warning>)> {
        let Operation { key, expect, what } = self;
        let written = |Written {
                           row,
                           outcome,
                           warnings,
                       }| (row, outcome, warnings);
        match what {
            What::Put {
                sent,
                overwrite,
                publish,
            } => ops::put(tx, actor, &key, expect, *sent, overwrite, publish).map(written),
            What::Patch {
                patch,
                body,
                read_only,
                warnings,
                publish,
            } => ops::patch(
                tx, actor, &key, expect, *patch, body, &read_only, warnings, publish,
            )
            .map(written),
            What::Publish(input) => ops::publish(tx, actor, &key, expect, &input).map(written),
            What::Schedule(input) => {
                let zone = site::ops::load(&mut tx.conn)?.settings.zone();
                ops::schedule(tx, actor, &key, expect, &input, zone).map(written)
            }
            What::Unpublish => ops::unpublish(tx, actor, &key, expect).map(written),
            What::TakeDown(input) => ops::take_down(tx, actor, &key, expect, &input).map(written),
            What::Correct(input) => ops::correct(tx, actor, &key, expect, &input).map(written),
            What::Submit => ops::submit(tx, actor, &key, expect).map(written),
            What::SendBack(input) => ops::send_back(tx, actor, &key, expect, &input).map(written),
            What::Trash => ops::trash(tx, actor, &key, expect).map(written),
            What::Restore => ops::restore(tx, actor, &key, expect).map(written),
        }
    }
}

/// Which article is meant, by the first of these members that is there.
fn key_of(members: &Map<String, Value>, names: [&str; 3]) -> Result<Key> {
    for name in names {
        match members.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) => {
                return match name {
                    "slug" => Ok(Key::Slug(value.clone())),
                    "external_id" => Ok(Key::External(value.clone())),
                    _ => value
                        .parse()
                        .map(Key::Id)
                        .map_err(|_| wrong("#/id", "wrong-type", "is no id; ids are UUIDs")),
                };
            }
            Some(_) => return Err(wrong(&format!("#/{name}"), "wrong-type", "is no text")),
        }
    }
    let detail = "a line names its article by slug, external_id or id, so that the whole can be sent again without harm";
    Err(invalid("#/slug", "required", detail))
}

fn word(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>> {
    match members.shift_remove(name) {
        None => Ok(None),
        Some(Value::String(word)) => Ok(Some(word)),
        Some(_) => Err(wrong(&format!("#/{name}"), "wrong-type", "is no text")),
    }
}

fn flag(members: &mut Map<String, Value>, name: &str) -> Result<bool> {
    match members.shift_remove(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(_) => Err(wrong(
            &format!("#/{name}"),
            "wrong-type",
            "is neither true nor false",
        )),
    }
}

/// What a verb takes.
fn of<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T> {
    upload::from_value(members.into())
}

/// A verb that takes nothing.
fn bare(members: Map<String, Value>, what: What) -> Result<What> {
    match members.keys().next() {
        None => Ok(what),
        Some(name) => {
            let detail = text::unknown(name, &["op", "slug", "external_id", "id", "if_match"]);
            Err(wrong(&format!("#/{name}"), "unknown-field", detail))
        }
    }
}

fn wrong(pointer: &str, code: &'static str, detail: impl Into<String>) -> crate::error::Error {
    malformed_all(vec![FieldError::new(pointer, code, detail)])
}
