//! What a cache is told: everything in the log, in its order, twice, however often it is
//! away; and all at once if it was away for too long.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use perspektive::changes::{Tag, join};
use perspektive::db::Id;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::free_port;
use crate::articles::{EDITOR, got, newsroom, piece, verb};
use crate::both;
use crate::support::App;
use crate::support::seed::Seed;

/// A cache that remembers what it was told.
#[derive(Clone)]
struct Cache {
    port: u16,
    told: Arc<Mutex<Vec<Vec<String>>>>,
    /// What it answers.
    status: Arc<AtomicU16>,
    /// Whether it closes connections without an answer.
    dead: Arc<AtomicBool>,
}

impl Cache {
    async fn start() -> Self {
        let cache = Cache {
            port: free_port(),
            told: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            dead: Arc::default(),
        };
        let listener = TcpListener::bind(("127.0.0.1", cache.port)).await.unwrap();
        let serving = cache.clone();
        actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let cache = serving.clone();
                actix_web::rt::spawn(async move { cache.serve(stream).await });
            }
        });
        cache
    }

    async fn serve(&self, mut stream: tokio::net::TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte).await {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        if self.dead.load(Ordering::Relaxed) {
            return;
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("PURGE /purge HTTP/1.1\r\n"), "{head}");
        let keys = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("surrogate-key: ")
                    .map(str::to_owned)
            })
            .unwrap();
        let status = self.status.load(Ordering::Relaxed);
        if status == 200 {
            let keys = keys.split(' ').map(str::to_owned).collect();
            self.told.lock().unwrap().push(keys);
        }
        let answer =
            format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/purge", self.port)
    }

    fn clear(&self) {
        self.told.lock().unwrap().clear();
    }

    /// How often it was told a key.
    fn times(&self, key: &str) -> usize {
        let told = self.told.lock().unwrap();
        told.iter()
            .filter(|keys| keys.iter().any(|known| known == key))
            .count()
    }

    async fn until(&self, what: &str, seconds: u64, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + Duration::from_secs(seconds);
        while !holds(self) {
            let told = self.told.lock().unwrap().len();
            assert!(Instant::now() < until, "{what}: told {told} times");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The key of everything.
fn everything() -> String {
    join(&[Tag::everything()])
}

/// Publishes an article through a node; the key of the article.
async fn article(app: &App, node: &App, slug: &str) -> String {
    let path = format!("{EDITOR}/{slug}?publish=true");
    let request = node.request("PUT", &path).bearer_auth(app.as_editor().key);
    got(request.json(&piece(slug)), 201).await;
    let id = app
        .get(&format!("/v1/articles/{slug}?fields=id"), 200)
        .await;
    let id: Id = id["id"].as_str().unwrap().parse().unwrap();
    join(&[Tag::article(id)])
}

both! {
    /// Down, broken, up again, another start: nothing is lost, and nothing is told that
    /// needn't be.
    async fn a_cache_is_told_everything_once_more(app: App) {
        newsroom(&app).await;
        let cache = Cache::start().await;
        let node = app.another_node_with(|config| config.edge_purge_urls = vec![cache.url()]).await;
        cache.until("a cache that nothing is known of forgets all", 5, |cache| cache.times(&everything()) == 1).await;
        let one = article(&app, &node, "eins").await;
        cache.until("told", 5, |cache| cache.times(&one) >= 1).await;
        assert_eq!(cache.times(&everything()), 1);
        // What another node writes too.
        let two = article(&app, &app, "zwei").await;
        cache.until("told of another node's", 5, |cache| cache.times(&two) >= 1).await;
        cache.until("told again", 6, |cache| cache.times(&one) >= 2 && cache.times(&two) >= 2).await;

        // It breaks, then is away, then is back.
        cache.status.store(503, Ordering::Relaxed);
        let three = article(&app, &node, "drei").await;
        cache.until("refused", 5, |_| node.state.metrics.edge_purge_failures.get() >= 2).await;
        cache.dead.store(true, Ordering::Relaxed);
        let four = article(&app, &node, "vier").await;
        verb(&app, "drei", "unpublish", serde_json::json!({}), 200).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!((cache.times(&three), cache.times(&four)), (0, 0));
        cache.status.store(200, Ordering::Relaxed);
        cache.dead.store(false, Ordering::Relaxed);
        cache.until("told of what it missed", 10, |cache| cache.times(&three) >= 1 && cache.times(&four) >= 1).await;
        cache.until("and again", 10, |cache| cache.times(&three) >= 2 && cache.times(&four) >= 2).await;

        // Another start goes on where that one stood.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        drop(node);
        tokio::time::sleep(Duration::from_millis(300)).await;
        cache.clear();
        let five = article(&app, &app, "fuenf").await;
        let again = app.another_node_with(|config| config.edge_purge_urls = vec![cache.url()]).await;
        cache.until("told of what was written meanwhile", 5, |cache| cache.times(&five) >= 1).await;
        assert_eq!((cache.times(&everything()), cache.times(&one)), (0, 0));
        drop(again);

        // With another address, all answers are others.
        tokio::time::sleep(Duration::from_millis(300)).await;
        cache.clear();
        let _moved = app.another_node_with(|config| {
            config.edge_purge_urls = vec![cache.url()];
            config.public_url = "https://neu.flussblick.example".to_owned();
        }).await;
        cache.until("all are forgotten", 5, |cache| cache.times(&everything()) >= 1).await;
    }

    /// Requests hold no more keys than a header may, and a cache that is far behind gets
    /// one instead of all.
    async fn many_changes_are_few_requests(app: App) {
        newsroom(&app).await;
        let cache = Cache::start().await;
        let node = app.another_node_with(|config| config.edge_purge_urls = vec![cache.url()]).await;
        cache.until("at first", 5, |cache| cache.times(&everything()) == 1).await;
        let seeds = |prefix: &str, many: usize| -> Vec<String> { (0..many).map(|number| format!("{prefix}-{number}")).collect() };
        let seeded = |slugs: &[String]| {
            node.seed_all(slugs.iter().map(|slug| Seed { slug, appears: Some(-1), ..Seed::default() }).collect())
        };
        let ids = seeded(&seeds("viele", 900));
        let keys: BTreeSet<String> = ids.iter().map(|id| join(&[Tag::article(*id)])).collect();
        let all = |cache: &Cache| {
            let told = cache.told.lock().unwrap();
            let told: BTreeSet<String> = told.iter().flatten().cloned().collect();
            keys.is_subset(&told)
        };
        cache.until("each is told", 10, all).await;
        {
            let told = cache.told.lock().unwrap();
            assert!(told.len() <= 8, "{} requests", told.len());
            assert!(told.iter().all(|keys| keys.len() * 9 <= 4_096));
        }
        cache.dead.store(true, Ordering::Relaxed);
        cache.clear();
        let ids = seeded(&seeds("zu-viele", 10_050));
        tokio::time::sleep(Duration::from_millis(300)).await;
        cache.dead.store(false, Ordering::Relaxed);
        cache.until("all at once", 15, |cache| cache.times(&everything()) >= 1).await;
        assert!(cache.times(&join(&[Tag::article(ids[5_000])])) == 0);
    }
}
