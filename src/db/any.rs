//! `column = ANY(values)` for both databases, as one statement whatever the number of
//! values, so that it is prepared once. Diesel's own `eq_any` names each value on
//! SQLite, where such a statement is parsed anew each time.

use std::any::Any;

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, HasSqlType, SingleValue, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, serialize::ToSql};

use super::types::{Id, Uid};

/// A value that may be among others.
pub trait Member: Sized {
    /// Its SQL type.
    type Sql: SingleValue;
    /// How SQLite gets it out of a JSON array.
    const OF_JSON: &'static str;

    /// Adds it to a JSON array.
    fn write(&self, json: &mut String);
}

impl Member for Id {
    type Sql = Uid;
    const OF_JSON: &'static str = "unhex(value)";

    fn write(&self, json: &mut String) {
        use std::fmt::Write as _;
        // Writing to a string doesn't fail.
        let _ = write!(json, "\"{}\"", self.0.simple());
    }
}

impl Member for &str {
    type Sql = Text;
    const OF_JSON: &'static str = "value";

    fn write(&self, json: &mut String) {
        json.push_str(&serde_json::Value::from(*self).to_string());
    }
}

impl Member for String {
    type Sql = Text;
    const OF_JSON: &'static str = "value";

    fn write(&self, json: &mut String) {
        self.as_str().write(json);
    }
}

/// Whether a column has any of some values.
pub struct AnyOf<'a, C, T> {
    column: C,
    values: &'a [T],
    /// The values as SQLite takes them.
    json: std::cell::OnceCell<String>,
}

/// Whether a column has any of these values.
pub fn any_of<C, T: Member>(column: C, values: &[T]) -> AnyOf<'_, C, T>
where
    C: Expression,
{
    AnyOf {
        column,
        values,
        json: std::cell::OnceCell::new(),
    }
}

impl<C: Expression, T: Member> Expression for AnyOf<'_, C, T> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<Q>, T: Member, Q> AppearsOnTable<Q> for AnyOf<'_, C, T> {}

impl<C: SelectableExpression<Q>, T: Member, Q> SelectableExpression<Q> for AnyOf<'_, C, T> {}

impl<C: ValidGrouping<G>, T, G> ValidGrouping<G> for AnyOf<'_, C, T> {
    type IsAggregate = C::IsAggregate;
}

/// Names a statement by its column: the values are bound.
pub struct AnyOfId<C>(std::marker::PhantomData<C>);

impl<C: QueryId, T> QueryId for AnyOf<'_, C, T>
where
    C::QueryId: Any,
{
    type QueryId = AnyOfId<C::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C, T> QueryFragment<Pg> for AnyOf<'_, C, T>
where
    C: QueryFragment<Pg>,
    T: Member,
    Pg: HasSqlType<T::Sql>,
    [T]: ToSql<Array<T::Sql>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<T::Sql>, [T]>(self.values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C, T> QueryFragment<Sqlite> for AnyOf<'_, C, T>
where
    C: QueryFragment<Sqlite>,
    T: Member,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let json = self.json.get_or_init(|| {
            let mut json = String::from("[");
            for value in self.values {
                if json.len() > 1 {
                    json.push(',');
                }
                value.write(&mut json);
            }
            json.push(']');
            json
        });
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT ");
        out.push_sql(T::OF_JSON);
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, String>(json)?;
        out.push_sql("))");
        Ok(())
    }
}
