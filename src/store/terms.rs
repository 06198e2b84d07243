//! Topics and authors: the same queries on two tables.

/// Writes the queries of a table of terms.
macro_rules! terms {
    ($table:ident, $row:ty) => {
        use diesel::dsl::{exists, not};
        use diesel::prelude::*;

        use super::super::{Conn, Db};
        use crate::db::schema::{articles, listings, $table};
        use crate::db::{Id, Time, any_of};
        use crate::http::page::ByName;

        /// Those of a page.
        pub fn page(c: &mut Conn, wanted: &ByName) -> QueryResult<Vec<$row>> {
            let ByName {
                prefix,
                visible_at,
                after,
                limit,
            } = wanted;
            let mut query: $table::BoxedQuery<'_, Db> = $table::table.into_boxed();
            if let Some(prefix) = prefix {
                // A sort key holds nothing that comes after z.
                query = query
                    .filter($table::sort_key.ge(prefix))
                    .filter($table::sort_key.lt(format!("{prefix}{{")));
            }
            if let Some(now) = *visible_at {
                query = query.filter(exists(
                    listings::table
                        .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
                        .filter(listings::list_id.eq($table::id))
                        .filter(listings::published_at.le(now))
                        .filter(
                            articles::expires_at
                                .is_null()
                                .or(articles::expires_at.gt(now)),
                        ),
                ));
            }
            if let Some((key, id)) = after {
                query = query.filter(
                    $table::sort_key
                        .gt(key)
                        .or($table::sort_key.eq(key).and($table::id.gt(id))),
                );
            }
            query
                .order(($table::sort_key.asc(), $table::id.asc()))
                .limit(*limit)
                .select(<$row>::as_select())
                .load(c)
        }

        /// The one with this id.
        pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<$row>> {
            $table::table
                .find(id)
                .select(<$row>::as_select())
                .first(c)
                .optional()
        }

        /// The one with this slug.
        pub fn find_by_slug(c: &mut Conn, slug: &str) -> QueryResult<Option<$row>> {
            $table::table
                .filter($table::slug.eq(slug))
                .select(<$row>::as_select())
                .first(c)
                .optional()
        }

        /// One with this name.
        pub fn find_by_name_key(c: &mut Conn, name_key: &str) -> QueryResult<Option<$row>> {
            $table::table
                .filter($table::name_key.eq(name_key))
                .select(<$row>::as_select())
                .first(c)
                .optional()
        }

        /// Those with these ids, in no order.
        pub fn by_ids(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<$row>> {
            let query = $table::table.select(<$row>::as_select());
            load_any!(c, query, $table::id, ids)
        }

        /// Those of these with an article that readers see at an instant, in no order.
        pub fn visible(c: &mut Conn, ids: &[Id], now: Time) -> QueryResult<Vec<$row>> {
            $table::table
                .filter(any_of($table::id, ids))
                .filter(exists(
                    listings::table
                        .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
                        .filter(listings::list_id.eq($table::id))
                        .filter(listings::published_at.le(now))
                        .filter(
                            articles::expires_at
                                .is_null()
                                .or(articles::expires_at.gt(now)),
                        ),
                ))
                .select(<$row>::as_select())
                .load(c)
        }

        /// Those of these that readers see, if at all, by these articles alone.
        pub fn only_by(c: &mut Conn, ids: &[Id], by: &[Id], now: Time) -> QueryResult<Vec<Id>> {
            $table::table
                .filter(any_of($table::id, ids))
                .filter(not(exists(
                    listings::table
                        .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
                        .filter(listings::list_id.eq($table::id))
                        .filter(not(any_of(listings::article_id, by)))
                        .filter(listings::published_at.le(now))
                        .filter(
                            articles::expires_at
                                .is_null()
                                .or(articles::expires_at.gt(now)),
                        ),
                )))
                .select($table::id)
                .load(c)
        }

        /// Those with any of these ids, slugs or names, in no order.
        pub fn matching(
            c: &mut Conn,
            ids: &[Id],
            slugs: &[&str],
            name_keys: &[String],
        ) -> QueryResult<Vec<$row>> {
            let query = $table::table.select(<$row>::as_select());
            let by_id: QueryResult<Vec<$row>> = load_any!(c, query, $table::id, ids);
            let mut found = by_id?;
            let by_slug: QueryResult<Vec<$row>> = load_any!(c, query, $table::slug, slugs);
            found.append(&mut by_slug?);
            let by_name: QueryResult<Vec<$row>> = load_any!(c, query, $table::name_key, name_keys);
            found.append(&mut by_name?);
            found.sort_unstable_by_key(|row| row.id);
            found.dedup_by_key(|row| row.id);
            Ok(found)
        }

        /// Names to guess from, the newest 20,000.
        pub fn names(c: &mut Conn) -> QueryResult<Vec<String>> {
            $table::table
                .order($table::id.desc())
                .limit(20_000)
                .select($table::name)
                .load(c)
        }

        /// Adds one, unless its slug, or a name that only one may have, is taken.
        /// Whether it was added.
        pub fn insert(c: &mut Conn, row: &$row) -> QueryResult<bool> {
            diesel::insert_into($table::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c)
                .map(|rows| rows > 0)
        }

        /// Replaces one if it still has the version `old`. Whether it had.
        pub fn update(c: &mut Conn, row: &$row, old: i64) -> QueryResult<bool> {
            diesel::update($table::table.find(row.id).filter($table::version.eq(old)))
                .set(row)
                .execute(c)
                .map(|rows| rows > 0)
        }

        /// Removes one if it still has the version `old`. Whether it had.
        pub fn delete(c: &mut Conn, id: Id, old: i64) -> QueryResult<bool> {
            diesel::delete($table::table.find(id).filter($table::version.eq(old)))
                .execute(c)
                .map(|rows| rows > 0)
        }
    };
}
