//! Both databases have the same migrations, and each can be taken back.

use std::collections::BTreeSet;

use diesel::RunQueryDsl;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::MigrationHarness;
use perspektive::db::{lite, migrate, pg};

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    required: bool,
}

#[test]
fn migrations_are_twins() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = super::file("migrations").join(database);
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert_eq!(
        sqlite, postgres,
        "each migration stands in both folders under the same name"
    );
    for name in &sqlite {
        for database in ["sqlite", "postgres"] {
            for script in ["up.sql", "down.sql"] {
                let path = super::file("migrations")
                    .join(database)
                    .join(name)
                    .join(script);
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                assert!(
                    !text.trim().is_empty(),
                    "{} is missing or empty",
                    path.display()
                );
            }
        }
    }
}

const SQLITE_DUMP: &str = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') AS line FROM sqlite_master \
    WHERE name NOT LIKE 'sqlite%' ORDER BY type, name";
const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name AS name, (c.\"notnull\" = 1 OR c.pk > 0) AS required \
    FROM sqlite_master t JOIN pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '__diesel_schema_migrations' ORDER BY 1";
const POSTGRES_DUMP: &str = "SELECT line FROM (\
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' \
        || coalesce(column_default, '') || ' ' || coalesce(collation_name, '') AS line \
        FROM information_schema.columns WHERE table_schema = 'public' \
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) \
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
    UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'\
    ) AS schema ORDER BY line COLLATE \"C\"";
const POSTGRES_COLUMNS: &str = "SELECT (table_name || '.' || column_name)::text AS name, is_nullable = 'NO' AS required \
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' \
    ORDER BY (table_name || '.' || column_name)::text COLLATE \"C\"";

/// Up, the schema; down, what is left; up again, the same schema. Answers the
/// columns, for comparing the two databases.
macro_rules! up_down_up {
    ($conn:expr, $migrations:expr, $dump:expr, $columns:expr) => {{
        let conn = $conn;
        let dump = |conn: &mut _| -> Vec<String> {
            let lines: Vec<Line> = diesel::sql_query($dump).load(conn).unwrap();
            lines.into_iter().map(|line| line.line).collect()
        };
        conn.run_pending_migrations($migrations).unwrap();
        let first = dump(conn);
        assert!(
            first.iter().any(|line| line.contains("articles")),
            "{first:?}"
        );
        conn.revert_all_migrations($migrations).unwrap();
        let left: Vec<String> = dump(conn)
            .into_iter()
            .filter(|line| !line.contains("__diesel_schema_migrations"))
            .collect();
        assert!(left.is_empty(), "down leaves something behind: {left:#?}");
        conn.run_pending_migrations($migrations).unwrap();
        assert_eq!(dump(conn), first, "up after down makes another schema");
        let columns: Vec<Column> = diesel::sql_query($columns).load(conn).unwrap();
        columns
            .into_iter()
            .map(|column| (column.name, column.required))
            .collect::<BTreeSet<_>>()
    }};
}

#[actix_web::test]
async fn up_down_up_leaves_the_same_schema() {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = lite::open(&folder.path().join("test.db"), lite::Mode::Write).unwrap();
    let on_sqlite = up_down_up!(&mut conn, migrate::SQLITE, SQLITE_DUMP, SQLITE_COLUMNS);

    let on_postgres = tokio::task::spawn_blocking(|| {
        let url = crate::support::postgres::new_database()?;
        let mut conn = pg::Connector::new(&url.into()).unwrap().connect().unwrap();
        Some(up_down_up!(
            &mut conn,
            migrate::POSTGRES,
            POSTGRES_DUMP,
            POSTGRES_COLUMNS
        ))
    });
    if let Some(on_postgres) = on_postgres.await.unwrap() {
        let only = |a: &BTreeSet<_>, b: &BTreeSet<_>| {
            a.difference(b).cloned().collect::<Vec<(String, bool)>>()
        };
        assert_eq!(
            (
                only(&on_sqlite, &on_postgres),
                only(&on_postgres, &on_sqlite)
            ),
            (Vec::new(), Vec::new()),
            "columns (and whether they are required) that one database has and the other doesn't"
        );
    }
}
