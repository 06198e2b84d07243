//! What sections, topics and authors share: the lock, other names, who uses them.

use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::db::schema::{articles, authors, listings, other_names, revisions, topics};
use crate::db::types::Uid;
use crate::db::{Dialect, Id, Time, any_of, lock_key};
use crate::taxonomy::{Kind, OtherName, Way};

const NAME: &str = "taxonomy";

/// Waits until nobody else writes to sections, topics, authors or to an article
/// that refers to them, and keeps it so until the end of the transaction.
pub fn lock(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key(NAME))
}

/// Keeps sections, topics and authors from being changed until the end of the
/// transaction; any number of transactions may do so at once.
pub fn hold(c: &mut Conn) -> QueryResult<()> {
    c.lock_shared(lock_key(NAME))
}

/// Whether an article that readers see at this instant is in a list.
pub fn has_visible(c: &mut Conn, list: Id, now: Time) -> QueryResult<bool> {
    let visible = listings::table
        .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
        .filter(listings::list_id.eq(list))
        .filter(listings::published_at.le(now))
        .filter(
            articles::expires_at
                .is_null()
                .or(articles::expires_at.gt(now)),
        );
    diesel::select(diesel::dsl::exists(visible)).get_result(c)
}

/// Slugs and names of these topics and authors, in no order.
pub fn names(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(Id, String, String)>> {
    let topics = topics::table.select((topics::id, topics::slug, topics::name));
    let authors = authors::table.select((authors::id, authors::slug, authors::name));
    match ids {
        [] => Ok(Vec::new()),
        [id] => topics
            .filter(topics::id.eq(id))
            .union_all(authors.filter(authors::id.eq(id)))
            .load(c),
        ids => topics
            .filter(any_of(topics::id, ids))
            .union_all(authors.filter(any_of(authors::id, ids)))
            .load(c),
    }
}

/// The next instant at which an article appears by itself.
pub fn next_appearance(c: &mut Conn, now: Time) -> QueryResult<Option<Time>> {
    articles::table
        .filter(articles::published_at.gt(now))
        .select(diesel::dsl::min(articles::published_at))
        .first(c)
}

/// The next instant at which an article disappears by itself.
pub fn next_disappearance(c: &mut Conn, now: Time) -> QueryResult<Option<Time>> {
    articles::table
        .filter(articles::expires_at.gt(now))
        .select(diesel::dsl::min(articles::expires_at))
        .first(c)
}

/// What a name leads to that is its former slug or the id of what it took in.
pub fn led_to(c: &mut Conn, kind: Kind, way: Way, name_key: &str) -> QueryResult<Option<Id>> {
    other_names::table
        .find((way, name_key, kind))
        .select(other_names::target_id)
        .first(c)
        .optional()
}

/// The other names that are one of these ids, slugs or aliases, in no order.
pub fn other_names_matching(
    c: &mut Conn,
    kind: Kind,
    ids: &[String],
    slugs: &[&str],
    name_keys: &[String],
) -> QueryResult<Vec<OtherName>> {
    let mut named = |way: Way, keys: &[&str]| -> QueryResult<Vec<OtherName>> {
        let query = other_names::table
            .filter(other_names::kind.eq(kind))
            .filter(other_names::way.eq(way))
            .select(OtherName::as_select());
        load_any!(c, query, other_names::name_key, keys)
    };
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let name_keys: Vec<&str> = name_keys.iter().map(String::as_str).collect();
    let mut found = named(Way::Id, &ids)?;
    found.append(&mut named(Way::Slug, slugs)?);
    found.append(&mut named(Way::Alias, &name_keys)?);
    Ok(found)
}

/// The other names of these, each target's in their order.
pub fn other_names_of(c: &mut Conn, targets: &[Id]) -> QueryResult<Vec<OtherName>> {
    other_names::table
        .filter(any_of(other_names::target_id, targets))
        .order((other_names::position, other_names::name_key))
        .select(OtherName::as_select())
        .load(c)
}

/// All other names of one kind, each target's in their order.
pub fn all_other_names(c: &mut Conn, kind: Kind) -> QueryResult<Vec<OtherName>> {
    other_names::table
        .filter(other_names::kind.eq(kind))
        .order((other_names::position, other_names::name_key))
        .select(OtherName::as_select())
        .load(c)
}

/// Of these ids those that were merged into others, and what they lead to.
pub fn merged(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(Id, Id)>> {
    let keys: Vec<String> = ids.iter().map(Id::to_string).collect();
    let query = other_names::table
        .filter(other_names::way.eq(Way::Id))
        .select((other_names::name_key, other_names::target_id));
    let rows: QueryResult<Vec<(String, Id)>> = load_any!(c, query, other_names::name_key, keys);
    let ids = rows?.into_iter();
    Ok(ids
        .filter_map(|(key, target)| Some((key.parse().ok()?, target)))
        .collect())
}

/// The place after the last other name of a target.
pub fn next_position(c: &mut Conn, target: Id) -> QueryResult<i32> {
    let last = diesel::dsl::max(other_names::position);
    let names = other_names::table.filter(other_names::target_id.eq(target));
    let last: Option<i32> = names.select(last).first(c)?;
    Ok(last.map_or(0, |last| last + 1))
}

/// Adds other names.
pub fn add_other_names(c: &mut Conn, rows: &[OtherName]) -> QueryResult<()> {
    for rows in rows.chunks(500) {
        diesel::insert_into(other_names::table)
            .values(rows)
            .execute(c)?;
    }
    Ok(())
}

/// Frees a former slug of a target. Whether it was one.
pub fn free_slug(c: &mut Conn, kind: Kind, target: Id, slug: &str) -> QueryResult<bool> {
    let row = other_names::table.find((Way::Slug, slug, kind));
    diesel::delete(row.filter(other_names::target_id.eq(target)))
        .execute(c)
        .map(|rows| rows > 0)
}

/// Removes the aliases of a target.
pub fn forget_aliases(c: &mut Conn, target: Id) -> QueryResult<()> {
    let names = other_names::table.filter(other_names::target_id.eq(target));
    diesel::delete(names.filter(other_names::way.eq(Way::Alias)))
        .execute(c)
        .map(drop)
}

/// Removes all other names of a target.
pub fn forget_other_names(c: &mut Conn, target: Id) -> QueryResult<()> {
    diesel::delete(other_names::table.filter(other_names::target_id.eq(target)))
        .execute(c)
        .map(drop)
}

/// Lets all other names of one lead to another, after those that this has.
pub fn hand_over_names(c: &mut Conn, from: Id, to: Id) -> QueryResult<()> {
    let after = next_position(c, to)?;
    diesel::update(other_names::table.filter(other_names::target_id.eq(from)))
        .set((
            other_names::target_id.eq(to),
            other_names::position.eq(other_names::position + after),
        ))
        .execute(c)
        .map(drop)
}

/// Lets the articles of one list stand in another instead.
pub fn hand_over_list(c: &mut Conn, from: Id, to: Id) -> QueryResult<()> {
    list_also(c, from, to)?;
    diesel::delete(listings::table.filter(listings::list_id.eq(from)))
        .execute(c)
        .map(drop)
}

/// Puts what is in the list `from` into the list `entered` too.
pub fn list_also(c: &mut Conn, from: Id, entered: Id) -> QueryResult<()> {
    use diesel::IntoSql;
    diesel::insert_into(listings::table)
        .values(listings::table.filter(listings::list_id.eq(from)).select((
            entered.into_sql::<Uid>(),
            listings::published_at,
            listings::article_id,
            listings::updated_at,
            listings::expires_at,
        )))
        .into_columns((
            listings::list_id,
            listings::published_at,
            listings::article_id,
            listings::updated_at,
            listings::expires_at,
        ))
        .on_conflict_do_nothing()
        .execute(c)
        .map(drop)
}

/// The articles, live or scheduled, in a list, in the order of publication.
pub fn listed(c: &mut Conn, list: Id) -> QueryResult<Vec<Id>> {
    listings::table
        .filter(listings::list_id.eq(list))
        .order((listings::published_at.asc(), listings::article_id.asc()))
        .select(listings::article_id)
        .load(c)
}

/// Whether a revision's column of ids has this one or one that was merged into it.
macro_rules! mentions {
    ($column:expr, $id:expr) => {{
        use crate::db::schema::other_names;
        use diesel::IntoSql;
        use diesel::sql_types::Text;
        let any = "%".into_sql::<Text>();
        $column.like(format!("%{}%", $id)).or(diesel::dsl::exists(
            other_names::table
                .filter(other_names::target_id.eq($id))
                .filter(other_names::way.eq(crate::taxonomy::Way::Id))
                .filter($column.like(any.concat(other_names::name_key).concat("%"))),
        ))
    }};
}
pub(super) use mentions;

/// How many articles name this, or what was merged into it, in their newest
/// revision or in the one that readers see; and the first `few` of their slugs.
pub fn uses(c: &mut Conn, kind: Kind, id: Id, few: i64) -> QueryResult<(i64, Vec<String>)> {
    // Revisions hold the id of their section as an id, not in a text.
    let sections: Vec<Option<Id>> = match kind {
        Kind::Section => ids_within(c, id)?
            .into_iter()
            .chain([id])
            .map(Some)
            .collect(),
        _ => Vec::new(),
    };
    let in_use = || {
        let newest = revisions::number
            .nullable()
            .eq(articles::revision.nullable());
        newest.or(revisions::number.nullable().eq(articles::live_revision))
    };
    let article = || revisions::article_id.eq(articles::id).and(in_use());
    let query = || {
        let all = articles::table.inner_join(revisions::table.on(article()));
        match kind {
            Kind::Section => all
                .filter(revisions::section_id.eq_any(&sections))
                .into_boxed::<Db>(),
            Kind::Topic => all
                .filter(mentions!(revisions::topics, id))
                .into_boxed::<Db>(),
            Kind::Author => all
                .filter(mentions!(revisions::authors, id))
                .into_boxed::<Db>(),
        }
    };
    let count = query()
        .select(diesel::dsl::count(articles::id).aggregate_distinct())
        .first(c)?;
    let some = query()
        .select(articles::slug)
        .distinct()
        .order(articles::slug)
        .limit(few)
        .load(c)?;
    Ok((count, some))
}

/// The ids of what was merged into this one.
pub fn ids_within(c: &mut Conn, id: Id) -> QueryResult<Vec<Id>> {
    let names = other_names::table.filter(other_names::target_id.eq(id));
    let keys: Vec<String> = names
        .filter(other_names::way.eq(Way::Id))
        .select(other_names::name_key)
        .load(c)?;
    Ok(keys.iter().filter_map(|key| key.parse().ok()).collect())
}
