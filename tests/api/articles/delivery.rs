//! An article as readers get it, in every form.

use serde_json::json;

use super::{at, got, live, newsroom, patch, piece, put, with};
use crate::support::App;
use crate::{both, whole};

const BODY: &str = "Der Rat stimmte **einstimmig** zu.\n\n[[ziel|Was das kostet]]\n\n## Was gilt\n\n1. Bus\n2. Bahn\n   - Straßenbahn\n\n\
    > Endlich.\n>\n> — Die Bürgermeisterin\n\n| Linie | Takt |\n|:--|--:|\n| 1 | 8 |\n\n![Ein Bus](https://b.example/a.jpg \"Vor dem Rathaus\")\n\n\
    https://www.youtube.com/watch?v=abc\n\n> [!note]\n> Noch offen.\n\n```\ncode\n```\n\n---\n\nSiehe [Vorlage](https://rat.example/214) und <kontakt@rat.example>.";

both! {
    /// The whole article, all forms of its text, and its two files.
    async fn an_article_is_whole(app: App) {
        newsroom(&app).await;
        live(&app, "ziel", &with(piece("Was kostet der Nahverkehr?"), json!({"teaser": format!("{}Ende", "Lang ist der Vorspann. ".repeat(12))}))).await;
        app.state.travel(60);
        live(&app, "rat", &json!({
            "kind": "report", "kicker": "Nahverkehr", "headline": "Stadtrat beschließt *kostenlosen* Nahverkehr", "subheadline": "26 von 44",
            "teaser": "Ab Januar ohne Fahrschein.", "section": "stadtrat", "topics": ["verkehr", "haushalt"], "authors": ["mara-lenz", "jonas-ott"],
            "image": {"url": "https://b.example/b.jpg", "alt": "Der Saal", "caption": "Der Saal um Mitternacht", "credit": "JB", "width": 2400, "height": 1600},
            "priority": "high", "access": "metered", "source": "fpd", "seo": {"title": "Kurz", "description": "Ohne Fahrschein"}, "note": "Geheim",
            "body": {"markdown": BODY},
            "related": [{"article": "ziel", "relation": "background"}, {"url": "https://rat.example/214", "headline": "Vorlage 214", "relation": "source"}],
        })).await;
        let article = got(app.request("GET", "/v1/articles/rat?body=blocks,html,markdown,text"), 200).await;
        assert!(!article.text.contains("Geheim") && !article.text.contains("null"), "{}", article.text);
        whole!("article", &article.json);
        let by_id = format!("/v1/articles/{}?body=blocks,html,markdown,text", article.json["id"].as_str().unwrap());
        assert_eq!(app.get(&by_id, 200).await, article.json);
        for (form, content_type) in [("md", "text/markdown; charset=utf-8"), ("txt", "text/plain; charset=utf-8")] {
            let file = got(app.request("GET", &format!("/v1/articles/rat.{form}")), 200).await;
            assert_eq!(file.header("content-type"), content_type);
            let lines = json!(file.text.lines().collect::<Vec<_>>());
            match form {
                "md" => whole!("article_as_markdown", &lines),
                _ => whole!("article_as_text", &lines),
            }
        }
        whole!("page_of_cards", &app.get("/v1/articles?include=authors,topics&count=true", 200).await);
        whole!("related_page", &app.get("/v1/articles/rat/related", 200).await);
        // Each form alone; blocks if nothing is said.
        for (query, forms) in [("", vec!["blocks"]), ("?body=html", vec!["html"]), ("?body=text,markdown", vec!["markdown", "text"])] {
            let body = app.get(&format!("/v1/articles/rat{query}"), 200).await["body"].clone();
            assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), forms);
        }
    }

    /// Members that were named, and nothing else.
    async fn fields_and_includes(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &with(piece("Rat"), json!({"topics": ["verkehr"]}))).await;
        live(&app, "anders", &with(piece("Anders"), json!({"topics": ["verkehr"]}))).await;
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&app.get("/v1/articles/rat?fields=headline,id,body", 200).await), ["id", "headline", "body"]);
        let both = app.get("/v1/articles/rat?include=more,related_auto&fields=slug,more,related_auto", 200).await;
        assert_eq!(keys(&both), ["slug", "related_auto", "more"]);
        let page = app.get("/v1/articles?fields=slug,topics&include=topics", 200).await;
        let id = &app.get("/v1/topics/verkehr", 200).await["id"];
        assert_eq!(page["items"][0], json!({"slug": "anders", "topics": [{"id": id, "slug": "verkehr", "name": "Verkehr"}]}));
        for (path, near) in [
            ("/v1/articles/rat?fields=headlin", "did you mean `headline`"), ("/v1/articles/rat?fields=Titel", "did you mean `headline`"),
            ("/v1/articles?tags=klima", "did you mean `topic`"), ("/v1/articles?page=2", "did you mean `cursor`"), ("/v1/articles/rat?include=mor", "did you mean `more`"),
            ("/v1/articles/rat?body=htm", "did you mean `html`"), ("/v1/articles/rat?farbe=rot", "known are body, fields, include"),
            ("/v1/articles?fields=boddy", "`boddy` is unknown"), ("/v1/articles?include=author", "did you mean `authors`"),
            ("/v1/articles/rat?include=more&include=more", "takes one value"), ("/v1/articles/rat.md?body=html", "takes no parameters"),
        ] {
            let problem = got(app.request("GET", path), 400).await;
            assert_eq!(problem.json["type"], "/problems/bad-parameter");
            assert!(problem.detail().contains(near), "{path}: {}", problem.detail());
        }
    }

    /// The same ETag until something differs; another for each coding; 304 with
    /// every header; HEAD and OPTIONS.
    async fn conditional_requests(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &with(piece("Rat"), json!({"body": {"markdown": "Ein langer Absatz. ".repeat(200)}}))).await;
        for path in ["/v1/articles/rat", "/v1/articles", "/v1/articles/rat.md", "/v1/articles/rat/related", "/v1/articles/rat/more"] {
            let full = got(app.request("GET", path), 200).await;
            let etag = full.header("etag").to_owned();
            assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() == 18, "{etag}");
            assert_eq!(full.header("vary"), "Accept-Encoding");
            assert_eq!(full.header("access-control-allow-origin"), "*");
            assert!(full.header("access-control-expose-headers").contains("ETag"));
            let keys: Vec<&str> = full.header("surrogate-key").split(' ').collect();
            assert!(keys.iter().all(|key| key.len() == 8), "{path}");
            let once: std::collections::BTreeSet<_> = keys.iter().collect();
            assert_eq!(once.len(), keys.len(), "{path}: each key once");
            for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
                let same = got(app.request("GET", path).header("If-None-Match", &known), 304).await;
                assert_eq!(same.text, "");
                for name in ["etag", "cache-control", "vary", "surrogate-key", "access-control-allow-origin"] {
                    assert_eq!(same.header(name), full.header(name), "{path} {name}");
                }
            }
            got(app.request("GET", path).header("If-None-Match", "\"x\""), 200).await;
            let head = got(app.request("HEAD", path), 200).await;
            assert_eq!((head.text.as_str(), head.header("etag")), ("", etag.as_str()));
            assert_eq!(head.header("content-type"), full.header("content-type"));
            assert_eq!(head.header("content-length"), full.text.len().to_string());
            got(app.request("HEAD", path).header("If-None-Match", &etag), 304).await;
            let options = got(app.request("OPTIONS", path), 204).await;
            assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
            let preflight = app.request("OPTIONS", path).header("Origin", "https://a.example").header("Access-Control-Request-Method", "GET");
            let preflight = got(preflight, 204).await;
            assert_eq!(preflight.header("access-control-allow-origin"), "*");
            assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
        }
        let (br, gzip) = (coded(&app, "br").await, coded(&app, "gzip").await);
        assert!(br.header("etag").ends_with("-br\"") && gzip.header("etag").ends_with("-gz\""));
        assert_eq!((br.header("content-encoding"), gzip.header("content-encoding")), ("br", "gzip"));
        let plain = got(app.request("GET", "/v1/articles/rat").header("Accept-Encoding", "identity"), 200).await;
        assert!(plain.headers.get("content-encoding").is_none());
        got(app.request("GET", "/v1/articles/rat").header("Accept-Encoding", "br").header("If-None-Match", br.header("etag")), 304).await;
        got(app.request("GET", "/v1/articles/rat").header("Accept-Encoding", "br").header("If-None-Match", plain.header("etag")), 200).await;
        got(app.request("GET", "/v1/articles/rat").header("Accept-Encoding", "identity;q=0, zstd"), 406).await;
        // Another version, another tag.
        patch(&app, "rat", json!({"kicker": "Neu"}), 200).await;
        got(app.request("GET", "/v1/articles/rat").header("If-None-Match", plain.header("etag")), 304).await;
        crate::articles::verb(&app, "rat", "publish", json!({}), 200).await;
        got(app.request("GET", "/v1/articles/rat").header("If-None-Match", plain.header("etag")), 200).await;
    }

    /// What may be kept ends where something in it changes by itself.
    async fn cache_times_end_with_what_is_shown(app: App) {
        newsroom(&app).await;
        let policy = async |path: &str| {
            let header = got(app.request("GET", path), 200).await.header("cache-control").to_owned();
            let number = |name: &str| -> i64 {
                let rest = header.split(&format!("{name}=")).nth(1).unwrap();
                rest.split(',').next().unwrap().parse().unwrap()
            };
            (number("max-age"), number("stale-while-revalidate"), number("stale-if-error"))
        };
        // One that will appear, and is linked to.
        put(&app, "kommt", &piece("Kommt")).await;
        crate::articles::verb(&app, "kommt", "schedule", json!({"at": at(&app, 50)}), 200).await;
        live(&app, "bleibt", &with(piece("Bleibt"), json!({"section": "kultur", "related": [{"article": "kommt"}]}))).await;
        live(&app, "fremd", &with(piece("Fremd"), json!({"section": "kultur"}))).await;
        live(&app, "nachbar", &piece("Nachbar")).await;
        let near = |found: i64, wanted: i64| (wanted - 15..=wanted).contains(&found);
        // Before an appearance, max-age and what may be served while asking end.
        for path in ["/v1/articles", "/v1/articles?section=politik", "/v1/articles/bleibt", "/v1/articles/bleibt.md", "/v1/articles/bleibt/related",
            "/v1/articles/nachbar/more", "/v1/articles/nachbar?include=more", "/v1/articles?count=true"] {
            let (max_age, swr, sie) = policy(path).await;
            assert_eq!((max_age, sie), (30, 600), "{path}");
            assert!(near(swr, 20), "{path}: {swr}");
        }
        for path in ["/v1/articles/fremd", "/v1/articles?section=kultur"] {
            assert_eq!(policy(path).await, (30, 60, 600), "{path}");
        }
        app.state.travel(35);
        let (max_age, swr, sie) = policy("/v1/articles").await;
        assert!(near(max_age, 15) && swr == 0 && sie == 600, "{max_age} {swr} {sie}");
        app.state.travel(20);
        assert_eq!(policy("/v1/articles").await, (30, 60, 600));
        assert_eq!(policy("/v1/articles/bleibt").await, (30, 60, 600));

        // One that will go: nothing may be kept beyond that, not even stale.
        live(&app, "geht", &with(piece("Geht"), json!({"section": "sport", "expires_at": at(&app, 100)}))).await;
        live(&app, "zeigt", &with(piece("Zeigt"), json!({"section": "kultur", "related": [{"article": "geht"}]}))).await;
        live(&app, "danach", &with(piece("Danach"), json!({"section": "sport"}))).await;
        for path in ["/v1/articles", "/v1/articles?section=sport", "/v1/articles/geht", "/v1/articles/geht.txt", "/v1/articles/zeigt", "/v1/articles/zeigt/related",
            "/v1/articles/danach/more", "/v1/articles/danach?include=more", "/v1/articles/danach?include=related_auto", "/v1/articles/danach/related",
            "/v1/articles?section=sport&count=true&limit=1"] {
            let (max_age, swr, sie) = policy(path).await;
            assert_eq!((max_age, swr), (30, 60), "{path}");
            assert!(near(sie, 70), "{path}: {sie}");
        }
        app.state.travel(80);
        let (max_age, swr, sie) = policy("/v1/articles/zeigt").await;
        assert!(near(max_age, 20) && swr == 0 && sie == 0, "{max_age} {swr} {sie}");
        app.state.travel(21);
        assert_eq!(policy("/v1/articles/zeigt").await, (30, 60, 600));
        assert_eq!(app.get("/v1/articles?section=sport&count=true&limit=1", 200).await["count"], 1);
    }

    /// 404s are kept for seconds and say under which key.
    async fn what_is_not_there(app: App) {
        newsroom(&app).await;
        put(&app, "entwurf", &piece("Entwurf")).await;
        for path in ["entwurf", "nirgends", "entwurf.md", "nirgends.txt", "entwurf/related", "nirgends/more"] {
            let missing = got(app.request("GET", &format!("/v1/articles/{path}")), 404).await;
            assert_eq!(missing.header("cache-control"), "public, max-age=5");
            assert_eq!(missing.header("surrogate-key").len(), 8, "{path}");
            assert_eq!(missing.header("access-control-allow-origin"), "*");
        }
        let key = got(app.request("GET", "/v1/articles/entwurf"), 404).await.header("surrogate-key").to_owned();
        crate::articles::verb(&app, "entwurf", "publish", json!({}), 200).await;
        let entries = app.blocking(|| app.state.read_blocking(|c| Ok(perspektive::store!(*c, changes::since(0, 10_000))?))).unwrap();
        let tags: Vec<_> = entries.last().unwrap().tags().collect();
        assert!(perspektive::changes::join(&tags).split(' ').any(|tag| tag == key), "the 404's key is evicted");
    }
}

async fn coded(app: &App, coding: &str) -> crate::articles::Got {
    got(
        app.request("GET", "/v1/articles/rat")
            .header("Accept-Encoding", coding),
        200,
    )
    .await
}
