//! Every query, a file a feature: `(&mut Conn, …) -> QueryResult`.
//!
//! This file is mounted twice, below `db::lite` and below `db::pg`; `super`
//! is therefore either of them, and `super::super::{Conn, Db}` in the files
//! below are that database's own types. A query knows no actor, no HTTP and no
//! clock. What has to differ stands behind `db::Dialect`.

/// Loads what a query finds for any of these values of a column, in no order.
/// Statements that name several values are parsed anew each time, so where the
/// database is a function call away each value has the same, prepared one.
macro_rules! load_any {
    ($c:ident, $query:expr, $column:expr, $values:expr) => {{
        let mut found = Vec::with_capacity($values.len());
        for values in $values.chunks(<Conn as $crate::db::Dialect>::IDS_AT_ONCE) {
            match values {
                [value] => found.append(&mut $query.filter($column.eq(value)).load($c)?),
                values => found.append(&mut $query.filter($column.eq_any(values)).load($c)?),
            }
        }
        Ok(found)
    }};
}
#[macro_use]
mod terms;

pub mod articles;
pub mod audit;
pub mod authors;
pub mod changes;
pub mod copy;
pub mod curated;
pub mod idempotency;
pub mod keys;
pub mod links;
pub mod lists;
pub mod media;
pub mod previews;
pub mod redirects;
pub mod search;
pub mod secrets;
pub mod sections;
pub mod sessions;
pub mod site;
pub mod taxonomy;
pub mod topics;
pub mod users;
