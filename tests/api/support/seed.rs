//! Articles put straight into the tables, for what depends on articles but is
//! not about writing them.

use diesel::prelude::*;
use perspektive::changes::{self, Action, Entity, Tag};
use perspektive::db::schema::{articles, listings, revisions};
use perspektive::db::{Conn, Id, Time};
use perspektive::error::Result;
use serde_json::json;

use super::App;

/// An article with one revision.
#[derive(Clone, Debug, Default)]
pub struct Seed<'a> {
    /// Its slug.
    pub slug: &'a str,
    /// The section that its revision names.
    pub section: Option<Id>,
    /// The topics that its revision names.
    pub topics: &'a [Id],
    /// The authors that its revision names.
    pub authors: &'a [Id],
    /// The lists it is in.
    pub lists: &'a [Id],
    /// Seconds from now at which it appears; a draft if there are none.
    pub appears: Option<i64>,
    /// Seconds from now at which it expires.
    pub expires: Option<i64>,
}

/// Runs a statement on either database.
macro_rules! execute {
    ($conn:expr, $statement:expr) => {
        match &mut $conn {
            Conn::Pg(c) => $statement.execute(*c),
            Conn::Lite(c) => $statement.execute(*c),
        }
    };
}

impl App {
    /// Puts an article into the tables, and says in the log that it is there.
    pub fn seed(&self, seed: Seed<'_>) -> Id {
        self.seed_all(vec![seed])[0]
    }

    /// Puts articles into the tables, in one transaction.
    pub fn seed_all(&self, seeds: Vec<Seed<'_>>) -> Vec<Id> {
        let now = self.state.now();
        let at = |seconds: Option<i64>| seconds.map(|seconds| now.plus_seconds(seconds));
        let ids = |ids: &[Id]| serde_json::to_string(ids).unwrap();
        let put = |tx: &mut changes::Tx<'_>, seed: Seed<'_>| -> Result<Id> {
            let (id, by) = (Id::new(), Id::new());
            let published: Option<Time> = at(seed.appears);
            let head = json!({
                "number": 1, "kind": "news", "language": "de", "headline": seed.slug, "section_id": seed.section,
                "topics": seed.topics, "authors": seed.authors, "priority": "normal", "access": "free", "word_count": 0,
            });
            execute!(
                tx.conn,
                diesel::insert_into(articles::table).values((
                    articles::id.eq(id),
                    articles::slug.eq(seed.slug),
                    articles::version.eq(1),
                    articles::revision.eq(1),
                    articles::live_revision.eq(published.map(|_| 1)),
                    articles::published_at.eq(published),
                    articles::first_published_at.eq(published),
                    articles::updated_at.eq(published),
                    articles::expires_at.eq(at(seed.expires)),
                    articles::kind.eq("news"),
                    articles::language.eq("de"),
                    articles::created_at.eq(now),
                    articles::created_by.eq(by),
                    articles::edited_at.eq(now),
                    articles::edited_by.eq(by),
                    articles::live_head.eq(published.map(|_| head.to_string())),
                ))
            )?;
            execute!(
                tx.conn,
                diesel::insert_into(revisions::table).values((
                    revisions::article_id.eq(id),
                    revisions::number.eq(1),
                    revisions::created_at.eq(now),
                    revisions::created_by.eq(by),
                    revisions::kind.eq("news"),
                    revisions::language.eq("de"),
                    revisions::headline.eq(seed.slug),
                    revisions::section_id.eq(seed.section),
                    revisions::topics.eq(ids(seed.topics)),
                    revisions::authors.eq(ids(seed.authors)),
                    revisions::priority.eq("normal"),
                    revisions::access.eq("free"),
                    revisions::word_count.eq(0),
                    revisions::search_text.eq(""),
                    revisions::body.eq("[]"),
                ))
            )?;
            let mut tags = vec![Tag::article(id), Tag::all_articles()];
            for list in seed.lists {
                let published = published.expect("only published articles are listed");
                execute!(
                    tx.conn,
                    diesel::insert_into(listings::table).values((
                        listings::list_id.eq(list),
                        listings::published_at.eq(published),
                        listings::article_id.eq(id),
                        listings::updated_at.eq(published),
                        listings::expires_at.eq(at(seed.expires)),
                    ))
                )?;
                tags.push(Tag::list(*list));
            }
            changes::record(tx, Entity::Article, id, Action::Changed, &tags);
            Ok(id)
        };
        let all = |tx: &mut changes::Tx<'_>| seeds.into_iter().map(|seed| put(tx, seed)).collect();
        self.blocking(|| self.state.write_blocking(all)).unwrap()
    }

    /// The change log: what each entry is about.
    pub fn log(&self) -> Vec<(Entity, Id, Action)> {
        self.blocking(|| {
            self.state
                .read_blocking(|c| Ok(perspektive::store!(*c, changes::since(0, 10_000))?))
        })
        .unwrap()
        .into_iter()
        .map(|entry| (entry.entity, entry.entity_id, entry.action))
        .collect()
    }

    /// The articles in a list, the oldest first.
    pub fn listed(&self, list: Id) -> Vec<Id> {
        self.blocking(|| {
            self.state
                .read_blocking(|c| Ok(perspektive::store!(*c, taxonomy::listed(list))?))
        })
        .unwrap()
    }
}

/// An id in an answer.
pub fn id(answer: &serde_json::Value) -> Id {
    answer["id"].as_str().unwrap().parse().unwrap()
}
