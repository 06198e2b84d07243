//! Whole tables, out of one database and into another.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::super::Conn;
use crate::db::rows::*;
use crate::db::rows::{Chunk, Table};
use crate::db::schema::*;
use crate::db::{Dialect, Id};
use crate::error::Result;

macro_rules! copying {
    ($($table:ident $row:ident),+ $(,)?) => {
        /// Reads a table piece by piece.
        pub fn read(c: &mut Conn, table: Table, take: &mut dyn FnMut(Chunk) -> Result<()>) -> Result<()> {
            match table {
                $(Table::$row => {
                    let query = $table::table.select($row::as_select());
                    let mut held = Vec::new();
                    for row in query.load_iter::<$row, DefaultLoadingMode>(c)? {
                        held.push(row?);
                        if held.len() == table.chunk() {
                            take(Chunk::$row(std::mem::take(&mut held)))?;
                        }
                    }
                    if !held.is_empty() {
                        take(Chunk::$row(held))?;
                    }
                })+
            }
            Ok(())
        }

        /// Writes rows as they are.
        pub fn write(c: &mut Conn, chunk: &Chunk) -> QueryResult<()> {
            match chunk {
                $(Chunk::$row(rows) => diesel::insert_into($table::table).values(rows).execute(c).map(drop)),+
            }
        }

        /// Removes every row of a table.
        pub fn clear(c: &mut Conn, table: Table) -> QueryResult<()> {
            match table {
                $(Table::$row => diesel::delete($table::table).execute(c).map(drop)),+
            }
        }

        /// Whether a table has a row.
        pub fn any(c: &mut Conn, table: Table) -> QueryResult<bool> {
            match table {
                $(Table::$row => {
                    let one = $table::table.select(diesel::dsl::sql::<Integer>("1")).limit(1);
                    one.first::<i32>(c).optional().map(|row| row.is_some())
                }),+
            }
        }
    };
}

crate::for_each_table!(copying);

/// Puts a section into its place in the tree.
pub fn set_parent(c: &mut Conn, section: Id, parent: Id) -> QueryResult<()> {
    diesel::update(sections::table.find(section))
        .set(sections::parent_id.eq(parent))
        .execute(c)
        .map(drop)
}

/// Keeps everybody else from writing, until the end of this transaction.
pub fn hold_everything(c: &mut Conn) -> QueryResult<()> {
    c.hold_everything()
}

/// Makes the change log go on after this number.
pub fn continue_log(c: &mut Conn, seq: i64) -> QueryResult<()> {
    c.continue_log(seq)
}
