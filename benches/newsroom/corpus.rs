//! Newsrooms to measure, made through the same operations as an editor's
//! uploads and kept between runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use perspektive::articles::{input, ops};
use perspektive::auth::{Actor, Role};
use perspektive::config::{Config, Settings};
use perspektive::error::Result;
use perspektive::http::conditional::Expect;
use perspektive::state::State;
use perspektive::taxonomy::terms;
use perspektive::{app, authors, keys, sections, topics, users};

use crate::postgres::Postgres;
use crate::report::Report;
use crate::text::{self, Article};

/// Articles in one transaction while a corpus is made.
const BATCH: usize = 500;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// A database that holds a newsroom.
#[derive(Clone, Debug)]
pub struct Corpus {
    pub engine: Engine,
    pub articles: usize,
    pub url: String,
    /// The data folder of servers on it; the search index lies there.
    pub data: PathBuf,
}

/// Where corpora come from.
pub struct Library {
    folder: PathBuf,
    scratch: tempfile::TempDir,
    postgres: Option<Postgres>,
    copies: std::cell::Cell<usize>,
}

#[derive(Parser)]
struct Wrapper {
    #[command(flatten)]
    settings: Settings,
}

/// The settings of a newsroom on this database: the defaults otherwise.
pub fn config(url: &str) -> Result<Config> {
    Wrapper::parse_from(["bench", "--database-url", url])
        .settings
        .check()
}

/// Opens a newsroom's database.
pub fn open(url: &str) -> Result<State> {
    app::prepare(config(url)?)
}

/// Opens a newsroom's database and its data folder.
pub fn open_with_data(corpus: &Corpus) -> Result<State> {
    let data = corpus.data.display().to_string();
    let settings = ["bench", "--database-url", &corpus.url, "--data-dir", &data];
    app::prepare(Wrapper::parse_from(settings).settings.check()?)
}

/// Copies the files of a folder and of those within.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &to)?,
            false => drop(std::fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}

/// A number that changes with the generator and with the schema.
fn key() -> String {
    let mut source = format!("{}", text::VERSION);
    for entry in migrations() {
        source.push_str(&entry.display().to_string());
        source.push_str(&std::fs::read_to_string(&entry).unwrap_or_default());
    }
    format!("{:08x}", perspektive::db::lock_key(&source) as u32)
}

fn migrations() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

impl Library {
    /// The corpora that are kept below `target`.
    pub fn open(target: &Path, with_postgres: bool, report: &mut Report) -> Result<Self> {
        let folder = target.join("bench-data").join(key());
        std::fs::create_dir_all(&folder)?;
        let postgres = match with_postgres.then(|| Postgres::start(&folder)) {
            None => {
                report.leave_out("PostgreSQL, because of --sqlite-only");
                None
            }
            Some(Ok(postgres)) => Some(postgres),
            Some(Err(why)) => {
                eprintln!("PostgreSQL is left out: {why}.");
                report.leave_out(format!("PostgreSQL: {why}"));
                None
            }
        };
        let scratch = tempfile::Builder::new()
            .prefix("scratch-")
            .tempdir_in(&folder)?;
        Ok(Library {
            folder,
            scratch,
            postgres,
            copies: std::cell::Cell::new(0),
        })
    }

    /// Whether there is a PostgreSQL.
    pub fn engines(&self) -> Vec<Engine> {
        [Engine::Sqlite]
            .into_iter()
            .chain(self.postgres.as_ref().map(|_| Engine::Postgres))
            .collect()
    }

    /// What PostgreSQL says it is.
    pub fn postgres_version(&self) -> Option<String> {
        self.postgres
            .as_ref()
            .map(|postgres| postgres.version.clone())
    }

    /// A folder for files of this run.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    fn postgres(&self) -> &Postgres {
        self.postgres
            .as_ref()
            .expect("asked for PostgreSQL where there is none")
    }

    /// A newsroom of so many articles; made if there is none yet.
    pub fn corpus(&self, engine: Engine, articles: usize) -> Result<Corpus> {
        let name = format!("newsroom_{}_{articles}", key());
        let url = match engine {
            Engine::Sqlite => {
                let path = self.folder.join(format!("{articles}.db"));
                if !path.exists() {
                    let making = self.folder.join(format!("{articles}.db.making"));
                    for end in ["", "-wal", "-shm"] {
                        let _ = std::fs::remove_file(format!("{}{end}", making.display()));
                    }
                    fill(&format!("sqlite://{}", making.display()), engine, articles)?;
                    checkpoint(&making)?;
                    std::fs::rename(&making, &path)?;
                }
                format!("sqlite://{}", path.display())
            }
            Engine::Postgres => {
                let postgres = self.postgres();
                if !postgres.has(&name)? {
                    let making = format!("{name}_making");
                    postgres.execute(&format!("DROP DATABASE IF EXISTS {making}"))?;
                    postgres.create(&making, None)?;
                    fill(&postgres.url(&making), engine, articles)?;
                    postgres.execute_in(&making, "VACUUM ANALYZE")?;
                    postgres.execute(&format!("ALTER DATABASE {making} RENAME TO {name}"))?;
                }
                postgres.url(&name)
            }
        };
        let data = self.folder.join(format!("{articles}-{}", engine.name()));
        std::fs::create_dir_all(&data)?;
        let corpus = Corpus {
            engine,
            articles,
            url,
            data,
        };
        if let Some(rate) = crate::search::index(&corpus, open_with_data(&corpus)?)? {
            eprintln!(
                "Made the search indexes of {articles} articles ({rate:.0} articles a second)."
            );
        }
        Ok(corpus)
    }

    /// A copy of a corpus that may be written to.
    pub fn copy(&self, corpus: &Corpus) -> Result<Corpus> {
        let number = self.copies.replace(self.copies.get() + 1);
        let url = match corpus.engine {
            Engine::Sqlite => {
                let path = self.folder.join(format!("{}.db", corpus.articles));
                checkpoint(&path)?;
                let copy = self.scratch.path().join(format!("{number}.db"));
                std::fs::copy(path, &copy)?;
                format!("sqlite://{}", copy.display())
            }
            Engine::Postgres => {
                let postgres = self.postgres();
                let name = format!("scratch_{}_{number}", std::process::id());
                postgres.create(
                    &name,
                    Some(&format!("newsroom_{}_{}", key(), corpus.articles)),
                )?;
                postgres.url(&name)
            }
        };
        let data = self.scratch.path().join(format!("data-{number}"));
        copy_folder(&corpus.data.join("search"), &data.join("search"))?;
        Ok(Corpus {
            url,
            data,
            ..corpus.clone()
        })
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if let Some(postgres) = &self.postgres {
            for number in 0..self.copies.get() {
                let name = format!("scratch_{}_{number}", std::process::id());
                let _ = postgres.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            }
        }
    }
}

/// Moves everything from the write-ahead log into the file.
fn checkpoint(path: &Path) -> Result<()> {
    use diesel::connection::SimpleConnection;
    let mut conn = perspektive::db::lite::open(path, perspektive::db::lite::Mode::Write)?;
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Makes sections, topics, authors and articles in an empty database.
pub fn fill(url: &str, engine: Engine, count: usize) -> Result<()> {
    let state = open(url)?;
    furnish(&state)?;
    let began = Instant::now();
    let mut told = began;
    for first in (0..count).step_by(BATCH) {
        let numbers: Vec<usize> = (first..count.min(first + BATCH)).collect();
        let articles: Vec<Article> = numbers
            .iter()
            .map(|number| text::article(*number, count))
            .collect();
        upload(&state, &articles, true)?;
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            eprintln!(
                "  {} of {count} articles made on {}",
                first + numbers.len(),
                engine.name()
            );
        }
    }
    let took = began.elapsed().as_secs_f64();
    eprintln!(
        "Made {count} articles on {} in {took:.1} s ({:.0} a second).",
        engine.name(),
        count as f64 / took
    );
    Ok(())
}

/// What articles refer to.
pub fn furnish(state: &State) -> Result<()> {
    let actor = Actor::command();
    state.write_blocking(|tx| {
        for (slug, name, parent) in text::SECTIONS {
            let section = serde_json::json!({"slug": slug, "name": name, "parent": parent});
            let section = serde_json::from_value(section).expect("a section");
            sections::ops::create(tx, &actor, section)?;
        }
        for name in text::TOPICS {
            let topic = serde_json::from_value(serde_json::json!({"name": name})).expect("a topic");
            terms::create::<topics::Topic>(tx, &actor, topic)?;
        }
        for name in text::AUTHORS {
            let author =
                serde_json::from_value(serde_json::json!({"name": name})).expect("an author");
            terms::create::<authors::Author>(tx, &actor, author)?;
        }
        Ok(())
    })
}

/// Reads and stores articles in one transaction, live or as drafts.
pub fn upload(state: &State, articles: &[Article], live: bool) -> Result<()> {
    let actor = Actor::command();
    state.write_blocking(|tx| {
        for article in articles {
            let sent = input::from_markdown(&article.markdown, input::Own::default())?;
            let key = ops::Key::Slug(article.slug.clone());
            ops::put(tx, &actor, &key, Expect::Nothing, sent, false, false)?;
            if live {
                let publish = ops::Publish {
                    published_at: Some(article.published_at),
                    ..Default::default()
                };
                ops::publish(tx, &actor, &key, Expect::Unsaid, &publish)?;
            }
        }
        Ok(())
    })
}

/// Makes a user who may do everything, and a key.
pub fn admin_key(url: &str) -> Result<String> {
    open(url)?.write_blocking(|tx| {
        let actor = Actor::command();
        let user = users::ops::New {
            name: "bench".to_owned(),
            role: Role::Admin,
            password: None,
        };
        users::ops::add(tx, &actor, user)?;
        let key = keys::KeyIn {
            user: Some("bench".to_owned()),
            name: "bench".to_owned(),
            scopes: None,
            expires_at: None,
        };
        Ok(keys::ops::add(tx, &actor, key)?.secret)
    })
}
