//! Sections, and the part of the listings that follows from their tree.

use diesel::prelude::*;

use super::super::Conn;
use crate::db::schema::{listings, sections};
use crate::db::{Id, Time};
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

/// Moves the children of one section below another.
pub fn hand_over_children(c: &mut Conn, from: Id, to: Id, now: Time) -> QueryResult<()> {
    diesel::update(sections::table.filter(sections::parent_id.eq(from)))
        .set((
            sections::parent_id.eq(to),
            sections::version.eq(sections::version + 1),
            sections::updated_at.eq(now),
        ))
        .execute(c)
        .map(drop)
}
