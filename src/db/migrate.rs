//! Schema migrations, embedded in the binary: one folder a database, twins by
//! name.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Database};
use crate::error::{Result, internal};

/// SQLite's migrations.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// PostgreSQL's migrations.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Brings the schema up to date and names the migrations that ran. Nodes that
/// start at once take turns.
pub fn run(database: &Database) -> Result<Vec<String>> {
    database.maintain(|conn| match conn {
        Conn::Lite(conn) => up(*conn, SQLITE),
        Conn::Pg(conn) => {
            use diesel::connection::SimpleConnection;
            let key = super::lock_key("migrate");
            conn.batch_execute(&format!(
                "SET lock_timeout = 0; SELECT pg_advisory_lock({key})"
            ))?;
            let ran = up(*conn, POSTGRES);
            conn.batch_execute(&format!(
                "SELECT pg_advisory_unlock({key}); SET lock_timeout = 1200"
            ))?;
            ran
        }
    })
}

/// Names the migrations that have not run yet.
pub fn pending(database: &Database) -> Result<Vec<String>> {
    database.maintain(|conn| match conn {
        Conn::Lite(conn) => names(conn.pending_migrations(SQLITE)),
        Conn::Pg(conn) => names(conn.pending_migrations(POSTGRES)),
    })
}

type Pending<DB> = std::result::Result<
    Vec<Box<dyn diesel::migration::Migration<DB>>>,
    Box<dyn std::error::Error + Send + Sync>,
>;

fn names<DB: diesel::backend::Backend>(pending: Pending<DB>) -> Result<Vec<String>> {
    Ok(pending
        .map_err(internal)?
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

fn up<C, DB>(conn: &mut C, migrations: EmbeddedMigrations) -> Result<Vec<String>>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    let ran = conn.run_pending_migrations(migrations).map_err(internal)?;
    Ok(ran.iter().map(ToString::to_string).collect())
}
