//! Every setting, typed and checked whole at start.
//!
//! Settings come from flags, then the environment, then a file `.env` in the
//! working folder. `.env.example` lists each with its default; a test holds the
//! two together.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

use crate::db::Url;
use crate::error::{Error, internal};
use crate::storage::Place;

/// Connections that may be open at once, unless set otherwise.
const DATABASE_CONNECTIONS: usize = 8;

/// An article's path on the website, unless set otherwise.
const SITE_ARTICLE_PATH: &str = "/{yyyy}/{mm}/{slug}/";

/// The website that the demo newsroom's links lead to.
const DEMO_SITE_URL: &str = "https://flussblick.example";

/// The settings as they are given. [`Settings::check`] makes a [`Config`] of them.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Where the database is: sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME [default: a SQLite file in DATA_DIR]
    #[arg(
        long,
        env = "DATABASE_URL",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<String>,

    /// Folder for the SQLite file, the signing secret and pictures [default: data; with --demo data-demo]
    #[arg(long, env = "DATA_DIR", global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Where the bytes of pictures lie: file:///PATH or s3://KEY:SECRET@BUCKET/PREFIX?endpoint=URL&region=REGION [default: the folder media in DATA_DIR]
    #[arg(
        long,
        env = "MEDIA_URL",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub media_url: Option<String>,

    /// What is logged: error, warn, info, debug, or a filter such as info,perspektive=debug
    #[arg(
        long,
        env = "LOG",
        global = true,
        default_value = "info",
        value_name = "FILTER",
        help_heading = "Logging"
    )]
    pub log: String,

    /// How it is logged: text or json
    #[arg(
        long,
        env = "LOG_FORMAT",
        global = true,
        default_value = "text",
        value_name = "FORMAT",
        help_heading = "Logging"
    )]
    pub log_format: LogFormat,
}

/// The settings that only a running server needs.
#[derive(Args, Clone, Debug)]
pub struct ServeSettings {
    /// With a small German newsroom to look at, in a data folder of its own
    #[arg(long)]
    pub demo: bool,

    /// Address and port to listen on
    #[arg(
        long,
        env = "BIND",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR"
    )]
    pub bind: SocketAddr,

    /// This API's address as the world sees it [default: http://BIND]
    #[arg(
        long,
        env = "PUBLIC_URL",
        value_name = "URL",
        help_heading = "Addresses"
    )]
    pub public_url: Option<String>,

    /// The website's address; share links lead there
    #[arg(long, env = "SITE_URL", value_name = "URL", help_heading = "Addresses")]
    pub site_url: Option<String>,

    /// An article's path on the website, made of {yyyy}, {mm}, {dd}, {section}, {slug} and {id}
    #[arg(
        long,
        env = "SITE_ARTICLE_PATH",
        default_value = SITE_ARTICLE_PATH,
        value_name = "PATTERN",
        help_heading = "Addresses"
    )]
    pub site_article_path: String,

    /// The website's page for preview links, with {token} in it; without it they lead to this API
    #[arg(
        long,
        env = "SITE_PREVIEW_URL",
        value_name = "URL",
        help_heading = "Addresses"
    )]
    pub site_preview_url: Option<String>,

    /// Connections to the database that may be open at once; to SQLite no more than two a core
    #[arg(
        long,
        env = "DATABASE_CONNECTIONS",
        default_value_t = DATABASE_CONNECTIONS,
        value_name = "N",
        help_heading = "Tuning"
    )]
    pub database_connections: usize,

    /// Threads that answer requests [default: one a core]
    #[arg(long, env = "WORKERS", value_name = "N", help_heading = "Tuning")]
    pub workers: Option<usize>,

    /// Memory for cached answers, in megabytes; 0 caches nothing
    #[arg(
        long,
        env = "CACHE_MB",
        default_value_t = 48,
        value_name = "MB",
        help_heading = "Tuning"
    )]
    pub cache_mb: u64,

    /// Seconds for which browsers and edges may keep a public answer
    #[arg(
        long,
        env = "MAX_AGE",
        default_value_t = 30,
        value_name = "SECONDS",
        help_heading = "Caching"
    )]
    pub max_age: u32,

    /// Seconds after max-age for which an edge may answer while it asks again
    #[arg(
        long,
        env = "STALE_WHILE_REVALIDATE",
        default_value_t = 60,
        value_name = "SECONDS",
        help_heading = "Caching"
    )]
    pub stale_while_revalidate: u32,

    /// Seconds after max-age for which an edge may answer when this API can't
    #[arg(
        long,
        env = "STALE_IF_ERROR",
        default_value_t = 600,
        value_name = "SECONDS",
        help_heading = "Caching"
    )]
    pub stale_if_error: u32,

    /// Seconds for which cached answers are still served while the database is away
    #[arg(
        long,
        env = "STALE_MAX",
        default_value_t = 600,
        value_name = "SECONDS",
        help_heading = "Caching"
    )]
    pub stale_max: u32,

    /// Addresses of caches in front that are told with PURGE what has changed, separated by commas
    #[arg(
        long,
        env = "EDGE_PURGE_URLS",
        value_delimiter = ',',
        value_name = "URL",
        help_heading = "Caching"
    )]
    pub edge_purge_urls: Vec<String>,

    /// Largest request body, in bytes
    #[arg(
        long,
        env = "MAX_BODY",
        default_value_t = 2_097_152,
        value_name = "BYTES",
        help_heading = "Tuning"
    )]
    pub max_body: usize,

    /// Seconds that a request's body may take to arrive
    #[arg(
        long,
        env = "BODY_TIMEOUT",
        default_value_t = 60,
        value_name = "SECONDS",
        help_heading = "Tuning"
    )]
    pub body_timeout: u32,

    /// Writes that each user may make in a minute, on each node; 0 is no limit
    #[arg(
        long,
        env = "WRITES_PER_MINUTE",
        default_value_t = 30_000,
        value_name = "N",
        help_heading = "Access"
    )]
    pub writes_per_minute: u32,

    /// Wrong passwords that one address may send at once, with one more every 6 seconds; 0 is no limit
    #[arg(
        long,
        env = "WRONG_PASSWORDS",
        default_value_t = 20,
        value_name = "N",
        help_heading = "Access"
    )]
    pub wrong_passwords: u32,

    /// Searches that one address may make in a minute, on each node; cached answers don't count; 0 is no limit
    #[arg(
        long,
        env = "SEARCHES_PER_MINUTE",
        default_value_t = 6_000,
        value_name = "N",
        help_heading = "Access"
    )]
    pub searches_per_minute: u32,

    /// Large bodies (over 64 KB) that may arrive at once; others wait for their turn; 0 is no limit
    #[arg(
        long,
        env = "UPLOADS_AT_ONCE",
        default_value_t = 64,
        value_name = "N",
        help_heading = "Tuning"
    )]
    pub uploads_at_once: u32,

    /// Largest picture that is taken, in bytes
    #[arg(
        long,
        env = "MEDIA_MAX_BYTES",
        default_value_t = 52_428_800,
        value_name = "BYTES",
        help_heading = "Media"
    )]
    pub media_max_bytes: u64,

    /// Most pixels of a picture that is taken; with 16 bits a colour, half as many
    #[arg(
        long,
        env = "MEDIA_MAX_PIXELS",
        default_value_t = 100_000_000,
        value_name = "PIXELS",
        help_heading = "Media"
    )]
    pub media_max_pixels: u64,

    /// Pictures whose renditions this node makes at once; 0 leaves that to other nodes
    #[arg(
        long,
        env = "MEDIA_WORKERS",
        default_value_t = 1,
        value_name = "N",
        help_heading = "Media"
    )]
    pub media_workers: u32,

    /// Days for which the audit log is kept; 0 is for ever
    #[arg(
        long,
        env = "AUDIT_DAYS",
        default_value_t = 365,
        value_name = "DAYS",
        help_heading = "Access"
    )]
    pub audit_days: u32,

    /// Days for which the log of changes is kept, and with it the cursors of apps that sync; 0 is for ever
    #[arg(
        long,
        env = "CHANGES_KEEP",
        default_value_t = 90,
        value_name = "DAYS",
        help_heading = "Tuning"
    )]
    pub changes_keep: u32,

    /// Event streams that may be open at once
    #[arg(
        long,
        env = "STREAMS_MAX",
        default_value_t = 10_000,
        value_name = "N",
        help_heading = "Tuning"
    )]
    pub streams_max: usize,

    /// Origins whose browsers may use the editor routes, separated by commas
    #[arg(
        long,
        env = "EDITOR_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN",
        help_heading = "Access"
    )]
    pub editor_origins: Vec<String>,

    /// Addresses of proxies whose X-Forwarded-For is believed, separated by commas
    #[arg(
        long,
        env = "TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "IP",
        help_heading = "Access"
    )]
    pub trusted_proxies: Vec<IpAddr>,

    /// Token that opens /metrics to other machines (this one needs none)
    #[arg(
        long,
        env = "METRICS_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        help_heading = "Access"
    )]
    pub metrics_token: Option<String>,

    /// Seconds that running requests get to finish when the server is told to stop
    #[arg(
        long,
        env = "SHUTDOWN_TIMEOUT",
        default_value_t = 20,
        value_name = "SECONDS",
        help_heading = "Tuning"
    )]
    pub shutdown_timeout: u64,

    /// Seconds between being told to stop (/health/ready turns 503) and not listening any more
    #[arg(
        long,
        env = "SHUTDOWN_DELAY",
        default_value_t = 1,
        value_name = "SECONDS",
        help_heading = "Tuning"
    )]
    pub shutdown_delay: u64,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the database is.
    pub database: Url,
    /// Folder for the SQLite file and the signing secret.
    pub data_dir: PathBuf,
    /// Connections that may be open at once.
    pub database_connections: usize,
    /// This API's address, without a slash at its end.
    pub public_url: String,
    /// The website's address, without a slash at its end.
    pub site_url: Option<String>,
    /// An article's path on the website.
    pub site_article_path: String,
    /// The website's page for preview links, with `{token}` in it.
    pub site_preview_url: Option<String>,
    /// Bytes for cached answers.
    pub cache_bytes: u64,
    /// Seconds that public answers are fresh.
    pub max_age: u32,
    /// The stale-while-revalidate window, in seconds.
    pub stale_while_revalidate: u32,
    /// The stale-if-error window, in seconds.
    pub stale_if_error: u32,
    /// Seconds for which cached answers outlive the database.
    pub stale_max: u32,
    /// Caches that are told what has changed.
    pub edge_purge_urls: Vec<String>,
    /// Largest request body, in bytes.
    pub max_body: usize,
    /// Seconds that a request's body may take to arrive.
    pub body_timeout: u32,
    /// Writes that a user may make in a minute; 0 is no limit.
    pub writes_per_minute: u32,
    /// Wrong passwords that an address may send at once; 0 is no limit.
    pub wrong_passwords: u32,
    /// Searches that an address may make in a minute; 0 is no limit.
    pub searches_per_minute: u32,
    /// Large bodies that may arrive at once; 0 is no limit.
    pub uploads_at_once: u32,
    /// Where the bytes of media lie.
    pub media: Place,
    /// Largest picture that is taken, in bytes.
    pub media_max_bytes: u64,
    /// Most pixels of a picture that is taken.
    pub media_max_pixels: u64,
    /// Pictures whose renditions are made at once; 0 for none on this node.
    pub media_workers: u32,
    /// Days for which the audit log is kept; 0 is for ever.
    pub audit_days: u32,
    /// Days for which the log of changes is kept; 0 is for ever.
    pub changes_keep: u32,
    /// Event streams that may be open at once.
    pub streams_max: usize,
    /// Origins allowed on editor routes.
    pub editor_origins: Vec<String>,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Opens /metrics to other machines.
    pub metrics_token: Option<SecretString>,
}

impl Settings {
    /// Checks everything that a command without a server needs.
    pub fn check(&self) -> Result<Config, Error> {
        self.check_with(None)
    }

    /// Checks everything, and says what is wrong with which variable.
    pub fn check_with(&self, serve: Option<&ServeSettings>) -> Result<Config, Error> {
        let wrong = |name: &str, why: String| internal(format!("{name}: {why}"));
        let demo = serve.is_some_and(|serve| serve.demo);
        let default_dir = if demo { "data-demo" } else { "data" };
        let data_dir = self
            .data_dir
            .clone()
            .unwrap_or_else(|| PathBuf::from(default_dir));
        let database = match &self.database_url {
            Some(url) => Url::parse(url).map_err(|why| wrong("DATABASE_URL", why))?,
            None => Url::Sqlite(data_dir.join("perspektive.db")),
        };
        let database_connections =
            serve.map_or(DATABASE_CONNECTIONS, |serve| serve.database_connections);
        let media = match &self.media_url {
            Some(url) => Place::parse(url).map_err(|why| wrong("MEDIA_URL", why))?,
            None => Place::Folder(data_dir.join("media")),
        };
        if !(1..=200).contains(&database_connections) {
            return Err(wrong(
                "DATABASE_CONNECTIONS",
                "must be from 1 to 200".to_owned(),
            ));
        }
        if let Some(serve) = serve {
            let least = [
                ("WORKERS", serve.workers.unwrap_or(1)),
                ("MAX_BODY", serve.max_body),
                ("BODY_TIMEOUT", serve.body_timeout as usize),
                ("MEDIA_MAX_BYTES", serve.media_max_bytes as usize),
                ("MEDIA_MAX_PIXELS", serve.media_max_pixels as usize),
            ];
            for (name, value) in least {
                if value == 0 {
                    return Err(wrong(name, "must be 1 or more".to_owned()));
                }
            }
        }
        let bind = serve.map_or_else(
            || "127.0.0.1:8080".to_owned(),
            |serve| serve.bind.to_string(),
        );
        let public_url = match serve.and_then(|serve| serve.public_url.as_ref()) {
            Some(url) => web_address(url).map_err(|why| wrong("PUBLIC_URL", why))?,
            None => format!("http://{bind}"),
        };
        let site_url = match serve.and_then(|serve| serve.site_url.as_ref()) {
            Some(url) => Some(web_address(url).map_err(|why| wrong("SITE_URL", why))?),
            None => demo.then(|| DEMO_SITE_URL.to_owned()),
        };
        let site_article_path = serve
            .map_or(SITE_ARTICLE_PATH, |serve| &serve.site_article_path)
            .to_owned();
        crate::http::address::check_pattern(&site_article_path)
            .map_err(|why| wrong("SITE_ARTICLE_PATH", why))?;
        let site_preview_url = serve.and_then(|serve| serve.site_preview_url.clone());
        if let Some(url) = &site_preview_url {
            check_preview_url(url).map_err(|why| wrong("SITE_PREVIEW_URL", why))?;
        }
        for origin in serve
            .map(|serve| serve.editor_origins.as_slice())
            .unwrap_or_default()
        {
            let exact = web_address(origin)
                .is_ok_and(|address| address == *origin && address.matches('/').count() == 2);
            if !exact {
                let why =
                    format!("`{origin}` is not an origin; write it as https://redaktion.example");
                return Err(wrong("EDITOR_ORIGINS", why));
            }
        }
        if serve.is_some_and(|serve| serve.metrics_token.as_deref() == Some("")) {
            let why = "is empty, which anybody can send; set a token or take the line away";
            return Err(wrong("METRICS_TOKEN", why.to_owned()));
        }
        let mut edge_purge_urls = Vec::new();
        for url in serve.iter().flat_map(|serve| &serve.edge_purge_urls) {
            let wrong = |why| wrong("EDGE_PURGE_URLS", why);
            let url = edge_address(url).map_err(wrong)?;
            if !edge_purge_urls.contains(&url) {
                edge_purge_urls.push(url);
            }
        }
        let number = |get: fn(&ServeSettings) -> u32| serve.map_or(0, get);
        Ok(Config {
            database,
            data_dir,
            database_connections,
            public_url,
            site_url,
            site_article_path,
            site_preview_url,
            cache_bytes: serve.map_or(0, |serve| serve.cache_mb.saturating_mul(1 << 20)),
            max_age: number(|serve| serve.max_age),
            stale_while_revalidate: number(|serve| serve.stale_while_revalidate),
            stale_if_error: number(|serve| serve.stale_if_error),
            stale_max: number(|serve| serve.stale_max),
            edge_purge_urls,
            max_body: serve.map_or(0, |serve| serve.max_body),
            body_timeout: number(|serve| serve.body_timeout),
            writes_per_minute: number(|serve| serve.writes_per_minute),
            wrong_passwords: number(|serve| serve.wrong_passwords),
            searches_per_minute: number(|serve| serve.searches_per_minute),
            uploads_at_once: number(|serve| serve.uploads_at_once),
            media,
            media_max_bytes: serve.map_or(0, |serve| serve.media_max_bytes),
            media_max_pixels: serve.map_or(0, |serve| serve.media_max_pixels),
            media_workers: number(|serve| serve.media_workers),
            audit_days: number(|serve| serve.audit_days),
            changes_keep: number(|serve| serve.changes_keep),
            streams_max: serve.map_or(0, |serve| serve.streams_max),
            editor_origins: serve
                .map(|serve| serve.editor_origins.clone())
                .unwrap_or_default(),
            trusted_proxies: serve
                .map(|serve| serve.trusted_proxies.clone())
                .unwrap_or_default(),
            metrics_token: serve
                .and_then(|serve| serve.metrics_token.clone())
                .map(SecretString::from),
        })
    }
}

fn check_preview_url(url: &str) -> Result<(), String> {
    let of_web = url.starts_with("https://") || url.starts_with("http://");
    if of_web && url.matches("{token}").count() == 1 && !url.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(format!(
        "`{url}` is not a web address with {{token}} in it; write it as https://site.example/vorschau?token={{token}}"
    ))
}

/// The address of a cache. It is kept in the database and named in the log, so it may
/// hold no password.
fn edge_address(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
    });
    let url = url.ok_or_else(|| {
        format!("`{text}` is not the address of a cache; write it as http://127.0.0.1:6081")
    })?;
    match (url.username(), url.password()) {
        ("", None) => Ok(url.to_string()),
        _ => Err(format!(
            "the address of {} holds a name or a password; let the cache know this server by its address",
            url.host_str().unwrap_or_default()
        )),
    }
}

fn web_address(text: &str) -> Result<String, String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest)
            if !rest.is_empty()
                && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#')) =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(format!(
            "`{text}` is not a web address; write it as https://api.example"
        )),
    }
}
