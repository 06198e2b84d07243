//! Where an address leads.

use super::address::{Address, decode};
use super::model::{GONE, Redirect};
use super::pattern::{self, Parts, Pattern};
use crate::articles::ops::Key;
use crate::config::Config;
use crate::db::{Conn, Id};
use crate::error::{Result, internal};

/// How many entries are followed one after the other.
pub const HOPS: usize = 5;

/// All patterns, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<(Pattern, Redirect)>);

/// Where an entry leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// To an article.
    Article(Id),
    /// To the article with this name, if there is one.
    Named(Key),
    /// To a path of the website or an address elsewhere.
    Url(String),
    /// Nowhere any more.
    Gone,
}

impl Patterns {
    /// Reads them.
    pub fn load(conn: &mut Conn<'_>) -> Result<Self> {
        let mut found = Vec::new();
        for row in crate::store!(*conn, redirects::patterns())? {
            let pattern = Address::read_pattern(&row.source)
                .and_then(|address| Pattern::read(&address))
                .map_err(|error| internal(format!("the pattern {} {error}", row.source)))?;
            found.push((pattern, row));
        }
        found.sort_by_key(|(pattern, _)| pattern.looseness());
        Ok(Patterns(found))
    }

    /// The pattern that an address fits of which most stands for itself, and what
    /// its placeholders stand for.
    pub fn first(&self, address: &Address) -> Option<(&Redirect, Parts)> {
        self.fitting(address).next()
    }

    fn fitting(&self, address: &Address) -> impl Iterator<Item = (&Redirect, Parts)> {
        self.0
            .iter()
            .filter_map(|(pattern, row)| Some((row, pattern.fit(address)?)))
    }

    /// What the placeholders of a pattern stand for in an address that fits it.
    pub fn sample(&self, id: Id) -> Parts {
        let found = self.0.iter().find(|(_, row)| row.id == id);
        found.map_or_else(Parts::new, |(pattern, _)| pattern.sample().1)
    }
}

/// Where an entry leads whose placeholders stand for these.
pub fn hit(row: &Redirect, parts: &Parts) -> Hit {
    match (row.status, row.article_id, &row.target) {
        (GONE, ..) => Hit::Gone,
        (_, Some(id), _) => Hit::Article(id),
        (_, None, Some(target)) if is_url(target) => {
            let url = pattern::fill(target, parts);
            // Two slashes would begin a host.
            Hit::Url(match url.starts_with("//") {
                true => format!("/{}", url.trim_start_matches('/')),
                false => url,
            })
        }
        (_, None, Some(target)) => {
            let name = decode(&pattern::fill(target, parts));
            match name.parse() {
                Ok(key) => Hit::Named(key),
                Err(never) => match never {},
            }
        }
        // Nothing is stored like this.
        (_, None, None) => Hit::Gone,
    }
}

/// Whether a target is an address rather than the name of an article.
pub fn is_url(target: &str) -> bool {
    target.starts_with('/') || target.starts_with("https://") || target.starts_with("http://")
}

/// Where an address leads by the entries, the first first: the nearest single
/// entry, and if there is none, the patterns it fits.
pub fn hits(conn: &mut Conn<'_>, patterns: &Patterns, address: &Address) -> Result<Vec<Hit>> {
    let sources = address.sources();
    let mut rows = crate::store!(*conn, redirects::by_sources(&sources))?;
    rows.sort_by_key(|row| sources.iter().position(|source| *source == row.source));
    Ok(match rows.into_iter().next() {
        Some(row) => vec![hit(&row, &Parts::new())],
        None => patterns
            .fitting(address)
            .map(|(row, parts)| hit(row, &parts))
            .collect(),
    })
}

/// An address as the website has it: a path is one of its own. `None` if it can't
/// be read or is somebody else's.
pub fn on_site(url: &str, config: &Config) -> Option<Address> {
    let mut address = Address::read(url).ok()?;
    let host = site_host(config);
    match &address.host {
        None => address.host = host,
        given if *given == host => {}
        Some(_) => return None,
    }
    Some(address)
}

/// The website's host in its canonical form, if the settings name it.
pub fn site_host(config: &Config) -> Option<String> {
    Address::read(config.site_url.as_deref()?).ok()?.host
}
