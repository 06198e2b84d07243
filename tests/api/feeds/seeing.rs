//! A feed shows what readers see, at once.

use serde_json::json;

use super::{text, titles};
use crate::articles::{at, got, live, newsroom, patch, piece, put, verb, with};
use crate::both;
use crate::support::App;

both! {
    async fn each_feed_has_its_articles(app: App) {
        newsroom(&app).await;
        live(&app, "a", &with(piece("A"), json!({"section": "stadtrat", "topics": ["verkehr"], "authors": ["mara-lenz"]}))).await;
        live(&app, "b", &with(piece("B"), json!({"section": "kultur", "topics": ["klima"], "authors": ["mara-lenz"]}))).await;
        live(&app, "c", &piece("C")).await;
        put(&app, "entwurf", &with(piece("Entwurf"), json!({"topics": ["haushalt"]}))).await;
        for (name, found) in [("all", "CBA"), ("sections/politik", "CA"), ("sections/stadtrat", "A"), ("topics/verkehr", "A"), ("authors/mara-lenz", "BA"), ("sections/sport", "")] {
            assert_eq!(titles(&app, name, "").await.concat(), found, "{name}");
        }
        for (name, status) in [("topics/haushalt.rss", 404), ("topics/gibt-es-nicht.rss", 404), ("sections/gibt-es-nicht.atom", 404), ("authors/jonas-ott.json", 404),
            ("all.xml", 404), ("sections/politik.html", 404), ("all.rss?page=2", 400), ("all.rss?limit=101", 400), ("all.rss?cursor=x", 400)] {
            let problem = app.get(&format!("/feeds/{name}"), status).await;
            assert_eq!(problem["status"], status, "{name}");
        }
        let problem = app.get("/feeds/all.xml", 404).await;
        assert_eq!(problem["detail"], "No feed is written as `xml`; known are rss, atom, json.");
        // By id as by slug.
        let section = app.get("/v1/sections/politik", 200).await;
        assert_eq!(titles(&app, &format!("sections/{}", section["id"].as_str().unwrap()), "").await.concat(), "CA");
        for form in ["rss", "atom", "json"] {
            assert_eq!(section["links"]["feeds"][form], format!("https://api.flussblick.example/feeds/sections/politik.{form}"));
        }
        assert!(app.get("/v1/sections", 200).await["items"][0]["links"].get("feeds").is_none());
        let site = app.get("/v1/site", 200).await;
        assert_eq!(site["links"]["feeds"]["rss"], "https://api.flussblick.example/feeds/all.rss");
        assert_eq!(site["links"]["sitemap"], "https://api.flussblick.example/sitemap.xml");
        assert_eq!(app.get("/v1/topics/verkehr", 200).await["links"]["feeds"]["json"], "https://api.flussblick.example/feeds/topics/verkehr.json");
    }

    async fn a_feed_loses_and_gains_at_once(app: App) {
        newsroom(&app).await;
        live(&app, "ziel", &with(piece("Ziel"), json!({"topics": ["verkehr"], "authors": ["mara-lenz"]}))).await;
        live(&app, "rat", &with(piece("Rat"), json!({"topics": ["verkehr"], "authors": ["mara-lenz"], "body": {"markdown": "Text.\n\n[[ziel]]"}}))).await;
        let feeds = ["all.rss", "sections/politik.atom", "topics/verkehr.json", "authors/mara-lenz.rss"];
        let shows = async |word: &str| {
            let mut found = 0;
            for feed in feeds {
                found += usize::from(text(&app, &format!("/feeds/{feed}")).await.contains(word));
            }
            found
        };
        assert_eq!(shows("Ziel").await, 4);
        for (name, body) in [("unpublish", json!({})), ("take-down", json!({"reason": "x"}))] {
            verb(&app, "ziel", name, body, 200).await;
            assert_eq!(shows("Ziel").await, 0, "{name}");
            verb(&app, "ziel", "publish", json!({}), 200).await;
            assert_eq!(shows("Ziel").await, 4);
        }
        // Ids stay, addresses follow.
        let id = app.get("/v1/articles/ziel", 200).await["id"].as_str().unwrap().to_owned();
        patch(&app, "ziel", json!({"slug": "neues-ziel"}), 200).await;
        for feed in feeds {
            let text = text(&app, &format!("/feeds/{feed}")).await;
            assert!(text.contains(&format!("urn:uuid:{id}")) && text.contains("/neues-ziel/") && !text.contains("/ziel/"), "{feed}: {text}");
        }
        // By time alone.
        live(&app, "kurz", &with(piece("Kurz"), json!({"topics": ["verkehr"], "authors": ["mara-lenz"], "expires_at": at(&app, 1_000)}))).await;
        put(&app, "bald", &with(piece("Bald"), json!({"topics": ["verkehr"], "authors": ["mara-lenz"]}))).await;
        verb(&app, "bald", "schedule", json!({"at": at(&app, 500)}), 200).await;
        assert_eq!((shows("Kurz").await, shows("Bald").await), (4, 0));
        app.state.travel(501);
        assert_eq!((shows("Kurz").await, shows("Bald").await), (4, 4));
        app.state.travel(500);
        assert_eq!((shows("Kurz").await, shows("Bald").await), (0, 4));
        // Names of what an article is in.
        let editor = app.as_editor();
        for (path, name) in [("topics/verkehr", "Mobilität"), ("authors/mara-lenz", "M. Lenz"), ("sections/politik", "Staat")] {
            let request = editor.request("PATCH", &format!("/v1/editor/{path}")).header("If-Match", "*");
            got(request.json(&json!({"name": name})), 200).await;
            assert_eq!(shows(name).await, 4, "{name}");
        }
    }

    async fn an_old_slug_leads_to_the_feed(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "a", &with(piece("A"), json!({"topics": ["verkehr"], "authors": ["mara-lenz"]}))).await;
        for (kind, old, new) in [("sections", "politik", "staat"), ("topics", "verkehr", "mobilitaet"), ("authors", "mara-lenz", "m-lenz")] {
            let request = editor.request("PATCH", &format!("/v1/editor/{kind}/{old}")).header("If-Match", "*");
            got(request.json(&json!({"slug": new})), 200).await;
            for (form, query) in [("rss", ""), ("atom", "?limit=5"), ("json", "?limit=7")] {
                let moved = got(app.request("GET", &format!("/feeds/{kind}/{old}.{form}{query}")), 301).await;
                let to = format!("https://api.flussblick.example/feeds/{kind}/{new}.{form}{query}");
                assert_eq!(moved.header("location"), to);
                text(&app, to.strip_prefix("https://api.flussblick.example").unwrap()).await;
            }
        }
    }
}
