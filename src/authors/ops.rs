//! Reading authors and every write to them.

use super::model::{BIO_MAX, NAME_MAX, ROLE_MAX};
use super::{Author, AuthorIn, AuthorOut, AuthorPatch};
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

/// The author that a path names.
pub fn find(conn: &mut Conn<'_>, at: &Reference) -> Result<Author> {
    lookup(conn, at)?.ok_or_else(|| missing(at))
}

/// A page of the authors, in the order of their names.
pub fn page(conn: &mut Conn<'_>, wanted: &NamePage, path: &str) -> Result<Page<AuthorOut>> {
    let rows = store!(*conn, authors::page(&wanted.wanted(None)))?;
    Ok(wanted.fill(
        rows,
        path,
        |author| (&author.sort_key, author.id),
        AuthorOut::from,
    ))
}

/// Creates an author. 409 if the slug is taken.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, input: AuthorIn) -> Result<Saved<Author>> {
    lock(tx, actor)?;
    let author = wanted(tx, None, input)?;
    save(tx, None, author)
}

/// Creates an author under this slug, or replaces the one that is there.
pub fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    mut input: AuthorIn,
) -> Result<Saved<Author>> {
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
    let author = wanted(tx, old.as_ref(), input)?;
    let current = old.as_ref().map(current);
    match expect.put(current.as_ref(), old.as_ref() == Some(&author))? {
        Put::Create | Put::Replace => save(tx, old, author),
        Put::Unchanged => Ok(unchanged(author)),
    }
}

/// Changes an author as the patch says.
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    patch: AuthorPatch,
) -> Result<Saved<Author>> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, at)?;
    expect.require(&current(&old))?;
    let AuthorPatch {
        name,
        slug,
        role,
        bio,
        email,
        url,
    } = patch;
    let mut input = AuthorIn {
        name: name.or(old.name.clone()),
        slug: Some(slug.or(old.slug.clone())),
        role: old.role.clone(),
        bio: old.bio.clone(),
        email: old.email.clone(),
        url: old.url.clone(),
        id: None,
        version: Default::default(),
        created_at: Default::default(),
        updated_at: Default::default(),
    };
    role.apply(&mut input.role);
    bio.apply(&mut input.bio);
    email.apply(&mut input.email);
    url.apply(&mut input.url);
    let author = wanted(tx, Some(&old), input)?;
    match author == old {
        true => Ok(unchanged(author)),
        false => save(tx, Some(old), author),
    }
}

/// Deletes an author. 409 while an article uses it.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, at: &Reference, expect: Expect) -> Result<()> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, at)?;
    expect.require(&current(&old))?;
    if let Some(article) = store!(tx.conn, authors::used_by(old.id))? {
        return Err(conflict(format!(
            "The article `{article}` names the author `{}`, and there may be more. Take the author out of them first.",
            old.slug
        )));
    }
    if !store!(tx.conn, authors::delete(old.id, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    let tags = [
        Tag::index(Entity::Author),
        Tag::author(old.id),
        Tag::list(old.id),
        Tag::slug(&old.slug),
    ];
    record(tx, Entity::Author, old.id, Action::Gone, &tags);
    note(tx, Deed::Deleted, (Subject::Author, old.id), old.version);
    Ok(())
}

/// The ids of the authors that an upload names, by id, slug or exact name, each
/// once and in the upload's order. Those that are unknown are created where the
/// actor may; otherwise, or if a name breaks a rule, each is an error that
/// points to its place in `#/authors`. Nobody can change or delete these authors
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
    let known = store!(tx.conn, authors::matching(&ids, &slugs, &keys))?;
    let mut errors = Vec::new();
    let mut found = Vec::with_capacity(names.len());
    for (at, (name, key)) in names.iter().zip(&keys).enumerate() {
        let exact = known
            .iter()
            .find(|author| author.slug == *name || author.id.to_string() == *name);
        let same_name = || known.iter().filter(|author| author.name_key == *key);
        if exact.is_none() && same_name().count() > 1 {
            errors.push(ambiguous(at, same_name()));
        }
        found.push(exact.or_else(|| same_name().next()).map(|author| author.id));
    }

    let unknown: Vec<usize> = (0..names.len()).filter(|at| found[*at].is_none()).collect();
    let why_not = actor.why_not(Right::Manage);
    let mut known = Vec::new();
    if !unknown.is_empty() && why_not.is_some() {
        known = store!(tx.conn, authors::names())?;
    }
    for at in &unknown {
        let pointer = format!("#/authors/{at}");
        match &why_not {
            Some(why) => errors.push(unknown_name(&names[*at], &pointer, why, &known)),
            None => check_new(&names[*at], &pointer, &mut errors),
        }
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    // In one order everywhere, so that two uploads which create the same authors
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

/// What to say about a name that several authors have.
fn ambiguous<'a>(at: usize, authors: impl Iterator<Item = &'a Author>) -> FieldError {
    let slugs: Vec<&str> = authors.map(|author| author.slug.as_str()).collect();
    let detail = format!(
        "several authors have this name; send one of the slugs {}",
        slugs.join(", ")
    );
    FieldError::new(format!("#/authors/{at}"), "ambiguous", detail)
}

/// What to say about an unknown author that the actor may not create.
fn unknown_name(name: &str, pointer: &str, why: &str, known: &[String]) -> FieldError {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let shown: String = name.chars().take(80).collect();
    let near = match text::all_near(name, &known).as_slice() {
        [] => String::new(),
        near => format!(" The nearest are: {}.", near.join(", ")),
    };
    let detail = format!("there is no author `{shown}`, and you may not create one. {why}{near}");
    FieldError::new(pointer, "unknown-author", detail)
}

/// Whether a new author can have this name.
fn check_new(name: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    let name = text::clean(name);
    if matches!(Reference::of(&name), Reference::Id(_)) {
        let detail = format!("there is no author with the id `{name}`");
        errors.push(FieldError::new(pointer, "unknown-author", detail));
        return;
    }
    text::check_required(&name, pointer, NAME_MAX, errors);
    if !name.is_empty() && text::slugify(&name).is_empty() {
        let detail = "gives no slug; create the author with one first";
        errors.push(FieldError::new(pointer, "bad-slug", detail));
    }
}

/// Creates an author of this name, or finds the one that somebody else created at
/// the same time. If the slug is another author's, it gets a number.
fn create_once(tx: &mut Tx<'_>, name: &str) -> Result<Id> {
    let name = text::clean(name);
    let plain = text::slugify(&name);
    for number in 1..=100 {
        let slug = match number {
            1 => plain.clone(),
            number => text::numbered(&plain, number),
        };
        let author = Author {
            id: Id::new(),
            name_key: text::name_key(&name),
            sort_key: text::slugify(&name),
            name: name.clone(),
            slug,
            role: None,
            bio: None,
            email: None,
            url: None,
            version: 1,
            created_at: tx.now,
            updated_at: tx.now,
        };
        if store!(tx.conn, authors::insert(&author))? {
            record_change(tx, None, &author);
            return Ok(author.id);
        }
        if let Some(there) = store!(tx.conn, authors::find_by_name_key(&author.name_key))? {
            return Ok(there.id);
        }
    }
    Err(conflict(format!(
        "Too many authors have a slug like `{plain}`; create this one with a slug of its own first."
    )))
}

/// A 404 for an author.
fn missing(at: &Reference) -> Error {
    not_found(format!("The author `{at}`"))
}

/// Whoever changes an author keeps everybody else from changing or naming them.
fn lock(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    actor.require(Right::Manage)?;
    Ok(store!(tx.conn, taxonomy::lock())?)
}

fn lookup(conn: &mut Conn<'_>, at: &Reference) -> Result<Option<Author>> {
    Ok(match at {
        Reference::Id(id) => store!(*conn, authors::find(*id))?,
        Reference::Slug(slug) => store!(*conn, authors::find_by_slug(slug))?,
    })
}

fn current(author: &Author) -> Current {
    Current::at(author.version, author.updated_at)
}

/// Somebody wrote between the read and the write, in spite of the lock.
fn overtaken(tx: &mut Tx<'_>, id: Id) -> Error {
    match find(&mut tx.conn, &Reference::Id(id)) {
        Ok(now) => stale(&current(&now)),
        Err(error) => error,
    }
}

fn unchanged(item: Author) -> Saved<Author> {
    Saved {
        result: Outcome::Unchanged,
        item,
    }
}

/// What would be stored, all rules checked; equal to `old` if the client wants
/// what is there.
fn wanted(tx: &mut Tx<'_>, old: Option<&Author>, input: AuthorIn) -> Result<Author> {
    let AuthorIn {
        name,
        slug,
        role,
        bio,
        email,
        url,
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
    let [role, bio, email, url] = [role, bio, email, url].map(text::clean_optional);
    if let Some(role) = &role {
        text::check(role, "#/role", ROLE_MAX, false, &mut errors);
    }
    if let Some(bio) = &bio {
        text::check(bio, "#/bio", BIO_MAX, true, &mut errors);
    }
    if let Some(email) = &email {
        text::check_email(email, "#/email", &mut errors);
    }
    if let Some(url) = &url {
        text::check_url(url, "#/url", &mut errors);
    }
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    let taken = store!(tx.conn, authors::find_by_slug(&slug))?;
    if let Some(holder) = taken.filter(|holder| Some(holder.id) != stored) {
        return Err(conflict(format!(
            "The slug `{slug}` belongs to the author “{}” ({}); send another `slug`.",
            holder.name, holder.id
        )));
    }
    Ok(Author {
        id: stored.unwrap_or_default(),
        slug,
        name_key: text::name_key(&name),
        sort_key: text::slugify(&name),
        name,
        role,
        bio,
        email,
        url,
        version: old.map_or(1, |old| old.version),
        created_at: old.map_or(tx.now, |old| old.created_at),
        updated_at: old.map_or(tx.now, |old| old.updated_at),
    })
}

/// Stores an author and records what readers will notice.
fn save(tx: &mut Tx<'_>, old: Option<Author>, mut author: Author) -> Result<Saved<Author>> {
    let result = match &old {
        None => {
            if !store!(tx.conn, authors::insert(&author))? {
                return Err(conflict("The slug was taken just now; send it again."));
            }
            Outcome::Created
        }
        Some(old) => {
            author.version = old.version + 1;
            author.updated_at = tx.now;
            if !store!(tx.conn, authors::update(&author, old.version))? {
                return Err(overtaken(tx, old.id));
            }
            Outcome::Updated
        }
    };
    record_change(tx, old.as_ref(), &author);
    Ok(Saved {
        result,
        item: author,
    })
}

fn record_change(tx: &mut Tx<'_>, old: Option<&Author>, author: &Author) {
    let mut tags = vec![
        Tag::index(Entity::Author),
        Tag::author(author.id),
        Tag::slug(&author.slug),
    ];
    if let Some(old) = old.filter(|old| old.slug != author.slug) {
        tags.extend([Tag::slug(&old.slug), Tag::list(old.id)]);
    }
    record(tx, Entity::Author, author.id, Action::Changed, &tags);
    let deed = old.map_or(Deed::Created, |_| Deed::Updated);
    note(tx, deed, (Subject::Author, author.id), author.version);
}
