//! Reading media and every write to them.

use std::sync::Arc;

use super::inspect::Facts;
use super::model::{Filter, FocalPoint, Medium, MediumPatch, NAME_MAX, Said, TEXT_MAX};
use super::receive::Picture;
use crate::audit::model::{Deed, Subject};
use crate::auth::{Actor, Right};
use crate::changes::{Action, Entity, Tag, Tx, note, record};
use crate::content::Warning;
use crate::db::{Conn, Id, Time};
use crate::error::{
    Error, FieldError, Result, conflict, forbidden, internal, invalid, invalid_all, not_found,
};
use crate::http::conditional::{Current, Expect, stale};
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::state::State;
use crate::store;

/// Seconds after which bytes whose upload did not end with a medium are removed.
const UPLOAD_TIME: i64 = 3_600;

/// The medium that a path names.
pub fn find(conn: &mut Conn<'_>, at: &str) -> Result<Medium> {
    let found = match at.parse() {
        Ok(id) => store!(*conn, media::find(id))?,
        Err(_) => None,
    };
    found.ok_or_else(|| missing(at))
}

/// Media of a filter, newest first.
pub fn page(
    conn: &mut Conn<'_>,
    filter: &Filter,
    after: Option<(Time, Id)>,
    limit: i64,
) -> Result<Vec<Medium>> {
    let rows = store!(*conn, media::page(filter, after, limit))?;
    Ok(rows)
}

/// Stores the bytes of a picture under a new id, before its row is written. `None`
/// if there is a medium of these bytes already. A crash leaves a note of the id, by
/// which the bytes are removed.
pub async fn store_bytes(state: &Arc<State>, picture: &Picture) -> Result<Option<Id>> {
    let sha256 = picture.received.sha256.clone();
    let known = state
        .read(move |conn| Ok(store!(*conn, media::by_sha256(&sha256))?.is_some()))
        .await?;
    if known {
        return Ok(None);
    }
    let id = Id::new();
    state
        .write(move |tx| {
            let due_at = tx.now.plus_seconds(UPLOAD_TIME);
            Ok(store!(tx.conn, media::add_leftover(id, due_at))?)
        })
        .await?;
    state
        .storage
        .put_file(
            &Medium::original(id),
            &picture.received.file,
            picture.facts.end as u64,
        )
        .await?;
    Ok(Some(id))
}

/// Makes a medium of a picture whose bytes are stored under this id (in a dry run
/// they aren't), or finds the one that was made of the same bytes. What is said
/// with a picture that is there already is noted where nothing was said before.
pub fn take(
    tx: &mut Tx<'_>,
    actor: &Actor,
    stored: Option<Id>,
    sha256: &str,
    facts: &Facts,
    said: Said,
) -> Result<(Saved<Medium>, Vec<Warning>)> {
    actor.require(Right::Write)?;
    store!(tx.conn, media::lock())?;
    let said = check(said)?;
    if let Some(old) = store!(tx.conn, media::by_sha256(sha256))? {
        return add_to(tx, actor, old, said);
    }
    let Some(id) = stored else {
        return Err(conflict(
            "The same picture was deleted just now; send it again.",
        ));
    };
    let (said, warnings) = with_lifted(said, facts);
    let mut medium = Medium {
        id,
        sha256: sha256.to_owned(),
        format: facts.format,
        bytes: i64::try_from(facts.end).map_err(internal)?,
        width: i32::try_from(facts.width).map_err(internal)?,
        height: i32::try_from(facts.height).map_err(internal)?,
        orientation: facts.orientation.to_exif().into(),
        alt: said.alt,
        decorative: said.decorative.unwrap_or(false),
        caption: said.caption,
        credit: said.credit,
        copyright: said.copyright,
        focal_x: said.focal_point.map(|point| point.x),
        focal_y: said.focal_point.map(|point| point.y),
        search_text: String::new(),
        thumbhash: None,
        renditions: "[]".to_owned(),
        rendered_at: None,
        failure: None,
        attempts: 0,
        claimed_until: None,
        version: 1,
        edited_version: 1,
        created_at: tx.now,
        created_by: actor.id,
        updated_at: tx.now,
    };
    medium.search_text = search_text(&medium);
    if !store!(tx.conn, media::insert(&medium))? {
        return Err(conflict(
            "The same picture was stored just now; send it again.",
        ));
    }
    store!(tx.conn, media::remove_leftover(id))?;
    note(tx, Deed::Created, (Subject::Media, id), medium.version);
    let saved = Saved {
        result: Outcome::Created,
        item: medium,
    };
    Ok((saved, warnings))
}

/// Notes what is said with a picture that is there already.
fn add_to(
    tx: &mut Tx<'_>,
    actor: &Actor,
    old: Medium,
    said: Said,
) -> Result<(Saved<Medium>, Vec<Warning>)> {
    let mut new = old.clone();
    let mut warnings = Vec::new();
    let mut fill = |name: &str, place: &mut Option<String>, sent: Option<String>| {
        let Some(sent) = sent else { return };
        match place {
            None => *place = Some(sent),
            Some(there) if *there == sent => {}
            Some(_) => warnings.push(kept(name)),
        }
    };
    fill("alt", &mut new.alt, said.alt);
    fill("caption", &mut new.caption, said.caption);
    fill("credit", &mut new.credit, said.credit);
    fill("copyright", &mut new.copyright, said.copyright);
    if let Some(point) = said.focal_point {
        match old.focal_point() {
            None => (new.focal_x, new.focal_y) = (Some(point.x), Some(point.y)),
            Some(there) if there == point => {}
            Some(_) => warnings.push(kept("focal_point")),
        }
    }
    if said.decorative.is_some_and(|sent| sent != old.decorative) {
        warnings.push(kept("decorative"));
    }
    if new == old {
        return Ok((unchanged(old), warnings));
    }
    // Somebody else's picture is theirs to describe.
    if may_edit(actor, &old).is_err() {
        warnings.push(Warning::new(
            "kept",
            "The picture was there already and is somebody else's: what you say about it was left out.",
        ));
        return Ok((unchanged(old), warnings));
    }
    Ok((save(tx, old, new)?, warnings))
}

fn kept(name: &str) -> Warning {
    let detail = format!(
        "The picture was there already with another `{name}`, which stays; PATCH it to change that."
    );
    Warning::new("kept", detail)
}

/// Changes what is said about a picture.
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    at: &str,
    expect: Expect,
    patch: MediumPatch,
) -> Result<Saved<Medium>> {
    store!(tx.conn, media::lock())?;
    let old = find(&mut tx.conn, at)?;
    may_edit(actor, &old)?;
    require(expect, &old)?;
    let MediumPatch {
        alt,
        decorative,
        caption,
        credit,
        copyright,
        focal_point,
    } = patch;
    let mut said = Said {
        alt: old.alt.clone(),
        decorative: Some(decorative.or(old.decorative)),
        caption: old.caption.clone(),
        credit: old.credit.clone(),
        copyright: old.copyright.clone(),
        focal_point: old.focal_point(),
    };
    alt.apply(&mut said.alt);
    caption.apply(&mut said.caption);
    credit.apply(&mut said.credit);
    copyright.apply(&mut said.copyright);
    focal_point.apply(&mut said.focal_point);
    let said = check(said)?;
    let new = Medium {
        alt: said.alt,
        decorative: said.decorative.unwrap_or(false),
        caption: said.caption,
        credit: said.credit,
        copyright: said.copyright,
        focal_x: said.focal_point.map(|point| point.x),
        focal_y: said.focal_point.map(|point| point.y),
        ..old.clone()
    };
    if new == old {
        return Ok(unchanged(old));
    }
    // What was needed to publish an article stays needed.
    let said = |medium: &Medium| medium.decorative || medium.alt.is_some();
    if said(&old) && !said(&new) && store!(tx.conn, media::is_live(old.id))? {
        let detail = "readers see the picture: give it another text, or set `decorative`";
        return Err(invalid("#/alt", "required", detail));
    }
    save(tx, old, new)
}

/// Deletes a medium. 409 while an article uses it. Its bytes go within a minute.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, at: &str, expect: Expect) -> Result<()> {
    store!(tx.conn, media::lock())?;
    let old = find(&mut tx.conn, at)?;
    may_edit(actor, &old)?;
    require(expect, &old)?;
    const NAMED: i64 = 5;
    let used_by = store!(tx.conn, media::used_by(old.id, NAMED + 1))?;
    if !used_by.is_empty() {
        let named: Vec<String> = used_by
            .iter()
            .take(NAMED as usize)
            .map(|slug| format!("`{slug}`"))
            .collect();
        let more = match used_by.len() > NAMED as usize {
            true => " and more",
            false => "",
        };
        return Err(conflict(format!(
            "The picture is used by {}{more}. Take it out of them first.",
            named.join(", ")
        )));
    }
    if !store!(tx.conn, media::delete(old.id, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    store!(tx.conn, media::add_leftover(old.id, tx.now))?;
    // Nobody shows it any more, but caches may still have its bytes, for a year.
    record(
        tx,
        Entity::Media,
        old.id,
        Action::Gone,
        &[Tag::media(old.id)],
    );
    note(tx, Deed::Deleted, (Subject::Media, old.id), old.version);
    Ok(())
}

/// Records, if readers see it, that a medium is other than it was, and with it each
/// article that shows it.
pub fn record_change(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    let tags = [Tag::media(id)];
    for article in store!(tx.conn, media::live_users(id))? {
        record(tx, Entity::Article, article, Action::Changed, &tags);
    }
    if store!(tx.conn, media::is_live(id))? {
        record(tx, Entity::Media, id, Action::Changed, &tags);
    }
    Ok(())
}

fn save(tx: &mut Tx<'_>, old: Medium, mut new: Medium) -> Result<Saved<Medium>> {
    new.version = old.version + 1;
    new.edited_version = new.version;
    new.updated_at = tx.now;
    new.search_text = search_text(&new);
    if !store!(tx.conn, media::update(&new, old.version))? {
        return Err(overtaken(tx, old.id));
    }
    record_change(tx, new.id)?;
    note(tx, Deed::Updated, (Subject::Media, new.id), new.version);
    Ok(Saved {
        result: Outcome::Updated,
        item: new,
    })
}

fn unchanged(item: Medium) -> Saved<Medium> {
    Saved {
        result: Outcome::Unchanged,
        item,
    }
}

/// Who may change a medium: whoever uploaded it, and editors.
fn may_edit(actor: &Actor, medium: &Medium) -> Result<()> {
    actor.require(Right::Write)?;
    if actor.may_edit_all() || medium.created_by == actor.id {
        return Ok(());
    }
    Err(forbidden(format!(
        "The picture was uploaded by somebody else; the role {} changes its own only.",
        actor.role
    )))
}

/// Checks If-Match. Renditions that were finished since are no reason to refuse.
fn require(expect: Expect, medium: &Medium) -> Result<()> {
    let seen = medium.edited_version..=medium.version;
    match expect {
        Expect::Version(version) if seen.contains(&version) => Ok(()),
        expect => expect.require(&current(medium)),
    }
}

fn current(medium: &Medium) -> Current {
    Current::at(medium.version, medium.updated_at)
}

/// Somebody wrote between the read and the write, in spite of the lock.
fn overtaken(tx: &mut Tx<'_>, id: Id) -> Error {
    match find(&mut tx.conn, &id.to_string()) {
        Ok(now) => stale(&current(&now)),
        Err(error) => error,
    }
}

fn missing(at: &str) -> Error {
    let shown: String = at.chars().take(200).collect();
    not_found(format!("The picture `{shown}`"))
}

/// What is said, as it is stored; 422 where it breaks a rule.
fn check(said: Said) -> Result<Said> {
    let mut errors = Vec::new();
    let mut text = |name: &str, value: Option<String>, max| {
        let value = text::clean_optional(value)?;
        text::check(&value, &format!("#/{name}"), max, false, &mut errors);
        Some(value)
    };
    let said = Said {
        alt: text("alt", said.alt, TEXT_MAX),
        caption: text("caption", said.caption, TEXT_MAX),
        credit: text("credit", said.credit, NAME_MAX),
        copyright: text("copyright", said.copyright, NAME_MAX),
        ..said
    };
    if let Some(FocalPoint { x, y }) = said.focal_point {
        for (pointer, value) in [("#/focal_point/x", x), ("#/focal_point/y", y)] {
            if !(0.0..=1.0).contains(&value) {
                let detail = format!("is {value}; it lies between 0 and 1");
                errors.push(FieldError::new(pointer, "out-of-range", detail));
            }
        }
    }
    match errors.is_empty() {
        true => Ok(said),
        false => Err(invalid_all(errors)),
    }
}

/// What is said of a new picture: what was sent with it, and where that says
/// nothing, what its makers wrote into it.
fn with_lifted(said: Said, facts: &Facts) -> (Said, Vec<Warning>) {
    let mut warnings = Vec::new();
    let mut lift = |name: &str, sent: Option<String>, lifted: &Option<String>, max| {
        if sent.is_some() {
            return sent;
        }
        let lifted = lifted.as_ref()?;
        let shortened = text::shorten(lifted, max);
        if shortened != *lifted {
            let detail =
                format!("`{name}` in the file is longer than {max} characters, and was cut.");
            warnings.push(Warning::new("shortened", detail));
        }
        Some(shortened)
    };
    let lifted = &facts.lifted;
    let said = Said {
        alt: lift("alt", said.alt, &lifted.alt, TEXT_MAX),
        caption: lift("caption", said.caption, &lifted.caption, TEXT_MAX),
        credit: lift("credit", said.credit, &lifted.credit, NAME_MAX),
        copyright: lift("copyright", said.copyright, &lifted.copyright, NAME_MAX),
        ..said
    };
    (said, warnings)
}

/// What the list's `q` looks into.
fn search_text(medium: &Medium) -> String {
    let texts = [
        &medium.alt,
        &medium.caption,
        &medium.credit,
        &medium.copyright,
    ];
    let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
    text::name_key(&texts.join(" "))
}
