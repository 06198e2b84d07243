//! Articles that others name: in lists, in redirects, many at once.

use std::cell::Cell;
use std::collections::HashMap;

use crate::db::{Conn, Id};
use crate::error::Result;
use crate::http::text;

/// Slugs that are looked through for one that was meant.
const GUESSED_FROM: i64 = 5_000;
/// How often guesses are made for one request.
const GUESSES: u32 = 20;

/// Names of articles, and what they mean.
pub struct Names {
    ids: HashMap<String, Id>,
    slugs: Vec<String>,
    guesses: Cell<u32>,
}

impl Names {
    /// Looks names up: slugs, present or former, ids, and `external:…`.
    pub fn load<'n>(conn: &mut Conn<'_>, names: impl Iterator<Item = &'n str>) -> Result<Self> {
        let (mut ids, mut externals, mut slugs) = (Vec::new(), Vec::new(), Vec::new());
        let names: Vec<&str> = names.map(str::trim).collect();
        for name in &names {
            match (name.parse::<Id>(), name.strip_prefix("external:")) {
                (Ok(id), _) => ids.push(id),
                (_, Some(external)) => externals.push(external.to_owned()),
                _ => slugs.push((*name).to_owned()),
            }
        }
        let mut found = HashMap::new();
        for chunk in ids.chunks(500) {
            let there = crate::store!(*conn, articles::existing(chunk))?;
            found.extend(there.into_iter().map(|id| (id.to_string(), id)));
        }
        for chunk in externals.chunks(500) {
            let there = crate::store!(*conn, articles::ids_of_external_ids(chunk))?;
            let name = |(external, id)| Some((format!("external:{}", external?), id));
            found.extend(there.into_iter().filter_map(name));
        }
        for chunk in slugs.chunks(500) {
            for (slug, id) in crate::store!(*conn, articles::ids_of_former_slugs(chunk))? {
                found.insert(slug, id);
            }
            for (slug, id) in crate::store!(*conn, articles::ids_of_slugs(chunk))? {
                found.insert(slug, id);
            }
        }
        let unknown = names.iter().any(|name| !found.contains_key(*name));
        let slugs = match unknown {
            true => crate::store!(*conn, articles::newest_slugs(GUESSED_FROM))?,
            false => Vec::new(),
        };
        Ok(Names {
            ids: found,
            slugs,
            guesses: Cell::new(GUESSES),
        })
    }

    /// The article that a name means.
    pub fn id(&self, name: &str) -> Option<Id> {
        self.ids.get(name.trim()).copied()
    }

    /// That a name means none, and what may have been meant.
    pub fn unknown(&self, name: &str) -> String {
        let shown: String = name.trim().chars().take(120).collect();
        let mut detail = format!("no article is called `{shown}`");
        if self.guesses.get() > 0 {
            self.guesses.set(self.guesses.get() - 1);
            let slugs: Vec<&str> = self.slugs.iter().map(String::as_str).collect();
            match text::all_near(name, &slugs).as_slice() {
                [] => {}
                near => detail.push_str(&format!("; the nearest are {}", near.join(", "))),
            }
        }
        detail
    }
}
