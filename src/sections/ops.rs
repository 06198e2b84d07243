//! Reading the tree and every write to it.

use std::sync::Arc;

use super::model::DESCRIPTION_MAX;
use super::{DEPTH_MAX, SECTIONS_MAX, Section, SectionIn, SectionOut, SectionPatch, Tree};
use crate::audit::model::{Deed, Subject};
use crate::auth::{Actor, Right};
use crate::changes::{Action, Entity, Tag, Tx, note, record};
use crate::db::{Conn, Id};
use crate::error::{Error, FieldError, Result, conflict, invalid_all};
use crate::http::conditional::{Current, Expect, Put, stale};
use crate::http::reference::Reference;
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::store;
use crate::taxonomy::names::{self, Claim, Holder};
use crate::taxonomy::{Kind, NAME_MAX, terms, uploads};

/// The tree as it is now.
pub fn tree(conn: &mut Conn<'_>) -> Result<Tree> {
    let others = store!(*conn, taxonomy::all_other_names(Kind::Section))?;
    Ok(Tree::new(store!(*conn, sections::all())?, others))
}

/// The tree, kept as it is until the end of the transaction: for whoever files
/// articles in it.
pub fn hold(tx: &mut Tx<'_>) -> Result<Arc<Tree>> {
    if let Some(tree) = &tx.known.tree {
        return Ok(Arc::clone(tree));
    }
    uploads::hold(tx)?;
    let tree = Arc::new(tree(&mut tx.conn)?);
    tx.known.tree = Some(Arc::clone(&tree));
    Ok(tree)
}

/// Creates a section. 409 if its slug is taken.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, input: SectionIn) -> Result<Saved<SectionOut>> {
    let tree = lock(tx, actor)?;
    let (section, aliases) = wanted(tx, &tree, None, input)?;
    save(tx, &tree, None, section, &aliases)
}

/// Creates a section under this slug, or replaces the one that is there.
pub fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    mut input: SectionIn,
) -> Result<Saved<SectionOut>> {
    let tree = lock(tx, actor)?;
    let old = tree.get(at);
    let slug = match (old, at) {
        (Some(old), _) => old.slug.clone(),
        (None, Reference::Slug(slug)) => slug.clone(),
        (None, Reference::Id(_)) => return Err(gone(&tree, at)),
    };
    if old.is_none() && tree.led_to(at).is_some() {
        return Err(gone(&tree, at));
    }
    let mut errors = Vec::new();
    text::check_same(input.slug.as_ref(), Some(&slug), "#/slug", &mut errors);
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    input.slug = Some(slug);
    let (section, aliases) = wanted(tx, &tree, old, input)?;
    let current = old.map(current);
    let equal = old.is_some_and(|old| *old == section && tree.others(old.id).aliases == aliases);
    match expect.put(current.as_ref(), equal)? {
        Put::Create | Put::Replace => save(tx, &tree, old, section, &aliases),
        Put::Unchanged => Ok(unchanged(&tree, &section)),
    }
}

/// Changes a section as the patch says.
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    patch: SectionPatch,
) -> Result<Saved<SectionOut>> {
    let tree = lock(tx, actor)?;
    let old = tree.get(at).ok_or_else(|| gone(&tree, at))?;
    expect.require(&current(old))?;
    let had = tree.others(old.id).aliases;
    let SectionPatch {
        name,
        slug,
        parent,
        description,
        position,
        aliases,
    } = patch;
    let mut input = SectionIn {
        name: name.or(old.name.clone()),
        slug: Some(slug.or(old.slug.clone())),
        parent: old.parent_id.map(|id| id.to_string()),
        description: old.description.clone(),
        position: position.or(old.position),
        aliases: aliases.said(),
        former_slugs: Default::default(),
        id: None,
        path: Default::default(),
        version: Default::default(),
        created_at: Default::default(),
        updated_at: Default::default(),
    };
    parent.apply(&mut input.parent);
    description.apply(&mut input.description);
    let (section, aliases) = wanted(tx, &tree, Some(old), input)?;
    match section == *old && aliases == had {
        true => Ok(unchanged(&tree, &section)),
        false => save(tx, &tree, Some(old), section, &aliases),
    }
}

/// Deletes a section. 409 while it has children or articles.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, at: &Reference, expect: Expect) -> Result<()> {
    let tree = lock(tx, actor)?;
    let old = tree.get(at).ok_or_else(|| gone(&tree, at))?;
    expect.require(&current(old))?;
    let children: Vec<&str> = tree
        .children(Some(old.id))
        .map(|child| child.slug.as_str())
        .collect();
    if !children.is_empty() {
        return Err(conflict(format!(
            "The section `{}` has sections below it: {}. Move or delete them first.",
            old.slug,
            children.join(", ")
        )));
    }
    terms::refuse_used(tx, actor, Kind::Section, old.id, &old.slug)?;
    if !store!(tx.conn, sections::delete(old.id, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    store!(tx.conn, taxonomy::forget_other_names(old.id))?;
    let mut tags = vec![
        Tag::index(Entity::Section),
        Tag::section(old.id),
        Tag::list(old.id),
        Tag::slug(&old.slug),
    ];
    let former = tree.others(old.id).former_slugs;
    tags.extend(former.iter().map(|slug| Tag::slug(slug)));
    record(tx, Entity::Section, old.id, Action::Gone, &tags);
    note(tx, Deed::Deleted, (Subject::Section, old.id), old.version);
    Ok(())
}

/// Lets a former slug lead nowhere, so that another section may have it.
pub fn free_slug(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    slug: &str,
) -> Result<()> {
    let tree = lock(tx, actor)?;
    let old = tree.get(at).ok_or_else(|| gone(&tree, at))?;
    expect.require(&current(old))?;
    if !store!(tx.conn, taxonomy::free_slug(Kind::Section, old.id, slug))? {
        return Err(terms::not_former(Kind::Section, &old.slug, slug));
    }
    let version = old.version + 1;
    let section = Section {
        version,
        updated_at: tx.now,
        ..old.clone()
    };
    if !store!(tx.conn, sections::update(&section, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    // The tree that answers are made with knows the slug too.
    let tags = [Tag::slug(slug), Tag::index(Entity::Section)];
    record(tx, Entity::Section, old.id, Action::Changed, &tags);
    note(tx, Deed::Updated, (Subject::Section, old.id), version);
    Ok(())
}

/// Why there is no section with this slug or id: it has another now, or never
/// was.
pub(super) fn gone(tree: &Tree, at: &Reference) -> Error {
    match tree.led_to(at) {
        Some(now) => names::moved(Kind::Section, at, &now.slug),
        None => names::missing(Kind::Section, at),
    }
}

/// Whoever changes the tree sees it as it is and keeps everybody else from
/// changing it or filing articles in it.
pub(super) fn lock(tx: &mut Tx<'_>, actor: &Actor) -> Result<Tree> {
    actor.require(Right::Manage)?;
    store!(tx.conn, taxonomy::lock())?;
    tree(&mut tx.conn)
}

pub(super) fn current(section: &Section) -> Current {
    Current::at(section.version, section.updated_at)
}

/// Somebody wrote between the read and the write, in spite of the lock.
pub(super) fn overtaken(tx: &mut Tx<'_>, id: Id) -> Error {
    match store!(tx.conn, sections::find(id)) {
        Ok(Some(now)) => stale(&current(&now)),
        Ok(None) => names::missing(Kind::Section, &Reference::Id(id)),
        Err(error) => error.into(),
    }
}

fn unchanged(tree: &Tree, section: &Section) -> Saved<SectionOut> {
    Saved {
        result: Outcome::Unchanged,
        item: SectionOut::of(section, tree),
    }
}

/// What would be stored, with its aliases, all rules checked; equal to `old` if
/// the client wants what is there.
fn wanted(
    tx: &Tx<'_>,
    tree: &Tree,
    old: Option<&Section>,
    input: SectionIn,
) -> Result<(Section, Vec<String>)> {
    let SectionIn {
        name,
        slug,
        parent,
        description,
        position,
        aliases,
        former_slugs: _,
        id,
        path: _,
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
    let parent_id = match parent.filter(|parent| !parent.trim().is_empty()) {
        None => None,
        Some(parent) => match tree.resolve(&parent, "#/parent") {
            Ok(parent) => {
                check_place(tree, stored, parent, &mut errors);
                Some(parent.id)
            }
            Err(error) => {
                errors.push(error);
                None
            }
        },
    };
    let had = stored.map(|id| tree.others(id).aliases).unwrap_or_default();
    let aliases = match aliases {
        Some(sent) => names::checked_aliases(&sent, &name, had.len(), &mut errors),
        None => {
            // A name that it gives up goes on leading to it, unless that is another's.
            let mut kept = had.clone();
            let given_up = old.map(|old| old.name.clone()).filter(|old| *old != name);
            kept.extend(given_up.filter(|given_up| {
                let alone = std::slice::from_ref(given_up);
                refuse_taken(tree, stored, &slug, &name, alone).is_ok()
            }));
            names::checked_aliases(&kept, &name, had.len() + 1, &mut errors)
        }
    };
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    refuse_taken(tree, stored, &slug, &name, &aliases)?;
    if old.is_none() && tree.len() >= SECTIONS_MAX {
        return Err(conflict(format!(
            "There are {SECTIONS_MAX} sections already, which is the most there may be."
        )));
    }
    let section = Section {
        id: stored.unwrap_or_default(),
        parent_id,
        slug,
        name,
        description,
        position,
        version: old.map_or(1, |old| old.version),
        created_at: old.map_or(tx.now, |old| old.created_at),
        updated_at: old.map_or(tx.now, |old| old.updated_at),
    };
    Ok((section, aliases))
}

/// A 409 for a name that leads to another section.
fn refuse_taken(
    tree: &Tree,
    id: Option<Id>,
    slug: &str,
    name: &str,
    aliases: &[String],
) -> Result<()> {
    let in_order = tree.in_order();
    let keys: Vec<String> = in_order.iter().map(|it| text::name_key(&it.name)).collect();
    let holders: Vec<Holder<'_>> = in_order
        .iter()
        .zip(&keys)
        .map(|(section, name_key)| Holder {
            id: section.id,
            slug: &section.slug,
            name_key,
        })
        .collect();
    let claim = Claim {
        id,
        slug,
        name_key: &text::name_key(name),
        only: false,
        aliases,
    };
    match claim.taken(&holders, tree.all_others()) {
        None => Ok(()),
        Some(taken) => {
            let holder = tree.by_id(taken.holder);
            let (slug, name) = holder.map_or(("", ""), |it| (&it.slug, &it.name));
            Err(taken.conflict(Kind::Section, slug, name))
        }
    }
}

/// Whether a section may lie in `parent`: not in itself, not too deep.
fn check_place(tree: &Tree, id: Option<Id>, parent: &Section, errors: &mut Vec<FieldError>) {
    let above = tree.ancestors(parent.id);
    if id.is_some_and(|id| above.iter().any(|section| section.id == id)) {
        let detail = format!(
            "`{}` is this section or lies in it; name one outside, or null for the top",
            parent.slug
        );
        errors.push(FieldError::new("#/parent", "cycle", detail));
        return;
    }
    let levels = above.len() + id.map_or(1, |id| tree.height(id));
    if levels > DEPTH_MAX {
        let detail = format!("would make {levels} levels; {DEPTH_MAX} are the most");
        errors.push(FieldError::new("#/parent", "too-deep", detail));
    }
}

/// Stores a section and what follows from its place, and records what readers
/// will notice.
fn save(
    tx: &mut Tx<'_>,
    tree: &Tree,
    old: Option<&Section>,
    mut section: Section,
    aliases: &[String],
) -> Result<Saved<SectionOut>> {
    let changed = old != Some(&section);
    match old {
        None => store!(tx.conn, sections::insert(&section))?,
        Some(old) => {
            section.version = old.version + 1;
            section.updated_at = tx.now;
            if !store!(tx.conn, sections::update(&section, old.version))? {
                return Err(overtaken(tx, old.id));
            }
        }
    }
    let others = old.map(|old| tree.others(old.id)).unwrap_or_default();
    let before = old.map(|old| (old.slug.as_str(), &others));
    let (id, slug) = (section.id, &section.slug);
    let mut tags = names::keep(tx, Kind::Section, id, before, slug, aliases)?;
    tags.extend([Tag::index(Entity::Section), Tag::section(section.id)]);
    let (mut moved_articles, mut moved_sections) = (Vec::new(), Vec::new());
    if let Some(old) = old {
        if old.slug != section.slug {
            tags.push(Tag::list(old.id));
        }
        if old.slug != section.slug || old.parent_id != section.parent_id {
            // The paths of all sections below it have changed too.
            let below = tree.descendants(old.id);
            tags.extend(below.iter().map(|section| Tag::section(section.id)));
            let others = below.iter().filter(|section| section.id != old.id);
            moved_sections.extend(others.map(|section| section.id));
        }
        if old.parent_id != section.parent_id {
            let lists = relist(tx, tree, old, section.parent_id)?;
            tags.extend(lists.into_iter().map(Tag::list));
            moved_articles = store!(tx.conn, taxonomy::listed(old.id))?;
        }
    }
    // Readers see no aliases.
    if changed {
        record(tx, Entity::Section, section.id, Action::Changed, &tags);
    }
    let deed = old.map_or(Deed::Created, |_| Deed::Updated);
    note(tx, deed, (Subject::Section, section.id), section.version);
    // Whoever keeps sections must learn of the new paths.
    for below in moved_sections {
        let tags = [Tag::section(below)];
        record(tx, Entity::Section, below, Action::Changed, &tags);
    }
    // Whoever follows one section must learn that these came into it or left it.
    for article in moved_articles {
        let tags = [Tag::article(article)];
        record(tx, Entity::Article, article, Action::Changed, &tags);
    }
    let tree = self::tree(&mut tx.conn)?;
    Ok(Saved {
        result: match old {
            None => Outcome::Created,
            Some(_) => Outcome::Updated,
        },
        item: SectionOut::of(&section, &tree),
    })
}

/// Moves what is listed under a section out of the lists of the sections that
/// it leaves and into those it enters. Returns all of these.
fn relist(tx: &mut Tx<'_>, tree: &Tree, moved: &Section, to: Option<Id>) -> Result<Vec<Id>> {
    let above = |parent: Option<Id>| -> Vec<Id> {
        parent
            .map(|parent| tree.ancestors(parent))
            .unwrap_or_default()
            .iter()
            .map(|section| section.id)
            .collect()
    };
    let (from, to) = (above(moved.parent_id), above(to));
    let left: Vec<Id> = from.iter().filter(|id| !to.contains(id)).copied().collect();
    let entered: Vec<Id> = to.iter().filter(|id| !from.contains(id)).copied().collect();
    store!(tx.conn, sections::unlist(moved.id, &left))?;
    for list in &entered {
        store!(tx.conn, taxonomy::list_also(moved.id, *list))?;
    }
    Ok(left.into_iter().chain(entered).collect())
}

/// Reads a section by slug or id.
pub fn find(conn: &mut Conn<'_>, at: &Reference) -> Result<SectionOut> {
    let tree = tree(conn)?;
    let section = tree
        .get(at)
        .ok_or_else(|| names::missing(Kind::Section, at))?;
    Ok(SectionOut::of(section, &tree))
}

/// Reads all sections, each before its children.
pub fn list(conn: &mut Conn<'_>) -> Result<Vec<SectionOut>> {
    let tree = tree(conn)?;
    Ok(tree
        .in_order()
        .into_iter()
        .map(|section| SectionOut::of(section, &tree))
        .collect())
}
