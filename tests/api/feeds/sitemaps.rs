//! Which pages the website has.

use serde_json::json;

use super::{all_between, text};
use crate::articles::{at, live, newsroom, patch, piece, put, verb, with};
use crate::both;
use crate::support::App;
use crate::support::seed::Seed;

async fn backdated(app: &App, slug: &str, published_at: &str) {
    put(app, slug, &piece(slug)).await;
    verb(
        app,
        slug,
        "publish",
        json!({"published_at": published_at}),
        200,
    )
    .await;
}

/// The entries of an index: addresses without what they begin with, and instants.
async fn index(app: &App) -> Vec<(String, String)> {
    let text = text(app, "/sitemap.xml").await;
    let entries = all_between(&text, "<sitemap>", "</sitemap>").into_iter();
    entries
        .map(|entry| {
            let loc = all_between(entry, "<loc>https://api.flussblick.example", "</loc>");
            let lastmod = all_between(entry, "<lastmod>", "</lastmod>");
            (loc[0].to_owned(), lastmod[0].to_owned())
        })
        .collect()
}

async fn names(app: &App) -> Vec<String> {
    let entries = index(app).await.into_iter();
    entries.map(|(name, _)| name).collect()
}

/// The addresses in a sitemap, without the website's.
async fn pages(app: &App, path: &str) -> Vec<String> {
    let text = text(app, path).await;
    let pages = all_between(&text, "<loc>https://flussblick.example", "</loc>").into_iter();
    pages.map(str::to_owned).collect()
}

both! {
    async fn each_month_has_its_sitemap(app: App) {
        newsroom(&app).await;
        assert_eq!(names(&app).await, [""; 0]);
        backdated(&app, "alt", "1999-12-31T23:59:59Z").await;
        backdated(&app, "eins", "2024-02-01T00:00:00Z").await;
        backdated(&app, "zwei", "2024-02-29T23:30:00Z").await;
        backdated(&app, "drei", "2024-03-01T00:00:00Z").await;
        put(&app, "entwurf", &piece("Entwurf")).await;
        assert_eq!(names(&app).await, ["/sitemaps/2024-03.xml", "/sitemaps/2024-02.xml", "/sitemaps/1999-12.xml"]);
        // Within a month the oldest come first; addresses are in the newsroom's time.
        assert_eq!(pages(&app, "/sitemaps/2024-02.xml").await, ["/2024/02/eins/", "/2024/03/zwei/"]);
        assert_eq!(pages(&app, "/sitemaps/1999-12.xml").await, ["/2000/01/alt/"]);
        for missing in ["2024-01", "2024-02-2", "2024-2", "2024-13", "x"] {
            app.get(&format!("/sitemaps/{missing}.xml"), 404).await;
        }

        // An old article changes: its month has changed then, and no other.
        let before = index(&app).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        put(&app, "alt", &piece("Alt, neu")).await;
        verb(&app, "alt", "publish", json!({}), 200).await;
        let after = index(&app).await;
        let updated_at = app.get("/v1/articles/alt", 200).await["updated_at"].as_str().unwrap().to_owned();
        assert_eq!((&after[..2], after[2].1.as_str()), (&before[..2], updated_at.as_str()));
        assert_ne!(after[2], before[2]);
        assert_eq!(all_between(&text(&app, "/sitemaps/1999-12.xml").await, "<lastmod>", "<"), [updated_at.as_str()]);

        // Gone at once, with its month if that was all of it.
        verb(&app, "drei", "unpublish", json!({}), 200).await;
        verb(&app, "eins", "take-down", json!({"reason": "x"}), 200).await;
        patch(&app, "zwei", json!({"slug": "neue-zwei"}), 200).await;
        assert_eq!(names(&app).await, ["/sitemaps/2024-02.xml", "/sitemaps/1999-12.xml"]);
        assert_eq!(pages(&app, "/sitemaps/2024-02.xml").await, ["/2024/03/neue-zwei/"]);
        app.get("/sitemaps/2024-03.xml", 404).await;
    }

    async fn news_are_two_days_old_at_most(app: App) {
        newsroom(&app).await;
        app.as_editor().send("PUT", "/v1/editor/site", &json!({"name": "Flussblick & Co."}), 200).await;
        backdated(&app, "alt", &at(&app, -48 * 3_600 - 10)).await;
        backdated(&app, "fast", &at(&app, -48 * 3_600 + 1_000)).await;
        live(&app, "neu", &with(piece("Neu & <wichtig>"), json!({"language": "de-AT"}))).await;
        let news = async || {
            let text = text(&app, "/sitemap-news.xml").await;
            let mut found: Vec<String> = all_between(&text, "<news:title>", "</news:title>").into_iter().map(str::to_owned).collect();
            found.extend(all_between(&text, "<news:language>", "</news:language>").into_iter().map(str::to_owned));
            found
        };
        assert_eq!(news().await, ["Neu &amp; &lt;wichtig&gt;", "fast", "de", "de"]);
        assert!(text(&app, "/sitemap-news.xml").await.contains("<news:name>Flussblick &amp; Co.</news:name>"));
        app.state.travel(1_001);
        assert_eq!(news().await, ["Neu &amp; &lt;wichtig&gt;", "de"]);
        put(&app, "bald", &piece("Bald")).await;
        verb(&app, "bald", "schedule", json!({"at": at(&app, 500)}), 200).await;
        assert_eq!(news().await.len(), 2);
        app.state.travel(501);
        assert_eq!(news().await[0], "Bald");
        verb(&app, "neu", "unpublish", json!({}), 200).await;
        assert_eq!(news().await, ["Bald", "de"]);
    }

    /// A month with more than a file holds is divided, without loss and without
    /// repetition.
    async fn a_full_month_is_divided(app: App) {
        const MANY: usize = 10_003;
        let slugs: Vec<String> = (0..MANY).map(|number| format!("s{number}")).collect();
        // Several at each instant, so that the division falls between equal ones.
        let seeds = slugs.iter().enumerate().map(|(number, slug)| Seed {
            slug,
            appears: Some(-3 - (number as i64 / 7)),
            ..Seed::default()
        });
        app.seed_all(seeds.collect());
        let mut met = Vec::new();
        let mut all = names(&app).await;
        all.sort();
        for name in &all {
            let pages = pages(&app, name).await;
            assert!(pages.len() <= 10_000, "{name}");
            met.extend(pages);
        }
        assert!(all.len() >= 2, "{all:?}");
        assert_eq!(met.len(), MANY);
        met.sort();
        met.dedup();
        assert_eq!(met.len(), MANY);
    }
}

#[actix_web::test]
async fn an_api_without_a_website_has_no_sitemaps() {
    let app = App::sqlite_with(|config| config.site_url = None).await;
    newsroom(&app).await;
    live(&app, "rat", &piece("Rat")).await;
    for path in ["/sitemap.xml", "/sitemap-news.xml", "/sitemaps/2026-11.xml"] {
        let problem = app.get(path, 404).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("Set SITE_URL"), "{detail}");
    }
    let site = app.get("/v1/site", 200).await;
    assert!(site["links"].get("sitemap").is_none() && site["links"].get("sitemap_news").is_none());
    // Feeds and structured data lead to the API then.
    let feed = app.get("/feeds/all.json", 200).await;
    let address = "https://api.flussblick.example/v1/articles/rat";
    assert_eq!(feed["items"][0]["url"], address);
    assert_eq!(
        feed["home_page_url"],
        "https://api.flussblick.example/v1/articles"
    );
    assert_eq!(
        app.get("/v1/articles/rat.jsonld", 200).await["url"],
        address
    );
}

#[actix_web::test]
async fn addresses_with_sections_follow_them() {
    let app = App::sqlite_with(|config| {
        config.site_article_path = "/{section}/{slug}".to_owned();
    })
    .await;
    let editor = newsroom(&app).await;
    live(&app, "rat", &piece("Rat")).await;
    let month = names(&app).await.remove(0);
    for slug in ["politik", "staat"] {
        let address = format!("/{slug}/rat");
        assert_eq!(pages(&app, &month).await, [address.as_str()]);
        assert_eq!(pages(&app, "/sitemap-news.xml").await, [address.as_str()]);
        assert!(text(&app, "/feeds/all.rss").await.contains(&address));
        if slug == "politik" {
            let request = editor.request("PATCH", "/v1/editor/sections/politik");
            let rename = request.header("If-Match", "*");
            crate::articles::got(rename.json(&json!({"slug": "staat"})), 200).await;
        }
    }
}
