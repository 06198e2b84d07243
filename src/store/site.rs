//! The newsroom's own settings: one row, or none.

use diesel::prelude::*;

use super::super::Conn;
use crate::db::schema::site;
use crate::site::SiteRow;

/// The settings, if they were ever set.
pub fn find(c: &mut Conn) -> QueryResult<Option<SiteRow>> {
    site::table
        .find(1)
        .select(SiteRow::as_select())
        .first(c)
        .optional()
}

/// Sets them for the first time. Whether this was the first time.
pub fn insert(c: &mut Conn, row: &SiteRow) -> QueryResult<bool> {
    diesel::insert_into(site::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c)
        .map(|rows| rows > 0)
}

/// Replaces them if they still have the version `old`. Whether they had.
pub fn update(c: &mut Conn, row: &SiteRow, old: i64) -> QueryResult<bool> {
    diesel::update(site::table.find(1).filter(site::version.eq(old)))
        .set(row)
        .execute(c)
        .map(|rows| rows > 0)
}
