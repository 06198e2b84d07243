//! Reading redirects and every write to them.

use std::collections::HashMap;

use diesel::result::{DatabaseErrorKind, Error as Diesel};

use super::address::Address;
use super::find::{HOPS, Hit, Patterns, hit, is_url, on_site};
use super::import::Line;
use super::model::{
    GONE, Imported, MOVED, Redirect, RedirectFilter, RedirectIn, RedirectOut, RedirectPatch,
};
use super::pattern::{self, Parts, Pattern};
use crate::articles::ops::Names;
use crate::audit::model::{Deed, Subject};
use crate::auth::{Actor, Right};
use crate::changes::{Action, Entity, Tag, Tx, note, record};
use crate::config::Config;
use crate::db::{Conn, Id};
use crate::error::{Error, FieldError, Result, conflict, invalid_all, not_found};
use crate::http::conditional::{Current, Expect, Put, stale};
use crate::http::cursor::Position;
use crate::http::patch::Patch;
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::store;

/// The most patterns there may be: all of them are compared.
const PATTERNS_MAX: i64 = 1_000;
/// Errors that one answer lists.
const ERRORS_MAX: usize = 1_000;

/// An entry as it was sent.
struct Sent<'a> {
    /// Where it stands in what was sent.
    pointer: String,
    from: &'a str,
    to: Option<&'a str>,
    status: Option<i32>,
}

/// What an entry says.
#[derive(PartialEq, Eq)]
struct Draft {
    source: String,
    literals: Option<i32>,
    status: i32,
    article_id: Option<Id>,
    target: Option<String>,
}

/// The redirect that a path names.
pub fn find(conn: &mut Conn<'_>, id: Option<Id>) -> Result<Redirect> {
    let found = match id {
        Some(id) => store!(*conn, redirects::find(id))?,
        None => None,
    };
    found.ok_or_else(|| not_found("The redirect"))
}

/// Redirects as editors see them.
pub fn show(conn: &mut Conn<'_>, rows: Vec<Redirect>) -> Result<Vec<RedirectOut>> {
    let ids: Vec<Id> = rows.iter().filter_map(|row| row.article_id).collect();
    let slugs: HashMap<Id, String> = match ids.as_slice() {
        [] => HashMap::new(),
        ids => store!(*conn, articles::slugs_of_ids(ids))?
            .into_iter()
            .collect(),
    };
    let show = |row: Redirect| {
        let slug = row.article_id.and_then(|id| slugs.get(&id).cloned());
        RedirectOut::new(row, slug)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// One redirect as editors see it.
pub fn show_one(conn: &mut Conn<'_>, row: Redirect) -> Result<RedirectOut> {
    let slug = match row.article_id {
        Some(id) => store!(*conn, articles::find(id))?.map(|article| article.slug),
        None => None,
    };
    Ok(RedirectOut::new(row, slug))
}

/// Redirects, the newest first.
pub fn page(
    conn: &mut Conn<'_>,
    filter: &RedirectFilter,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Redirect>> {
    Ok(store!(*conn, redirects::page(filter, after, limit))?)
}

/// Adds a redirect. One that is there already is unchanged; 409 if its address
/// leads elsewhere.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    config: &Config,
    input: &RedirectIn,
) -> Result<Saved<Redirect>> {
    lock(tx, actor)?;
    let draft = wanted(tx, None, input)?;
    match holder(tx, &draft)? {
        Some(there) if of(&there) == draft => Ok(unchanged(there)),
        Some(there) => Err(taken(&there)),
        None => save(tx, config, None, draft),
    }
}

/// Replaces a redirect.
pub fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    config: &Config,
    id: Option<Id>,
    expect: Expect,
    input: &RedirectIn,
) -> Result<Saved<Redirect>> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, id)?;
    let draft = wanted(tx, Some(&old), input)?;
    match expect.put(Some(&current(&old)), of(&old) == draft)? {
        Put::Unchanged => Ok(unchanged(old)),
        Put::Create | Put::Replace => replace(tx, config, old, draft),
    }
}

/// Changes a redirect as the patch says.
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    config: &Config,
    id: Option<Id>,
    expect: Expect,
    patch: RedirectPatch,
) -> Result<Saved<Redirect>> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, id)?;
    expect.require(&current(&old))?;
    let RedirectPatch { from, to, status } = patch;
    let shown = show_one(&mut tx.conn, old.clone())?;
    let there = match old.article_id {
        // By its id: somebody else may have its slug.
        Some(id) => Some(id.to_string()),
        None => shown.to,
    };
    let from = from.or(old.source.clone());
    // A new target makes it lead somewhere, a status of 410 nowhere.
    let status = match (&status, &to) {
        (Patch::Absent, Patch::Value(_)) => Some(MOVED),
        (Patch::Absent, _) => Some(old.status),
        (Patch::Null, _) => Some(MOVED),
        (Patch::Value(status), _) => Some(*status),
    };
    let to = match to {
        Patch::Absent => there.filter(|_| status != Some(GONE)),
        Patch::Null => None,
        Patch::Value(to) => Some(to),
    };
    let sent = Sent {
        pointer: "#".to_owned(),
        from: &from,
        to: to.as_deref(),
        status,
    };
    let draft = checked(tx, sent)?;
    match of(&old) == draft {
        true => Ok(unchanged(old)),
        false => replace(tx, config, old, draft),
    }
}

/// Removes a redirect.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, id: Option<Id>, expect: Expect) -> Result<()> {
    lock(tx, actor)?;
    let old = find(&mut tx.conn, id)?;
    expect.require(&current(&old))?;
    if !store!(tx.conn, redirects::delete(old.id, old.version))? {
        return Err(stale(&current(&old)));
    }
    record_change(tx, old.id, Action::Gone);
    note(tx, Deed::Deleted, (Subject::Redirect, old.id), old.version);
    Ok(())
}

/// Adds many redirects, all or none. One that is there already is unchanged; one
/// that leads elsewhere is an error, or is replaced by `overwrite`.
pub fn import(
    tx: &mut Tx<'_>,
    actor: &Actor,
    config: &Config,
    lines: &[Line],
    overwrite: bool,
) -> Result<Imported> {
    lock(tx, actor)?;
    let targets = lines.iter().filter_map(|line| line.to.as_deref());
    let names = names(&mut tx.conn, targets)?;
    let mut errors = Vec::new();
    let mut drafts: Vec<(u64, Draft)> = Vec::with_capacity(lines.len());
    let mut met: HashMap<String, usize> = HashMap::new();
    for line in lines {
        let sent = Sent {
            pointer: line.pointer(),
            from: &line.from,
            to: line.to.as_deref(),
            status: line.status,
        };
        let Some(draft) = draft(&names, &sent, &mut errors) else {
            continue;
        };
        match met.get(&draft.source) {
            None => {
                met.insert(draft.source.clone(), drafts.len());
                drafts.push((line.number, draft));
            }
            Some(place) if drafts[*place].1 == draft => {}
            Some(place) => {
                let detail = format!(
                    "leads elsewhere on line {}; keep one of the two",
                    drafts[*place].0
                );
                errors.push(FieldError::new(sent.at("from"), "duplicate", detail));
            }
        }
    }
    let sources: Vec<String> = drafts
        .iter()
        .map(|(_, draft)| draft.source.clone())
        .collect();
    let there = store!(tx.conn, redirects::by_sources(&sources))?;
    let mut there: HashMap<String, Redirect> = there
        .into_iter()
        .map(|row| (row.source.clone(), row))
        .collect();
    let (mut new, mut changed, mut unchanged) = (Vec::new(), Vec::new(), 0);
    for (number, draft) in drafts {
        match there.remove(&draft.source) {
            None => new.push((number, row(tx, None, draft))),
            Some(old) if of(&old) == draft => unchanged += 1,
            Some(old) if overwrite => changed.push((number, row(tx, Some(&old), draft), old)),
            Some(old) => {
                let pointer = format!("{}/from", Line::pointer_to(number));
                let detail = format!("{}; overwrite=true replaces it", leads(&old));
                errors.push(FieldError::new(pointer, "taken", detail));
            }
        }
    }
    refuse(errors)?;
    let patterns = new.iter().filter(|(_, row)| row.literals.is_some()).count();
    refuse_more_patterns(tx, patterns as i64)?;
    let rows: Vec<Redirect> = new.iter().map(|(_, row)| row.clone()).collect();
    store!(tx.conn, redirects::insert(&rows)).map_err(without_article)?;
    for (_, row, old) in &changed {
        if !store!(tx.conn, redirects::update(row, old.version)).map_err(without_article)? {
            return Err(stale(&current(old)));
        }
    }
    let written: Vec<(u64, Redirect)> = changed
        .into_iter()
        .map(|(number, row, _)| (number, row))
        .chain(new)
        .collect();
    let updated = written.len() - rows.len();
    let rows_written: Vec<&Redirect> = written.iter().map(|(_, row)| row).collect();
    let mut errors = Vec::new();
    for (place, circle) in circles(&mut tx.conn, config, &rows_written)? {
        let pointer = format!("{}/to", Line::pointer_to(written[place].0));
        errors.push(FieldError::new(pointer, "circle", circle));
    }
    refuse(errors)?;
    for (at, (_, row)) in written.iter().enumerate() {
        let deed = if at < updated {
            Deed::Updated
        } else {
            Deed::Created
        };
        note(tx, deed, (Subject::Redirect, row.id), row.version);
    }
    if let Some((_, first)) = written.first() {
        // One entry for all: answers depend on the redirects as a whole.
        record_change(tx, first.id, Action::Changed);
    }
    Ok(Imported {
        created: rows.len(),
        updated,
        unchanged,
    })
}

impl Sent<'_> {
    fn at(&self, member: &str) -> String {
        format!("{}/{member}", self.pointer)
    }
}

/// What a client wants an entry to say; its id must be the one it has.
fn wanted(tx: &mut Tx<'_>, old: Option<&Redirect>, input: &RedirectIn) -> Result<Draft> {
    let mut errors = Vec::new();
    let stored = old.map(|old| old.id);
    text::check_same(input.id.as_ref(), stored.as_ref(), "#/id", &mut errors);
    refuse(errors)?;
    let sent = Sent {
        pointer: "#".to_owned(),
        from: &input.from,
        to: input.to.as_deref(),
        status: input.status,
    };
    checked(tx, sent)
}

fn checked(tx: &mut Tx<'_>, sent: Sent<'_>) -> Result<Draft> {
    let names = names(&mut tx.conn, sent.to.into_iter())?;
    let mut errors = Vec::new();
    match draft(&names, &sent, &mut errors) {
        Some(draft) => Ok(draft),
        None => Err(invalid_all(errors)),
    }
}

/// Looks up the articles that targets name.
fn names<'n>(conn: &mut Conn<'_>, targets: impl Iterator<Item = &'n str>) -> Result<Names> {
    let of_article = |target: &&str| {
        let target = target.trim();
        !is_url(target) && !pattern::is_pattern(target)
    };
    Names::load(conn, targets.filter(of_article))
}

/// What was sent, checked; nothing if something is wrong, which is noted.
fn draft(names: &Names, sent: &Sent<'_>, errors: &mut Vec<FieldError>) -> Option<Draft> {
    let before = errors.len();
    let mut wrong = |member: &str, code: &'static str, detail: String| {
        errors.push(FieldError::new(sent.at(member), code, detail));
    };
    let read = Address::read_pattern(sent.from);
    let read = read.and_then(|address| {
        let pattern = match pattern::is_pattern(&address.to_string()) {
            true => Some(Pattern::read(&address)?),
            false => None,
        };
        Ok((address.to_string(), pattern))
    });
    let (source, pattern) = match read {
        Ok(read) => read,
        Err(why) => {
            wrong("from", "bad-address", why);
            (String::new(), None)
        }
    };
    if let Some(c) = crate::content::text::check(&source) {
        let detail = format!("contains the character U+{:04X}; remove it", u32::from(c));
        wrong("from", "forbidden-character", detail);
    }
    let to = sent.to.map(str::trim).filter(|to| !to.is_empty());
    let status = sent.status.unwrap_or(MOVED);
    let (mut article_id, mut target) = (None, None);
    match (status, to) {
        (MOVED, None) => wrong(
            "to",
            "required",
            "is missing; name an article, a path or an address, or send a status of 410".to_owned(),
        ),
        (MOVED, Some(to)) => match leads_to(names, pattern.as_ref(), to) {
            Ok((id, text)) => (article_id, target) = (id, text),
            Err((code, why)) => wrong("to", code, why),
        },
        (GONE, None) => {}
        (GONE, Some(_)) => wrong(
            "to",
            "one-of",
            "has no place beside a status of 410, which leads nowhere; leave one of them out"
                .to_owned(),
        ),
        (other, _) => wrong(
            "status",
            "unknown-value",
            format!("is {other}; 301 (moved) and 410 (gone) are what there is"),
        ),
    }
    (errors.len() == before).then(|| Draft {
        source,
        literals: pattern.map(|pattern| i32::try_from(pattern.literals).unwrap_or(i32::MAX)),
        status,
        article_id,
        target,
    })
}

/// Where a target leads: an article, or else a text that says so. What is wrong
/// with it, with a code.
fn leads_to(
    names: &Names,
    pattern: Option<&Pattern>,
    to: &str,
) -> Result<(Option<Id>, Option<String>), (&'static str, String)> {
    let bad = |why: String| ("bad-address", why);
    if let Some(c) = to.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(bad(format!(
            "contains the character U+{:04X}; escape or remove it",
            u32::from(c)
        )));
    }
    if let Some(c) = crate::content::text::check(to) {
        return Err((
            "forbidden-character",
            format!("contains the character U+{:04X}; remove it", u32::from(c)),
        ));
    }
    for name in pattern::names(to).map_err(bad)? {
        if !pattern.is_some_and(|pattern| pattern.has(name)) {
            return Err((
                "unknown-placeholder",
                format!("has a placeholder {{{name}}}, which `from` doesn't have"),
            ));
        }
    }
    if is_url(to) {
        // Which host it is must not depend on who asks.
        let address = Address::read_pattern(to).map_err(bad)?;
        if to.starts_with("//") {
            return Err(bad(
                "starts with two slashes; write https:// before the host".to_owned(),
            ));
        }
        let mut errors = Vec::new();
        if address.host.is_some() {
            text::check_url(to, "", &mut errors);
        }
        return match errors.pop() {
            Some(error) => Err(("bad-url", error.detail)),
            None => Ok((None, Some(to.to_owned()))),
        };
    }
    if pattern::is_pattern(to) {
        return match to.len() {
            length if length > 200 => Err(bad(format!("has {length} bytes; 200 are the most"))),
            _ => Ok((None, Some(to.to_owned()))),
        };
    }
    match names.id(to) {
        Some(id) => Ok((Some(id), None)),
        None => Err(("unknown-article", names.unknown(to))),
    }
}

/// What a stored entry says.
fn of(row: &Redirect) -> Draft {
    Draft {
        source: row.source.clone(),
        literals: row.literals,
        status: row.status,
        article_id: row.article_id,
        target: row.target.clone(),
    }
}

/// The row of an entry.
fn row(tx: &Tx<'_>, old: Option<&Redirect>, draft: Draft) -> Redirect {
    let Draft {
        source,
        literals,
        status,
        article_id,
        target,
    } = draft;
    let said = [Some(source.as_str()), target.as_deref()];
    let said: Vec<&str> = said.into_iter().flatten().collect();
    Redirect {
        id: old.map_or_else(Id::new, |old| old.id),
        search_text: text::name_key(&said.join(" ")),
        source,
        literals,
        status,
        article_id,
        target,
        version: old.map_or(1, |old| old.version + 1),
        created_at: old.map_or(tx.now, |old| old.created_at),
        updated_at: tx.now,
    }
}

/// Stores an entry in place of another.
fn replace(
    tx: &mut Tx<'_>,
    config: &Config,
    old: Redirect,
    draft: Draft,
) -> Result<Saved<Redirect>> {
    if let Some(there) = holder(tx, &draft)?.filter(|there| there.id != old.id) {
        return Err(taken(&there));
    }
    save(tx, config, Some(old), draft)
}

fn save(
    tx: &mut Tx<'_>,
    config: &Config,
    old: Option<Redirect>,
    draft: Draft,
) -> Result<Saved<Redirect>> {
    let was_pattern = old.as_ref().is_some_and(|old| old.literals.is_some());
    if draft.literals.is_some() && !was_pattern {
        refuse_more_patterns(tx, 1)?;
    }
    let item = row(tx, old.as_ref(), draft);
    let (result, deed) = match &old {
        None => {
            let rows = std::slice::from_ref(&item);
            store!(tx.conn, redirects::insert(rows)).map_err(without_article)?;
            (Outcome::Created, Deed::Created)
        }
        Some(old) => {
            let updated = store!(tx.conn, redirects::update(&item, old.version));
            if !updated.map_err(without_article)? {
                return Err(stale(&current(old)));
            }
            (Outcome::Updated, Deed::Updated)
        }
    };
    if let Some((_, circle)) = circles(&mut tx.conn, config, &[&item])?.pop() {
        return Err(invalid_all(vec![FieldError::new("#/to", "circle", circle)]));
    }
    record_change(tx, item.id, Action::Changed);
    note(tx, deed, (Subject::Redirect, item.id), item.version);
    Ok(Saved { result, item })
}

/// Follows entries that were just written, and says of which that don't end, or
/// only after too many others, why.
fn circles(
    conn: &mut Conn<'_>,
    config: &Config,
    written: &[&Redirect],
) -> Result<Vec<(usize, String)>> {
    let mut walking: Vec<(usize, Address)> = Vec::new();
    let patterns = Patterns::load(conn)?;
    for (place, row) in written.iter().enumerate() {
        // A pattern is tried out with an address that fits it.
        let parts = match row.literals {
            None => Parts::new(),
            Some(_) => patterns.sample(row.id),
        };
        walking.extend(next(config, &hit(row, &parts)).map(|address| (place, address)));
    }
    let mut wrong = Vec::new();
    for hop in 0..=HOPS {
        let sources: Vec<String> = walking.iter().flat_map(|(_, at)| at.sources()).collect();
        let found = store!(*conn, redirects::by_sources(&sources))?;
        let found: HashMap<&str, &Redirect> =
            found.iter().map(|row| (row.source.as_str(), row)).collect();
        let mut onwards = Vec::new();
        for (place, at) in walking {
            let single = at
                .sources()
                .iter()
                .find_map(|source| found.get(source.as_str()).copied());
            let (row, parts) = match single {
                Some(row) => (row, Parts::new()),
                None => match patterns.first(&at) {
                    Some(found) => found,
                    None => continue,
                },
            };
            if row.id == written[place].id {
                wrong.push((
                    place,
                    format!("leads back to `{}`, in a circle", row.source),
                ));
            } else if hop == HOPS {
                let detail = format!(
                    "leads on through more than {HOPS} other redirects; name the end of the way"
                );
                wrong.push((place, detail));
            } else {
                onwards.extend(next(config, &hit(row, &parts)).map(|address| (place, address)));
            }
        }
        walking = onwards;
    }
    wrong.sort();
    Ok(wrong)
}

/// The address of the website that an entry leads to, if it leads to one.
fn next(config: &Config, hit: &Hit) -> Option<Address> {
    match hit {
        Hit::Url(url) => on_site(url, config),
        Hit::Article(_) | Hit::Named(_) | Hit::Gone => None,
    }
}

/// Whoever writes redirects keeps everybody else from it.
fn lock(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    actor.require(Right::Manage)?;
    Ok(store!(tx.conn, redirects::lock())?)
}

/// The entry from the same address.
fn holder(tx: &mut Tx<'_>, draft: &Draft) -> Result<Option<Redirect>> {
    let sources = std::slice::from_ref(&draft.source);
    Ok(store!(tx.conn, redirects::by_sources(sources))?.pop())
}

fn leads(row: &Redirect) -> String {
    format!("`{}` has a redirect already ({})", row.source, row.id)
}

fn taken(row: &Redirect) -> Error {
    conflict(format!(
        "{}; change that one: PATCH /v1/editor/redirects/{}.",
        leads(row),
        row.id
    ))
}

fn refuse_more_patterns(tx: &mut Tx<'_>, more: i64) -> Result<()> {
    if more > 0 && store!(tx.conn, redirects::count_patterns())? + more > PATTERNS_MAX {
        return Err(conflict(format!(
            "There would be more than {PATTERNS_MAX} patterns; remove some, or write single addresses."
        )));
    }
    Ok(())
}

/// The article was erased while this was written.
fn without_article(error: Diesel) -> Error {
    match error {
        Diesel::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
            conflict("The article was erased just now; name another.")
        }
        error => error.into(),
    }
}

/// A 422 with as many of the errors as a client can read.
fn refuse(mut errors: Vec<FieldError>) -> Result<()> {
    if errors.is_empty() {
        return Ok(());
    }
    errors.truncate(ERRORS_MAX);
    Err(invalid_all(errors))
}

fn current(row: &Redirect) -> Current {
    Current::at(row.version, row.updated_at)
}

fn unchanged(item: Redirect) -> Saved<Redirect> {
    Saved {
        result: Outcome::Unchanged,
        item,
    }
}

fn record_change(tx: &mut Tx<'_>, id: Id, action: Action) {
    let tags = [Tag::index(Entity::Redirect)];
    record(tx, Entity::Redirect, id, action, &tags);
}
