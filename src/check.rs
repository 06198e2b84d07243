//! Is everything set up as it should be? Looks, changes nothing, and says for
//! each thing that isn't right what to do about it.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Text};

use crate::auth::secret;
use crate::config::{Config, ServeSettings, Settings};
use crate::db::{Conn, Database, Time, Url, lite, migrate};
use crate::error::{Result, internal};
use crate::outbound::purge;
use crate::storage::{Place, Storage};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but perhaps not as meant.
    Warning,
    /// It doesn't work, or not safely.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        })
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What it is and, if it isn't right, what to do.
    pub text: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, level: Level, text: impl Into<String>) {
        self.0.push(Finding {
            level,
            text: text.into(),
        });
    }

    fn ok(&mut self, text: impl Into<String>) {
        self.add(Level::Ok, text);
    }

    fn warning(&mut self, text: impl Into<String>) {
        self.add(Level::Warning, text);
    }

    fn error(&mut self, text: impl Into<String>) {
        self.add(Level::Error, text);
    }
}

/// Looks at everything.
pub fn run(settings: &Settings, serve: &ServeSettings) -> Vec<Finding> {
    let mut found = Findings::default();
    match settings.check_with(Some(serve)) {
        Ok(config) => {
            found.ok("settings: every value can be used");
            addresses(&mut found, serve, &config);
            folder(&mut found, &config);
            media(&mut found, &config);
            database(&mut found, &config);
            search(&mut found, &config);
            edges(&mut found, &config);
        }
        Err(error) => found.error(format!("settings: {error}")),
    }
    found.0
}

fn addresses(found: &mut Findings, serve: &ServeSettings, config: &Config) {
    match &serve.public_url {
        Some(_) => found.ok(format!("PUBLIC_URL: {}", config.public_url)),
        None => found.warning(format!(
            "PUBLIC_URL is not set, so links in answers begin with {}; set it to the address that the world sees",
            config.public_url
        )),
    }
    match &config.site_url {
        Some(url) => found.ok(format!("SITE_URL: {url}")),
        None => found.warning(
            "SITE_URL is not set, so articles have no address to share; set it to the website's address",
        ),
    }
}

/// The data folder and what is in it; with PostgreSQL it isn't needed.
fn folder(found: &mut Findings, config: &Config) {
    let Url::Sqlite(file) = &config.database else {
        return;
    };
    let mut folders = vec![config.data_dir.as_path()];
    let beside = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folders.extend(beside.filter(|folder| *folder != config.data_dir));
    for folder in folders {
        let shown = folder.display();
        match fs::metadata(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                found.ok(format!(
                    "data folder: {shown} is not there yet; `perspektive serve` makes it"
                ));
            }
            Err(error) => found.error(format!("data folder: {shown}: {error}")),
            Ok(data) if !data.is_dir() => found.error(format!(
                "data folder: {shown} is not a folder; set DATA_DIR"
            )),
            Ok(data) => {
                if let Err(error) = tempfile_in(folder) {
                    found.error(format!("data folder: {shown} can't be written to ({error}); make it belong to whoever runs the server"));
                } else if data.mode() & 0o077 != 0 {
                    found.warning(format!(
                        "data folder: others on this machine may look into {shown}; `chmod 700 {shown}`"
                    ));
                } else {
                    found.ok(format!(
                        "data folder: {shown} can be written to, and is private"
                    ));
                }
            }
        }
    }
    let secret = secret::file(&config.data_dir);
    match fs::metadata(&secret) {
        Err(_) => found.ok("signing secret: not there yet; `perspektive serve` makes it"),
        Ok(data) if data.mode() & 0o077 != 0 => found.error(format!(
            "signing secret: others on this machine may read {0} and sign in as anybody; delete it, and a new one is made",
            secret.display()
        )),
        Ok(_) => found.ok("signing secret: only its owner can read it"),
    }
}

/// The media storage: written to and read from, where it is a bucket; looked at, where
/// it is a folder.
fn media(found: &mut Findings, config: &Config) {
    let place = &config.media;
    let several = matches!(config.database, Url::Postgres(_));
    match place {
        Place::Folder(folder) => {
            if several {
                found.warning(format!(
                    "media: bytes of pictures lie in {place}; several nodes need a MEDIA_URL that all of them reach, such as s3://…, or a folder that each has mounted there"
                ));
            }
            match fs::metadata(folder) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => found.ok(format!(
                    "media: {place} is not there yet; the first upload makes it"
                )),
                Err(error) => found.error(format!("media: {place}: {error}")),
                Ok(data) if !data.is_dir() => found.error(format!(
                    "media: {place} is not a folder; set MEDIA_URL"
                )),
                Ok(_) => match tempfile_in(folder) {
                    Ok(()) => found.ok(format!("media: {place} can be written to")),
                    Err(error) => found.error(format!(
                        "media: {place} can't be written to ({error}); make it belong to whoever runs the server"
                    )),
                },
            }
        }
        Place::S3(_) => match reached(place.clone()) {
            Ok(()) => found.ok(format!("media: {place} can be written to and read from")),
            Err(error) => found.error(format!(
                "media: {place} can't be used ({error}); are MEDIA_URL and its keys right?"
            )),
        },
    }
}

/// Writes to a storage, reads that back, and removes it.
fn reached(place: Place) -> Result<()> {
    wait_for(async {
        let storage = Storage::new(place);
        let id = format!("check-{}", uuid::Uuid::new_v4().simple());
        let key = format!("{id}/probe");
        storage.put(&key, "probe".into()).await?;
        let read = storage.get(&key).await?;
        storage.remove(&id).await?;
        match read.as_deref() {
            Some(b"probe") => Ok(()),
            _ => Err(internal("what was written is not there")),
        }
    })
}

/// Caches in front: whether each lets itself be purged.
fn edges(found: &mut Findings, config: &Config) {
    for url in &config.edge_purge_urls {
        match wait_for(purge::probe(config, url)) {
            Ok(()) => found.ok(format!("cache in front: {url} lets itself be purged")),
            Err(error) => found.error(format!(
                "cache in front: {url} can't be purged ({error}), so readers would get old answers from it; is EDGE_PURGE_URLS right, does it run, and may this machine send PURGE (docs/edge.md)?"
            )),
        }
    }
}

fn wait_for<T>(job: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(job)
}

/// The search index: whether it is there, and how far it follows.
fn search(found: &mut Findings, config: &Config) {
    let folder = config.data_dir.join("search");
    let shown = folder.display();
    match crate::search::look(&config.data_dir) {
        Ok(Some(standing)) => found.ok(format!(
            "search index: {} articles, up to entry {} of the change log",
            standing.articles.unwrap_or_default(),
            standing.upto
        )),
        Ok(None) => found.ok(format!(
            "search index: none in {shown} yet; `perspektive serve` makes it"
        )),
        Err(error) => found.warning(format!(
            "search index: {shown} can't be read ({error}); the next start makes it anew"
        )),
    }
}

/// Whether a file can be made in a folder.
fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".check-{}", uuid::Uuid::new_v4().simple()));
    fs::write(&path, b"")?;
    fs::remove_file(&path)
}

fn database(found: &mut Findings, config: &Config) {
    if let Url::Sqlite(path) = &config.database
        && !path.exists()
    {
        found.ok(format!(
            "database: {} is not there yet; `perspektive serve` makes it",
            path.display()
        ));
        return;
    }
    let looked = Database::new(&config.database, 1).and_then(|database| {
        database.read(|conn| {
            schema(found, migrate::standing(conn)?);
            match conn {
                Conn::Lite(conn) => sqlite(found, conn),
                Conn::Pg(conn) => postgres(found, conn, config),
            }
        })
    });
    if let Err(error) = looked {
        found.error(format!(
            "database: {error}; is DATABASE_URL right, and does the server run?"
        ));
    }
}

fn schema(found: &mut Findings, standing: migrate::Standing) {
    match (standing.unknown.first(), standing.pending.first()) {
        (Some(version), _) => found.error(format!(
            "schema: {version} comes from a newer Perspektive; run that one, or restore a backup from before"
        )),
        (None, Some(_)) if standing.ran.is_empty() => {
            found.ok("schema: none yet; `perspektive serve` makes it");
        }
        (None, Some(name)) => found.warning(format!(
            "schema: {name} has not run yet; `perspektive migrate` or the next start does it, so take a backup first"
        )),
        (None, None) => found.ok("schema: up to date"),
    }
}

fn sqlite(found: &mut Findings, conn: &mut lite::Conn) -> Result<()> {
    match lite::quick_check(conn)?.as_str() {
        "ok" => found.ok("database: SQLite; the file is sound"),
        damage => found.error(format!(
            "database: the file is damaged ({damage}); restore a backup"
        )),
    }
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    full_page_writes: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = BigInt)]
    max_connections: i64,
    #[diesel(sql_type = BigInt)]
    clock: i64,
}

fn postgres(found: &mut Findings, conn: &mut crate::db::pg::Conn, config: &Config) -> Result<()> {
    let before = Time::now();
    let server: Server = diesel::sql_query(
        "SELECT current_setting('server_version') AS version, \
            current_setting('synchronous_commit') AS synchronous_commit, \
            current_setting('fsync') AS fsync, \
            current_setting('full_page_writes') AS full_page_writes, \
            current_setting('server_encoding') AS encoding, \
            current_setting('max_connections')::bigint AS max_connections, \
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock",
    )
    .get_result(conn)?;
    let after = Time::now();
    found.ok(format!("database: PostgreSQL {}", server.version));
    match server.synchronous_commit.as_str() {
        "off" | "local" => found.error(format!(
            "synchronous_commit is {} although this connection asked for on; is there a proxy in between that resets it?",
            server.synchronous_commit
        )),
        _ => found.ok("synchronous_commit: on, as every connection asks for"),
    }
    for (name, value) in [
        ("fsync", &server.fsync),
        ("full_page_writes", &server.full_page_writes),
    ] {
        if value != "on" {
            found.error(format!(
                "{name} is {value}: a power cut loses what was acknowledged; set `{name} = on` in postgresql.conf"
            ));
        }
    }
    if server.encoding != "UTF8" {
        found.error(format!(
            "the database's encoding is {}; make it anew with ENCODING 'UTF8'",
            server.encoding
        ));
    }
    let needed = config.database_connections as i64 + 1;
    let nodes = (server.max_connections - 3) / needed;
    let room = format!(
        "a node takes up to {needed} connections (DATABASE_CONNECTIONS and one that listens), and the server allows {}",
        server.max_connections
    );
    match nodes {
        ..1 => found.error(format!(
            "connections: {room}; lower the one or raise the other"
        )),
        1 => found.warning(format!("connections: {room}: enough for one node")),
        _ => found.ok(format!("connections: {room}: enough for {nodes} nodes")),
    }
    let apart = if server.clock < before.0 {
        before.0 - server.clock
    } else {
        (server.clock - after.0).max(0)
    };
    if apart > 1_000_000 {
        found.warning(format!(
            "clock: this machine and the database's are {} seconds apart; articles appear by each node's own clock, so keep them right (NTP)",
            apart / 1_000_000
        ));
    }
    found.ok("several nodes: give each the same DATABASE_URL, PUBLIC_URL, SITE_URL and SITE_ARTICLE_PATH");
    Ok(())
}
