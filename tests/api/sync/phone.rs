//! Phones that sync while eight writers publish, edit, unpublish, rename and move, and
//! whose connections break again and again. When the writers rest, each has exactly what
//! the lists show.
//!
//! A few seconds of it run with the suite; `PHONE_SECONDS=60` makes it a minute.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::events::Listener;
use super::{Phone, by_id, everything};
use crate::articles::{EDITOR, at, named, newsroom};
use crate::both;
use crate::support::App;

const WRITERS: u64 = 8;
const SECTIONS: [&str; 4] = ["politik", "stadtrat", "kultur", "sport"];
const TOPICS: [&str; 6] = [
    "Verkehr", "Haushalt", "Klima", "Brücken", "Theater", "Fußball",
];

fn length() -> Duration {
    let seconds = std::env::var("PHONE_SECONDS").ok();
    Duration::from_secs(
        seconds
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(4),
    )
}

/// How long it goes on, and what was written.
struct Play {
    until: Instant,
    written: Cell<usize>,
}

/// The fewest writes that are worth it, and how much longer they are waited for.
const LEAST: usize = 60;
const PATIENCE: Duration = Duration::from_secs(60);

impl Play {
    fn is_over(&self) -> bool {
        let enough = self.written.get() >= LEAST || Instant::now() > self.until + PATIENCE;
        Instant::now() > self.until && enough
    }
}

/// Writes whatever comes to mind until it is over.
async fn write(app: &App, number: u64, play: &Play) {
    let editor = named(app, &format!("writer-{number}"));
    let mut random = StdRng::seed_from_u64(number);
    while !play.is_over() {
        let mut pick = |count: usize| random.random_range(0..count);
        // Half of the articles are this writer's own.
        let whose = if pick(2) == 0 { number as usize } else { 99 };
        let slug = format!("a-{whose}-{}", pick(6));
        let path = format!("{EDITOR}/{slug}");
        let topics: Vec<&str> = (0..pick(3)).map(|_| TOPICS[pick(TOPICS.len())]).collect();
        let text = format!(
            "Text [dort](https://flussblick.example/2026/11/a-{}-{}/).\n\n[[a-99-{}]]\n",
            pick(8),
            pick(6),
            pick(6)
        );
        let author = ["Mara Lenz", "Jonas Ott", "Ida Voss"][pick(3)];
        let mut article = json!({
            "headline": format!("{slug}, Fassung {}", pick(1_000)), "section": SECTIONS[pick(4)], "topics": topics,
            "authors": [author], "body": {"markdown": text},
        });
        if pick(10) == 0 {
            article["expires_at"] = json!(at(app, 1 + pick(3) as i64));
        }
        if pick(12) == 0 {
            article["embargo_until"] = json!(at(app, 1 + pick(2) as i64));
        }
        let request = match pick(20) {
            0..8 => editor
                .request("PUT", &format!("{path}?overwrite=true&publish=true"))
                .json(&article),
            8 => editor
                .request("PUT", &format!("{path}?overwrite=true"))
                .json(&article),
            9..12 => editor
                .request("POST", &format!("{path}/unpublish"))
                .json(&json!({})),
            12 => editor
                .request("POST", &format!("{path}/publish"))
                .json(&json!({})),
            13 => editor
                .request("POST", &format!("{path}/take-down"))
                .json(&json!({"reason": "Irrtum"})),
            14 => editor
                .request("PATCH", &path)
                .header("If-Match", "*")
                .json(&json!({"slug": format!("{slug}-{}", pick(50))})),
            15 => {
                let section = SECTIONS[1 + pick(3)];
                let parent = [None, Some("politik")][pick(2)];
                editor
                    .request("PATCH", &format!("/v1/editor/sections/{section}"))
                    .header("If-Match", "*")
                    .json(&json!({"parent": parent, "name": format!("{section} {}", pick(9))}))
            }
            16 => {
                let topic = ["verkehr", "haushalt", "klima"][pick(3)];
                editor
                    .request("PATCH", &format!("/v1/editor/topics/{topic}"))
                    .header("If-Match", "*")
                    .json(&json!({"name": format!("{topic} {}", pick(99))}))
            }
            17 => {
                let entries: Vec<String> = (0..4)
                    .map(|at| format!("a-99-{}", (pick(2) * 4 + at) % 6))
                    .collect();
                editor
                    .request("PATCH", "/v1/editor/lists/hand")
                    .header("If-Match", "*")
                    .json(&json!({"entries": entries}))
            }
            18 => editor
                .request("PATCH", "/v1/editor/authors/mara-lenz")
                .header("If-Match", "*")
                .json(&json!({"name": format!("Mara Lenz {}", pick(99))})),
            _ => {
                let at = at(app, 1 + pick(2) as i64);
                editor
                    .request("POST", &format!("{path}/schedule"))
                    .json(&json!({"at": at}))
            }
        };
        let status = request.send().await.unwrap().status().as_u16();
        // Much of it makes no sense by the time it arrives.
        assert!(
            matches!(status, 200 | 201 | 404 | 409 | 412 | 422 | 503),
            "{status}"
        );
        if status < 300 {
            play.written.set(play.written.get() + 1);
        }
    }
}

/// Syncs by pages, and loses some answers on the way.
async fn by_pages(app: &App, phone: &mut Phone, seed: u64, play: &Play) {
    let mut random = StdRng::seed_from_u64(seed);
    while !play.is_over() {
        let path = phone.path();
        let asking = app.request("GET", &path).send();
        let patience = Duration::from_millis(random.random_range(1..60));
        let page: Option<Value> = match tokio::time::timeout(patience, asking).await {
            Ok(Ok(answer)) if answer.status() == 200 => answer.json().await.ok(),
            Ok(Ok(answer)) if answer.status() == 410 => {
                *phone = Phone::new(phone.query);
                None
            }
            _ => None,
        };
        // One in ten arrives and is lost with the battery.
        if let Some(page) = page.filter(|_| random.random_range(0..10) > 0) {
            phone.take_page(&page);
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..30))).await;
    }
}

/// Listens to events, and is cut off again and again. Begins with what is there.
async fn by_events(app: &App, phone: &mut Phone, seed: u64, play: &Play) {
    let mut random = StdRng::seed_from_u64(seed);
    while !play.is_over() {
        let (query, last) = (phone.query, phone.cursor.clone());
        if last.is_none() {
            phone.sync(app).await;
            continue;
        }
        let mut stream = Listener::open(app, query, last.as_deref()).await;
        let cut = Instant::now() + Duration::from_millis(random.random_range(5..400));
        listen(phone, &mut stream, cut).await;
    }
}

async fn listen(phone: &mut Phone, stream: &mut Listener, until: Instant) {
    while let Ok(event) = tokio::time::timeout_at(until.into(), stream.next()).await {
        let Some(event) = event else { return };
        match event.name.as_str() {
            "reset" => {
                *phone = Phone::new(phone.query);
                return;
            }
            _ => phone.take(&event.data),
        }
        phone.cursor = Some(event.id);
    }
}

both! {
    async fn phones_end_with_what_the_lists_show(app: App) {
        newsroom(&app).await;
        for list in [
            json!({"slug": "hand", "name": "Hand", "entries": []}),
            json!({"slug": "mehr", "name": "Mehr", "kind": "automatic", "size": 8}),
            json!({"slug": "oben", "name": "Oben", "kind": "pinned", "size": 6, "filter": {"section": ["politik"]}}),
        ] {
            app.as_editor().send("POST", "/v1/editor/lists", &list, 201).await;
        }
        for number in 0..WRITERS {
            named(&app, &format!("writer-{number}"));
        }
        let play = Play { until: Instant::now() + length(), written: Cell::new(0) };
        let writers = futures_util::future::join_all((0..WRITERS).map(|number| write(&app, number, &play)));
        let mut pages = Phone::new("fields=topics,authors");
        let mut small = Phone::new("fields=topics,authors&limit=3");
        let mut section = Phone::new("section=politik&types=article,section");
        let mut live = Phone::new("");
        let mut filtered = Phone::new("section=politik");
        tokio::join!(
            writers,
            by_pages(&app, &mut pages, 1, &play),
            by_pages(&app, &mut small, 2, &play),
            by_pages(&app, &mut section, 3, &play),
            by_events(&app, &mut live, 4, &play),
            by_events(&app, &mut filtered, 5, &play),
        );
        // What comes or goes by time does so within seconds, and is announced.
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(play.written.get() >= LEAST, "{} writes", play.written.get());
        for phone in [&mut pages, &mut small] {
            phone.sync(&app).await;
            phone.agrees(&app).await;
        }
        section.sync(&app).await;
        let politik = by_id(everything(&app, "/v1/articles?limit=100&section=politik").await);
        assert_eq!(section.articles(), politik);

        // Events alone end there too.
        for phone in [&mut live, &mut filtered] {
            while phone.cursor.is_none() {
                phone.sync(&app).await;
            }
            let mut stream = Listener::open(&app, phone.query, phone.cursor.as_deref()).await;
            listen(phone, &mut stream, Instant::now() + Duration::from_secs(2)).await;
            assert!(phone.cursor.is_some());
        }
        assert_eq!(filtered.articles(), politik);
        let plain = by_id(everything(&app, "/v1/articles?limit=100").await);
        assert_eq!(live.articles(), plain);
        // The same as the pages but for the names of topics and authors.
        live.query = "fields=topics,authors";
        for kind in ["topic", "author", "section", "list", "site"] {
            assert_eq!(live.all(kind), pages.all(kind), "{kind}");
        }
    }
}
