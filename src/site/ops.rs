//! Reading the newsroom's settings and every write to them.

use std::sync::Arc;

use super::model::{DESCRIPTION_MAX, ENTRIES_MAX, NAME_MAX};
use super::{Channel, MenuItem, Settings, Site, SiteIn, SitePatch, SiteRow};
use crate::audit::model::{Deed, Subject};
use crate::auth::{Actor, Right};
use crate::changes::{Action, Entity, Tag, Tx, note, record};
use crate::db::{Conn, Id};
use crate::error::{FieldError, Result, internal, invalid_all};
use crate::http::conditional::{Current, Expect, Put, stale};
use crate::http::reply::{Outcome, Saved};
use crate::http::text;
use crate::store;

/// The settings, as they were when this write first asked for them.
pub fn held(tx: &mut Tx<'_>) -> Result<Arc<Settings>> {
    if let Some(settings) = &tx.known.settings {
        return Ok(Arc::clone(settings));
    }
    let settings = Arc::new(load(&mut tx.conn)?.settings);
    tx.known.settings = Some(Arc::clone(&settings));
    Ok(settings)
}

/// The settings as they are now, the defaults if they were never set.
pub fn load(conn: &mut Conn<'_>) -> Result<Site> {
    let Some(row) = store!(*conn, site::find())? else {
        return Ok(Site {
            settings: Settings::default(),
            version: 0,
            updated_at: None,
        });
    };
    let SiteRow {
        id: _,
        settings,
        version,
        updated_at,
    } = row;
    Ok(Site {
        settings: serde_json::from_str(&settings).map_err(internal)?,
        version,
        updated_at: Some(updated_at),
    })
}

/// Replaces the settings.
pub fn put(tx: &mut Tx<'_>, actor: &Actor, expect: Expect, input: SiteIn) -> Result<Saved<Site>> {
    actor.require(Right::Manage)?;
    let old = load(&mut tx.conn)?;
    let SiteIn {
        name,
        language,
        time_zone,
        description,
        menu,
        channels,
        version: _,
        updated_at: _,
    } = input;
    let defaults = Settings::default();
    let settings = checked(Settings {
        name,
        language: language.unwrap_or(defaults.language),
        time_zone: time_zone.unwrap_or(defaults.time_zone),
        description,
        menu,
        channels,
    })?;
    // Where nothing was ever set, there is nothing that a PUT could overwrite.
    let first = old.version == 0 && matches!(expect, Expect::Unsaid | Expect::Nothing);
    let current = (!first).then(|| current(&old));
    match expect.put(current.as_ref(), settings == old.settings)? {
        Put::Create | Put::Replace => save(tx, &old, settings),
        Put::Unchanged => Ok(unchanged(old)),
    }
}

/// Changes the settings as the patch says.
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    expect: Expect,
    patch: SitePatch,
) -> Result<Saved<Site>> {
    actor.require(Right::Manage)?;
    let old = load(&mut tx.conn)?;
    expect.require(&current(&old))?;
    let SitePatch {
        name,
        language,
        time_zone,
        description,
        menu,
        channels,
    } = patch;
    let (there, defaults) = (old.settings.clone(), Settings::default());
    let mut settings = Settings {
        name: name.or_else(there.name, defaults.name),
        language: language.or_else(there.language, defaults.language),
        time_zone: time_zone.or_else(there.time_zone, defaults.time_zone),
        description: there.description,
        menu: menu.or(there.menu),
        channels: channels.or(there.channels),
    };
    description.apply(&mut settings.description);
    let settings = checked(settings)?;
    match settings == old.settings {
        true => Ok(unchanged(old)),
        false => save(tx, &old, settings),
    }
}

fn current(site: &Site) -> Current {
    Current {
        version: site.version,
        changed_at: site.updated_at,
        changed_by: None,
    }
}

fn unchanged(item: Site) -> Saved<Site> {
    Saved {
        result: Outcome::Unchanged,
        item,
    }
}

fn save(tx: &mut Tx<'_>, old: &Site, settings: Settings) -> Result<Saved<Site>> {
    let row = SiteRow {
        id: 1,
        settings: serde_json::to_string(&settings).map_err(internal)?,
        version: old.version + 1,
        updated_at: tx.now,
    };
    let saved = match old.version {
        0 => store!(tx.conn, site::insert(&row))?,
        version => store!(tx.conn, site::update(&row, version))?,
    };
    if !saved {
        let now = load(&mut tx.conn)?;
        return Err(stale(&current(&now)));
    }
    let id = Id(uuid::Uuid::nil());
    record(tx, Entity::Site, id, Action::Changed, &[Tag::site()]);
    note(tx, Deed::Updated, (Subject::Site, id), row.version);
    Ok(Saved {
        result: Outcome::Updated,
        item: Site {
            settings,
            version: row.version,
            updated_at: Some(row.updated_at),
        },
    })
}

/// The settings as they are stored, all rules checked.
fn checked(settings: Settings) -> Result<Settings> {
    let Settings {
        name,
        language,
        time_zone,
        description,
        menu,
        channels,
    } = settings;
    let mut errors = Vec::new();
    let name = text::clean(&name);
    text::check_required(&name, "#/name", NAME_MAX, &mut errors);
    text::check_language(&language, "#/language", &mut errors);
    if time_zone.parse::<chrono_tz::Tz>().is_err() {
        let names: Vec<&str> = chrono_tz::TZ_VARIANTS
            .iter()
            .map(|zone| zone.name())
            .collect();
        let near = text::nearest(&time_zone, &names);
        let detail = format!(
            "is not a time zone (IANA); write it as {}",
            near.unwrap_or("Europe/Berlin")
        );
        errors.push(FieldError::new("#/time_zone", "bad-time-zone", detail));
    }
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
    for (list, length) in [("menu", menu.len()), ("channels", channels.len())] {
        if length > ENTRIES_MAX {
            let detail = format!("has {length} entries; {ENTRIES_MAX} are the most");
            errors.push(FieldError::new(format!("#/{list}"), "too-many", detail));
        }
    }
    let menu = menu.into_iter().enumerate().map(|(at, entry)| {
        let MenuItem { label, url } = entry;
        let label = text::clean(&label);
        text::check_required(&label, &format!("#/menu/{at}/label"), NAME_MAX, &mut errors);
        text::check_url(&url, &format!("#/menu/{at}/url"), &mut errors);
        MenuItem { label, url }
    });
    let menu = menu.take(ENTRIES_MAX).collect();
    let channels = channels.into_iter().enumerate().map(|(at, channel)| {
        let Channel { kind, label, url } = channel;
        let label = text::clean(&label);
        text::check_slug(&kind, &format!("#/channels/{at}/kind"), &mut errors);
        text::check_required(
            &label,
            &format!("#/channels/{at}/label"),
            NAME_MAX,
            &mut errors,
        );
        text::check_url(&url, &format!("#/channels/{at}/url"), &mut errors);
        Channel { kind, label, url }
    });
    let channels = channels.take(ENTRIES_MAX).collect();
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    Ok(Settings {
        name,
        language,
        time_zone,
        description,
        menu,
        channels,
    })
}
