//! Slugs: what they are made of, who holds them, where they lead later.

use serde_json::json;

use super::{EDITOR, got, live, newsroom, patch, piece, put, stored, verb};
use crate::both;

both! {
    /// Umlauts become two letters, however they are written.
    async fn slugs_are_made_of_headlines(app: App) {
        let editor = newsroom(&app).await;
        for (headline, slug) in [
            ("Über 30 Straßen: »Größe« zählt!", "ueber-30-strassen-groesse-zaehlt"),
            ("A\u{308}rger u\u{308}ber O\u{308}l in der Spree", "aerger-ueber-oel-in-der-spree"),
            ("GROẞE ÄMTER", "grosse-aemter"),
            ("Wie geht’s weiter?", "wie-gehts-weiter"),
            ("C&A schließt", "c-und-a-schliesst"),
            ("Čeština, Łódź, São Paulo", "cestina-lodz-sao-paulo"),
            ("Привет, мир", "privet-mir"),
            ("東京の夜", "dong-jing-noye"),
            ("100 %", "100"),
        ] {
            let made = editor.send("POST", EDITOR, &json!({"headline": headline}), 201).await;
            assert_eq!(made["slug"], slug);
        }
        let long = format!("{} Ende", "Donaudampfschifffahrt ".repeat(8));
        let made = editor.send("POST", EDITOR, &json!({"headline": long}), 201).await;
        let slug = made["slug"].as_str().unwrap();
        assert!(slug.len() <= 120 && slug.ends_with("donaudampfschifffahrt"), "{slug}");
        let none = editor.send("POST", EDITOR, &json!({"headline": "¿?…"}), 422).await;
        assert_eq!(none["errors"][0]["pointer"], "#/slug");
        // A headline that looks like an id makes a slug that doesn't.
        let made = editor.send("POST", EDITOR, &json!({"headline": "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"}), 201).await;
        assert_eq!(made["slug"], "a-0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e");
    }

    async fn a_slug_in_an_address_is_canonical(app: App) {
        let editor = newsroom(&app).await;
        let before = stored(&app);
        for (slug, canonical) in [
            ("%C3%9Cber-uns", Some("ueber-uns")), ("U%CC%88ber-uns", Some("ueber-uns")), ("Rat", Some("rat")), ("rat_haus", Some("rat-haus")),
            ("a--b", Some("a-b")), ("-a", Some("a")), ("rat%20haus", Some("rat-haus")), ("%D0%BC%D0%B8%D1%80", Some("mir")), ("%3F", None), ("a%2Fb", Some("a-b")),
        ] {
            let problem = got(editor.request("PUT", &format!("{EDITOR}/{slug}")).json(&piece("X")), 400).await;
            assert_eq!(problem.json["type"], "/problems/bad-slug", "{slug}");
            assert_eq!(problem.json["canonical"].as_str(), canonical, "{slug}");
        }
        let long = "x".repeat(121);
        let problem = got(editor.request("PUT", &format!("{EDITOR}/{long}")).json(&piece("X")), 400).await;
        assert_eq!(problem.json["canonical"].as_str(), Some(&long[..120]));
        got(editor.request("PUT", &format!("{EDITOR}/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e")).json(&piece("X")), 404).await;
        for slug in ["Rat", "a b", "", "ä", "-", "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"] {
            let problem = got(editor.request("POST", EDITOR).json(&json!({"headline": "X", "slug": slug})), 422).await;
            assert_eq!(problem.json["errors"][0]["pointer"], "#/slug", "{slug}");
        }
        let other = got(editor.request("PUT", &format!("{EDITOR}/eins")).json(&json!({"headline": "X", "slug": "zwei"})), 422).await;
        assert!(other.detail().contains("PATCH does"), "{}", other.detail());
        assert_eq!(stored(&app), before);
        got(editor.request("PUT", &format!("{EDITOR}/{}", &long[..120])).json(&piece("X")), 201).await;
    }

    /// Whoever holds a slug is named, in whatever state.
    async fn a_taken_slug_names_its_holder(app: App) {
        let editor = newsroom(&app).await;
        let rat = put(&app, "rat", &piece("Der Rat")).await;
        put(&app, "anders", &piece("Anders")).await;
        let before = stored(&app);
        let taken = got(editor.request("POST", EDITOR).json(&json!({"headline": "Rat"})), 409).await;
        assert!(taken.detail().contains("`rat` belongs to »Der Rat« (draft"), "{}", taken.detail());
        assert_eq!((&taken.json["article"], &taken.json["slug"]), (&rat["id"], &json!("rat")));
        let taken = patch(&app, "anders", json!({"slug": "rat"}), 409).await;
        assert!(taken.detail().contains("»Der Rat«"), "{}", taken.detail());
        assert_eq!(stored(&app), before);
        got(editor.request("DELETE", &format!("{EDITOR}/rat")).header("If-Match", "*"), 200).await;
        let taken = got(editor.request("POST", EDITOR).json(&json!({"headline": "Rat"})), 409).await;
        assert!(taken.detail().contains("(trashed"), "{}", taken.detail());
        let trashed = got(editor.request("PUT", &format!("{EDITOR}/rat")).json(&piece("Neu")), 409).await;
        assert!(trashed.detail().contains("curl -X POST $API/v1/editor/articles/rat/restore"), "{}", trashed.detail());
    }

    /// An old slug leads on, with suffix and query; nothing else takes it.
    async fn old_slugs_lead_on(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "alt", &piece("Rat")).await;
        patch(&app, "alt", json!({"slug": "neu"}), 200).await;
        for (from, to) in [
            ("alt", "neu"), ("alt?body=html,text&fields=id,body", "neu?body=html,text&fields=id,body"),
            ("alt.md", "neu.md"), ("alt.txt", "neu.txt"), ("alt/related", "neu/related"), ("alt/more?limit=3", "neu/more?limit=3"),
        ] {
            let moved = got(app.request("GET", &format!("/v1/articles/{from}")), 301).await;
            assert_eq!(moved.header("location"), format!("https://api.flussblick.example/v1/articles/{to}"));
            assert_eq!(moved.header("cache-control"), "public, max-age=30, stale-while-revalidate=60, stale-if-error=600");
            assert!(!moved.header("surrogate-key").is_empty() && moved.text.is_empty());
            got(app.request("GET", &format!("/v1/articles/{to}")), 200).await;
        }
        got(app.request("GET", "/v1/articles/alt?farbe=rot"), 400).await;

        // Writes never go elsewhere, and nobody else gets the slug.
        let before = stored(&app);
        let problem = got(editor.request("PUT", &format!("{EDITOR}/alt")).json(&piece("X")), 409).await;
        assert_eq!(problem.json["current_slug"], "neu");
        for method in ["PATCH", "DELETE"] {
            let problem = got(editor.request(method, &format!("{EDITOR}/alt")).header("If-Match", "*").json(&json!({})), 409).await;
            assert!(problem.detail().contains("now `neu`"), "{}", problem.detail());
        }
        verb(&app, "alt", "publish", json!({}), 409).await;
        let taken = got(editor.request("POST", EDITOR).json(&json!({"headline": "Alt"})), 409).await;
        assert!(taken.detail().contains("once belonged to »Rat«, now `neu`"), "{}", taken.detail());
        assert_eq!(stored(&app), before);

        // A chain of names leads to the last one.
        patch(&app, "neu", json!({"slug": "neuer"}), 200).await;
        for from in ["alt", "neu"] {
            let moved = got(app.request("GET", &format!("/v1/articles/{from}")), 301).await;
            assert_eq!(moved.header("location"), "https://api.flussblick.example/v1/articles/neuer");
        }
        // Renaming back removes the entry.
        patch(&app, "neuer", json!({"slug": "alt"}), 200).await;
        got(app.request("GET", "/v1/articles/alt"), 200).await;
        got(app.request("GET", "/v1/articles/neu"), 301).await;
        got(app.request("GET", "/v1/articles/neuer"), 301).await;

        // It answers as its article does.
        verb(&app, "alt", "unpublish", json!({}), 200).await;
        for from in ["alt", "neu", "neuer"] {
            let hidden = got(app.request("GET", &format!("/v1/articles/{from}")), 404).await;
            assert!(hidden.headers.get("location").is_none());
        }
        verb(&app, "alt", "publish", json!({}), 200).await;
        got(app.request("GET", "/v1/articles/neu"), 301).await;
        verb(&app, "alt", "take-down", json!({"reason": "x"}), 200).await;
        let gone = got(app.request("GET", "/v1/articles/neu"), 410).await;
        assert!(gone.headers.get("location").is_none());
    }

    /// An editor sees what an article was called, and frees a slug for others; who
    /// was led on by it is led nowhere from then on.
    async fn old_slugs_are_shown_and_freed(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "alt", &piece("Rat")).await;
        patch(&app, "alt", json!({"slug": "mitte"}), 200).await;
        patch(&app, "mitte", json!({"slug": "neu"}), 200).await;
        let shown = got(editor.request("GET", &format!("{EDITOR}/neu")), 200).await.json;
        assert_eq!(shown["former_slugs"], json!(["alt", "mitte"]));
        // What was fetched goes back as it is; what was made up doesn't.
        let put = editor.request("PUT", &format!("{EDITOR}/neu")).json(&shown);
        assert_eq!(got(put, 200).await.json["result"], "unchanged");
        let mut other = shown.clone();
        other["former_slugs"] = json!([]);
        let problem = got(editor.request("PUT", &format!("{EDITOR}/neu")).json(&other), 422).await;
        assert_eq!(problem.json["errors"][0]["pointer"], "#/former_slugs");

        let free = |slug: &str| editor.request("DELETE", &format!("{EDITOR}/neu/former-slugs/{slug}"));
        let before = stored(&app);
        got(app.as_author().request("DELETE", &format!("{EDITOR}/neu/former-slugs/alt")), 403).await;
        got(free("neu"), 404).await;
        got(free("nie"), 404).await;
        got(free("alt").header("If-Match", "\"v1\""), 412).await;
        assert_eq!(stored(&app), before);
        got(app.request("GET", "/v1/articles/alt"), 301).await;
        let version = shown["version"].as_i64().unwrap();
        let freed = got(free("alt").header("If-Match", format!("\"v{version}\"")), 200).await;
        assert_eq!((&freed.json["result"], &freed.json["version"]), (&json!("updated"), &json!(version + 1)));
        got(free("alt"), 404).await;
        got(app.request("GET", "/v1/articles/alt"), 404).await;
        got(app.request("GET", "/v1/articles/mitte"), 301).await;
        let shown = got(editor.request("GET", &format!("{EDITOR}/neu")), 200).await.json;
        assert_eq!(shown["former_slugs"], json!(["mitte"]));
        // Somebody else's from now on.
        live(&app, "alt", &piece("Anderes")).await;
        assert_eq!(app.get("/v1/articles/alt", 200).await["headline"], "Anderes");
    }

    /// A slug that was never public is free again once it is given up.
    async fn a_drafts_old_slug_is_free(app: App) {
        newsroom(&app).await;
        put(&app, "arbeitstitel", &piece("Rat")).await;
        patch(&app, "arbeitstitel", json!({"slug": "rat"}), 200).await;
        live(&app, "rat", &piece("Rat")).await;
        got(app.request("GET", "/v1/articles/arbeitstitel"), 404).await;
        let other = put(&app, "arbeitstitel", &piece("Anderer")).await;
        assert_eq!(other["result"], "created");
    }
}
