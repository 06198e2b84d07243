//! Every query, a file a feature: `(&mut Conn, …) -> QueryResult`.
//!
//! This file is mounted twice, below `db::lite` and below `db::pg`; `super`
//! is therefore either of them, and `super::super::{Conn, Db}` in the files
//! below are that database's own types. A query knows no actor, no HTTP and no
//! clock. What has to differ stands behind `db::Dialect`.

/// Loads what a query finds for any of these values of a column, in no order.
macro_rules! load_any {
    ($c:ident, $query:expr, $column:expr, $values:expr) => {
        match &$values[..] {
            [] => Ok(Vec::new()),
            [value] => $query.filter($column.eq(value)).load($c),
            values => $query.filter($crate::db::any_of($column, values)).load($c),
        }
    };
}

/// Inserts rows, in one statement or, where that is cheaper, in one prepared
/// statement each.
macro_rules! insert_all {
    ($c:ident, $table:expr, $rows:expr) => {{
        for rows in $rows.chunks(<Conn as $crate::db::Dialect>::ROWS_AT_ONCE) {
            match rows {
                [row] => diesel::insert_into($table).values(row).execute($c)?,
                rows => diesel::insert_into($table).values(rows).execute($c)?,
            };
        }
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
pub mod sitemaps;
pub mod taxonomy;
pub mod topics;
pub mod users;
