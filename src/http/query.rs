//! Query parameters: each is known, and each has one meaning.

use std::collections::BTreeSet;
use std::str::FromStr;

use actix_web::HttpRequest;

use crate::db::Time;
use crate::error::{Result, bad_parameter};

/// The most items a page may have.
pub const LIMIT_MAX: i64 = 100;
/// How many items a page has if nothing is said.
pub const LIMIT_DEFAULT: i64 = 20;

/// The query parameters of a request. A handler takes those it knows and calls
/// [`Params::finish`], which refuses the rest and lists the known ones.
pub struct Params {
    pairs: Vec<(String, String)>,
    known: BTreeSet<&'static str>,
}

impl Params {
    /// Reads a request's query string.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        let query = request.query_string();
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .is_ok()
        };
        if !decoded(query) {
            return Err(bad_parameter(
                "The query string isn't UTF-8 when its percent signs are decoded.",
            ));
        }
        let pairs = serde_urlencoded::from_str(query)
            .map_err(|error| bad_parameter(format!("The query string can't be read: {error}.")))?;
        Ok(Params {
            pairs,
            known: BTreeSet::new(),
        })
    }

    /// Every value of a parameter that may be repeated.
    pub fn all(&mut self, name: &'static str) -> Vec<String> {
        self.known.insert(name);
        let (mine, rest) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition(|(key, _)| key == name);
        self.pairs = rest;
        let mine: Vec<(String, String)> = mine;
        mine.into_iter().map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may stand there once.
    pub fn one(&mut self, name: &'static str) -> Result<Option<String>> {
        let mut values = self.all(name);
        if values.len() > 1 {
            return Err(bad_parameter(format!(
                "`{name}` takes one value, and there are {}.",
                values.len()
            )));
        }
        Ok(values.pop())
    }

    /// A parameter of a type that knows how to read itself.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>> {
        self.one(name)?
            .map(|value| {
                value
                    .parse()
                    .map_err(|error| bad_parameter(format!("`{name}`: {error}.")))
            })
            .transpose()
    }

    /// `true` or `false`; absent is false.
    pub fn flag(&mut self, name: &'static str) -> Result<bool> {
        match self.one(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(bad_parameter(format!(
                "`{name}` is true or false, not `{other}`."
            ))),
        }
    }

    /// How many items to answer; over the cap is an error, never a silent cut.
    pub fn limit(&mut self) -> Result<i64> {
        self.limit_or(LIMIT_DEFAULT)
    }

    /// [`Params::limit`] with another number if nothing is said.
    pub fn limit_or(&mut self, default: i64) -> Result<i64> {
        let Some(value) = self.one("limit")? else {
            return Ok(default);
        };
        value
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| {
                bad_parameter(format!(
                    "`limit` is a whole number from 1 to {LIMIT_MAX}, not `{value}`."
                ))
            })
    }

    /// An instant with an offset.
    pub fn time(&mut self, name: &'static str) -> Result<Option<Time>> {
        self.one(name)?
            .map(|value| {
                Time::parse(&value).ok_or_else(|| {
                    bad_parameter(format!(
                        "`{name}` is a date with an offset, such as 2026-11-23T08:15:00Z, not `{value}` (write + as %2B)."
                    ))
                })
            })
            .transpose()
    }

    /// Names from a list of known ones, separated by commas.
    pub fn names(
        &mut self,
        name: &'static str,
        known: &[&'static str],
    ) -> Result<Vec<&'static str>> {
        let Some(value) = self.one(name)? else {
            return Ok(Vec::new());
        };
        let mut names = BTreeSet::new();
        for part in value
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            match known.iter().find(|known| **known == part) {
                Some(known) => names.insert(*known),
                None => {
                    return Err(bad_parameter(format!(
                        "`{name}`: {}.",
                        super::text::unknown(part, known)
                    )));
                }
            };
        }
        Ok(names.into_iter().collect())
    }

    /// Refuses whatever was not asked for.
    pub fn finish(self) -> Result<()> {
        let Some((name, _)) = self.pairs.first() else {
            return Ok(());
        };
        let known: Vec<&str> = self.known.into_iter().collect();
        Err(bad_parameter(match known.as_slice() {
            [] => format!(
                "`{}` is unknown; this address takes no parameters.",
                name.chars().take(80).collect::<String>()
            ),
            known => format!("The parameter {}.", super::text::unknown(name, known)),
        }))
    }
}
