//! Answers from memory: made once, and never older than the last change.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use actix_web::web;
use perspektive::db::Url;
use perspektive::delivery::article::{self, Found};
use perspektive::delivery::context::Context;
use perspektive::delivery::serve::serve;
use perspektive::http::answer::Constants;
use serde_json::json;

use super::{EDITOR, at, got, live, newsroom, patch, piece, put, verb, with};
use crate::both;
use crate::support::App;

/// Whether an answer came from memory.
async fn is_hit(app: &App, path: &str) -> bool {
    let answer = app.request("GET", path).send().await.unwrap();
    answer.headers()["cache-status"] == "perspektive; hit"
}

/// Fills the cache and makes sure that it answers.
async fn warm(app: &App, paths: &[&str]) {
    for path in paths {
        let _ = app.request("GET", path).send().await.unwrap();
        assert!(is_hit(app, path).await, "{path}");
    }
}

both! {
    /// After each write the next answer is the new one, wherever it shows.
    async fn the_next_answer_is_new(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "ziel", &with(piece("Ziel"), json!({"topics": ["verkehr"], "authors": ["mara-lenz"]}))).await;
        live(&app, "rat", &with(piece("Rat"), json!({"topics": ["verkehr"], "body": {"markdown": "Text.\n\n[[ziel]]"}, "related": [{"article": "neu"}]}))).await;
        let everywhere = ["/v1/articles", "/v1/articles?section=politik", "/v1/articles?topic=verkehr", "/v1/articles?author=mara-lenz", "/v1/articles?topic=klima", "/v1/articles?topic=verkehr&section=politik",
            "/v1/articles/rat", "/v1/articles/rat?include=more,related_auto", "/v1/articles/rat.md", "/v1/articles/rat.txt", "/v1/articles/rat/related", "/v1/articles/rat/more", "/v1/topics", "/v1/authors"];
        let text = async |path: &str| got(app.request("GET", path), 200).await.text;
        let shows = async |word: &str| {
            let mut found = Vec::new();
            for path in everywhere {
                if text(path).await.contains(word) {
                    found.push(path);
                }
            }
            found
        };
        let with_ziel: Vec<&str> = everywhere.iter().copied().filter(|path| !["/v1/articles?topic=klima", "/v1/topics", "/v1/authors", "/v1/articles/rat.md"].contains(path)).collect();
        let shows_ziel = shows("Ziel").await;
        assert_eq!(shows_ziel, with_ziel);
        // A draft's edit touches nothing.
        warm(&app, &everywhere).await;
        put(&app, "ziel", &with(piece("Zweck"), json!({"topics": ["klima"], "authors": ["jonas-ott"]}))).await;
        put(&app, "entwurf", &piece("Entwurf")).await;
        for path in everywhere {
            assert!(is_hit(&app, path).await, "{path}");
        }
        // Published: the headline everywhere, and out of one list into another.
        verb(&app, "ziel", "publish", json!({}), 200).await;
        assert_eq!(shows("Ziel").await, Vec::<&str>::new());
        let shows_zweck = shows("Zweck").await;
        assert!(shows_zweck.contains(&"/v1/articles?topic=klima") && shows_zweck.contains(&"/v1/articles/rat") && shows_zweck.contains(&"/v1/articles/rat/related"));
        assert!(!shows_zweck.contains(&"/v1/articles?topic=verkehr") && !shows_zweck.contains(&"/v1/articles?author=mara-lenz"));
        assert!(text("/v1/topics").await.contains("Klima") && text("/v1/authors").await.contains("Jonas Ott"));

        for (slug, name, body) in [("ziel", "unpublish", json!({})), ("ziel", "publish", json!({})), ("ziel", "take-down", json!({"reason": "x"})), ("ziel", "publish", json!({}))] {
            warm(&app, &everywhere).await;
            verb(&app, slug, name, body, 200).await;
            assert_eq!(shows("Zweck").await.is_empty(), name != "publish", "{name}");
        }
        warm(&app, &everywhere).await;
        patch(&app, "ziel", json!({"slug": "neues-ziel"}), 200).await;
        assert_eq!(shows("\"ziel\"").await, Vec::<&str>::new());
        assert!(shows("neues-ziel").await.contains(&"/v1/articles/rat"));
        got(app.request("GET", "/v1/articles/ziel"), 301).await;
        // A link that waited for a slug.
        warm(&app, &everywhere).await;
        live(&app, "neu", &piece("Neuling")).await;
        assert!(text("/v1/articles/rat").await.contains("Neuling"));
        assert_eq!(crate::articles::slugs(&app, "/v1/articles").await, ["neu", "neues-ziel", "rat"]);
        // Names of sections, topics and authors.
        warm(&app, &everywhere).await;
        for (path, name) in [("sections/politik", "Staat"), ("topics/verkehr", "Mobilität"), ("authors/jonas-ott", "J. Ott")] {
            let request = editor.request("PATCH", &format!("/v1/editor/{path}")).header("If-Match", "*");
            got(request.json(&json!({"name": name})), 200).await;
        }
        let rat = app.get("/v1/articles/rat", 200).await;
        assert_eq!((&rat["section"]["name"], &rat["topics"][0]["name"]), (&json!("Staat"), &json!("Mobilität")));
        assert_eq!(rat["related"][0]["article"]["section"]["name"], "Staat");
        let card = app.get("/v1/articles?include=authors&exclude=neu,rat", 200).await;
        assert_eq!((&card["items"][0]["section"]["name"], &card["items"][0]["authors"][0]["name"]), (&json!("Staat"), &json!("J. Ott")));
        // Moved in the tree.
        warm(&app, &["/v1/articles?section=kultur", "/v1/articles/rat"]).await;
        let request = editor.request("PATCH", "/v1/editor/sections/politik").header("If-Match", "*");
        got(request.json(&json!({"parent": "kultur"})), 200).await;
        assert_eq!(crate::articles::slugs(&app, "/v1/articles?section=kultur").await, ["neu", "neues-ziel", "rat"]);
        assert_eq!(app.get("/v1/articles/rat", 200).await["section"]["path"], "kultur/politik");
        // And rename moved no `rev` and no `updated_at`.
        assert_eq!((&rat["rev"], &rat["updated_at"]), (&json!(1), &rat["published_at"]));
    }

    /// An address that was asked for before is answered without being routed, and
    /// nobody can tell by the answer.
    async fn the_second_answer_is_like_the_first(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece(&"Der Rat tagt. ".repeat(15))).await;
        live(&app, "alt", &piece("Alt")).await;
        patch(&app, "alt", json!({"slug": "neu"}), 200).await;
        let ask = async |method: &str, path: &str, header: (&str, &str)| {
            let answer = app.request(method, path).header(header.0, header.1).send().await.unwrap();
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            let kept = headers.remove("cache-status");
            let id = headers.remove("x-request-id").unwrap();
            headers.remove("date");
            let mut text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap_or_default();
            text = text.replace(id.to_str().unwrap(), "");
            (kept.is_some_and(|kept| kept == "perspektive; hit"), (status, headers, text))
        };
        for path in ["/v1/articles/rat", "/v1/articles/rat?body=html%2Ctext", "/v1/articles/rat.md", "/v1/articles?limit=1", "/v1/articles/alt", "/feeds/all.rss", "/sitemap.xml"] {
            for (method, header) in [("GET", ("Accept", "*/*")), ("HEAD", ("Range", "bytes=0-1")), ("GET", ("If-None-Match", "*")), ("GET", ("Accept-Encoding", "identity;q=0"))] {
                app.state.cache.evict_all();
                let (kept, first) = ask(method, path, header).await;
                assert!(!kept, "{method} {path}");
                let (kept, second) = ask(method, path, header).await;
                assert_eq!(first, second, "{method} {path} {header:?}");
                assert!(kept || first.0 == 406, "{method} {path} {header:?}");
            }
        }
        let metrics = app.state.metrics.write((0, 0), 0).unwrap();
        for (method, status, count) in [("GET", 200, 2), ("HEAD", 200, 2), ("GET", 304, 2), ("GET", 406, 2)] {
            let line = format!("http_requests_total{{method=\"{method}\",route=\"/v1/articles/{{article}}.md\",status=\"{status}\"}} {count}\n");
            assert!(metrics.contains(&line), "{line}{metrics}");
        }
    }

    /// An answer in memory ends at the instant at which something in it comes
    /// or goes, without anybody's doing.
    async fn answers_end_when_what_they_show_changes(app: App) {
        newsroom(&app).await;
        put(&app, "kommt", &piece("Kommt")).await;
        verb(&app, "kommt", "schedule", json!({"at": at(&app, 1_000)}), 200).await;
        live(&app, "geht", &with(piece("Geht"), json!({"section": "stadtrat", "expires_at": at(&app, 2_000)}))).await;
        live(&app, "rat", &with(piece("Rat"), json!({"related": [{"article": "kommt"}, {"article": "geht"}]}))).await;
        let paths = ["/v1/articles", "/v1/articles?section=politik", "/v1/articles/rat", "/v1/articles/rat/related", "/v1/articles/rat/more", "/v1/articles/rat?include=more",
            "/v1/articles?count=true&limit=1", "/v1/articles?fields=slug"];
        let shown = async |path: &str| {
            let text = got(app.request("GET", path), 200).await.text;
            let count = text.split("\"count\":").nth(1).map(|rest| rest[..1].to_owned());
            (text.contains("\"kommt\""), text.contains("\"geht\""), count)
        };
        for (travel, kommt, geht, count) in [(0, false, true, "2"), (900, false, true, "2"), (100, true, true, "3"), (900, true, true, "3"), (100, true, false, "2")] {
            app.state.travel(travel);
            for path in paths {
                let (found_kommt, found_geht, found_count) = shown(path).await;
                if let Some(found) = found_count {
                    assert_eq!(found, count, "{path} after {travel}");
                } else {
                    assert_eq!((found_kommt, found_geht), (kommt, geht), "{path} after {travel}");
                }
                // The announcement of what has just come or gone may evict it once.
                let mut hit = false;
                for _ in 0..4 {
                    hit = hit || is_hit(&app, path).await;
                }
                assert!(hit, "{path}");
            }
        }
    }

    /// However many ask at once, the answer is made once.
    async fn an_answer_is_made_once(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        // Until the log has been followed, which evicts the article once more.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let misses = || app.state.metrics.cache_misses.get();
        let before = misses();
        let asking = (0..60).map(|_| app.request("GET", "/v1/articles/rat").send());
        for answer in futures_util::future::join_all(asking).await {
            assert_eq!(answer.unwrap().status(), 200);
        }
        assert_eq!(misses() - before, 1);
    }

    /// A reader is held between reading and putting, and a publication falls
    /// into the gap: the next GET shows it.
    async fn a_publication_in_the_gap_is_seen(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        put(&app, "rat", &piece("Rat, berichtigt")).await;
        // Undisturbed, the held reader's answer is the one that GET finds.
        hold_a_reader(&app, "rat", async || {}).await;
        assert!(is_hit(&app, "/v1/articles/rat").await, "the key is that of the route");
        app.state.cache.evict_all();

        let held = hold_a_reader(&app, "rat", async || {
            verb(&app, "rat", "publish", json!({}), 200).await;
        })
        .await;
        assert_eq!(held, 200);
        let next = app.get("/v1/articles/rat", 200).await;
        assert_eq!(next["headline"], "Rat, berichtigt");
    }
}

both! {
    /// What all answers share, such as the tree of sections, is kept in memory
    /// even where no answer is, and is no older for that: at once on the node
    /// that changes it, within a second on another.
    async fn what_answers_share_is_new(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &with(piece("Rat"), json!({"section": "stadtrat"}))).await;
        let other = app.another_node_with(|config| config.cache_bytes = 0).await;
        let shown = async |app: &App| app.get("/v1/articles/rat", 200).await["section"].clone();
        for (path, change, member, value) in [
            ("sections/stadtrat", json!({"name": "Rathaus"}), "name", "Rathaus"),
            ("sections/stadtrat", json!({"slug": "rathaus"}), "slug", "rathaus"),
            ("sections/politik", json!({"slug": "staat"}), "path", "staat/rathaus"),
            ("sections/staat", json!({"parent": "kultur"}), "path", "kultur/staat/rathaus"),
        ] {
            shown(&other).await;
            let request = editor.request("PATCH", &format!("/v1/editor/{path}")).header("If-Match", "*");
            got(request.json(&change), 200).await;
            let changed = Instant::now();
            assert_eq!(shown(&app).await[member], value);
            // SQLite's log is only looked at each second.
            while shown(&other).await[member] != value {
                assert!(changed.elapsed() < Duration::from_millis(2_500), "{value}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Reads the article as its route does, but stops between reading and putting
/// until `meanwhile` is done.
async fn hold_a_reader(app: &App, slug: &'static str, meanwhile: impl AsyncFnOnce()) -> u16 {
    let (reached, waiting) = mpsc::channel::<()>();
    let (release, released) = mpsc::channel::<()>();
    let state = web::Data::from(app.state.clone());
    let request = actix_web::test::TestRequest::get()
        .uri(&format!("/v1/articles/{slug}"))
        .to_http_request();
    let constants = Constants::new(&app.state.config);
    let shared = app.state.clone();
    let wanted = article::Wanted::default();
    let key = format!("article/{slug}?{}", wanted.key());
    let reading = serve(&request, &state, &constants, key, move |conn, now| {
        let Found::Live(found) = article::find(conn, now, slug)? else {
            unreachable!()
        };
        let context = Context::load(conn, &shared.config)?;
        let draft = article::article(conn, now, found.0, found.1, &wanted, &context);
        reached.send(()).unwrap();
        let _ = released.recv_timeout(Duration::from_millis(1_500));
        draft
    });
    let meanwhile = async {
        while waiting.try_recv().is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        meanwhile().await;
        release.send(()).unwrap();
    };
    let (answer, ()) = futures_util::future::join(reading, meanwhile).await;
    answer.unwrap().status().as_u16()
}

/// What one node publishes, the other shows within a second, also if its reader
/// was held in the gap.
#[actix_web::test]
async fn another_node_sees_it_within_a_second() {
    let Some(app) = App::postgres().await else {
        return;
    };
    assert!(matches!(app.state.config.database, Url::Postgres(_)));
    newsroom(&app).await;
    let other = app.another_node().await;
    live(&app, "rat", &piece("Rat 0")).await;
    let shows = async |headline: &str| {
        let published = Instant::now();
        loop {
            let found = other.get("/v1/articles/rat", 200).await["headline"].clone();
            let list = other.get("/v1/articles", 200).await["items"][0]["headline"].clone();
            if found == headline && list == headline {
                return;
            }
            assert!(
                published.elapsed() < Duration::from_secs(1),
                "{found} and {list}, not {headline}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    shows("Rat 0").await;
    for round in 1..=5 {
        let headline = format!("Rat {round}");
        put(&app, "rat", &piece(&headline)).await;
        warm(&other, &["/v1/articles/rat", "/v1/articles"]).await;
        verb(&app, "rat", "publish", json!({}), 200).await;
        shows(&headline).await;
    }
    put(&app, "rat", &piece("Rat in der Lücke")).await;
    other.state.cache.evict_all();
    hold_a_reader(&other, "rat", async || {
        verb(&app, "rat", "publish", json!({}), 200).await;
    })
    .await;
    shows("Rat in der Lücke").await;
    got(app.as_editor().request("GET", EDITOR), 200).await;
}
