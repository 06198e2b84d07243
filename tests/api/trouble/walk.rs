//! Walks a whole database: what belongs together agrees.

use std::collections::{HashMap, HashSet};

use perspektive::db::rows::*;
use perspektive::db::{Conn, Database, Id};

use crate::support::process::Newsroom;

/// Every row of every table.
#[derive(Default)]
pub struct All {
    pub articles: Vec<ArticleRow>,
    pub revisions: HashMap<(Id, i32), RevisionRow>,
    pub listings: Vec<ListingRow>,
    pub links: Vec<LinkRow>,
    pub changes: Vec<ChangeRow>,
    pub sections: Vec<SectionRow>,
}

impl All {
    /// The article under a slug, with the revision that readers see.
    pub fn live(&self, slug: &str) -> Option<(&ArticleRow, &RevisionRow)> {
        let article = self.articles.iter().find(|article| article.slug == slug)?;
        Some((
            article,
            self.revisions.get(&(article.id, article.live_revision?))?,
        ))
    }
}

fn read(conn: &mut Conn<'_>) -> perspektive::error::Result<All> {
    let mut all = All::default();
    for table in Table::ALL {
        let mut take = |chunk: Chunk| {
            match chunk {
                Chunk::ArticleRow(rows) => all.articles.extend(rows),
                Chunk::RevisionRow(rows) => {
                    all.revisions.extend(
                        rows.into_iter()
                            .map(|row| ((row.article_id, row.number), row)),
                    );
                }
                Chunk::ListingRow(rows) => all.listings.extend(rows),
                Chunk::LinkRow(rows) => all.links.extend(rows),
                Chunk::ChangeRow(rows) => all.changes.extend(rows),
                Chunk::SectionRow(rows) => all.sections.extend(rows),
                _ => {}
            }
            Ok(())
        };
        perspektive::store!(*conn, copy::read(*table, &mut take))?;
    }
    Ok(all)
}

/// Reads everything, and checks it.
pub fn walk(newsroom: &Newsroom) -> All {
    let url = newsroom.url();
    let reading = move || {
        let database = Database::new(&url, 1).unwrap();
        database.read(|conn| {
            if let Conn::Lite(conn) = conn {
                assert_eq!(perspektive::db::lite::quick_check(conn).unwrap(), "ok");
            }
            read(conn)
        })
    };
    let all = std::thread::scope(|scope| scope.spawn(reading).join().unwrap()).unwrap();

    let mut seen = HashSet::new();
    let logged: HashSet<Id> = all.changes.iter().map(|entry| entry.entity_id).collect();
    for entry in &all.changes {
        assert!(seen.insert(entry.seq), "{} twice", entry.seq);
    }
    let mut listed: HashMap<Id, Vec<&ListingRow>> = HashMap::new();
    for row in &all.listings {
        listed.entry(row.article_id).or_default().push(row);
    }
    for article in &all.articles {
        let slug = &article.slug;
        for number in 1..=article.revision {
            assert!(
                all.revisions.contains_key(&(article.id, number)),
                "{slug} lacks revision {number}"
            );
        }
        assert!(
            !all.revisions
                .contains_key(&(article.id, article.revision + 1)),
            "{slug} has one too many"
        );
        let rows = listed.remove(&article.id).unwrap_or_default();
        match article.live_revision {
            Some(live) => {
                let revision = &all.revisions[&(article.id, live)];
                let section = revision.section_id.expect("a live article has a section");
                let row = rows.iter().find(|row| row.list_id == section);
                let row =
                    row.unwrap_or_else(|| panic!("{slug} is live and not in its section's list"));
                assert_eq!(Some(row.published_at), article.published_at, "{slug}");
                assert!(
                    logged.contains(&article.id),
                    "{slug} is live and not in the log"
                );
            }
            None => assert!(rows.is_empty(), "{slug} is not live and in a list"),
        }
    }
    assert!(listed.is_empty(), "lists name articles that don't exist");
    all
}
