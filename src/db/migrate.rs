//! Schema migrations, embedded in the binary: one folder a database, twins by
//! name.

use diesel::RunQueryDsl;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Database};
use crate::error::{Result, internal};

/// SQLite's migrations.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// PostgreSQL's migrations.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// The versions that ran; none if `there` finds no table of them.
macro_rules! ran {
    ($conn:expr, $there:expr) => {{
        let there: Vec<Version> = diesel::sql_query($there).load(*$conn)?;
        let ran: Vec<Version> = match there.is_empty() {
            true => Vec::new(),
            false => {
                diesel::sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version")
                    .load(*$conn)?
            }
        };
        ran.into_iter()
            .map(|ran| ran.version)
            .collect::<Vec<String>>()
    }};
}

/// Brings the schema up to date and names the migrations that ran. Nodes that
/// start at once take turns.
pub fn run(database: &Database) -> Result<Vec<String>> {
    run_telling(database, &mut |_| {})
}

/// Brings the schema of a SQLite file up to date.
pub fn run_on_file(conn: &mut super::lite::Conn) -> Result<()> {
    up(conn, SQLITE, &mut |_| {}).map(drop)
}

/// [`run`], telling the name of each migration before it runs. A schema that a
/// newer program has made is refused: who knows what its rows mean.
pub fn run_telling(database: &Database, tell: &mut dyn FnMut(&str)) -> Result<Vec<String>> {
    database.maintain(|conn| {
        if let Some(version) = standing(conn)?.unknown.first() {
            return Err(internal(format!(
                "the database's schema ({version}) comes from a newer Perspektive; run that one, or restore a backup from before"
            )));
        }
        match conn {
            Conn::Lite(conn) => up(*conn, SQLITE, tell),
            Conn::Pg(conn) => {
                use diesel::connection::SimpleConnection;
                let key = super::lock_key("migrate");
                conn.batch_execute(super::pg::UNLIMITED)?;
                conn.batch_execute(&format!("SELECT pg_advisory_lock({key})"))?;
                let ran = up(*conn, POSTGRES, tell);
                conn.batch_execute(&format!("SELECT pg_advisory_unlock({key})"))?;
                conn.batch_execute(super::pg::SETTINGS)?;
                ran
            }
        }
    })
}

/// How a database's schema compares with what this program knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Migrations that ran, oldest first.
    pub ran: Vec<String>,
    /// Migrations that have not run yet.
    pub pending: Vec<String>,
    /// Migrations that ran and that only a newer program knows.
    pub unknown: Vec<String>,
}

/// Compares the schema without touching it.
pub fn standing(conn: &mut Conn<'_>) -> Result<Standing> {
    // Asking the harness would make its table, and this is to change nothing.
    let (ran, known) = match conn {
        Conn::Lite(conn) => {
            let there = "SELECT name AS version FROM sqlite_master WHERE name = '__diesel_schema_migrations'";
            (ran!(conn, there), known::<diesel::sqlite::Sqlite>(SQLITE)?)
        }
        Conn::Pg(conn) => {
            let there = "SELECT 'there' AS version WHERE to_regclass('__diesel_schema_migrations') IS NOT NULL";
            (ran!(conn, there), known::<diesel::pg::Pg>(POSTGRES)?)
        }
    };
    let names = |versions: Vec<&(String, String)>| {
        versions.into_iter().map(|(_, name)| name.clone()).collect()
    };
    Ok(Standing {
        pending: names(
            known
                .iter()
                .filter(|(version, _)| !ran.contains(version))
                .collect(),
        ),
        unknown: ran
            .iter()
            .filter(|ran| known.iter().all(|(version, _)| version != *ran))
            .cloned()
            .collect(),
        ran,
    })
}

/// Version and name of every migration that this program knows.
fn known<DB: diesel::backend::Backend>(source: EmbeddedMigrations) -> Result<Vec<(String, String)>>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations = source.migrations().map_err(internal)?;
    Ok(migrations
        .iter()
        .map(|migration| {
            (
                migration.name().version().to_string(),
                migration.name().to_string(),
            )
        })
        .collect())
}

fn up<C, DB>(
    conn: &mut C,
    source: EmbeddedMigrations,
    tell: &mut dyn FnMut(&str),
) -> Result<Vec<String>>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let mut ran = Vec::new();
    for migration in conn.pending_migrations(source).map_err(internal)? {
        let name = migration.name().to_string();
        tell(&name);
        conn.run_migration(&migration).map_err(internal)?;
        ran.push(name);
    }
    Ok(ran)
}
