//! Several queries in one statement.

use diesel::QueryResult;
use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// What several queries of one kind find, in no order: one way to the database instead
/// of one for each. Unlike Diesel's `UNION ALL`, it takes any number of them, each with
/// an order and a limit of its own.
#[derive(Clone, Debug)]
pub struct Together<Q>(Vec<Q>);

/// Puts queries together; there must be at least one.
pub fn together<Q>(queries: Vec<Q>) -> Together<Q> {
    Together(queries)
}

impl<Q: Query> Query for Together<Q> {
    type SqlType = Q::SqlType;
}

// The text differs by their number, so the type alone doesn't say which statement it is.
impl<Q> QueryId for Together<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, C> RunQueryDsl<C> for Together<Q> {}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Together<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (number, query) in self.0.iter().enumerate() {
            if number > 0 {
                out.push_sql(" UNION ALL ");
            }
            out.push_sql("SELECT * FROM (");
            query.walk_ast(out.reborrow())?;
            out.push_sql(") AS part");
        }
        Ok(())
    }
}
