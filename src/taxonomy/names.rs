//! Which names lead where, and who holds them.

use std::collections::HashMap;

use super::model::{ALIASES_MAX, NAME_MAX};
use super::{Kind, OtherName, Others, Way};
use crate::audit::model::Subject;
use crate::changes::{Entity, Tag, Tx};
use crate::db::{Conn, Id};
use crate::error::{CONFLICT, Error, FieldError, Problem, Result, not_found};
use crate::http::reference::Reference;
use crate::http::text;
use crate::store;

impl Kind {
    /// What entries of the change log are about.
    pub fn entity(self) -> Entity {
        match self {
            Kind::Section => Entity::Section,
            Kind::Topic => Entity::Topic,
            Kind::Author => Entity::Author,
        }
    }

    /// What entries of the audit log are about.
    pub fn subject(self) -> Subject {
        match self {
            Kind::Section => Subject::Section,
            Kind::Topic => Subject::Topic,
            Kind::Author => Subject::Author,
        }
    }

    /// The tag of one's name.
    pub fn tag(self, id: Id) -> Tag {
        match self {
            Kind::Section => Tag::section(id),
            Kind::Topic => Tag::topic(id),
            Kind::Author => Tag::author(id),
        }
    }

    /// The code of the error that says that there is none of a name.
    pub fn unknown(self) -> &'static str {
        match self {
            Kind::Section => "unknown-section",
            Kind::Topic => "unknown-topic",
            Kind::Author => "unknown-author",
        }
    }
}

/// What an address leads to that isn't its present one: the id of what has it as
/// a former slug, or of what it was merged into.
pub fn led_to(conn: &mut Conn<'_>, kind: Kind, at: &Reference) -> Result<Option<Id>> {
    let (way, key) = match at {
        Reference::Id(id) => (Way::Id, id.to_string()),
        Reference::Slug(slug) => (Way::Slug, slug.clone()),
    };
    Ok(store!(*conn, taxonomy::led_to(kind, way, &key))?)
}

/// What was merged, among these ids, and into what.
pub fn merged(conn: &mut Conn<'_>, ids: &[Id]) -> Result<HashMap<Id, Id>> {
    let found = store!(*conn, taxonomy::merged(ids))?;
    Ok(found.into_iter().collect())
}

/// The topics and authors that a revision names by these ids as they are now,
/// each once: what was merged is what it was merged into, what was removed is
/// left out.
pub fn present(conn: &mut Conn<'_>, ids: Vec<Id>) -> Result<Vec<Id>> {
    let there = store!(*conn, taxonomy::names(&ids))?;
    let mut there: Vec<Id> = there.into_iter().map(|(id, ..)| id).collect();
    let gone = |id: &&Id| !there.contains(id);
    let gone: Vec<Id> = ids.iter().filter(gone).copied().collect();
    if gone.is_empty() {
        return Ok(ids);
    }
    let merged = merged(conn, &gone)?;
    there.extend(merged.values());
    let mut ids = ids;
    follow(&merged, &mut ids);
    ids.retain(|id| there.contains(id));
    Ok(ids)
}

/// Follows merges in a list of ids, and leaves each once.
pub fn follow(merged: &HashMap<Id, Id>, ids: &mut Vec<Id>) {
    if merged.is_empty() {
        return;
    }
    let mut seen = Vec::with_capacity(ids.len());
    for id in ids.iter() {
        let id = *merged.get(id).unwrap_or(id);
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    *ids = seen;
}

/// Aliases as they would be stored: clean, each once, and not the name itself.
/// `had` is how many there were: merges may have added more than one may send.
pub fn checked_aliases(
    sent: &[String],
    name: &str,
    had: usize,
    errors: &mut Vec<FieldError>,
) -> Vec<String> {
    let most = ALIASES_MAX.max(had);
    if sent.len() > most {
        let detail = format!("has {} entries; {most} are the most", sent.len());
        errors.push(FieldError::new("#/aliases", "too-many", detail));
        return Vec::new();
    }
    let mut keys = vec![text::name_key(name)];
    let mut aliases = Vec::with_capacity(sent.len());
    for (at, alias) in sent.iter().enumerate() {
        let (alias, pointer) = (text::clean(alias), format!("#/aliases/{at}"));
        text::check_required(&alias, &pointer, NAME_MAX, errors);
        if alias.parse::<Id>().is_ok() {
            let detail = "looks like an id, which an alias must not";
            errors.push(FieldError::new(pointer, "bad-alias", detail));
        }
        let key = text::name_key(&alias);
        if !keys.contains(&key) {
            keys.push(key);
            aliases.push(alias);
        }
    }
    aliases
}

/// Somebody's present slug and name.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Whose.
    pub id: Id,
    /// The slug.
    pub slug: &'a str,
    /// The name's key.
    pub name_key: &'a str,
}

/// The names that one is to have.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose, if it is there already.
    pub id: Option<Id>,
    /// The slug.
    pub slug: &'a str,
    /// The name's key.
    pub name_key: &'a str,
    /// Whether nobody else may have the name.
    pub only: bool,
    /// The aliases.
    pub aliases: &'a [String],
}

/// A name that leads to somebody else already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// To whom.
    pub holder: Id,
    what: String,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Slug,
    Name,
    Former,
    Alias,
}

impl Claim<'_> {
    /// The slugs that others must not have, or have had.
    pub fn slugs(&self) -> Vec<&str> {
        let aliases = self.aliases.iter().map(String::as_str);
        aliases.chain([self.slug]).collect()
    }

    /// The names that others must not have, or be called.
    pub fn name_keys(&self) -> Vec<String> {
        let aliases = self.aliases.iter().map(|alias| text::name_key(alias));
        let plain = [self.name_key, self.slug].map(str::to_owned);
        aliases.chain(plain).collect()
    }

    /// The first of the names that one of these holds.
    pub fn taken(&self, holders: &[Holder<'_>], others: &[OtherName]) -> Option<Taken> {
        let slug_of = |slug: &str| {
            let other = |holder: &&Holder<'_>| holder.slug == slug && Some(holder.id) != self.id;
            holders.iter().find(other).map(|holder| holder.id)
        };
        let name_of = |key: &str| {
            let other = |holder: &&Holder<'_>| holder.name_key == key && Some(holder.id) != self.id;
            holders.iter().find(other).map(|holder| holder.id)
        };
        let other_of = |way: Way, key: &str| {
            let row = others.iter().find(|row| {
                row.way == way && row.name_key == key && Some(row.target_id) != self.id
            });
            row.map(|row| row.target_id)
        };
        let taken = |what: String, found: Option<Id>, how: How| {
            found.map(|holder| Taken { holder, what, how })
        };
        let slug = || format!("slug `{}`", self.slug);
        taken(slug(), slug_of(self.slug), How::Slug)
            .or_else(|| taken(slug(), other_of(Way::Slug, self.slug), How::Former))
            .or_else(|| taken(slug(), other_of(Way::Alias, self.slug), How::Alias))
            .or_else(|| {
                let held = name_of(self.name_key).filter(|_| self.only);
                taken("name".to_owned(), held, How::Name)
            })
            .or_else(|| {
                let held = other_of(Way::Alias, self.name_key);
                taken("name".to_owned(), held, How::Alias)
            })
            .or_else(|| {
                self.aliases.iter().find_map(|alias| {
                    let (what, key) = (format!("alias “{alias}”"), text::name_key(alias));
                    taken(what.clone(), slug_of(alias), How::Slug)
                        .or_else(|| taken(what.clone(), name_of(&key), How::Name))
                        .or_else(|| taken(what.clone(), other_of(Way::Slug, alias), How::Former))
                        .or_else(|| taken(what, other_of(Way::Alias, &key), How::Alias))
                })
            })
    }
}

impl Taken {
    /// A 409 that names the holder and the way out.
    pub fn conflict(&self, kind: Kind, slug: &str, name: &str) -> Error {
        let Taken { holder, what, how } = self;
        let whom = format!("the {kind} “{name}” (slug `{slug}`, {holder})");
        let detail = match how {
            How::Slug => format!("The {what} belongs to {whom}; use that one, or send another."),
            How::Name => format!("The {what} belongs to {whom}; use that one, or send another."),
            How::Alias => format!(
                "The {what} is an alias of {whom}; use that one, or take the alias from it first."
            ),
            How::Former => format!(
                "The {what} is an old slug of {whom} and still leads there; use that one, or free it: curl -X DELETE $API/v1/editor/{kind}s/{slug}/former-slugs/{} -H \"Authorization: Bearer $KEY\" -H 'If-Match: *'",
                what.trim_start_matches("slug ").trim_matches('`')
            ),
        };
        Problem::new(&CONFLICT, detail)
            .with(kind.as_str(), holder.to_string())
            .with("current_slug", slug)
            .into()
    }
}

/// A 404 for something that was never there, or is no more.
pub fn missing(kind: Kind, at: &Reference) -> Error {
    not_found(format!("The {kind} `{at}`"))
}

/// A 409 for a write to something under a name that it no longer has: a write
/// never goes elsewhere.
pub fn moved(kind: Kind, at: &Reference, slug: &str) -> Error {
    let detail = match at {
        Reference::Id(_) => format!("That {kind} was merged into `{slug}`; use that."),
        Reference::Slug(old) => {
            format!("`{old}` is an old slug of the {kind} that is now `{slug}`; use that.")
        }
    };
    Problem::new(&CONFLICT, detail)
        .with("current_slug", slug)
        .into()
}

/// Brings the other names of something in line with what was just stored: the
/// slug that it gave up leads to it, one that it has again does by itself, and
/// it has these aliases. Answers the tags of the slugs that now lead elsewhere.
pub fn keep(
    tx: &mut Tx<'_>,
    kind: Kind,
    id: Id,
    old: Option<(&str, &Others)>,
    slug: &str,
    aliases: &[String],
) -> Result<Vec<Tag>> {
    let mut tags = vec![Tag::slug(slug)];
    if let Some((old, _)) = old.filter(|(old, _)| *old != slug) {
        store!(tx.conn, taxonomy::free_slug(kind, id, slug))?;
        let position = store!(tx.conn, taxonomy::next_position(id))?;
        let row = OtherName {
            way: Way::Slug,
            name_key: old.to_owned(),
            kind,
            target_id: id,
            name: old.to_owned(),
            position,
        };
        store!(tx.conn, taxonomy::add_other_names(&[row]))?;
        tags.push(Tag::slug(old));
    }
    let had = old.map_or(&[][..], |(_, others)| &others.aliases);
    if aliases != had {
        store!(tx.conn, taxonomy::forget_aliases(id))?;
        let first = store!(tx.conn, taxonomy::next_position(id))?;
        let rows: Vec<OtherName> = aliases
            .iter()
            .zip(first..)
            .map(|(alias, position)| OtherName {
                way: Way::Alias,
                name_key: text::name_key(alias),
                kind,
                target_id: id,
                name: alias.clone(),
                position,
            })
            .collect();
        store!(tx.conn, taxonomy::add_other_names(&rows))?;
    }
    Ok(tags)
}
