//! The whole newsroom in one file, and back.
//!
//! A backup is a SQLite file with the newsroom's own schema, whichever database
//! it was taken from, so it is also the way from one database to the other. It
//! is taken while the server writes: on SQLite by `VACUUM INTO`, on PostgreSQL
//! in one read-only transaction that sees the newsroom at one moment.
//!
//! The signing secret is not in it. A restored newsroom has the secret that is
//! already there, or makes a new one: access tokens, which last minutes, end;
//! keys, passwords and sign-ins go on working.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;

use crate::config::Config;
use crate::db::migrate::{self, Standing};
use crate::db::rows::{Chunk, Table};
use crate::db::{self, Conn, Database, Url, lite};
use crate::error::{Result, internal};

/// Is told now and then how far things are.
pub type Tell<'a> = &'a (dyn Fn(String) + Sync);

/// Writes the newsroom into a file, and tells the file's size.
pub fn backup(config: &Config, file: &Path, force: bool, tell: Tell<'_>) -> Result<u64> {
    if file.exists() && !force {
        return Err(internal(format!(
            "{} is there already; --force replaces it",
            file.display()
        )));
    }
    if let Url::Sqlite(path) = &config.database
        && !path.exists()
    {
        return Err(internal(format!(
            "there is no newsroom at {} yet",
            path.display()
        )));
    }
    let database = Database::new(&config.database, 1)?;
    let standing = database.maintain(migrate::standing)?;
    if standing.ran.is_empty() {
        return Err(internal("there is no newsroom in this database yet"));
    }
    let draft = Draft::create(file)?;
    match &config.database {
        Url::Sqlite(path) => {
            let whole = fs::metadata(path).map_or(0, |data| data.len());
            while_telling(
                || {
                    tell(format!(
                        "{} of at most {} MB",
                        megabytes(draft.size()),
                        megabytes(whole)
                    ))
                },
                || database.maintain(|conn| vacuum_into(conn, &draft.path)),
            )?;
        }
        Url::Postgres(_) => {
            refuse_other_versions(&standing, "this database")?;
            let mut target = lite::open_draft(&draft.path)?;
            migrate::run_on_file(&mut target)?;
            database.maintain(|conn| {
                if let Conn::Pg(conn) = conn {
                    conn.batch_execute(db::pg::UNLIMITED)?;
                    conn.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
                }
                target.immediate_transaction(|target| {
                    copy_all(conn, &mut Conn::Lite(target), tell)
                })?;
                if let Conn::Pg(conn) = conn {
                    conn.batch_execute("ROLLBACK")?;
                }
                Ok(())
            })?;
        }
    }
    let mut written = lite::open_readonly(&draft.path)?;
    refuse_damaged(&mut written, &draft.path)?;
    drop(written);
    draft.keep_as(file)
}

/// Reads a backup into a database that has nothing in it, or whose content is
/// replaced (`force`).
pub fn restore(config: &Config, file: &Path, force: bool, tell: Tell<'_>) -> Result<()> {
    if !file.is_file() {
        return Err(internal(format!("there is no file {}", file.display())));
    }
    let shown = file.display().to_string();
    let mut source = lite::open_readonly(file)?;
    while_telling(
        || tell(format!("reading {shown}")),
        || refuse_damaged(&mut source, file),
    )?;
    let standing = migrate::standing(&mut Conn::Lite(&mut source))?;
    if standing.ran.is_empty() {
        return Err(internal(format!("{shown} is no backup of Perspektive")));
    }
    refuse_newer(&standing, &shown)?;
    // An older backup is brought up to date in a copy, never in place.
    let mut copy = None;
    if !standing.pending.is_empty() {
        let copied = Draft::create(&std::env::temp_dir().join("perspektive-restore"))?;
        fs::copy(file, &copied.path)?;
        source = lite::open_draft(&copied.path)?;
        migrate::run_on_file(&mut source)?;
        copy = Some(copied);
    }

    db::create_folder(&config.database)?;
    let database = Database::new(&config.database, 1)?;
    let there = database.maintain(migrate::standing)?;
    refuse_newer(&there, "this database")?;
    migrate::run(&database)?;
    database.write(|target| {
        crate::store!(*target, copy::hold_everything())?;
        let mut full = false;
        for table in Table::ALL {
            full |= crate::store!(*target, copy::any(*table))?;
        }
        let mut head = 0;
        if full && !force {
            return Err(internal(
                "this database holds a newsroom already; --force replaces all of it by the backup",
            ));
        }
        if full {
            head = crate::store!(*target, changes::head())?;
            for table in Table::ALL.iter().rev() {
                tell(format!("emptying {}", table.name()));
                crate::store!(*target, copy::clear(*table))?;
            }
        }
        copy_all(&mut Conn::Lite(&mut source), target, tell)?;
        // Whoever followed the log of what was here never meets a number twice.
        let head = head.max(crate::store!(*target, changes::head())?);
        Ok(crate::store!(*target, copy::continue_log(head))?)
    })?;
    drop(copy);
    Ok(())
}

/// Copies every table, a piece at a time.
fn copy_all(source: &mut Conn<'_>, target: &mut Conn<'_>, tell: Tell<'_>) -> Result<()> {
    for table in Table::ALL {
        let mut rows = 0;
        crate::store!(
            *source,
            copy::read(*table, &mut |mut chunk| {
                if let Chunk::SectionRow(sections) = &mut chunk {
                    // The parent may come later than the child.
                    sections
                        .iter_mut()
                        .for_each(|section| section.parent_id = None);
                }
                crate::store!(*target, copy::write(&chunk))?;
                rows += chunk.len();
                tell(format!("{}: {rows} rows", table.name()));
                Ok(())
            })
        )?;
    }
    crate::store!(
        *source,
        copy::read(Table::SectionRow, &mut |chunk| {
            let Chunk::SectionRow(sections) = chunk else {
                return Ok(());
            };
            for section in sections {
                if let Some(parent) = section.parent_id {
                    crate::store!(*target, copy::set_parent(section.id, parent))?;
                }
            }
            Ok(())
        })
    )
}

fn vacuum_into(conn: &mut Conn<'_>, path: &Path) -> Result<()> {
    let Conn::Lite(conn) = conn else {
        return Ok(());
    };
    let path = path
        .to_str()
        .ok_or_else(|| internal("the file's name is not UTF-8"))?;
    Ok(conn.batch_execute(&format!("VACUUM INTO '{}'", path.replace('\'', "''")))?)
}

fn refuse_newer(standing: &Standing, what: &str) -> Result<()> {
    match standing.unknown.first() {
        None => Ok(()),
        Some(version) => Err(internal(format!(
            "{what} was written by a newer Perspektive (its schema has {version}); use that one"
        ))),
    }
}

fn refuse_other_versions(standing: &Standing, what: &str) -> Result<()> {
    refuse_newer(standing, what)?;
    match standing.pending.first() {
        None => Ok(()),
        Some(_) => Err(internal(format!(
            "the schema of {what} is old; run `perspektive migrate` first"
        ))),
    }
}

fn refuse_damaged(conn: &mut lite::Conn, path: &Path) -> Result<()> {
    let damage = lite::quick_check(conn);
    match damage.as_deref() {
        Ok("ok") => Ok(()),
        Ok(damage) => Err(internal(format!("{} is damaged: {damage}", path.display()))),
        Err(error) => Err(internal(format!(
            "{} can't be read as a backup: {error}",
            path.display()
        ))),
    }
}

/// Runs a job, telling twice a second that it still runs.
fn while_telling<T>(tell: impl Fn() + Send, job: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while waiting.recv_timeout(Duration::from_millis(500)) == Err(RecvTimeoutError::Timeout)
            {
                tell();
            }
        });
        let result = job();
        drop(done);
        result
    })
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// A file that is not yet what it is to be; removed unless it is kept.
struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Makes an empty file beside `file`, which its owner alone may read: it
    /// will hold the digests of passwords.
    fn create(file: &Path) -> Result<Self> {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".part-{}", uuid::Uuid::new_v4().simple()));
        let path = file.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&path)
            .map_err(|error| internal(format!("{} can't be written: {error}", path.display())))?;
        Ok(Draft { path })
    }

    fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |data| data.len())
    }

    /// Puts the finished file in its place, durably.
    fn keep_as(self, file: &Path) -> Result<u64> {
        let size = self.size();
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, file)?;
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(size)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
