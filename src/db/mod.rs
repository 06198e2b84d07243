//! Connections to the two databases.
//!
//! [`Database`] is SQLite inside the process or PostgreSQL elsewhere, as
//! `DATABASE_URL` says. A query is written once, in `store`, and compiled for
//! both: `lite` and `pg` each mount `store/mod.rs` as their own module, so that
//! Diesel checks it against each database's real types. [`store!`](crate::store!) picks the
//! right one for the connection at hand.
//!
//! Everything here blocks; `state` calls it on threads made for that.

mod any;
mod limit;
pub mod lite;
pub mod migrate;
pub mod pg;
mod pool;
pub mod rows;
pub mod schema;
mod together;
pub mod types;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result, internal};
pub use any::any_of;
pub use limit::at_most;
use pool::Pool;
pub use together::together;
pub use types::{Id, Time};

/// A borrowed connection to either database.
pub enum Conn<'a> {
    /// PostgreSQL.
    Pg(&'a mut pg::Conn),
    /// SQLite.
    Lite(&'a mut lite::Conn),
}

impl Conn<'_> {
    /// The same connection, borrowed for a shorter time.
    pub fn reborrow(&mut self) -> Conn<'_> {
        match self {
            Conn::Pg(conn) => Conn::Pg(conn),
            Conn::Lite(conn) => Conn::Lite(conn),
        }
    }
}

/// Calls a query of `store` on either database:
/// `store!(conn, articles::find(id))` or `store!(tx.conn, …)`.
#[macro_export]
macro_rules! store {
    ($conn:expr, $module:ident :: $function:ident ( $($argument:expr),* $(,)? )) => {
        match &mut $conn {
            $crate::db::Conn::Pg(conn) => $crate::db::pg::store::$module::$function(conn $(, $argument)*),
            $crate::db::Conn::Lite(conn) => $crate::db::lite::store::$module::$function(conn $(, $argument)*),
        }
    };
}

/// What the two databases do differently, behind one set of names.
pub trait Dialect {
    /// How many rows to insert with one statement. Diesel parses a statement with
    /// several anew each time; where the database is a function call away, one
    /// prepared statement for each row takes less.
    const ROWS_AT_ONCE: usize;

    /// Waits until no other transaction holds this lock, and holds it until
    /// the end of this one. SQLite has one writer at a time and needs none.
    fn lock(&mut self, key: i64) -> diesel::QueryResult<()>;

    /// Locks these one after the other, as [`Dialect::lock`] does.
    fn lock_all(&mut self, keys: &[i64]) -> diesel::QueryResult<()>;

    /// Like [`Dialect::lock`], but shared with others that call this.
    fn lock_shared(&mut self, key: i64) -> diesel::QueryResult<()>;

    /// Like [`Dialect::lock`], but doesn't wait: false if another transaction
    /// holds it.
    fn try_lock(&mut self, key: i64) -> diesel::QueryResult<bool>;

    /// Keeps everybody else from writing, until the end of this transaction,
    /// and lifts the limits of time for it.
    fn hold_everything(&mut self) -> diesel::QueryResult<()>;

    /// Makes the change log go on after this number.
    fn continue_log(&mut self, seq: i64) -> diesel::QueryResult<()>;

    /// Tells the other nodes that the change log has grown, when this
    /// transaction commits.
    fn notify(&mut self) -> diesel::QueryResult<()>;
}

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Url {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(secrecy::SecretString),
}

impl Url {
    /// Reads `sqlite://PATH` or `postgres://…`; anything else is an error
    /// rather than a new, empty file of a strange name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(
                    "sqlite:// needs a path, such as sqlite://data/perspektive.db".to_owned(),
                );
            }
            Ok(Url::Sqlite(PathBuf::from(path)))
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            text.parse::<tokio_postgres::Config>()
                .map_err(|error| format!("the PostgreSQL address can't be read: {error}"))?;
            Ok(Url::Postgres(text.to_owned().into()))
        } else {
            Err("a database address starts with sqlite:// or postgres://".to_owned())
        }
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self {
            Url::Sqlite(_) => "sqlite",
            Url::Postgres(_) => "postgres",
        }
    }
}

/// The open connections of this process.
pub enum Database {
    /// One writer, several readers.
    Sqlite {
        /// The one connection that writes.
        writer: Pool<lite::Conn>,
        /// Read-only connections.
        readers: Pool<lite::Conn>,
    },
    /// Connections that read and write alike.
    Postgres {
        /// All of them.
        pool: Pool<pg::Conn>,
    },
}

impl Database {
    /// Prepares connections; the first is opened when it is needed.
    /// `size` is how many may be open for reading at once; of SQLite's, no more than
    /// two for each core.
    pub fn new(url: &Url, size: usize) -> Result<Self> {
        Ok(match url {
            Url::Sqlite(path) => {
                let (write, read) = (path.clone(), path.clone());
                // They compute rather than wait: more than that take memory for nothing.
                let cores = std::thread::available_parallelism().map_or(2, usize::from);
                let readers = size.min(2 * cores);
                Database::Sqlite {
                    writer: Pool::new(1, move || lite::open(&write, lite::Mode::Write)),
                    readers: Pool::new(readers, move || lite::open(&read, lite::Mode::Read)),
                }
            }
            Url::Postgres(url) => {
                let connector = pg::Connector::new(url)?;
                Database::Postgres {
                    pool: Pool::new(size, move || connector.connect()),
                }
            }
        })
    }

    /// Runs a job that only reads.
    pub fn read<T>(&self, job: impl FnOnce(&mut Conn<'_>) -> Result<T>) -> Result<T> {
        use diesel::Connection;
        match self {
            // In one transaction, which takes the lock of the file once and not with each
            // of its queries.
            Database::Sqlite { readers, .. } => {
                readers.with(|conn| conn.transaction(|conn| job(&mut Conn::Lite(conn))))
            }
            Database::Postgres { pool } => pool.with(|conn| job(&mut Conn::Pg(conn))),
        }
    }

    /// Runs a job in a transaction that is committed if the job succeeds.
    pub fn write<T>(&self, job: impl FnOnce(&mut Conn<'_>) -> Result<T>) -> Result<T> {
        use diesel::Connection;
        match self {
            Database::Sqlite { writer, .. } => {
                writer.with(|conn| conn.immediate_transaction(|conn| job(&mut Conn::Lite(conn))))
            }
            Database::Postgres { pool } => {
                pool.with(|conn| conn.transaction(|conn| job(&mut Conn::Pg(conn))))
            }
        }
    }

    /// Runs a job on the writing connection outside any transaction.
    pub fn maintain<T>(&self, job: impl FnOnce(&mut Conn<'_>) -> Result<T>) -> Result<T> {
        match self {
            Database::Sqlite { writer, .. } => writer.with(|conn| job(&mut Conn::Lite(conn))),
            Database::Postgres { pool } => pool.with(|conn| job(&mut Conn::Pg(conn))),
        }
    }

    /// How many jobs may read at once, and how many may write.
    pub fn limits(&self) -> (usize, usize) {
        match self {
            Database::Sqlite { writer, readers } => (readers.size(), writer.size()),
            Database::Postgres { pool } => (pool.size(), pool.size()),
        }
    }

    /// Whether all nodes of one newsroom may be other processes.
    pub fn is_shared(&self) -> bool {
        matches!(self, Database::Postgres { .. })
    }
}

/// A connection that could not be opened.
fn cannot_open(what: &str, error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("{what}: {error}"))
}

/// The 64-bit number that stands for a name in [`Dialect::lock`].
pub fn lock_key(name: &str) -> i64 {
    xxhash_rust::xxh3::xxh3_64(name.as_bytes()) as i64
}

/// Makes the folder that a SQLite file is to lie in.
pub fn create_folder(url: &Url) -> Result<()> {
    match url {
        Url::Sqlite(path) => match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => private_folder(folder),
            _ => Ok(()),
        },
        Url::Postgres(_) => Ok(()),
    }
}

/// Makes a folder that its owner alone may look into, unless it is there.
pub fn private_folder(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        internal(format!(
            "the folder {} can't be made: {error}",
            folder.display()
        ))
    })
}
