//! Merging a section into another.

use super::ops::{current, gone, lock, overtaken, tree};
use super::{DEPTH_MAX, Section, SectionOut, Tree};
use crate::auth::Actor;
use crate::changes::{Action, Entity, Tag, Tx, record};
use crate::db::Id;
use crate::error::{Result, invalid, invalid_all};
use crate::http::conditional::Expect;
use crate::http::reference::Reference;
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::store;
use crate::taxonomy::merging::{Pair, itself};
use crate::taxonomy::{Kind, MergeIn, Merged};

/// Merges a section into another: what was below it is below that. Doing it
/// again changes nothing.
pub fn merge(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    input: &MergeIn,
) -> Result<Saved<Merged<SectionOut>>> {
    let tree = lock(tx, actor)?;
    let into = tree
        .resolve(input.into.trim(), "#/into")
        .map_err(|error| invalid_all(vec![error]))?;
    let Some(old) = tree.get(at) else {
        return match tree.led_to(at) {
            Some(now) if now.id == into.id => Ok(Saved {
                result: Outcome::Unchanged,
                item: Merged {
                    articles: 0,
                    item: SectionOut::of(into, &tree),
                },
            }),
            _ => Err(gone(&tree, at)),
        };
    };
    expect.allow(&current(old))?;
    check_place(&tree, old, into)?;

    let (articles, _) = store!(tx.conn, taxonomy::uses(Kind::Section, old.id, 0))?;
    let listed = store!(tx.conn, taxonomy::listed(old.id))?;
    let (left, entered) = lists(&tree, old, into);
    store!(tx.conn, sections::unlist(old.id, &left))?;
    for list in &entered {
        store!(tx.conn, taxonomy::list_also(old.id, *list))?;
    }
    store!(tx.conn, taxonomy::hand_over_list(old.id, into.id))?;
    store!(
        tx.conn,
        sections::hand_over_children(old.id, into.id, tx.now)
    )?;
    if !store!(tx.conn, sections::delete(old.id, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    let pair = Pair {
        kind: Kind::Section,
        old: (old.id, &old.slug, &old.name),
        into: (into.id, &into.name),
    };
    pair.hand_over_names(tx, !has_namesake(&tree, old))?;
    let version = into.version + 1;
    let now = Section {
        version,
        updated_at: tx.now,
        ..into.clone()
    };
    if !store!(tx.conn, sections::update(&now, into.version))? {
        return Err(overtaken(tx, into.id));
    }

    let former = tree.others(old.id).former_slugs;
    let mut tags: Vec<Tag> = former.iter().map(|slug| Tag::slug(slug)).collect();
    tags.extend(left.into_iter().chain(entered).map(Tag::list));
    // The paths of all sections below it have changed.
    let below = tree.descendants(old.id);
    tags.extend(below.iter().map(|section| Tag::section(section.id)));
    pair.record(tx, tags, &listed);
    for section in below.iter().filter(|section| section.id != old.id) {
        let tags = [Tag::section(section.id)];
        record(tx, Entity::Section, section.id, Action::Changed, &tags);
    }
    pair.note(tx, old.version, version);
    let tree = self::tree(&mut tx.conn)?;
    Ok(Saved {
        result: Outcome::Merged,
        item: Merged {
            articles,
            item: SectionOut::of(&now, &tree),
        },
    })
}

/// Whether what is below one section can go below another.
fn check_place(tree: &Tree, old: &Section, into: &Section) -> Result<()> {
    if old.id == into.id {
        return Err(itself(Kind::Section, &old.slug));
    }
    let above = tree.ancestors(into.id);
    if above.iter().any(|section| section.id == old.id) {
        let detail = format!(
            "`{}` lies in `{}`; move it elsewhere first, or merge it into that one",
            into.slug, old.slug
        );
        return Err(invalid("#/into", "cycle", detail));
    }
    let levels = above.len() + tree.height(old.id) - 1;
    if levels > DEPTH_MAX {
        let detail = format!("would make {levels} levels; {DEPTH_MAX} are the most");
        return Err(invalid("#/into", "too-deep", detail));
    }
    Ok(())
}

/// The lists above it that the articles leave, and those that they enter.
fn lists(tree: &Tree, old: &Section, into: &Section) -> (Vec<Id>, Vec<Id>) {
    let above = |id: Id| -> Vec<Id> {
        let sections = tree.ancestors(id);
        sections.iter().map(|section| section.id).collect()
    };
    let (from, to) = (above(old.id), above(into.id));
    let left = from.iter().filter(|id| !to.contains(id) && **id != old.id);
    let entered = to.iter().filter(|id| !from.contains(id));
    (left.copied().collect(), entered.copied().collect())
}

/// Whether another section has the same name.
fn has_namesake(tree: &Tree, old: &Section) -> bool {
    let key = text::name_key(&old.name);
    let others = tree.in_order();
    others
        .iter()
        .any(|section| section.id != old.id && text::name_key(&section.name) == key)
}
