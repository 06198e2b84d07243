//! Reading topics and authors, and every write to them.

use super::names::{self, Claim, Holder, Taken};
use super::{Kept, Kind, Others, Term};
use crate::audit::model::Deed;
use crate::auth::{Actor, Right};
use crate::changes::{Action, Tag, Tx, note, record};
use crate::db::{Conn, Id};
use crate::error::{CONFLICT, Error, Problem, Result, conflict, invalid_all};
use crate::http::conditional::{Current, Expect, Put, stale};
use crate::http::page::{NamePage, Page};
use crate::http::reference::Reference;
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::store;

/// How many of the articles that use something are named.
const FEW: i64 = 3;

/// The one that a path names.
pub fn find<T: Term>(conn: &mut Conn<'_>, at: &Reference) -> Result<Kept<T>> {
    match lookup(conn, at)? {
        Some(found) => Ok(found),
        None => Err(names::missing(T::KIND, at)),
    }
}

/// A page of them, in the order of their names.
pub fn page<T: Term, Out: From<Kept<T>>>(
    conn: &mut Conn<'_>,
    wanted: &NamePage,
    path: &str,
) -> Result<Page<Out>> {
    let rows = T::page(conn, &wanted.wanted(None))?;
    let ids: Vec<Id> = rows.iter().map(T::id).collect();
    let others = store!(*conn, taxonomy::other_names_of(&ids))?;
    Ok(wanted.fill(
        rows,
        path,
        |row| (row.sort_key(), row.id()),
        |item| {
            let others = Others::of(item.id(), &others);
            Out::from(Kept { item, others })
        },
    ))
}

/// Creates one. 409 if its slug, or another name, is taken.
pub fn create<T: Term>(tx: &mut Tx<'_>, actor: &Actor, input: T::In) -> Result<Saved<Kept<T>>> {
    lock(tx, actor)?;
    let wanted = wanted(tx, None, input)?;
    save(tx, None, wanted)
}

/// Creates one under this slug, or replaces the one that is there.
pub fn put<T: Term>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    mut input: T::In,
) -> Result<Saved<Kept<T>>> {
    lock(tx, actor)?;
    let old = lookup::<T>(&mut tx.conn, at)?;
    let slug = match (&old, at) {
        (Some(old), _) => old.item.slug().to_owned(),
        (None, Reference::Slug(slug)) => slug.clone(),
        (None, Reference::Id(_)) => return Err(gone::<T>(tx, at)?),
    };
    if old.is_none() && names::led_to(&mut tx.conn, T::KIND, at)?.is_some() {
        return Err(gone::<T>(tx, at)?);
    }
    let sent = T::sent_slug(&mut input);
    let mut errors = Vec::new();
    text::check_same(sent.as_ref(), Some(&slug), "#/slug", &mut errors);
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    *sent = Some(slug);
    let wanted = wanted(tx, old.as_ref(), input)?;
    let current = old.as_ref().map(|old| current(&old.item));
    match expect.put(current.as_ref(), old.as_ref() == Some(&wanted))? {
        Put::Create | Put::Replace => save(tx, old, wanted),
        Put::Unchanged => Ok(unchanged(wanted)),
    }
}

/// Changes one as the patch says.
pub fn patch<T: Term>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    patch: T::Patch,
) -> Result<Saved<Kept<T>>> {
    lock(tx, actor)?;
    let old = to_change::<T>(tx, at)?;
    expect.require(&current(&old.item))?;
    let input = T::patched(&old, patch);
    let wanted = wanted(tx, Some(&old), input)?;
    match wanted == old {
        true => Ok(unchanged(wanted)),
        false => save(tx, Some(old), wanted),
    }
}

/// Deletes one. 409 while an article uses it.
pub fn delete<T: Term>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
) -> Result<()> {
    lock(tx, actor)?;
    let old = to_change::<T>(tx, at)?;
    expect.require(&current(&old.item))?;
    let Kept { item, others } = old;
    refuse_used(tx, actor, T::KIND, item.id(), item.slug())?;
    if !item.delete(&mut tx.conn)? {
        return Err(overtaken(tx, &item));
    }
    store!(tx.conn, taxonomy::forget_other_names(item.id()))?;
    let mut tags = vec![
        Tag::index(T::KIND.entity()),
        T::KIND.tag(item.id()),
        Tag::list(item.id()),
        Tag::slug(item.slug()),
    ];
    tags.extend(others.former_slugs.iter().map(|slug| Tag::slug(slug)));
    record(tx, T::KIND.entity(), item.id(), Action::Gone, &tags);
    let (version, _) = item.standing();
    note(tx, Deed::Deleted, (T::KIND.subject(), item.id()), version);
    Ok(())
}

/// Lets a former slug lead nowhere, so that another may have it.
pub fn free_slug<T: Term>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    slug: &str,
) -> Result<()> {
    lock(tx, actor)?;
    let Kept { mut item, .. } = to_change::<T>(tx, at)?;
    expect.require(&current(&item))?;
    if !store!(tx.conn, taxonomy::free_slug(T::KIND, item.id(), slug))? {
        return Err(not_former(T::KIND, item.slug(), slug));
    }
    let (version, _) = item.standing();
    item.touch(version + 1, tx.now);
    if !item.update(&mut tx.conn, version)? {
        return Err(overtaken(tx, &item));
    }
    let tags = [Tag::slug(slug)];
    record(tx, T::KIND.entity(), item.id(), Action::Changed, &tags);
    note(
        tx,
        Deed::Updated,
        (T::KIND.subject(), item.id()),
        version + 1,
    );
    Ok(())
}

/// A 404 for a slug that something never had.
pub fn not_former(kind: Kind, slug: &str, former: &str) -> Error {
    let shown: String = former.chars().take(200).collect();
    crate::error::not_found(format!("The former slug `{shown}` of the {kind} `{slug}`"))
}

/// A 409 while articles use something, which says how many and names a few, with
/// the way out.
pub fn refuse_used(tx: &mut Tx<'_>, actor: &Actor, kind: Kind, id: Id, slug: &str) -> Result<()> {
    let (count, some) = store!(tx.conn, taxonomy::uses(kind, id, FEW))?;
    if count == 0 {
        return Ok(());
    }
    let articles = match count {
        1 => "One article names".to_owned(),
        count => format!("{count} articles name"),
    };
    // Drafts have names that not everybody may read.
    let some: Vec<String> = some.iter().map(|slug| format!("`{slug}`")).collect();
    let which = match (actor.may(Right::Read), count > FEW) {
        (false, _) => String::new(),
        (true, false) => format!(": {}", some.join(", ")),
        (true, true) => format!(", among them {}", some.join(", ")),
    };
    let detail = format!(
        "{articles} the {kind} `{slug}`{which}. To put another in its place everywhere: curl $API/v1/editor/{kind}s/{slug}/merge -H \"Authorization: Bearer $KEY\" --json '{{\"into\": \"…\"}}'"
    );
    Err(Problem::new(&CONFLICT, detail)
        .with("articles", count)
        .into())
}

/// Whoever changes one keeps everybody else from changing it or using it.
pub(super) fn lock(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    actor.require(Right::Manage)?;
    Ok(store!(tx.conn, taxonomy::lock())?)
}

/// The one with this slug or id, with its other names.
pub(super) fn lookup<T: Term>(conn: &mut Conn<'_>, at: &Reference) -> Result<Option<Kept<T>>> {
    let found = match at {
        Reference::Id(id) => T::find(conn, *id)?,
        Reference::Slug(slug) => T::find_by_slug(conn, slug)?,
    };
    let Some(item) = found else { return Ok(None) };
    let rows = store!(*conn, taxonomy::other_names_of(&[item.id()]))?;
    let others = Others::of(item.id(), &rows);
    Ok(Some(Kept { item, others }))
}

/// The one that a write is for.
fn to_change<T: Term>(tx: &mut Tx<'_>, at: &Reference) -> Result<Kept<T>> {
    match lookup(&mut tx.conn, at)? {
        Some(found) => Ok(found),
        None => Err(gone::<T>(tx, at)?),
    }
}

/// Why there is none with this slug or id: it has another now, or never was.
pub(super) fn gone<T: Term>(tx: &mut Tx<'_>, at: &Reference) -> Result<Error> {
    let now = match names::led_to(&mut tx.conn, T::KIND, at)? {
        Some(id) => T::find(&mut tx.conn, id)?,
        None => None,
    };
    Ok(match now {
        Some(now) => names::moved(T::KIND, at, now.slug()),
        None => names::missing(T::KIND, at),
    })
}

/// What a precondition is compared with.
pub(super) fn current<T: Term>(term: &T) -> Current {
    let (version, updated_at) = term.standing();
    Current::at(version, updated_at)
}

/// Somebody wrote between the read and the write, in spite of the lock.
pub(super) fn overtaken<T: Term>(tx: &mut Tx<'_>, term: &T) -> Error {
    match T::find(&mut tx.conn, term.id()) {
        Ok(Some(now)) => stale(&current(&now)),
        Ok(None) => names::missing(T::KIND, &Reference::Id(term.id())),
        Err(error) => error,
    }
}

fn unchanged<T>(item: Kept<T>) -> Saved<Kept<T>> {
    Saved {
        result: Outcome::Unchanged,
        item,
    }
}

/// What would be stored, all rules checked; equal to `old` if the client wants
/// what is there.
fn wanted<T: Term>(tx: &mut Tx<'_>, old: Option<&Kept<T>>, input: T::In) -> Result<Kept<T>> {
    let mut errors = Vec::new();
    let (item, sent) = T::read(old.map(|old| &old.item), input, tx.now, &mut errors);
    let mut others = old.map(|old| old.others.clone()).unwrap_or_default();
    let had = others.aliases.len();
    let (sent, most) = match (sent, old) {
        (Some(sent), _) => (sent, had),
        (None, Some(old)) => {
            let kept = kept_names(tx, &old.item, &item, &others.aliases)?;
            (kept, had + 1)
        }
        (None, None) => (Vec::new(), 0),
    };
    others.aliases = names::checked_aliases(&sent, item.name(), most, &mut errors);
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    let claim = Claim {
        id: old.map(|old| old.item.id()),
        slug: item.slug(),
        name_key: item.name_key(),
        only: T::ONE_OF_A_NAME,
        aliases: &others.aliases,
    };
    if let Some(taken) = taken::<T>(tx, &claim)? {
        let holder = T::find(&mut tx.conn, taken.holder)?;
        let (slug, name) = holder
            .as_ref()
            .map_or(("", ""), |it| (it.slug(), it.name()));
        return Err(taken.conflict(T::KIND, slug, name));
    }
    let slug = item.slug().to_owned();
    others.former_slugs.retain(|former| *former != slug);
    Ok(Kept { item, others })
}

/// The aliases of one of which a write says nothing about them. A name that it gives up
/// becomes one, unless that leads to another: whoever uploads with the old name goes on
/// meaning this one.
fn kept_names<T: Term>(
    tx: &mut Tx<'_>,
    old: &T,
    new: &T,
    aliases: &[String],
) -> Result<Vec<String>> {
    let mut kept = aliases.to_vec();
    if old.name_key() != new.name_key() {
        let name = [old.name().to_owned()];
        let claim = Claim {
            id: Some(old.id()),
            slug: new.slug(),
            name_key: new.name_key(),
            only: false,
            aliases: &name,
        };
        if taken::<T>(tx, &claim)?.is_none() {
            kept.extend(name);
        }
    }
    Ok(kept)
}

fn taken<T: Term>(tx: &mut Tx<'_>, claim: &Claim<'_>) -> Result<Option<Taken>> {
    let (slugs, keys) = (claim.slugs(), claim.name_keys());
    let known = T::matching(&mut tx.conn, &[], &slugs, &keys)?;
    let others = store!(
        tx.conn,
        taxonomy::other_names_matching(T::KIND, &[], &slugs, &keys)
    )?;
    let holders: Vec<Holder<'_>> = known
        .iter()
        .map(|term| Holder {
            id: term.id(),
            slug: term.slug(),
            name_key: term.name_key(),
        })
        .collect();
    Ok(claim.taken(&holders, &others))
}

/// Stores one and records what readers will notice.
fn save<T: Term>(
    tx: &mut Tx<'_>,
    old: Option<Kept<T>>,
    mut wanted: Kept<T>,
) -> Result<Saved<Kept<T>>> {
    let item = &mut wanted.item;
    let changed = old.as_ref().map(|old| &old.item) != Some(item);
    match &old {
        None => {
            if !item.insert(&mut tx.conn)? {
                return Err(conflict(
                    "Its slug or name was taken just now; send it again.",
                ));
            }
        }
        Some(old) => {
            let (version, _) = old.item.standing();
            item.touch(version + 1, tx.now);
            if !item.update(&mut tx.conn, version)? {
                return Err(overtaken(tx, &old.item));
            }
        }
    }
    let before = old.as_ref().map(|old| (old.item.slug(), &old.others));
    let aliases = &wanted.others.aliases;
    let tags = names::keep(tx, T::KIND, item.id(), before, item.slug(), aliases)?;
    if let Some((slug, _)) = before.filter(|(slug, _)| *slug != item.slug()) {
        wanted.others.former_slugs.push(slug.to_owned());
    }
    // Readers see no aliases.
    if changed {
        record_change(tx, old.as_ref().map(|old| &old.item), item, tags);
    }
    note_save(tx, old.is_none(), item);
    Ok(Saved {
        result: match old {
            None => Outcome::Created,
            Some(_) => Outcome::Updated,
        },
        item: wanted,
    })
}

pub(super) fn record_change<T: Term>(
    tx: &mut Tx<'_>,
    old: Option<&T>,
    term: &T,
    mut tags: Vec<Tag>,
) {
    tags.push(Tag::index(T::KIND.entity()));
    tags.push(T::KIND.tag(term.id()));
    if old.is_some_and(|old| old.slug() != term.slug()) {
        tags.push(Tag::list(term.id()));
    }
    record(tx, T::KIND.entity(), term.id(), Action::Changed, &tags);
}

pub(super) fn note_save<T: Term>(tx: &mut Tx<'_>, new: bool, term: &T) {
    let deed = if new { Deed::Created } else { Deed::Updated };
    let (version, _) = term.standing();
    note(tx, deed, (T::KIND.subject(), term.id()), version);
}
