//! Values every node needs and nobody types in.

use diesel::prelude::*;

use super::super::Conn;
use crate::db::schema::secrets;

/// The value kept under a name: this one, unless there is one already.
pub fn keep(c: &mut Conn, name: &str, value: &str) -> QueryResult<String> {
    diesel::insert_into(secrets::table)
        .values((secrets::name.eq(name), secrets::value.eq(value)))
        .on_conflict_do_nothing()
        .execute(c)?;
    secrets::table.find(name).select(secrets::value).first(c)
}

/// The value kept under a name.
pub fn find(c: &mut Conn, name: &str) -> QueryResult<Option<String>> {
    secrets::table
        .find(name)
        .select(secrets::value)
        .first(c)
        .optional()
}

/// Keeps a value under a name, whatever is there.
pub fn put(c: &mut Conn, name: &str, value: &str) -> QueryResult<()> {
    diesel::insert_into(secrets::table)
        .values((secrets::name.eq(name), secrets::value.eq(value)))
        .on_conflict(secrets::name)
        .do_update()
        .set(secrets::value.eq(value))
        .execute(c)
        .map(drop)
}
