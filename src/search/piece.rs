//! An article as it goes into an index.

use std::collections::HashMap;

use crate::articles::model::{ArticleRow, RevisionRow, ids};
use crate::content::{self, Body};
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::taxonomy::names;

/// The most bytes of a text that are searched.
const TEXT_MAX: usize = 400_000;

/// An article's words, and what it is filtered and sorted by.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// Its id.
    pub id: Id,
    /// The instant that breaks ties.
    pub at: Time,
    /// The revision that the words are of.
    pub revision: i32,
    /// The article's version, by which it is known whether it has changed.
    pub version: i64,
    /// The language of its words.
    pub language: String,
    /// The headline.
    pub headline: String,
    /// Kicker, line below the headline and teaser, names of topics and authors.
    pub lead: Vec<String>,
    /// The text.
    pub body: String,
    /// What it is filtered by.
    pub marks: Vec<String>,
}

/// What an article is filtered by, as one word each.
pub mod mark {
    use crate::articles::model::Kind;
    use crate::db::Id;

    /// It is in this section itself.
    pub fn section(id: Id) -> String {
        format!("s:{}", id.0.simple())
    }

    /// It has this topic.
    pub fn topic(id: Id) -> String {
        format!("t:{}", id.0.simple())
    }

    /// It is by this author.
    pub fn author(id: Id) -> String {
        format!("a:{}", id.0.simple())
    }

    /// It is of this kind.
    pub fn kind(kind: Kind) -> String {
        format!("k:{}", kind.as_str())
    }

    /// It is in this language.
    pub fn language(tag: &str) -> String {
        format!("l:{tag}")
    }

    /// Its first part tells the stemmer.
    pub fn spoken(tag: &str) -> String {
        let primary = tag.split('-').next().unwrap_or_default();
        format!("p:{}", primary.to_ascii_lowercase())
    }

    /// It was made by this user.
    pub fn made_by(id: Id) -> String {
        format!("c:{}", id.0.simple())
    }

    /// A feed calls it this.
    pub fn external(id: &str) -> String {
        format!("x:{id}")
    }

    /// It is in the trash.
    pub const TRASHED: &str = "z:trashed";
}

impl Piece {
    /// Makes pieces of articles and the revision of each that readers see, or that is
    /// worked on.
    pub fn all(
        conn: &mut Conn<'_>,
        rows: Vec<(ArticleRow, RevisionRow)>,
        drafts: bool,
    ) -> Result<Vec<Piece>> {
        let mut named: Vec<Id> = Vec::new();
        for (_, revision) in &rows {
            named.extend(ids(&revision.topics)?);
            named.extend(ids(&revision.authors)?);
        }
        named.sort_unstable();
        named.dedup();
        let names = names_of(conn, &named)?;
        rows.into_iter()
            .map(|(row, revision)| {
                let published_at = row.published_at.unwrap_or_default();
                let at = if drafts { row.edited_at } else { published_at };
                let mut piece = piece(&row, revision, at, &names)?;
                if drafts {
                    piece.lead.push(row.slug);
                }
                Ok(piece)
            })
            .collect()
    }
}

fn piece(
    row: &ArticleRow,
    revision: RevisionRow,
    at: Time,
    names: &HashMap<Id, String>,
) -> Result<Piece> {
    let (topics, authors) = (ids(&revision.topics)?, ids(&revision.authors)?);
    let mut marks = vec![
        mark::kind(revision.kind),
        mark::language(&revision.language),
        mark::spoken(&revision.language),
        mark::made_by(row.created_by),
    ];
    marks.extend(revision.section_id.map(mark::section));
    marks.extend(topics.iter().map(|id| mark::topic(*id)));
    marks.extend(authors.iter().map(|id| mark::author(*id)));
    marks.extend(row.external_id.as_deref().map(mark::external));
    marks.extend(row.trashed_at.map(|_| mark::TRASHED.to_owned()));
    let mut lead: Vec<String> = [revision.kicker, revision.subheadline, revision.teaser]
        .into_iter()
        .flatten()
        .collect();
    let named = topics.iter().chain(&authors);
    lead.extend(named.filter_map(|id| names.get(id).cloned()));
    Ok(Piece {
        id: row.id,
        at,
        revision: revision.number,
        version: row.version,
        headline: revision.headline,
        lead,
        body: words_of(&revision.body),
        marks,
        language: revision.language,
    })
}

/// The words of a stored body. Words of links to other articles are not among
/// them: who may read those is not known here.
pub fn words_of(stored: &str) -> String {
    let Ok(body) = serde_json::from_str::<Body>(stored) else {
        return String::new();
    };
    let shown = content::resolve(body, &mut |_| None, &|image| Some(image.clone()));
    let mut text = content::to_text(&shown);
    if text.len() > TEXT_MAX {
        let end = (0..=TEXT_MAX)
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or_default();
        text.truncate(end);
    }
    text
}

/// The names of these topics and authors as they are now.
fn names_of(conn: &mut Conn<'_>, ids: &[Id]) -> Result<HashMap<Id, String>> {
    let found = crate::store!(*conn, taxonomy::names(ids))?;
    let mut found: HashMap<Id, String> =
        found.into_iter().map(|(id, _, name)| (id, name)).collect();
    let gone: Vec<Id> = ids
        .iter()
        .filter(|id| !found.contains_key(id))
        .copied()
        .collect();
    if !gone.is_empty() {
        let merged = names::merged(conn, &gone)?;
        let into: Vec<Id> = merged.values().copied().collect();
        let names = crate::store!(*conn, taxonomy::names(&into))?;
        let names: HashMap<Id, String> =
            names.into_iter().map(|(id, _, name)| (id, name)).collect();
        for (from, into) in merged {
            found.extend(names.get(&into).map(|name| (from, name.clone())));
        }
    }
    Ok(found)
}
