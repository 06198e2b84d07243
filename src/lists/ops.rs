//! Reading curated lists and every write to them.

use std::collections::HashMap;

use super::model::{
    ALTERNATIVES_MAX, DESCRIPTION_MAX, Entry, EntryArticle, EntryIn, EntryOut, Filter, FilterIn,
    List, ListHead, ListIn, ListKind, ListOut, ListPatch, NAME_MAX, SIZE_DEFAULT, SIZE_MAX,
};
use crate::articles::ops::Names;
use crate::audit::model::{Deed, Subject};
use crate::auth::{Actor, Right};
use crate::authors::Author;
use crate::changes::{Action, Entity, Tag, Tx, note, record};
use crate::db::{Conn, Id, Time};
use crate::error::{Error, FieldError, Result, conflict, internal, invalid_all, not_found};
use crate::http::conditional::{Current, Expect, Put, stale};
use crate::http::page::{NamePage, Page};
use crate::http::reference::Reference;
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::sections;
use crate::store;
use crate::taxonomy::uploads::{self, Meant};
use crate::taxonomy::{Term, names};
use crate::topics::Topic;

/// A list and its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The list.
    pub list: List,
    /// Place and article, in order.
    pub entries: Vec<(i32, Id)>,
}

/// The list that a path names.
pub fn find(conn: &mut Conn<'_>, at: &Reference) -> Result<List> {
    lookup(conn, at)?.ok_or_else(|| missing(at))
}

/// A page of the lists, in the order of their names.
pub fn page(conn: &mut Conn<'_>, wanted: &NamePage, path: &str) -> Result<Page<ListHead>> {
    let rows = store!(*conn, curated::page(&wanted.wanted(None)))?;
    Ok(wanted.fill(rows, path, |list| (&list.sort_key, list.id), ListHead::from))
}

/// A list as editors see it.
pub fn show(conn: &mut Conn<'_>, list: List, now: Time) -> Result<ListOut> {
    let filter = read_filter(&list)?;
    let entries = store!(*conn, curated::entries_with_articles(list.id))?;
    let entries = entries
        .into_iter()
        .map(|(position, row, headline)| EntryOut {
            position: (list.kind == ListKind::Pinned).then_some(position),
            article: EntryArticle {
                id: row.id,
                state: row.state(now),
                slug: row.slug,
                headline,
            },
        })
        .collect();
    let filter = match filter == Filter::default() {
        true => None,
        false => Some(show_filter(conn, filter)?),
    };
    let List {
        id,
        slug,
        name,
        sort_key: _,
        description,
        kind,
        filter: _,
        size,
        version,
        created_at,
        updated_at,
    } = list;
    Ok(ListOut {
        id,
        slug,
        name,
        description,
        kind,
        filter,
        size,
        entries,
        version,
        created_at,
        updated_at,
    })
}

/// The filter of a list.
pub fn read_filter(list: &List) -> Result<Filter> {
    serde_json::from_str(&list.filter).map_err(internal)
}

/// Creates a list. 409 if its slug is taken.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, input: ListIn) -> Result<Saved<List>> {
    lock(tx, actor)?;
    let whole = wanted(tx, None, input)?;
    save(tx, None, whole)
}

/// Creates a list under this slug, or replaces the one that is there.
pub fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    mut input: ListIn,
) -> Result<Saved<List>> {
    lock(tx, actor)?;
    let old = match lookup(&mut tx.conn, at)? {
        Some(list) => Some(whole(&mut tx.conn, list)?),
        None => None,
    };
    let slug = match (&old, at) {
        (Some(old), _) => old.list.slug.clone(),
        (None, Reference::Slug(slug)) => slug.clone(),
        (None, Reference::Id(_)) => return Err(missing(at)),
    };
    let mut errors = Vec::new();
    text::check_same(input.slug.as_ref(), Some(&slug), "#/slug", &mut errors);
    refuse(errors)?;
    input.slug = Some(slug);
    let new = wanted(tx, old.as_ref(), input)?;
    let current = old.as_ref().map(|old| current(&old.list));
    match expect.put(current.as_ref(), old.as_ref() == Some(&new))? {
        Put::Create | Put::Replace => save(tx, old, new),
        Put::Unchanged => Ok(unchanged(new.list)),
    }
}

/// Changes a list as the patch says.
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    patch: ListPatch,
) -> Result<Saved<List>> {
    lock(tx, actor)?;
    let list = find(&mut tx.conn, at)?;
    expect.require(&current(&list))?;
    let old = whole(&mut tx.conn, list)?;
    let ListPatch {
        name,
        slug,
        description,
        kind,
        filter,
        size,
        entries,
    } = patch;
    let there = &old.list;
    let pinned = there.kind == ListKind::Pinned;
    let entries_there = old
        .entries
        .iter()
        .map(|(position, id)| EntryIn::stored(pinned.then_some(*position), *id));
    let filter_there = match read_filter(there)? {
        filter if filter == Filter::default() => None,
        filter => Some(by_id(filter)),
    };
    let mut input = ListIn {
        name: name.or(there.name.clone()),
        slug: Some(slug.or(there.slug.clone())),
        description: there.description.clone(),
        kind: Some(kind.or_else(there.kind, ListKind::Manual)),
        filter: filter_there,
        size: Some(size.or_else(there.size, SIZE_DEFAULT)),
        entries: entries.or(entries_there.collect()),
        id: None,
        version: Default::default(),
        created_at: Default::default(),
        updated_at: Default::default(),
    };
    description.apply(&mut input.description);
    filter.apply(&mut input.filter);
    let new = wanted(tx, Some(&old), input)?;
    match new == old {
        true => Ok(unchanged(new.list)),
        false => save(tx, Some(old), new),
    }
}

/// Deletes a list. Its articles stay what they are.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, at: &Reference, expect: Expect) -> Result<()> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, at)?;
    expect.require(&current(&old))?;
    if !store!(tx.conn, curated::delete(old.id, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    record_change(tx, None, &old, Action::Gone);
    note(tx, Deed::Deleted, (Subject::List, old.id), old.version);
    Ok(())
}

/// A 404 for a list.
fn missing(at: &Reference) -> Error {
    not_found(format!("The list `{at}`"))
}

/// Whoever changes a list keeps everybody else from changing one, and the sections,
/// topics and authors that it names from going away.
fn lock(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    actor.require(Right::Manage)?;
    store!(tx.conn, taxonomy::hold())?;
    Ok(store!(tx.conn, curated::lock())?)
}

fn lookup(conn: &mut Conn<'_>, at: &Reference) -> Result<Option<List>> {
    Ok(match at {
        Reference::Id(id) => store!(*conn, curated::find(*id))?,
        Reference::Slug(slug) => store!(*conn, curated::find_by_slug(slug))?,
    })
}

fn whole(conn: &mut Conn<'_>, list: List) -> Result<Whole> {
    let mut entries = Vec::new();
    for entry in store!(*conn, curated::entries(list.id))? {
        let position = match list.kind {
            ListKind::Pinned => entry.position,
            // Numbered anew: an article that was erased has left a gap.
            ListKind::Manual | ListKind::Automatic => entries.len() as i32 + 1,
        };
        entries.push((position, entry.article_id));
    }
    Ok(Whole { list, entries })
}

fn current(list: &List) -> Current {
    Current::at(list.version, list.updated_at)
}

/// Somebody wrote between the read and the write, in spite of the lock.
fn overtaken(tx: &mut Tx<'_>, id: Id) -> Error {
    match find(&mut tx.conn, &Reference::Id(id)) {
        Ok(now) => stale(&current(&now)),
        Err(error) => error,
    }
}

fn unchanged(item: List) -> Saved<List> {
    Saved {
        result: Outcome::Unchanged,
        item,
    }
}

fn refuse(errors: Vec<FieldError>) -> Result<()> {
    match errors.is_empty() {
        true => Ok(()),
        false => Err(invalid_all(errors)),
    }
}

/// What would be stored, all rules checked; equal to `old` if the client wants
/// what is there.
fn wanted(tx: &mut Tx<'_>, old: Option<&Whole>, input: ListIn) -> Result<Whole> {
    let ListIn {
        name,
        slug,
        description,
        kind,
        filter,
        size,
        entries,
        id,
        version: _,
        created_at: _,
        updated_at: _,
    } = input;
    let mut errors = Vec::new();
    let old = old.map(|old| &old.list);
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
    let kind = kind.unwrap_or(ListKind::Manual);
    let size = size.unwrap_or(SIZE_DEFAULT);
    if !(1..=SIZE_MAX).contains(&size) {
        let detail = format!("is {size}; a list shows 1 to {SIZE_MAX} articles");
        errors.push(FieldError::new("#/size", "out-of-range", detail));
    }
    let filter = filter.unwrap_or_default();
    if kind == ListKind::Manual && filter != FilterIn::default() {
        let detail =
            "has no place in a manual list; make it automatic or pinned, or leave the filter out";
        errors.push(FieldError::new("#/filter", "one-of", detail));
    }
    let names = entries.iter().map(EntryIn::parts);
    let names: Vec<(Option<i32>, Option<String>)> = names.collect();
    let all = names.iter().filter_map(|(_, name)| name.as_deref());
    let all = all.chain(filter.exclude.iter().map(String::as_str));
    let articles = Names::load(&mut tx.conn, all)?;
    let filter = checked_filter(tx, &articles, filter, &mut errors)?;
    let entries = checked_entries(&articles, kind, size, &names, &mut errors);
    refuse(errors)?;
    if let Some(holder) = store!(tx.conn, curated::find_by_slug(&slug))?
        && Some(holder.id) != stored
    {
        return Err(conflict(format!(
            "The slug belongs to the list “{}” ({}); use that one, or send another slug.",
            holder.name, holder.id
        )));
    }
    let list = List {
        id: stored.unwrap_or_default(),
        slug,
        sort_key: text::slugify(&name),
        name,
        description,
        kind,
        filter: serde_json::to_string(&filter).map_err(internal)?,
        size,
        version: old.map_or(1, |old| old.version),
        created_at: old.map_or(tx.now, |old| old.created_at),
        updated_at: old.map_or(tx.now, |old| old.updated_at),
    };
    Ok(Whole { list, entries })
}

/// The places of a list, each article once.
fn checked_entries(
    articles: &Names,
    kind: ListKind,
    size: i32,
    sent: &[(Option<i32>, Option<String>)],
    errors: &mut Vec<FieldError>,
) -> Vec<(i32, Id)> {
    let mut wrong = |pointer: String, code: &'static str, detail: String| {
        errors.push(FieldError::new(pointer, code, detail));
    };
    if kind == ListKind::Automatic && !sent.is_empty() {
        let detail =
            "have no place in an automatic list; make it pinned or manual, or leave them out";
        wrong("#/entries".to_owned(), "one-of", detail.to_owned());
        return Vec::new();
    }
    if sent.len() > SIZE_MAX as usize {
        let detail = format!("has {} entries; {SIZE_MAX} are the most", sent.len());
        wrong("#/entries".to_owned(), "too-many", detail);
        return Vec::new();
    }
    let mut entries = Vec::with_capacity(sent.len());
    let (mut by_article, mut by_place) = (HashMap::new(), HashMap::new());
    for (at, (position, name)) in sent.iter().enumerate() {
        let pointer = format!("#/entries/{at}");
        let place = match (kind, position) {
            (ListKind::Pinned, Some(place)) => *place,
            (ListKind::Pinned, None) => {
                let detail =
                    "needs the place it is pinned to: {\"position\": 3, \"article\": \"…\"}";
                wrong(format!("{pointer}/position"), "required", detail.to_owned());
                continue;
            }
            (_, None) => at as i32 + 1,
            (_, Some(_)) => {
                let detail =
                    "has no meaning in a manual list, where the order is what counts; leave it out";
                wrong(format!("{pointer}/position"), "one-of", detail.to_owned());
                continue;
            }
        };
        if kind == ListKind::Pinned && !(1..=size).contains(&place) {
            let detail =
                format!("is {place}; the list shows {size} articles, so places are 1 to {size}");
            wrong(format!("{pointer}/position"), "out-of-range", detail);
        }
        if let Some(first) = by_place.insert(place, at) {
            let detail = format!("is {place}, which #/entries/{first} is pinned to already");
            wrong(format!("{pointer}/position"), "duplicate", detail);
        }
        let Some(name) = name else {
            let detail = "names no article; send its slug or its id";
            wrong(pointer, "required", detail.to_owned());
            continue;
        };
        let Some(article) = articles.id(name) else {
            wrong(pointer, "unknown-article", articles.unknown(name));
            continue;
        };
        match by_article.insert(article, at) {
            None => entries.push((place, article)),
            Some(first) => {
                let detail = format!(
                    "is `{name}`, which stands at #/entries/{first} already; an article stands in a list once"
                );
                wrong(pointer, "duplicate", detail);
            }
        }
    }
    entries.sort_unstable();
    entries
}

/// A filter with ids in the place of names.
fn checked_filter(
    tx: &mut Tx<'_>,
    articles: &Names,
    sent: FilterIn,
    errors: &mut Vec<FieldError>,
) -> Result<Filter> {
    for (part, count) in [
        ("section", sent.section.len()),
        ("topic", sent.topic.len()),
        ("author", sent.author.len()),
        ("kind", sent.kind.len()),
        ("language", sent.language.len()),
        ("exclude", sent.exclude.len()),
    ] {
        if count > ALTERNATIVES_MAX {
            let detail = format!("names {count}; {ALTERNATIVES_MAX} are the most");
            errors.push(FieldError::new(
                format!("#/filter/{part}"),
                "too-many",
                detail,
            ));
        }
    }
    if !errors.is_empty() {
        return Ok(Filter::default());
    }
    let mut filter = Filter::default();
    let tree = sections::ops::tree(&mut tx.conn)?;
    for (at, name) in sent.section.iter().enumerate() {
        match tree.resolve(name, &format!("#/filter/section/{at}")) {
            Ok(section) => filter.sections.push(section.id),
            Err(error) => errors.push(error),
        }
    }
    filter.topics = terms::<Topic>(tx, &sent.topic, errors)?;
    filter.authors = terms::<Author>(tx, &sent.author, errors)?;
    filter.kinds = sent.kind;
    for (at, language) in sent.language.iter().enumerate() {
        text::check_language(language, &format!("#/filter/language/{at}"), errors);
    }
    filter.languages = sent.language;
    for (at, name) in sent.exclude.iter().enumerate() {
        match articles.id(name) {
            Some(id) => filter.exclude.push(id),
            None => {
                let pointer = format!("#/filter/exclude/{at}");
                errors.push(FieldError::new(
                    pointer,
                    "unknown-article",
                    articles.unknown(name),
                ));
            }
        }
    }
    for ids in [
        &mut filter.sections,
        &mut filter.topics,
        &mut filter.authors,
        &mut filter.exclude,
    ] {
        once(ids);
    }
    once(&mut filter.kinds);
    once(&mut filter.languages);
    Ok(filter)
}

/// Leaves each value once, in its first place.
fn once<T: PartialEq + Clone>(values: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::with_capacity(values.len());
    for value in values.iter() {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    *values = kept;
}

/// Topics or authors by id, slug, name or alias, the former ones included. Lists
/// make none.
fn terms<T: Term>(
    tx: &mut Tx<'_>,
    names: &[String],
    errors: &mut Vec<FieldError>,
) -> Result<Vec<Id>> {
    let Meant { found, ambiguous } = uploads::meant::<T>(&mut tx.conn, names)?;
    let pointer = |at: usize| format!("#/filter/{}/{at}", T::KIND);
    for (at, detail) in ambiguous {
        errors.push(FieldError::new(pointer(at), "ambiguous", detail));
    }
    let mut known = Vec::new();
    if found.contains(&None) {
        known = T::names(&mut tx.conn)?;
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    for (at, name) in names.iter().enumerate() {
        if found[at].is_some() {
            continue;
        }
        let shown: String = name.chars().take(80).collect();
        let near = match text::all_near(name, &known).as_slice() {
            [] => String::new(),
            near => format!("; the nearest are {}", near.join(", ")),
        };
        let detail = format!("there is no {} `{shown}`{near}", T::KIND);
        errors.push(FieldError::new(pointer(at), T::KIND.unknown(), detail));
    }
    Ok(found.into_iter().flatten().collect())
}

/// A filter as it is sent, by ids alone.
fn by_id(filter: Filter) -> FilterIn {
    let Filter {
        sections,
        topics,
        authors,
        kinds,
        languages,
        exclude,
    } = filter;
    let ids = |ids: Vec<Id>| ids.iter().map(Id::to_string).collect();
    FilterIn {
        section: ids(sections),
        topic: ids(topics),
        author: ids(authors),
        kind: kinds,
        language: languages,
        exclude: ids(exclude),
    }
}

/// A filter with slugs in the place of ids; what is there no longer by its id.
fn show_filter(conn: &mut Conn<'_>, mut filter: Filter) -> Result<FilterIn> {
    let tree = sections::ops::tree(conn)?;
    follow(conn, &mut filter)?;
    let mut slugs: HashMap<String, String> = HashMap::new();
    for id in &filter.sections {
        if let Some(section) = tree.by_id(*id) {
            slugs.insert(id.to_string(), section.slug.clone());
        }
    }
    let terms = [filter.topics.as_slice(), filter.authors.as_slice()].concat();
    if !terms.is_empty() {
        let found = store!(*conn, taxonomy::names(&terms))?;
        slugs.extend(
            found
                .into_iter()
                .map(|(id, slug, _)| (id.to_string(), slug)),
        );
    }
    if !filter.exclude.is_empty() {
        let found = store!(*conn, articles::slugs_of_ids(&filter.exclude))?;
        slugs.extend(found.into_iter().map(|(id, slug)| (id.to_string(), slug)));
    }
    let mut shown = by_id(filter);
    let names = [
        &mut shown.section,
        &mut shown.topic,
        &mut shown.author,
        &mut shown.exclude,
    ];
    for name in names.into_iter().flatten() {
        if let Some(slug) = slugs.remove(name.as_str()) {
            *name = slug;
        }
    }
    Ok(shown)
}

/// Lets a filter name what its topics and authors were merged into. What was
/// removed stays in it, and is met by nothing.
pub fn follow(conn: &mut Conn<'_>, filter: &mut Filter) -> Result<()> {
    let terms = [filter.topics.as_slice(), filter.authors.as_slice()].concat();
    if terms.is_empty() {
        return Ok(());
    }
    let merged = names::merged(conn, &terms)?;
    names::follow(&merged, &mut filter.topics);
    names::follow(&merged, &mut filter.authors);
    Ok(())
}

/// Stores a list and records what readers will notice.
fn save(tx: &mut Tx<'_>, old: Option<Whole>, mut new: Whole) -> Result<Saved<List>> {
    let old_list = old.as_ref().map(|old| &old.list);
    let result = match old_list {
        None => {
            if !store!(tx.conn, curated::insert(&new.list))? {
                return Err(conflict("Its slug was taken just now; send it again."));
            }
            Outcome::Created
        }
        Some(old) => {
            new.list.version = old.version + 1;
            new.list.updated_at = tx.now;
            if !store!(tx.conn, curated::update(&new.list, old.version))? {
                return Err(overtaken(tx, old.id));
            }
            Outcome::Updated
        }
    };
    let list_id = new.list.id;
    let entries: Vec<Entry> = new
        .entries
        .iter()
        .map(|(position, article_id)| Entry {
            list_id,
            position: *position,
            article_id: *article_id,
        })
        .collect();
    store!(tx.conn, curated::set_entries(list_id, &entries)).map_err(without_article)?;
    record_change(tx, old_list, &new.list, Action::Changed);
    let deed = old_list.map_or(Deed::Created, |_| Deed::Updated);
    note(tx, deed, (Subject::List, list_id), new.list.version);
    Ok(Saved {
        result,
        item: new.list,
    })
}

/// An article was erased while this was written.
fn without_article(error: diesel::result::Error) -> Error {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match error {
        Diesel::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
            conflict("One of the articles was erased just now; leave it out.")
        }
        error => error.into(),
    }
}

fn record_change(tx: &mut Tx<'_>, old: Option<&List>, list: &List, action: Action) {
    let mut tags = vec![
        Tag::index(Entity::List),
        Tag::curated(list.id),
        Tag::curated_slug(&list.slug),
        Tag::slug(&list.slug),
    ];
    if let Some(old) = old {
        tags.extend([Tag::curated_slug(&old.slug), Tag::slug(&old.slug)]);
    }
    record(tx, Entity::List, list.id, action, &tags);
}
