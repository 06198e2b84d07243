//! A cache in front: a real Varnish, set up as `docs/edge.md` says, and purged by the
//! server. Whatever is written, it never serves what the server wouldn't, and keeps
//! whatever shares no key with what has changed.

mod purging;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use perspektive::changes::{Tag, join};
use perspektive::telemetry::EdgeLabel;

use crate::support::{App, note};

/// A Varnish that runs. Dropping it ends it.
pub struct Varnish {
    child: Child,
    _folder: tempfile::TempDir,
    url: String,
    http: reqwest::Client,
}

impl Drop for Varnish {
    fn drop(&mut self) {
        // Its own child, which does the work, ends with it.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The configuration in the documentation.
fn vcl(port: u16) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/edge.md");
    let text = std::fs::read_to_string(path).unwrap();
    let vcl = text.split("```vcl\n").nth(1).expect("a VCL");
    let vcl = vcl.split("```").next().unwrap();
    assert!(vcl.contains(".port = \"8080\""));
    vcl.replace(".port = \"8080\"", &format!(".port = \"{port}\""))
}

/// Whether Varnish and its modules are here; says so if not, or fails if
/// `REQUIRE_VARNISH` is set.
fn varnish_is_here() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("edge.vcl");
    std::fs::write(&file, vcl(1)).unwrap();
    let tried = Command::new("varnishd")
        .args(["-C", "-n"])
        .arg(folder.path())
        .arg("-f")
        .arg(&file)
        .output();
    match tried {
        Ok(tried) if tried.status.success() => true,
        tried => {
            let why = match tried {
                Ok(tried) => String::from_utf8_lossy(&tried.stderr).into_owned(),
                Err(error) => error.to_string(),
            };
            assert!(
                std::env::var_os("REQUIRE_VARNISH").is_none(),
                "Varnish is required and can't be used: {why}"
            );
            note(
                "NOT RUN: the tests with a cache in front, because varnish or varnish-modules is missing.",
            );
            false
        }
    }
}

impl Varnish {
    /// In front of an application, on a port that the application knows.
    pub async fn start(app: &App, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("edge.vcl");
        let backend = app.url.rsplit(':').next().unwrap().parse().unwrap();
        std::fs::write(&file, vcl(backend)).unwrap();
        let child = Command::new("varnishd")
            .args(["-F", "-j", "none", "-s", "malloc,64m", "-a"])
            .arg(format!("127.0.0.1:{port}"))
            .arg("-n")
            .arg(folder.path().join("varnish"))
            .arg("-f")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut varnish = Varnish {
            child,
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .gzip(false)
                .brotli(false)
                .build()
                .unwrap(),
            _folder: folder,
        };
        let until = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = varnish.child.try_wait().unwrap();
            let log = std::fs::read_to_string(varnish._folder.path().join("log"));
            assert!(
                ended.is_none() && Instant::now() < until,
                "Varnish did not start: {log:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        varnish
    }

    /// What it answers to a GET.
    pub async fn get(&self, path: &str) -> Seen {
        let request = self.http.get(format!("{}{path}", self.url));
        Seen::of(request).await
    }
}

/// An answer, in so far as it may not differ from the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    etag: String,
    location: String,
    body: String,
}

/// An answer of a cache or of the server.
#[derive(Clone, Debug)]
pub struct Seen {
    pub answer: Answer,
    pub keys: BTreeSet<String>,
    /// Whether it came out of the cache in front.
    pub hit: bool,
    /// Whether it may be kept.
    pub kept: bool,
}

impl Seen {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let keys = header("surrogate-key");
        let status = answer.status().as_u16();
        let seen = Seen {
            keys: keys.split(' ').map(str::to_owned).collect(),
            hit: header("x-cache") == "HIT",
            kept: header("cache-control").starts_with("public"),
            answer: Answer {
                status,
                // Varnish unpacks what it got packed, and says that the bytes are others.
                etag: header("etag")
                    .trim_start_matches("W/")
                    .replace("-gz\"", "\""),
                location: header("location"),
                body: String::new(),
            },
        };
        let mut body = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
        if status >= 400 {
            // Each has another id.
            let mut problem: serde_json::Value = serde_json::from_str(&body).unwrap();
            problem.as_object_mut().unwrap().remove("request_id");
            body = problem.to_string();
        }
        Seen {
            answer: Answer {
                body,
                ..seen.answer
            },
            ..seen
        }
    }
}

/// The cache in front of an application, and what is known of it.
pub struct Edge {
    varnish: Varnish,
    label: EdgeLabel,
    /// The keys that were purged, and when: each is once more, a little later.
    purged: Vec<(Instant, BTreeSet<String>)>,
    /// Up to which entry of the log that is known.
    seen: i64,
    /// How many answers stayed in the cache while something else was purged, and how
    /// many went.
    pub stayed: usize,
    pub went: usize,
}

impl Edge {
    /// Of an application on SQLite; `None` without Varnish.
    pub async fn sqlite() -> Option<(App, Self)> {
        if !varnish_is_here() {
            return None;
        }
        let port = free_port();
        let app = App::sqlite_with(settings(port)).await;
        let edge = Edge::of(&app, port).await;
        Some((app, edge))
    }

    /// Of an application on PostgreSQL.
    pub async fn postgres() -> Option<(App, Self)> {
        if !varnish_is_here() {
            return None;
        }
        let port = free_port();
        let app = App::postgres_with(settings(port)).await?;
        let edge = Edge::of(&app, port).await;
        Some((app, edge))
    }

    async fn of(app: &App, port: u16) -> Self {
        let edge = format!("http://127.0.0.1:{port}/");
        Edge {
            varnish: Varnish::start(app, port).await,
            label: EdgeLabel { edge },
            purged: Vec::new(),
            seen: 0,
            stayed: 0,
            went: 0,
        }
    }

    /// Waits until the cache was told of all that is in the log, and takes note of it.
    pub async fn told(&mut self, app: &App) {
        let purged_to = &app.state.metrics.edge_purged_to;
        let head = || *app.state.log_head().borrow();
        let until = Instant::now() + Duration::from_secs(10);
        while purged_to.get_or_create(&self.label).get() < head() {
            assert!(Instant::now() < until, "the cache was not told");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let from = self.seen;
        let read = || {
            app.state
                .read_blocking(|c| Ok(perspektive::store!(*c, changes::since(from, 10_000))?))
        };
        let entries = app.blocking(read).unwrap();
        if let Some(last) = entries.last() {
            self.seen = last.seq;
            let tags = entries.iter().flat_map(|entry| entry.tags());
            let keys = tags.flat_map(|tag| [tag, tag.group()]);
            let keys = keys.map(|tag: Tag| join(&[tag])).collect();
            self.purged.push((Instant::now(), keys));
        }
    }

    /// Fills the cache.
    pub async fn warm(&self, paths: &[String]) -> BTreeMap<String, Seen> {
        let mut warm = BTreeMap::new();
        for path in paths {
            let mut seen = self.varnish.get(path).await;
            if !seen.hit {
                seen = self.varnish.get(path).await;
            }
            warm.insert(path.clone(), seen);
        }
        warm
    }

    /// Compares all answers of the cache with the server's, now that something was
    /// written and purged. `before` is what was in the cache.
    pub async fn compare(&mut self, app: &App, what: &str, before: &BTreeMap<String, Seen>) {
        self.purged.retain(|(at, _)| at.elapsed() < AGAIN);
        let recent: BTreeSet<String> = self
            .purged
            .iter()
            .flat_map(|(_, keys)| keys.iter().cloned())
            .collect();
        let mut wrong = Vec::new();
        for (path, old) in before {
            let at_edge = self.varnish.get(path).await;
            let origin = Seen::of(app.request("GET", path)).await;
            if at_edge.answer != origin.answer {
                wrong.push(format!(
                    "{path} is stale (hit: {}):\n  edge   {:?}\n  origin {:?}\n  had keys {:?}",
                    at_edge.hit, at_edge.answer, origin.answer, old.keys
                ));
            }
            if !old.kept || !old.hit {
                continue;
            }
            if old.keys.is_disjoint(&recent) {
                // A 404 is kept for seconds only.
                if !at_edge.hit && old.answer.status != 404 {
                    wrong.push(format!("{path} was purged and shares no key"));
                }
                self.stayed += usize::from(at_edge.hit);
            } else {
                self.went += usize::from(!at_edge.hit);
            }
        }
        assert!(wrong.is_empty(), "after: {what}\n{}", wrong.join("\n"));
    }
}

/// Longer than it takes until a key is purged the second time.
const AGAIN: Duration = Duration::from_millis(4_500);

fn settings(port: u16) -> impl FnOnce(&mut perspektive::config::Config) {
    move |config| {
        config.edge_purge_urls = vec![format!("http://127.0.0.1:{port}/")];
        // Nothing may go by itself while the test looks.
        config.max_age = 900;
    }
}
