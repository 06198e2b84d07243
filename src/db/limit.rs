//! A limit that PostgreSQL's planner sees.

use diesel::QueryResult;
use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// The limits that are written into statements: every statement with another one is
/// prepared, and kept, by itself.
const STEPS: [i64; 4] = [6, 21, 101, 1_001];

/// A query that ends after so many rows, or a few more: at the next of few steps.
///
/// Diesel sends a limit as a parameter, of which PostgreSQL's general plan assumes that
/// it lets through a tenth of the rows. Where that is many, any plan for the limit at
/// hand looks better, and the statement is planned anew each time it is executed, which
/// takes longer than the page itself. With the limit in its text it is planned once.
#[derive(Clone, Copy, Debug)]
pub struct AtMost<Q> {
    query: Q,
    limit: i64,
}

/// Ends a query after so many rows, or at the next step; the caller drops the rest.
pub fn at_most<Q>(query: Q, limit: i64) -> AtMost<Q> {
    let step = STEPS.into_iter().find(|step| limit <= *step);
    AtMost {
        query,
        limit: step.unwrap_or(limit),
    }
}

impl<Q: Query> Query for AtMost<Q> {
    type SqlType = Q::SqlType;
}

// The text differs by the limit, so the type alone doesn't say which statement it is.
impl<Q> QueryId for AtMost<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, C> RunQueryDsl<C> for AtMost<Q> {}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for AtMost<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_sql(&self.limit.to_string());
        Ok(())
    }
}
