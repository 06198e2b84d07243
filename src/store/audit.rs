//! The audit log.

use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::audit::model::{Entry, Wanted};
use crate::db::Time;
use crate::db::schema::{audit, users};

/// Appends entries.
pub fn append(c: &mut Conn, entries: &[Entry]) -> QueryResult<()> {
    insert_all!(c, audit::table, entries);
    Ok(())
}

/// Entries, the newest first, with the actors' names.
pub fn page(c: &mut Conn, wanted: &Wanted) -> QueryResult<Vec<(Entry, Option<String>)>> {
    let mut query = audit::table
        .left_join(users::table.on(users::id.eq(audit::actor_id)))
        .select((Entry::as_select(), users::name.nullable()))
        .order((audit::at.desc(), audit::id.desc()))
        .limit(wanted.limit)
        .into_boxed::<Db>();
    if let Some(actor) = wanted.actor {
        query = query.filter(audit::actor_id.eq(actor));
    }
    if !wanted.actions.is_empty() {
        query = query.filter(audit::action.eq_any(&wanted.actions));
    }
    if !wanted.subjects.is_empty() {
        query = query.filter(audit::subject.eq_any(&wanted.subjects));
    }
    if let Some(id) = wanted.subject_id {
        query = query.filter(audit::subject_id.eq(id));
    }
    if let Some(outcome) = wanted.outcome {
        query = query.filter(audit::outcome.eq(outcome));
    }
    if let Some(after) = wanted.after {
        query = query.filter(audit::at.ge(after));
    }
    if let Some(before) = wanted.before {
        query = query.filter(audit::at.lt(before));
    }
    if let Some((at, id)) = wanted.place {
        query = query.filter(audit::at.lt(at).or(audit::at.eq(at).and(audit::id.lt(id))));
    }
    query.load(c)
}

/// Whether there is something from before an instant.
pub fn any_before(c: &mut Conn, before: Time) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        audit::table.filter(audit::at.lt(before)),
    ))
    .get_result(c)
}

/// Forgets what is from before an instant.
pub fn prune(c: &mut Conn, before: Time) -> QueryResult<usize> {
    diesel::delete(audit::table.filter(audit::at.lt(before))).execute(c)
}
