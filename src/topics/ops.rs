//! Reading topics and every write to them.

use super::model::{DESCRIPTION_MAX, NAME_MAX};
use super::{Topic, TopicIn, TopicOut, TopicPatch};
use crate::audit::model::{Deed, Subject};
use crate::auth::{Actor, Right};
use crate::changes::{Action, Entity, Tag, Tx, note, record};
use crate::db::{Conn, Id};
use crate::error::{Error, FieldError, Result, conflict, invalid_all, not_found};
use crate::http::conditional::{Current, Expect, Put, stale};
use crate::http::page::{NamePage, Page};
use crate::http::reference::Reference;
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::store;

/// The topic that a path names.
pub fn find(conn: &mut Conn<'_>, at: &Reference) -> Result<Topic> {
    lookup(conn, at)?.ok_or_else(|| missing(at))
}

/// A page of the topics, in the order of their names.
pub fn page(conn: &mut Conn<'_>, wanted: &NamePage, path: &str) -> Result<Page<TopicOut>> {
    let rows = store!(*conn, topics::page(&wanted.wanted(None)))?;
    Ok(wanted.fill(
        rows,
        path,
        |topic| (&topic.sort_key, topic.id),
        TopicOut::from,
    ))
}

/// Creates a topic. 409 if its slug or name is taken.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, input: TopicIn) -> Result<Saved<Topic>> {
    lock(tx, actor)?;
    let topic = wanted(tx, None, input)?;
    save(tx, None, topic)
}

/// Creates a topic under this slug, or replaces the one that is there.
pub fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    mut input: TopicIn,
) -> Result<Saved<Topic>> {
    lock(tx, actor)?;
    let old = lookup(&mut tx.conn, at)?;
    let slug = match (&old, at) {
        (Some(old), _) => old.slug.clone(),
        (None, Reference::Slug(slug)) => slug.clone(),
        (None, Reference::Id(_)) => return Err(missing(at)),
    };
    let mut errors = Vec::new();
    text::check_same(input.slug.as_ref(), Some(&slug), "#/slug", &mut errors);
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    input.slug = Some(slug);
    let topic = wanted(tx, old.as_ref(), input)?;
    let current = old.as_ref().map(current);
    match expect.put(current.as_ref(), old.as_ref() == Some(&topic))? {
        Put::Create | Put::Replace => save(tx, old, topic),
        Put::Unchanged => Ok(unchanged(topic)),
    }
}

/// Changes a topic as the patch says.
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    patch: TopicPatch,
) -> Result<Saved<Topic>> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, at)?;
    expect.require(&current(&old))?;
    let TopicPatch {
        name,
        slug,
        description,
    } = patch;
    let mut input = TopicIn {
        name: name.or(old.name.clone()),
        slug: Some(slug.or(old.slug.clone())),
        description: old.description.clone(),
        id: None,
        version: Default::default(),
        created_at: Default::default(),
        updated_at: Default::default(),
    };
    description.apply(&mut input.description);
    let topic = wanted(tx, Some(&old), input)?;
    match topic == old {
        true => Ok(unchanged(topic)),
        false => save(tx, Some(old), topic),
    }
}

/// Deletes a topic. 409 while an article uses it.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, at: &Reference, expect: Expect) -> Result<()> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, at)?;
    expect.require(&current(&old))?;
    if let Some(article) = store!(tx.conn, topics::used_by(old.id))? {
        return Err(conflict(format!(
            "The article `{article}` has the topic `{}`, and there may be more. Take the topic out of them first.",
            old.slug
        )));
    }
    if !store!(tx.conn, topics::delete(old.id, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    let tags = [
        Tag::index(Entity::Topic),
        Tag::topic(old.id),
        Tag::list(old.id),
        Tag::slug(&old.slug),
    ];
    record(tx, Entity::Topic, old.id, Action::Gone, &tags);
    note(tx, Deed::Deleted, (Subject::Topic, old.id), old.version);
    Ok(())
}

/// The ids of the topics that an upload names, by id, slug or exact name, each
/// once and in the upload's order. Those that are unknown are created where the
/// actor may; otherwise, or if a name breaks a rule, each is an error that
/// points to its place in `#/topics`. Nobody can change or delete these topics
/// until the end of the transaction.
pub fn resolve_or_create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    names: &[String],
) -> Result<Result<Vec<Id>, Vec<FieldError>>> {
    store!(tx.conn, taxonomy::hold())?;
    let (mut ids, mut slugs, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match Reference::of(name) {
            Reference::Id(id) => ids.push(id),
            Reference::Slug(_) => slugs.push(name.as_str()),
        }
        keys.push(text::name_key(name));
    }
    let known = store!(tx.conn, topics::matching(&ids, &slugs, &keys))?;
    let mut found: Vec<Option<Id>> = names
        .iter()
        .zip(&keys)
        .map(|(name, key)| {
            let by_id = known.iter().find(|topic| topic.id.to_string() == *name);
            let by_slug = || known.iter().find(|topic| topic.slug == *name);
            let by_name = || known.iter().find(|topic| topic.name_key == *key);
            let topic = by_id.or_else(by_slug).or_else(by_name)?;
            Some(topic.id)
        })
        .collect();

    let unknown: Vec<usize> = (0..names.len()).filter(|at| found[*at].is_none()).collect();
    let mut errors = Vec::new();
    let why_not = actor.why_not(Right::Manage);
    let mut known = Vec::new();
    if !unknown.is_empty() && why_not.is_some() {
        known = store!(tx.conn, topics::names())?;
    }
    for at in &unknown {
        let pointer = format!("#/topics/{at}");
        match &why_not {
            Some(why) => errors.push(unknown_name(&names[*at], &pointer, why, &known)),
            None => check_new(&names[*at], &pointer, &mut errors),
        }
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    // In one order everywhere, so that two uploads which create the same topics
    // can't wait for each other.
    let mut unknown: Vec<(&String, usize)> = unknown.iter().map(|at| (&keys[*at], *at)).collect();
    unknown.sort_unstable();
    for (_, at) in unknown {
        found[at] = Some(create_once(tx, &names[at])?);
    }
    let mut ids: Vec<Id> = Vec::with_capacity(found.len());
    for id in found.into_iter().flatten() {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(Ok(ids))
}

/// What to say about a unknown topic that the actor may not create.
fn unknown_name(name: &str, pointer: &str, why: &str, known: &[String]) -> FieldError {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let shown: String = name.chars().take(80).collect();
    let near = match text::all_near(name, &known).as_slice() {
        [] => String::new(),
        near => format!(" The nearest are: {}.", near.join(", ")),
    };
    let detail = format!("there is no topic `{shown}`, and you may not create one. {why}{near}");
    FieldError::new(pointer, "unknown-topic", detail)
}

/// Whether a new topic can have this name.
fn check_new(name: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    let name = text::clean(name);
    if matches!(Reference::of(&name), Reference::Id(_)) {
        let detail = format!("there is no topic with the id `{name}`");
        errors.push(FieldError::new(pointer, "unknown-topic", detail));
        return;
    }
    text::check_required(&name, pointer, NAME_MAX, errors);
    if !name.is_empty() && text::slugify(&name).is_empty() {
        let detail = "gives no slug; create the topic with one first";
        errors.push(FieldError::new(pointer, "bad-slug", detail));
    }
}

/// Creates a topic of this name, or finds the one that somebody else created at
/// the same time. If the slug is another topic's, it gets a number.
fn create_once(tx: &mut Tx<'_>, name: &str) -> Result<Id> {
    let name = text::clean(name);
    let plain = text::slugify(&name);
    for number in 1..=100 {
        let slug = match number {
            1 => plain.clone(),
            number => text::numbered(&plain, number),
        };
        let topic = Topic {
            id: Id::new(),
            name_key: text::name_key(&name),
            sort_key: text::slugify(&name),
            name: name.clone(),
            slug,
            description: None,
            version: 1,
            created_at: tx.now,
            updated_at: tx.now,
        };
        if store!(tx.conn, topics::insert(&topic))? {
            record_change(tx, None, &topic);
            return Ok(topic.id);
        }
        if let Some(there) = store!(tx.conn, topics::find_by_name_key(&topic.name_key))? {
            return Ok(there.id);
        }
    }
    Err(conflict(format!(
        "Too many topics have a slug like `{plain}`; create this one with a slug of its own first."
    )))
}

/// A 404 for a topic.
fn missing(at: &Reference) -> Error {
    not_found(format!("The topic `{at}`"))
}

/// Whoever changes a topic keeps everybody else from changing it or using it.
fn lock(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    actor.require(Right::Manage)?;
    Ok(store!(tx.conn, taxonomy::lock())?)
}

fn lookup(conn: &mut Conn<'_>, at: &Reference) -> Result<Option<Topic>> {
    Ok(match at {
        Reference::Id(id) => store!(*conn, topics::find(*id))?,
        Reference::Slug(slug) => store!(*conn, topics::find_by_slug(slug))?,
    })
}

fn current(topic: &Topic) -> Current {
    Current::at(topic.version, topic.updated_at)
}

/// Somebody wrote between the read and the write, in spite of the lock.
fn overtaken(tx: &mut Tx<'_>, id: Id) -> Error {
    match find(&mut tx.conn, &Reference::Id(id)) {
        Ok(now) => stale(&current(&now)),
        Err(error) => error,
    }
}

fn unchanged(item: Topic) -> Saved<Topic> {
    Saved {
        result: Outcome::Unchanged,
        item,
    }
}

/// What would be stored, all rules checked; equal to `old` if the client wants
/// what is there.
fn wanted(tx: &mut Tx<'_>, old: Option<&Topic>, input: TopicIn) -> Result<Topic> {
    let TopicIn {
        name,
        slug,
        description,
        id,
        version: _,
        created_at: _,
        updated_at: _,
    } = input;
    let mut errors = Vec::new();
    let stored = old.map(|old| old.id);
    text::check_same(id.as_ref(), stored.as_ref(), "#/id", &mut errors);
    let name = text::clean(&name);
    text::check_required(&name, "#/name", NAME_MAX, &mut errors);
    let slug = text::slug_or_made(slug, &name, &mut errors);
    let description = text::clean_optional(description);
    if let Some(description) = &description {
        text::check(
            description,
            "#/description",
            DESCRIPTION_MAX,
            true,
            &mut errors,
        );
    }
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    let name_key = text::name_key(&name);
    let taken = |what: &str, holder: Topic| {
        conflict(format!(
            "The {what} belongs to the topic “{}” (slug `{}`, {}); use that one, or send another {what}.",
            holder.name, holder.slug, holder.id
        ))
    };
    let another = |holder: &Topic| Some(holder.id) != stored;
    if let Some(holder) = store!(tx.conn, topics::find_by_slug(&slug))?.filter(another) {
        return Err(taken("slug", holder));
    }
    if let Some(holder) = store!(tx.conn, topics::find_by_name_key(&name_key))?.filter(another) {
        return Err(taken("name", holder));
    }
    Ok(Topic {
        id: stored.unwrap_or_default(),
        slug,
        sort_key: text::slugify(&name),
        name,
        name_key,
        description,
        version: old.map_or(1, |old| old.version),
        created_at: old.map_or(tx.now, |old| old.created_at),
        updated_at: old.map_or(tx.now, |old| old.updated_at),
    })
}

/// Stores a topic and records what readers will notice.
fn save(tx: &mut Tx<'_>, old: Option<Topic>, mut topic: Topic) -> Result<Saved<Topic>> {
    let result = match &old {
        None => {
            if !store!(tx.conn, topics::insert(&topic))? {
                return Err(conflict(
                    "Its slug or name was taken just now; send it again.",
                ));
            }
            Outcome::Created
        }
        Some(old) => {
            topic.version = old.version + 1;
            topic.updated_at = tx.now;
            if !store!(tx.conn, topics::update(&topic, old.version))? {
                return Err(overtaken(tx, old.id));
            }
            Outcome::Updated
        }
    };
    record_change(tx, old.as_ref(), &topic);
    Ok(Saved {
        result,
        item: topic,
    })
}

fn record_change(tx: &mut Tx<'_>, old: Option<&Topic>, topic: &Topic) {
    let mut tags = vec![
        Tag::index(Entity::Topic),
        Tag::topic(topic.id),
        Tag::slug(&topic.slug),
    ];
    if let Some(old) = old.filter(|old| old.slug != topic.slug) {
        tags.extend([Tag::slug(&old.slug), Tag::list(old.id)]);
    }
    record(tx, Entity::Topic, topic.id, Action::Changed, &tags);
    let deed = old.map_or(Deed::Created, |_| Deed::Updated);
    note(tx, deed, (Subject::Topic, topic.id), topic.version);
}
