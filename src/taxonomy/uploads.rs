//! What the topics and authors that an upload names are, and making those that
//! are unknown.

use super::model::NAME_MAX;
use super::terms::{note_save, record_change};
use super::{Kind, OtherName, Term, Way};
use crate::auth::{Actor, Right};
use crate::changes::{Tag, Tx};
use crate::db::{Conn, Id};
use crate::error::{FieldError, Result, conflict};
use crate::http::reference::Reference;
use crate::http::text;
use crate::store;

/// What names in an upload or in a request mean.
pub struct Meant {
    /// For each name, what it leads to.
    pub found: Vec<Option<Id>>,
    /// What is wrong with those that several have.
    pub ambiguous: Vec<(usize, String)>,
}

/// Looks up what names mean: ids, slugs and former slugs, names, aliases.
pub fn meant<T: Term>(conn: &mut Conn<'_>, wanted: &[String]) -> Result<Meant> {
    let (mut ids, mut id_texts, mut slugs) = (Vec::new(), Vec::new(), Vec::new());
    let keys: Vec<String> = wanted.iter().map(|name| text::name_key(name)).collect();
    for name in wanted {
        match Reference::of(name) {
            Reference::Id(id) => {
                ids.push(id);
                id_texts.push(name.clone());
            }
            Reference::Slug(_) => slugs.push(name.as_str()),
        }
    }
    let known = T::matching(conn, &ids, &slugs, &keys)?;
    let others = store!(
        *conn,
        taxonomy::other_names_matching(T::KIND, &id_texts, &slugs, &keys)
    )?;
    let other = |way: Way, key: &str| {
        let row = others
            .iter()
            .find(|row: &&OtherName| row.way == way && row.name_key == key);
        row.map(|row| row.target_id)
    };
    let mut meant = Meant {
        found: Vec::with_capacity(wanted.len()),
        ambiguous: Vec::new(),
    };
    for (at, (name, key)) in wanted.iter().zip(&keys).enumerate() {
        let exact = known
            .iter()
            .find(|term| term.slug() == name || term.id().to_string() == *name)
            .map(T::id)
            .or_else(|| other(Way::Id, name))
            .or_else(|| other(Way::Slug, name));
        let same_name: Vec<&T> = known.iter().filter(|term| term.name_key() == key).collect();
        if exact.is_none() && same_name.len() > 1 {
            let slugs: Vec<&str> = same_name.iter().map(|term| term.slug()).collect();
            let detail = format!(
                "several {}s have this name; send one of the slugs {}",
                T::KIND,
                slugs.join(", ")
            );
            meant.ambiguous.push((at, detail));
        }
        let named = same_name.first().map(|term| term.id());
        let found = exact.or(named).or_else(|| other(Way::Alias, key));
        meant.found.push(found);
    }
    Ok(meant)
}

/// Looks up those of these names that are there, for a write of many articles that
/// name them.
pub fn look_up<T: Term>(tx: &mut Tx<'_>, mut names: Vec<String>) -> Result<()> {
    hold(tx)?;
    names.retain(|name| !tx.known.names.contains_key(&(T::KIND, name.clone())));
    if names.is_empty() {
        return Ok(());
    }
    let Meant { found, ambiguous } = meant::<T>(&mut tx.conn, &names)?;
    for (at, (name, id)) in names.into_iter().zip(found).enumerate() {
        if let Some(id) = id.filter(|_| ambiguous.iter().all(|(other, _)| *other != at)) {
            tx.known.names.insert((T::KIND, name), id);
            tx.known.present.insert(id);
        }
    }
    Ok(())
}

/// The ids of what an upload names, each once and in the upload's order. Those
/// that are unknown are created where the actor may; otherwise, or if a name
/// breaks a rule, each is an error that points to its place. Nobody can change
/// or delete them until the end of the transaction.
pub fn resolve_or_create<T: Term>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    wanted: &[String],
) -> Result<Result<Vec<Id>, Vec<FieldError>>> {
    hold(tx)?;
    let by_name = |name: &String| tx.known.names.get(&(T::KIND, name.clone())).copied();
    if let Some(ids) = wanted.iter().map(by_name).collect::<Option<Vec<Id>>>() {
        return Ok(Ok(each_once(ids)));
    }
    let Meant {
        mut found,
        ambiguous,
    } = meant::<T>(&mut tx.conn, wanted)?;
    let pointer = |at: usize| format!("#/{}s/{at}", T::KIND);
    let mut errors: Vec<FieldError> = ambiguous
        .into_iter()
        .map(|(at, detail)| FieldError::new(pointer(at), "ambiguous", detail))
        .collect();

    let unknown: Vec<usize> = (0..wanted.len())
        .filter(|at| found[*at].is_none())
        .collect();
    let why_not = actor.why_not(Right::Manage);
    let mut known = Vec::new();
    if !unknown.is_empty() && why_not.is_some() {
        known = T::names(&mut tx.conn)?;
    }
    for at in &unknown {
        match &why_not {
            Some(why) => {
                let why = format!(", and you may not create one. {why}");
                let error = unknown_name(T::KIND, &wanted[*at], pointer(*at), &why, &known);
                errors.push(error);
            }
            None => check_new(T::KIND, &wanted[*at], &pointer(*at), &mut errors),
        }
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    // In one order everywhere, so that two uploads which create the same ones
    // can't wait for each other.
    let mut unknown: Vec<(String, usize)> = unknown
        .iter()
        .map(|at| (text::name_key(&wanted[*at]), *at))
        .collect();
    unknown.sort_unstable();
    for (_, at) in unknown {
        found[at] = Some(create_once::<T>(tx, &wanted[at])?);
    }
    for (name, id) in wanted.iter().zip(found.iter().flatten()) {
        tx.known.names.insert((T::KIND, name.clone()), *id);
        tx.known.present.insert(*id);
    }
    Ok(Ok(each_once(found.into_iter().flatten())))
}

fn each_once(ids: impl IntoIterator<Item = Id>) -> Vec<Id> {
    let mut once = Vec::new();
    for id in ids {
        if !once.contains(&id) {
            once.push(id);
        }
    }
    once
}

/// Keeps sections, topics and authors as they are until the write is done.
pub fn hold(tx: &mut Tx<'_>) -> Result<()> {
    if !tx.known.held {
        store!(tx.conn, taxonomy::hold())?;
        tx.known.held = true;
    }
    Ok(())
}

/// What to say about an unknown name; `why` follows the statement that it is.
pub fn unknown_name(
    kind: Kind,
    name: &str,
    pointer: String,
    why: &str,
    known: &[String],
) -> FieldError {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let shown: String = name.chars().take(80).collect();
    let near = match text::all_near(name, &known).as_slice() {
        [] => String::new(),
        near => format!(" The nearest are: {}.", near.join(", ")),
    };
    let detail = format!("there is no {kind} `{shown}`{why}{near}");
    FieldError::new(pointer, kind.unknown(), detail)
}

/// Whether a new one can have this name.
fn check_new(kind: Kind, name: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    let name = text::clean(name);
    if matches!(Reference::of(&name), Reference::Id(_)) {
        let detail = format!("there is no {kind} with the id `{name}`");
        errors.push(FieldError::new(pointer, kind.unknown(), detail));
        return;
    }
    text::check_required(&name, pointer, NAME_MAX, errors);
    if !name.is_empty() && text::slugify(&name).is_empty() {
        let detail = format!("gives no slug; create the {kind} with one first");
        errors.push(FieldError::new(pointer, "bad-slug", detail));
    }
}

/// Creates one of this name, or finds the one that somebody else created at the
/// same time. If the slug leads to another, it gets a number.
fn create_once<T: Term>(tx: &mut Tx<'_>, name: &str) -> Result<Id> {
    let name = text::clean(name);
    let plain = text::slugify(&name);
    for number in 1..=100 {
        let slug = match number {
            1 => plain.clone(),
            number => text::numbered(&plain, number),
        };
        let key = [slug.clone()];
        let reserved = store!(
            tx.conn,
            taxonomy::other_names_matching(T::KIND, &[], &[&slug], &key)
        )?;
        if !reserved.is_empty() {
            continue;
        }
        let term = T::plain(name.clone(), slug, tx.now);
        if term.insert(&mut tx.conn)? {
            record_change(tx, None, &term, vec![Tag::slug(term.slug())]);
            note_save(tx, true, &term);
            return Ok(term.id());
        }
        if let Some(there) = T::find_by_name_key(&mut tx.conn, term.name_key())? {
            return Ok(there.id());
        }
    }
    Err(conflict(format!(
        "Too many {0}s have a slug like `{plain}`; create this {0} with a slug of its own first.",
        T::KIND
    )))
}
