//! SQLite, compiled into the binary.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryResult, RunQueryDsl};

use super::{Dialect, cannot_open};
use crate::error::Result;

/// The connection type that `store` is compiled against here.
pub type Conn = diesel::SqliteConnection;
/// The backend that `store` is compiled against here.
pub type Db = diesel::sqlite::Sqlite;

#[path = "../store/mod.rs"]
pub mod store;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The one connection that writes.
    Write,
    /// One of those that can't.
    Read,
}

/// Opens the file with the settings that make a commit durable: in WAL mode
/// only `synchronous=FULL` syncs the log before a commit returns. The wait for
/// a lock comes first, because switching to WAL may have to wait already.
pub fn open(path: &Path, mode: Mode) -> Result<Conn> {
    let shown = path.display().to_string();
    let mut conn = Conn::establish(&shown).map_err(|error| cannot_open(&shown, error))?;
    let settings = match mode {
        Mode::Write => {
            "PRAGMA busy_timeout = 1200; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; \
             PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
        }
        Mode::Read => {
            "PRAGMA busy_timeout = 1200; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY; \
             PRAGMA query_only = ON;"
        }
    };
    conn.batch_execute(settings)
        .map_err(|error| cannot_open(&shown, error))?;
    Ok(conn)
}

/// Opens a new file that is written in one go and synced by whoever writes it:
/// until then it is worth nothing.
pub fn open_draft(path: &Path) -> Result<Conn> {
    let shown = path.display().to_string();
    let mut conn = Conn::establish(&shown).map_err(|error| cannot_open(&shown, error))?;
    conn.batch_execute(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;",
    )
    .map_err(|error| cannot_open(&shown, error))?;
    Ok(conn)
}

/// Opens a file that is only read, and neither made nor changed.
pub fn open_readonly(path: &Path) -> Result<Conn> {
    let shown = path.display().to_string();
    let escaped = percent_encoding::utf8_percent_encode(&shown, percent_encoding::NON_ALPHANUMERIC);
    Conn::establish(&format!("file:{escaped}?mode=ro")).map_err(|error| cannot_open(&shown, error))
}

/// `ok`, or the first thing that is wrong with the file.
pub fn quick_check(conn: &mut Conn) -> QueryResult<String> {
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        quick_check: String,
    }
    let line: Line = diesel::sql_query("PRAGMA quick_check(1)").get_result(conn)?;
    Ok(line.quick_check)
}

impl Dialect for Conn {
    const ROWS_AT_ONCE: usize = 1;

    fn lock(&mut self, _key: i64) -> QueryResult<()> {
        Ok(())
    }

    fn lock_all(&mut self, _keys: &[i64]) -> QueryResult<()> {
        Ok(())
    }

    fn lock_shared(&mut self, _key: i64) -> QueryResult<()> {
        Ok(())
    }

    fn try_lock(&mut self, _key: i64) -> QueryResult<bool> {
        Ok(true)
    }

    fn hold_everything(&mut self) -> QueryResult<()> {
        Ok(())
    }

    fn continue_log(&mut self, seq: i64) -> QueryResult<()> {
        self.batch_execute(&format!(
            "DELETE FROM sqlite_sequence WHERE name = 'changes'; \
             INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', {seq})"
        ))
    }

    fn notify(&mut self) -> QueryResult<()> {
        Ok(())
    }
}
