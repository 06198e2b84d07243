//! Merging: what leads to one leads to another from then on, and the one is
//! gone. Its articles stand in the other's lists, and are recorded each, so that
//! whoever follows a list learns of them; no revision is touched.

use super::names;
use super::terms::{current, gone, lock, lookup, overtaken};
use super::uploads::{meant, unknown_name};
use super::{Kept, Kind, MergeIn, Merged, OtherName, Term, Way};
use crate::audit::model::Deed;
use crate::auth::Actor;
use crate::changes::{Action, Entity, Tag, Tx, note, record};
use crate::db::Id;
use crate::error::{Result, internal, invalid, invalid_all};
use crate::http::conditional::Expect;
use crate::http::reference::Reference;
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::store;

/// Merges a topic or an author into another. Doing it again changes nothing.
pub fn merge<T: Term>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &Reference,
    expect: Expect,
    input: &MergeIn,
) -> Result<Saved<Merged<Kept<T>>>> {
    lock(tx, actor)?;
    let into = target::<T>(tx, &input.into)?;
    let Some(old) = lookup::<T>(&mut tx.conn, at)? else {
        return match names::led_to(&mut tx.conn, T::KIND, at)? {
            Some(id) if id == into.id() => after(tx, Outcome::Unchanged, 0, &into),
            _ => Err(gone::<T>(tx, at)?),
        };
    };
    expect.allow(&current(&old.item))?;
    let Kept { item: old, others } = old;
    if old.id() == into.id() {
        return Err(itself(T::KIND, old.slug()));
    }
    let (articles, _) = store!(tx.conn, taxonomy::uses(T::KIND, old.id(), 0))?;
    let listed = store!(tx.conn, taxonomy::listed(old.id()))?;
    store!(tx.conn, taxonomy::hand_over_list(old.id(), into.id()))?;
    if !old.delete(&mut tx.conn)? {
        return Err(overtaken(tx, &old));
    }
    let pair = Pair {
        kind: T::KIND,
        old: (old.id(), old.slug(), old.name()),
        into: (into.id(), into.name()),
    };
    let namesake = T::find_by_name_key(&mut tx.conn, old.name_key())?;
    pair.hand_over_names(tx, namesake.is_none())?;
    let (version, _) = into.standing();
    let mut now = into.clone();
    now.touch(version + 1, tx.now);
    if !now.update(&mut tx.conn, version)? {
        return Err(overtaken(tx, &into));
    }
    let former = others.former_slugs.iter().map(|slug| Tag::slug(slug));
    pair.record(tx, former.collect(), &listed);
    pair.note(tx, old.standing().0, version + 1);
    after(tx, Outcome::Merged, articles, &now)
}

/// What to merge into, by any of its names.
fn target<T: Term>(tx: &mut Tx<'_>, name: &str) -> Result<T> {
    let wanted = [name.trim().to_owned()];
    let meant = meant::<T>(&mut tx.conn, &wanted)?;
    if let Some((_, why)) = meant.ambiguous.into_iter().next() {
        return Err(invalid("#/into", "ambiguous", why));
    }
    let Some(id) = meant.found.into_iter().flatten().next() else {
        let known = T::names(&mut tx.conn)?;
        let pointer = "#/into".to_owned();
        let error = unknown_name(T::KIND, &wanted[0], pointer, ".", &known);
        return Err(invalid_all(vec![error]));
    };
    T::find(&mut tx.conn, id)?.ok_or_else(|| internal(format!("{} {id} is missing", T::KIND)))
}

fn after<T: Term>(
    tx: &mut Tx<'_>,
    result: Outcome,
    articles: i64,
    into: &T,
) -> Result<Saved<Merged<Kept<T>>>> {
    let at = Reference::Id(into.id());
    let item = lookup(&mut tx.conn, &at)?
        .ok_or_else(|| internal(format!("{} {at} is missing", T::KIND)))?;
    let item = Merged { articles, item };
    Ok(Saved { result, item })
}

/// A 422 for merging something into itself.
pub fn itself(kind: Kind, slug: &str) -> crate::error::Error {
    let detail = format!("is the {kind} `{slug}` itself; name another");
    invalid("#/into", "same", detail)
}

/// What goes and what stays.
pub struct Pair<'a> {
    /// What they are.
    pub kind: Kind,
    /// Id, slug and name of what goes.
    pub old: (Id, &'a str, &'a str),
    /// Id and name of what stays.
    pub into: (Id, &'a str),
}

impl Pair<'_> {
    /// Lets all names of what goes lead to what stays. Its own name becomes an
    /// alias, unless it leads to another by itself.
    pub fn hand_over_names(&self, tx: &mut Tx<'_>, name_is_free: bool) -> Result<()> {
        let Pair {
            kind,
            old: (old, slug, name),
            into: (into, into_name),
        } = *self;
        store!(tx.conn, taxonomy::hand_over_names(old, into))?;
        let first = store!(tx.conn, taxonomy::next_position(into))?;
        let row = |way: Way, key: String, name: &str, place: i32| OtherName {
            way,
            name_key: key,
            kind,
            target_id: into,
            name: name.to_owned(),
            position: first + place,
        };
        let (id, key) = (old.to_string(), text::name_key(name));
        let is_alias = name_is_free && key != text::name_key(into_name);
        let mut rows = vec![
            row(Way::Id, id.clone(), &id, 0),
            row(Way::Slug, slug.to_owned(), slug, 1),
        ];
        if is_alias {
            rows.push(row(Way::Alias, key, name, 2));
        }
        Ok(store!(tx.conn, taxonomy::add_other_names(&rows))?)
    }

    /// Records what readers will notice: that one is gone, that the other has
    /// more, and each article that is in the other's list now.
    pub fn record(&self, tx: &mut Tx<'_>, mut tags: Vec<Tag>, articles: &[Id]) {
        let (kind, (old, slug, _), (into, _)) = (self.kind, self.old, self.into);
        tags.extend([
            Tag::index(kind.entity()),
            kind.tag(old),
            Tag::list(old),
            Tag::slug(slug),
            Tag::slug(&old.to_string()),
        ]);
        record(tx, kind.entity(), old, Action::Gone, &tags);
        let tags = [kind.tag(into), Tag::list(into)];
        record(tx, kind.entity(), into, Action::Changed, &tags);
        for article in articles {
            let tags = [Tag::article(*article)];
            record(tx, Entity::Article, *article, Action::Changed, &tags);
        }
    }

    /// Notes it for the audit log, with the versions that both have now or had.
    pub fn note(&self, tx: &mut Tx<'_>, old: i64, into: i64) {
        let subject = self.kind.subject();
        note(tx, Deed::Merged, (subject, self.old.0), old);
        note(tx, Deed::Updated, (subject, self.into.0), into);
    }
}
