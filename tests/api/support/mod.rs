//! What the tests stand on: an application of their own on a database of its
//! own, and clients by identity.

pub mod clients;
pub mod contract;
pub mod pictures;
pub mod postgres;
pub mod process;
pub mod s3;
pub mod seed;

use std::sync::Arc;

use perspektive::app::{Run, Server};
use perspektive::auth::Access;
use perspektive::config::Config;
use perspektive::db::Url;
use perspektive::search::Follower;
use perspektive::state::State;
use perspektive::storage::Place;
use serde_json::Value;

/// Runs a test on SQLite and on PostgreSQL:
///
/// ```ignore
/// both! {
///     /// What it shows.
///     async fn name(app: App) { … }
/// }
/// ```
#[macro_export]
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: App) $body:block)+) => {
        $(mod $name {
            #[allow(unused_imports)]
            use super::*;
            $(#[$meta])*
            async fn on($app: $crate::support::App) $body

            #[actix_web::test]
            async fn sqlite() {
                on($crate::support::App::sqlite().await).await;
            }

            #[actix_web::test]
            async fn postgres() {
                if let Some(app) = $crate::support::App::postgres().await {
                    on(app).await;
                }
            }
        })+
    };
}

/// Says something past the test runner's capture, so that it is seen.
pub fn note(text: &str) {
    use std::io::Write;
    let out = std::fs::OpenOptions::new().write(true).open("/dev/stderr");
    let _ = out.map(|mut out| writeln!(out, "\n{text}"));
}

/// An application that listens, and the database below it.
pub struct App {
    pub url: String,
    pub state: Arc<State>,
    pub access: Arc<Access>,
    pub search: Arc<Follower>,
    identities: clients::Identities,
    http: reqwest::Client,
    handle: actix_web::dev::ServerHandle,
    _folder: tempfile::TempDir,
}

impl App {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::Sqlite(folder.path().join("test.db"));
        App::start(config(url, &folder), folder).await
    }

    /// `None` where there is no PostgreSQL; says so, and fails if
    /// `REQUIRE_POSTGRES` is set.
    pub async fn postgres() -> Option<Self> {
        let url = tokio::task::spawn_blocking(postgres::new_database)
            .await
            .unwrap()?;
        let folder = tempfile::tempdir().unwrap();
        Some(App::start(config(Url::parse(&url).unwrap(), &folder), folder).await)
    }

    /// An application with other settings than the usual ones, on SQLite.
    pub async fn sqlite_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::Sqlite(folder.path().join("test.db"));
        let mut config = config(url, &folder);
        change(&mut config);
        App::start(config, folder).await
    }

    /// A second node on the same database.
    pub async fn another_node(&self) -> Self {
        self.another_node_with(|_| {}).await
    }

    /// A second node on the same database, with other settings.
    pub async fn another_node_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::clone(&self.state.config);
        change(&mut config);
        App::start(config, tempfile::tempdir().unwrap()).await
    }

    async fn start(config: Config, folder: tempfile::TempDir) -> Self {
        let run = Run {
            bind: "127.0.0.1:0".parse().unwrap(),
            workers: 1,
            shutdown_timeout: 1,
            demo: false,
        };
        let server = Server::start(config, run).await.unwrap();
        let handle = server.running.handle();
        actix_web::rt::spawn(server.running);
        App {
            url: format!("http://{}", server.address),
            state: server.state,
            access: server.access,
            search: server.search,
            identities: Default::default(),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .gzip(false)
                .brotli(false)
                .build()
                .unwrap(),
            handle,
            _folder: folder,
        }
    }

    /// A request that says nothing about who sends it.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
    }

    /// Waits until everything that was written can be found.
    pub async fn indexed(&self) {
        self.state.follow().await.unwrap();
        self.search.catch_up(&self.state).await.unwrap();
    }

    /// GET as anybody, expecting a status; the body as JSON.
    pub async fn get(&self, path: &str, status: u16) -> Value {
        let answer = self.request("GET", path).send().await.unwrap();
        let (found, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(found, status, "GET {path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let stopping = self.handle.stop(false);
        actix_web::rt::spawn(stopping);
    }
}

/// The settings of a test: those of production, with addresses that don't
/// depend on the port.
pub fn config(database: Url, folder: &tempfile::TempDir) -> Config {
    Config {
        database,
        data_dir: folder.path().to_owned(),
        database_connections: 4,
        public_url: "https://api.flussblick.example".to_owned(),
        site_url: Some("https://flussblick.example".to_owned()),
        site_article_path: "/{yyyy}/{mm}/{slug}/".to_owned(),
        site_preview_url: None,
        cache_bytes: 16 << 20,
        max_age: 30,
        stale_while_revalidate: 60,
        stale_if_error: 600,
        stale_max: 600,
        max_body: 2 << 20,
        body_timeout: 60,
        writes_per_minute: 0,
        wrong_passwords: 20,
        searches_per_minute: 0,
        uploads_at_once: 64,
        media: Place::Folder(folder.path().join("media")),
        media_max_bytes: 20 << 20,
        media_max_pixels: 100_000_000,
        // A test has the renditions made when it wants them.
        media_workers: 0,
        audit_days: 365,
        editor_origins: vec!["https://redaktion.flussblick.example".to_owned()],
        trusted_proxies: Vec::new(),
        metrics_token: None,
    }
}
