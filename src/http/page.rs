//! A page of a list.

use actix_web::http::header::{self, HeaderName};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{self, Position};
use super::query::{LIMIT_DEFAULT, Params};
use super::text;
use crate::db::{Id, Time};
use crate::error::{Result, bad_parameter};

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// Send this as `cursor` for the next page. Missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "AgGTa2k1OXyxmKqd7xo-_wAAAAB2ZXJrZWhy")]
    pub next_cursor: Option<String>,
    /// Addresses of pages.
    pub links: PageLinks,
}

/// Addresses of pages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PageLinks {
    /// The next page. Missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://api.example/v1/topics?cursor=AgGTa2k1"
    )]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page with the address of the next one, which is `path` with
    /// `parameters` (name and value) and the cursor.
    pub fn new(
        items: Vec<T>,
        next_cursor: Option<String>,
        path: &str,
        parameters: &[(&str, String)],
    ) -> Self {
        let next = next_cursor.as_ref().map(|cursor| {
            let mut query: Vec<(&str, &str)> = parameters
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            query.push(("cursor", cursor));
            let query = serde_urlencoded::to_string(query).unwrap_or_default();
            format!("{path}?{query}")
        });
        Page {
            items,
            next_cursor,
            links: PageLinks { next },
        }
    }

    /// The `Link` header that says the same as `links`.
    pub fn link_header(&self) -> Option<(HeaderName, String)> {
        let next = self.links.next.as_ref()?;
        Some((header::LINK, format!("<{next}>; rel=\"next\"")))
    }
}

/// A page of a list that is sorted by name: what the client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePage {
    prefix: Option<String>,
    cursor: Option<String>,
    after: Option<(String, Id)>,
    limit: i64,
}

/// The parameters of such a page, for the description.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub struct NamePageParams {
    /// Only names that begin like this; case and umlauts make no difference.
    #[param(example = "verk", nullable = false)]
    q: Option<String>,
    /// How many items to answer, 1 to 100.
    #[param(
        example = 20,
        minimum = 1,
        maximum = 100,
        default = 20,
        nullable = false
    )]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same `q`.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// Which rows such a page shows.
#[derive(Clone, Debug)]
pub struct ByName {
    /// Only those whose sort key begins like this.
    pub prefix: Option<String>,
    /// Only those with an article that readers see at this instant.
    pub visible_at: Option<Time>,
    /// Only those after this sort key and id.
    pub after: Option<(String, Id)>,
    /// How many at most.
    pub limit: i64,
}

impl NamePage {
    /// Reads the parameters `q`, `limit` and `cursor`.
    pub fn of(params: &mut Params) -> Result<Self> {
        let prefix = params.one("q")?.filter(|q| !q.trim().is_empty());
        let prefix = prefix
            .map(|q| match text::slugify(&q) {
                prefix if prefix.is_empty() => Err(bad_parameter("`q` needs a letter or a digit.")),
                prefix => Ok(prefix),
            })
            .transpose()?;
        let limit = params.limit()?;
        let cursor = params.one("cursor")?;
        let after = cursor
            .as_deref()
            .map(|cursor| cursor::read_name(cursor, prefix.as_deref().unwrap_or_default()))
            .transpose()?;
        Ok(NamePage {
            prefix,
            cursor,
            after,
            limit,
        })
    }

    /// The canonical form: equal for requests with an equal answer.
    pub fn key(&self) -> String {
        format!(
            "q={}&limit={}&cursor={}",
            self.prefix.as_deref().unwrap_or_default(),
            self.limit,
            self.cursor.as_deref().unwrap_or_default()
        )
    }

    /// The rows to ask for: one more than the page shows, to see whether there
    /// is a next one.
    pub fn wanted(&self, visible_at: Option<Time>) -> ByName {
        ByName {
            prefix: self.prefix.clone(),
            visible_at,
            after: self.after.clone(),
            limit: self.limit + 1,
        }
    }

    /// Makes the page of the rows found. `place` tells a row's sort key and id.
    pub fn fill<R, T>(
        &self,
        mut rows: Vec<R>,
        path: &str,
        place: impl Fn(&R) -> (&str, Id),
        show: impl Fn(R) -> T,
    ) -> Page<T> {
        let full = rows.len() as i64 > self.limit;
        rows.truncate(self.limit as usize);
        let filters = self.prefix.as_deref().unwrap_or_default();
        let next = rows.last().filter(|_| full).map(|last| {
            let (key, id) = place(last);
            cursor::write_name(key, id, filters)
        });
        let mut parameters = Vec::new();
        if let Some(prefix) = &self.prefix {
            parameters.push(("q", prefix.clone()));
        }
        if self.limit != LIMIT_DEFAULT {
            parameters.push(("limit", self.limit.to_string()));
        }
        Page::new(
            rows.into_iter().map(show).collect(),
            next,
            path,
            &parameters,
        )
    }
}

/// A page of a list in the order in which things were made: what the client
/// asked for.
pub struct MadePage {
    /// The place after which it begins.
    pub after: Option<Position>,
    limit: i64,
    parameters: Vec<(&'static str, String)>,
}

/// The parameters of such a page, for the description.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub struct MadePageParams {
    /// How many items to answer, 1 to 100.
    #[param(
        example = 20,
        minimum = 1,
        maximum = 100,
        default = 20,
        nullable = false
    )]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same parameters.
    #[param(nullable = false)]
    cursor: Option<String>,
}

impl MadePage {
    /// Reads `limit` and `cursor`; the cursor belongs to this filter.
    pub fn of(params: &mut Params, filter: Option<(&'static str, &str)>) -> Result<Self> {
        let limit = params.limit()?;
        let cursor = params.one("cursor")?;
        let filter_value = filter.map_or("", |(_, value)| value);
        let after = cursor
            .map(|cursor| cursor::read(&cursor, filter_value))
            .transpose()?;
        let mut parameters: Vec<_> = filter
            .map(|(name, value)| (name, value.to_owned()))
            .into_iter()
            .collect();
        if limit != LIMIT_DEFAULT {
            parameters.push(("limit", limit.to_string()));
        }
        Ok(MadePage {
            after,
            limit,
            parameters,
        })
    }

    /// How many rows to ask for: one more than the page shows, to see whether
    /// there is a next one.
    pub fn wanted(&self) -> i64 {
        self.limit + 1
    }

    /// Makes the page of the rows found. `place` tells when a row was made, and
    /// its id.
    pub fn fill<R, T>(
        &self,
        mut rows: Vec<R>,
        path: &str,
        filter: &str,
        place: impl Fn(&R) -> (Time, Id),
        show: impl Fn(R) -> T,
    ) -> Page<T> {
        let full = rows.len() as i64 > self.limit;
        rows.truncate(self.limit as usize);
        let next = rows.last().filter(|_| full).map(|last| {
            let (at, id) = place(last);
            cursor::write(Position { at, id }, filter)
        });
        let items = rows.into_iter().map(show).collect();
        Page::new(items, next, path, &self.parameters)
    }
}
