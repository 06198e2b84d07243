//! Sections, and the part of the listings that follows from their tree.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::super::Conn;
use crate::db::Id;
use crate::db::schema::{articles, listings, revisions, sections};
use crate::db::types::Uid;
use crate::sections::Section;

/// Every section; there are 500 at most.
pub fn all(c: &mut Conn) -> QueryResult<Vec<Section>> {
    sections::table.select(Section::as_select()).load(c)
}

/// The section with this id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<Section>> {
    sections::table
        .find(id)
        .select(Section::as_select())
        .first(c)
        .optional()
}

/// Adds a section.
pub fn insert(c: &mut Conn, section: &Section) -> QueryResult<()> {
    diesel::insert_into(sections::table)
        .values(section)
        .execute(c)
        .map(drop)
}

/// Replaces a section if it still has the version `old`. Whether it had.
pub fn update(c: &mut Conn, section: &Section, old: i64) -> QueryResult<bool> {
    diesel::update(
        sections::table
            .find(section.id)
            .filter(sections::version.eq(old)),
    )
    .set(section)
    .execute(c)
    .map(|rows| rows > 0)
}

/// Removes a section if it still has the version `old`. Whether it had.
pub fn delete(c: &mut Conn, id: Id, old: i64) -> QueryResult<bool> {
    diesel::delete(sections::table.find(id).filter(sections::version.eq(old)))
        .execute(c)
        .map(|rows| rows > 0)
}

/// The slug of an article whose newest or live revision names this section.
pub fn used_by(c: &mut Conn, id: Id) -> QueryResult<Option<String>> {
    let in_use = revisions::number
        .nullable()
        .eq(articles::revision.nullable())
        .or(revisions::number.nullable().eq(articles::live_revision));
    articles::table
        .filter(exists(
            revisions::table
                .filter(revisions::article_id.eq(articles::id))
                .filter(in_use)
                .filter(revisions::section_id.eq(id)),
        ))
        .select(articles::slug)
        .first(c)
        .optional()
}

/// The articles, live or scheduled, in this section and those below it.
pub fn articles_below(c: &mut Conn, id: Id) -> QueryResult<Vec<Id>> {
    listings::table
        .filter(listings::list_id.eq(id))
        .order((listings::published_at.asc(), listings::article_id.asc()))
        .select(listings::article_id)
        .load(c)
}

/// Takes what is listed under `moved` out of the lists `left`.
pub fn unlist(c: &mut Conn, moved: Id, left: &[Id]) -> QueryResult<()> {
    let below = diesel::alias!(listings as below);
    diesel::delete(
        listings::table
            .filter(listings::list_id.eq_any(left))
            .filter(
                listings::article_id.eq_any(
                    below
                        .filter(below.field(listings::list_id).eq(moved))
                        .select(below.field(listings::article_id)),
                ),
            ),
    )
    .execute(c)
    .map(drop)
}

/// Puts what is listed under `moved` into the list `entered` too.
pub fn list_also(c: &mut Conn, moved: Id, entered: Id) -> QueryResult<()> {
    use diesel::IntoSql;
    diesel::insert_into(listings::table)
        .values(listings::table.filter(listings::list_id.eq(moved)).select((
            entered.into_sql::<Uid>(),
            listings::published_at,
            listings::article_id,
            listings::updated_at,
        )))
        .into_columns((
            listings::list_id,
            listings::published_at,
            listings::article_id,
            listings::updated_at,
        ))
        .on_conflict_do_nothing()
        .execute(c)
        .map(drop)
}
