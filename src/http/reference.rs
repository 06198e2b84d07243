//! How a path names a resource.

use super::text;
use crate::db::Id;
use crate::error::{BAD_SLUG, Problem, Result};

/// An id or a slug. The two can't be mistaken for each other, because a slug
/// is never shaped like an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// By its id.
    Id(Id),
    /// By its slug, which may not be one: then nothing has it.
    Slug(String),
}

impl Reference {
    /// Reads what stands in a path.
    pub fn of(text: &str) -> Self {
        match text.parse() {
            Ok(id) => Reference::Id(id),
            Err(_) => Reference::Slug(text.to_owned()),
        }
    }

    /// Reads the path of a PUT, which may create what isn't there: a slug that
    /// isn't canonical is a 400 that names the canonical form.
    pub fn to_put(text: &str) -> Result<Self> {
        let reference = Reference::of(text);
        if let Reference::Slug(slug) = &reference
            && !text::is_slug(slug)
        {
            let shown: String = slug.chars().take(200).collect();
            let detail = match text::slugify(slug) {
                better if better.is_empty() => format!(
                    "`{shown}` can't be a slug; use lower-case letters, digits and hyphens."
                ),
                better => format!("`{shown}` isn't a slug; PUT to `{better}` instead."),
            };
            return Err(Problem::new(&BAD_SLUG, detail).into());
        }
        Ok(reference)
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reference::Id(id) => id.fmt(f),
            Reference::Slug(slug) => {
                let shown: String = slug.chars().take(200).collect();
                shown.fmt(f)
            }
        }
    }
}
