//! Uploads: what a PUT or POST makes, replaces, refuses and tells.

use serde_json::{Value, json};

use super::named as editor;
use super::{EDITOR, got, live, newsroom, piece, put, stored, verb, with};
use crate::{both, whole};

/// Everything an article may have, in JSON.
fn rich() -> Value {
    json!({
        "kind": "report",
        "language": "de",
        "kicker": "Nahverkehr",
        "headline": "Stadtrat beschließt kostenlosen Nahverkehr",
        "subheadline": "26 von 44 stimmen zu",
        "teaser": "Ab Januar fahren Busse und Bahnen ohne Fahrschein.",
        "section": "stadtrat",
        "topics": ["verkehr", "haushalt"],
        "authors": ["mara-lenz"],
        "image": {"url": "https://bilder.flussblick.example/bus.jpg", "alt": "Ein Bus", "credit": "Jonte Behrens", "width": 2400, "height": 1600},
        "priority": "high",
        "access": "metered",
        "source": "fpd",
        "seo": {"description": "Ohne Fahrschein"},
        "note": "Zahlen prüfen",
        "body": {"markdown": "Der Rat stimmte **einstimmig** zu, [siehe dort](https://flussblick.example/2026/11/kosten/).\n\n[[kosten|Was das kostet]]\n\nDanach war [Feierabend](https://rat.example).\n\n[[kommt-noch]]\n\n## Was gilt\n\n- Bus\n- Bahn\n"},
        "related": [
            {"article": "kosten", "relation": "background"},
            {"article": "auch-noch-nicht-da", "headline": "Bald mehr"},
            {"url": "https://rat.example/214", "headline": "Vorlage 214", "relation": "source"}
        ]
    })
}

both! {
    /// Made, unchanged, replaced: each says so, and names what has vanished.
    async fn a_put_says_what_it_did(app: App) {
        let editor = newsroom(&app).await;
        let path = format!("{EDITOR}/nahverkehr");
        let made = got(editor.request("PUT", &path).json(&rich()), 201).await;
        assert_eq!(made.header("etag"), "\"v1\"");
        assert_eq!(made.header("cache-control"), "private, no-store");
        let id = made.json["id"].as_str().unwrap();
        assert_eq!(made.header("location"), format!("https://api.flussblick.example{EDITOR}/{id}"));
        whole!("put_created", &made.json);

        let again = got(editor.request("PUT", &path).json(&rich()), 200).await;
        assert_eq!((again.header("etag"), &again.json["result"]), ("\"v1\"", &json!("unchanged")));
        assert_eq!(again.json["id"], made.json["id"]);
        assert!(again.headers.get("location").is_none());

        let less = json!({"headline": "Stadtrat beschließt kostenlosen Nahverkehr", "body": {"markdown": "Kurz."}});
        let replaced = got(editor.request("PUT", &path).json(&less), 200).await;
        assert_eq!(replaced.header("etag"), "\"v2\"");
        whole!("put_replaced", &replaced.json);
        // What had its value by default has not vanished.
        let least = got(editor.request("PUT", &path).json(&json!({"headline": "Anders"})), 200).await;
        let gone: Vec<&str> = least.json["warnings"].as_array().unwrap().iter().map(|w| w["pointer"].as_str().unwrap()).collect();
        assert_eq!(gone, ["#/body"]);
    }

    /// A PUT never changes state, slug or dates.
    async fn a_put_changes_content_only(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &piece("Rat tagt")).await;
        let before = app.get("/v1/articles/rat", 200).await;
        let changed = put(&app, "rat", &piece("Rat tagt lange")).await;
        assert_eq!((&changed["state"], &changed["result"], &changed["revision"]), (&json!("live"), &json!("updated"), &json!(2)));
        assert_eq!(app.get("/v1/articles/rat", 200).await, before);
        let view = editor.get(&format!("{EDITOR}/rat"), 200).await;
        assert_eq!((&view["headline"], &view["live_revision"]), (&json!("Rat tagt lange"), &json!(1)));
        // The same content again, published: one revision, and readers see it.
        let published = live(&app, "rat", &piece("Rat tagt lange")).await;
        assert_eq!((&published["result"], &published["version"]), (&json!("published"), &json!(4)));
        assert_eq!(app.get("/v1/articles/rat", 200).await["headline"], "Rat tagt lange");
        let again = live(&app, "rat", &piece("Rat tagt lange")).await;
        assert_eq!((&again["result"], &again["version"]), (&json!("unchanged"), &json!(4)));
    }

    /// Who may replace what, and what the refusals tell.
    async fn nobody_is_overwritten_unseen(app: App) {
        newsroom(&app).await;
        let (anna, bert) = (editor(&app, "anna"), editor(&app, "bert"));
        let path = format!("{EDITOR}/rat");
        let (mine, theirs) = (piece("Annas Fassung"), piece("Berts Fassung"));
        anna.send("PUT", &path, &mine, 201).await;
        // Her own upload again, and then in another version.
        anna.send("PUT", &path, &with(mine.clone(), json!({"kicker": "Neu"})), 200).await;
        let equal = bert.send("PUT", &path, &with(mine.clone(), json!({"kicker": "Neu"})), 200).await;
        assert_eq!(equal["result"], "unchanged");

        let unseen = got(bert.request("PUT", &path).json(&theirs), 428).await;
        assert_eq!(unseen.header("etag"), "\"v2\"");
        whole!("put_428", &unseen.json);
        let stale = got(bert.request("PUT", &path).header("If-Match", "\"v1\"").json(&theirs), 412).await;
        assert_eq!(stale.header("etag"), "\"v2\"");
        whole!("put_412", &stale.json);
        let only_new = got(bert.request("PUT", &path).header("If-None-Match", "*").json(&theirs), 412).await;
        assert_eq!(only_new.json["current_etag"], "\"v2\"");
        assert_eq!(anna.get(&path, 200).await["headline"], "Annas Fassung");

        for header in ["\"v2\"", "*"] {
            let seen = got(bert.request("PUT", &path).header("If-Match", header).json(&theirs), 200).await;
            assert!(["updated", "unchanged"].contains(&seen.json["result"].as_str().unwrap()));
        }
        // Now the newest revision is Bert's.
        got(anna.request("PUT", &path).json(&mine), 428).await;
        let forced = got(anna.request("PUT", &format!("{path}?overwrite=true")).json(&mine), 200).await;
        assert_eq!(forced.json["version"], 4);

        // Nothing is there.
        let free = format!("{EDITOR}/frei");
        for header in ["*", "\"v1\""] {
            got(bert.request("PUT", &free).header("If-Match", header).json(&theirs), 412).await;
        }
        got(bert.request("PUT", &free).header("If-None-Match", "*").json(&theirs), 201).await;
    }

    /// Lists, weak tags and things that no ETag of this API looks like.
    async fn a_precondition_is_one_strong_tag(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let before = stored(&app);
        let path = format!("{EDITOR}/rat");
        for value in ["\"v1\", \"v2\"", "W/\"v1\"", "v1", "\"1\"", "\"v\"", "\"v-1\"", "\"v1", "*, \"v1\"", ""] {
            for request in [
                editor.request("PUT", &path).json(&piece("Neu")),
                editor.request("PATCH", &path).json(&json!({"kicker": "Neu"})),
                editor.request("DELETE", &path),
                editor.request("POST", &format!("{path}/publish")),
            ] {
                let problem = got(request.header("If-Match", value), 400).await;
                assert_eq!(problem.json["type"], "/problems/bad-parameter", "{value}");
                assert!(problem.detail().contains("one strong ETag"), "{}", problem.detail());
            }
        }
        let twice = editor.request("PUT", &path).header("If-Match", "\"v1\"").header("If-Match", "\"v2\"");
        got(twice.json(&piece("Neu")), 400).await;
        let tag = editor.request("PUT", &path).header("If-None-Match", "\"v1\"");
        got(tag.json(&piece("Neu")), 400).await;
        assert_eq!(stored(&app), before);
    }

    /// What a GET gave, edited or not, can be sent back as it is.
    async fn what_was_fetched_can_be_sent_back(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "kosten", &piece("Was es kostet")).await;
        live(&app, "nahverkehr", &rich()).await;
        let path = format!("{EDITOR}/nahverkehr");
        let fetched = got(editor.request("GET", &path), 200).await;
        assert_eq!(fetched.header("etag"), "\"v2\"");
        whole!("editor_view", &fetched.json);
        let back = got(editor.request("PUT", &path).json(&fetched.json), 200).await;
        assert_eq!(back.json["result"], "unchanged");
        let back = got(editor.request("PATCH", &path).header("If-Match", "\"v2\"").json(&fetched.json), 200).await;
        assert_eq!(back.json["result"], "unchanged");
        let not_modified = got(editor.request("GET", &path).header("If-None-Match", "\"v2\""), 304).await;
        assert_eq!(not_modified.text, "");

        let mut edited = fetched.json.clone();
        edited["headline"] = json!("Nahverkehr wird kostenlos");
        let changed = got(editor.request("PUT", &path).header("If-Match", "\"v2\"").json(&edited), 200).await;
        assert_eq!(changed.json["result"], "updated");
        assert!(changed.json["warnings"].as_array().unwrap().iter().all(|warning| warning["code"] == "awaited-slug"), "{}", changed.text);

        // As Markdown too: links that are bound stay bound.
        let markdown = got(editor.request("GET", &format!("{path}?body=markdown")), 200).await.json;
        assert_eq!(markdown["body"].as_object().unwrap().keys().collect::<Vec<_>>(), ["markdown"]);
        let back = got(editor.request("PUT", &path).json(&markdown), 200).await;
        assert_eq!((&back.json["result"], &back.json["warnings"]), (&json!("unchanged"), &json!([])));

        // What only this API sets can't be set.
        let mut wrong = markdown.clone();
        wrong["state"] = json!("draft");
        wrong["published_at"] = json!("2020-01-01T00:00:00Z");
        wrong["version"] = json!(1);
        let refused = got(editor.request("PUT", &path).json(&wrong), 422).await;
        whole!("put_read_only", &refused.json);
        let elsewhere = editor.request("PUT", &format!("{EDITOR}/ein-anderer")).json(&with(markdown, json!({"slug": "ein-anderer"})));
        let refused = got(elsewhere, 422).await;
        assert_eq!(refused.json["errors"][0]["code"], "read-only");
    }

    /// JSON with blocks, JSON with Markdown and a Markdown file are one content.
    async fn every_form_says_the_same(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "kosten", &piece("Was es kostet")).await;
        let path = format!("{EDITOR}/nahverkehr");
        editor.send("PUT", &path, &rich(), 201).await;
        let file = "---\nkind: report\nlanguage: de\nkicker: Nahverkehr\nsubheadline: 26 von 44 stimmen zu\n\
            teaser: Ab Januar fahren Busse und Bahnen ohne Fahrschein.\nsection: Stadtrat\ntopics: [VERKEHR, Haushalt]\n\
            authors: [\"Mara Lenz\"]\nimage: {url: \"https://bilder.flussblick.example/bus.jpg\", alt: Ein Bus, credit: Jonte Behrens, width: 2400, height: 1600}\n\
            priority: high\naccess: metered\nsource: fpd\nseo: {description: Ohne Fahrschein}\nnote: Zahlen prüfen\nrelated:\n  - {article: kosten, relation: background}\n\
            \x20 - {article: auch-noch-nicht-da, headline: Bald mehr}\n  - {url: \"https://rat.example/214\", headline: Vorlage 214, relation: source}\n---\n\
            # Stadtrat beschließt kostenlosen Nahverkehr\n\nDer Rat stimmte **einstimmig** zu, [siehe dort](https://flussblick.example/2026/11/kosten/).\n\n[[kosten|Was das kostet]]\n\n\
            Danach war [Feierabend](https://rat.example).\n\n[[kommt-noch]]\n\n## Was gilt\n\n* Bus\n* Bahn\n";
        for content_type in ["text/markdown", "text/markdown; charset=utf-8", "TEXT/Markdown"] {
            let upload = editor.request("PUT", &path).header("Content-Type", content_type).body(file);
            let same = got(upload, 200).await;
            assert_eq!((&same.json["result"], &same.json["warnings"]), (&json!("unchanged"), &json!([])));
        }
        let blocks = editor.get(&path, 200).await["body"]["blocks"].clone();
        let same = editor.send("PUT", &path, &with(rich(), json!({"body": {"blocks": blocks}})), 200).await;
        assert_eq!(same["result"], "unchanged");
        // The file with Windows line ends and a byte order mark is the same file.
        let windows = format!("\u{feff}{}", file.replace('\n', "\r\n"));
        let upload = editor.request("PUT", &path).header("Content-Type", "text/markdown").body(windows);
        assert_eq!(got(upload, 200).await.json["result"], "unchanged");
    }

    /// What the tree can't hold is said, with its place.
    async fn what_is_lost_is_said(app: App) {
        let editor = newsroom(&app).await;
        let file = "# Titel\n\nText mit <b>HTML</b>.\n\n##### Fünfte Ebene\n\n# Noch ein Titel\n\n<script>alert(1)</script>\n\nEnde.\n";
        let upload = editor.request("POST", EDITOR).header("Content-Type", "text/markdown").body(file);
        let made = got(upload, 201).await;
        assert_eq!(made.json["slug"], "titel");
        whole!("post_warnings", &made.json);
        let inside = json!({"headline": "Oben", "body": {"markdown": "# Innen\n\nText."}});
        let made = editor.send("POST", EDITOR, &inside, 201).await;
        assert_eq!(made["warnings"][0]["code"], "heading-level");
    }

    async fn the_whole_article_is_answered_to_whoever_prefers_it(app: App) {
        let editor = newsroom(&app).await;
        let path = format!("{EDITOR}/rat");
        let request = editor.request("PUT", &path).header("Prefer", "respond-async, return=representation");
        let made = got(request.json(&piece("Rat tagt")), 201).await;
        assert_eq!(made.header("preference-applied"), "return=representation");
        assert_eq!((made.header("etag"), &made.json["headline"]), ("\"v1\"", &json!("Rat tagt")));
        assert_eq!(made.json, with(editor.get(&path, 200).await, json!({"warnings": []})));
        let request = editor.request("PATCH", &path).header("Prefer", "return=representation").header("If-Match", "\"v1\"");
        let changed = got(request.json(&json!({"kicker": "Neu"})), 200).await;
        assert_eq!((changed.header("etag"), &changed.json["kicker"]), ("\"v2\"", &json!("Neu")));
        let minimal = got(editor.request("PUT", &path).header("Prefer", "return=minimal").json(&piece("Rat")), 200).await;
        assert!(minimal.headers.get("preference-applied").is_none() && minimal.json["result"] == "updated");
    }

    /// An agency's feed uploads under its own names.
    async fn feeds_upload_under_their_own_names(app: App) {
        let editor = newsroom(&app).await;
        let path = format!("{EDITOR}/external:fpd:20261123-0815");
        let made = got(editor.request("PUT", &path).json(&piece("Brand in Wärmekraftwerk")), 201).await;
        assert_eq!(made.json["slug"], "brand-in-waermekraftwerk");
        let again = got(editor.request("PUT", &path).json(&piece("Brand gelöscht")), 200).await;
        assert_eq!((&again.json["slug"], &again.json["result"]), (&json!("brand-in-waermekraftwerk"), &json!("updated")));
        let view = editor.get(&path, 200).await;
        assert_eq!(view["external_id"], "fpd:20261123-0815");
        let found = editor.get(&format!("{EDITOR}?external_id=fpd:20261123-0815"), 200).await;
        assert_eq!(crate::articles::slugs_of(&found), ["brand-in-waermekraftwerk"]);
        // A PUT that doesn't name it leaves it.
        put(&app, "brand-in-waermekraftwerk", &piece("Brand ganz gelöscht")).await;
        assert_eq!(editor.get(&path, 200).await["headline"], "Brand ganz gelöscht");

        put(&app, "schon-da", &piece("Schon da")).await;
        let before = stored(&app);
        let taken = with(piece("Etwas anderes"), json!({"external_id": "fpd:20261123-0815"}));
        let problem = got(editor.request("POST", EDITOR).json(&taken), 409).await;
        assert!(problem.detail().contains("`brand-in-waermekraftwerk`") && problem.detail().contains("external:fpd"), "{}", problem.detail());
        got(editor.request("PUT", &format!("{EDITOR}/anders")).json(&taken), 409).await;
        // Nor by what is there already.
        got(editor.request("PUT", &format!("{EDITOR}/schon-da")).json(&taken), 409).await;
        crate::articles::patch(&app, "schon-da", json!({"external_id": "fpd:20261123-0815"}), 409).await;
        let other = with(piece("X"), json!({"external_id": "dpa:1"}));
        let problem = got(editor.request("PUT", &path).json(&other), 422).await;
        assert_eq!(problem.json["errors"][0]["pointer"], "#/external_id");
        for bad in ["a/b", "", " ", &"x".repeat(201), "a\u{7}b"] {
            let body = with(piece("Neu"), json!({"external_id": bad}));
            got(editor.request("POST", EDITOR).json(&body), 422).await;
        }
        assert_eq!(stored(&app), before);
    }

    /// References are found by slug, id and name in any spelling; what isn't
    /// there is made where the actor may.
    async fn names_are_found_or_made(app: App) {
        let editor = newsroom(&app).await;
        let known = with(piece("Eins"), json!({"section": "POLITIK", "topics": ["VERKEHR", "verkehr", "Öffis"], "authors": ["mara lenz", "Zoë Groß"]}));
        put(&app, "eins", &known).await;
        let view = editor.get(&format!("{EDITOR}/eins"), 200).await;
        assert_eq!((&view["section"], &view["topics"], &view["authors"]),
            (&json!("politik"), &json!(["verkehr", "oeffis"]), &json!(["mara-lenz", "zoe-gross"])));
        let spelled = with(piece("Zwei"), json!({"topics": ["O\u{308}FFIS"], "authors": ["ZOE\u{308} GROSS"]}));
        put(&app, "zwei", &spelled).await;
        let view = editor.get(&format!("{EDITOR}/zwei"), 200).await;
        assert_eq!((&view["topics"], &view["authors"]), (&json!(["oeffis"]), &json!(["zoe-gross"])));

        let before = stored(&app);
        let unknown = with(piece("Drei"), json!({"section": "Politk", "topics": ["Neues Thema"]}));
        let problem = got(editor.request("PUT", &format!("{EDITOR}/drei")).json(&unknown), 422).await;
        whole!("unknown_section", &problem.json);
        assert_eq!(stored(&app), before, "not even the topic");
    }

    /// An author's own articles, and nothing beyond them.
    async fn authors_write_their_own(app: App) {
        newsroom(&app).await;
        let (author, other) = (app.as_author(), editor(&app, "anna"));
        let path = format!("{EDITOR}/mein-text");
        author.send("PUT", &path, &piece("Mein Text"), 201).await;
        other.send("PUT", &format!("{EDITOR}/ihr-text"), &piece("Ihr Text"), 201).await;
        let before = stored(&app);

        let unknown = with(piece("Mein Text"), json!({"topics": ["Verkehrt", "Haushalt"]}));
        let problem = got(author.request("PUT", &path).json(&unknown), 422).await;
        whole!("author_unknown_topic", &problem.json);
        let publish = author.request("PUT", &format!("{path}?publish=true")).json(&piece("Anders"));
        let problem = got(publish, 403).await;
        assert!(problem.detail().contains("`publish`"), "{}", problem.detail());
        got(author.request("POST", &format!("{EDITOR}?publish=true")).json(&piece("Ganz neu")), 403).await;
        let foreign = format!("{EDITOR}/ihr-text");
        let problem = got(author.request("PUT", &foreign).json(&piece("Meins")), 403).await;
        whole!("author_foreign", &problem.json);
        got(author.request("PATCH", &foreign).header("If-Match", "*").json(&json!({"kicker": "X"})), 403).await;
        got(author.request("DELETE", &foreign).header("If-Match", "*"), 403).await;
        got(author.request("POST", &format!("{foreign}/submit")), 403).await;
        for verb in ["publish", "unpublish"] {
            got(author.request("POST", &format!("{path}/{verb}")), 403).await;
        }
        for (verb, body) in [
            ("schedule", json!({"at": "2099-01-01T00:00:00Z"})), ("take-down", json!({"reason": "x"})), ("correct", json!({"text": "x"})),
        ] {
            author.send("POST", &format!("{path}/{verb}"), &body, 403).await;
        }
        assert_eq!(stored(&app), before);
        // They read every draft, and edit what is their own after publication too.
        assert_eq!(author.get(&foreign, 200).await["headline"], "Ihr Text");
        verb(&app, "mein-text", "publish", json!({}), 200).await;
        author.send("PUT", &path, &piece("Mein besserer Text"), 200).await;
        assert_eq!(app.get("/v1/articles/mein-text", 200).await["headline"], "Mein Text");
        got(author.request("DELETE", &path).header("If-Match", "*"), 403).await;
    }

    /// An embargo is the newsroom's word: who may not publish can't lift it.
    async fn only_an_editor_lifts_an_embargo(app: App) {
        newsroom(&app).await;
        let author = app.as_author();
        let path = format!("{EDITOR}/sperrfrist");
        let embargoed = with(piece("Sperrfrist"), json!({"embargo_until": "2090-01-01T06:00:00Z"}));
        author.send("PUT", &path, &embargoed, 201).await;
        let before = stored(&app);
        for change in [json!({"embargo_until": null}), json!({"embargo_until": "2089-12-31T00:00:00Z"})] {
            let request = author.request("PATCH", &path).header("If-Match", "*").json(&change);
            let problem = got(request, 403).await;
            assert!(problem.detail().contains("embargo"), "{}", problem.detail());
        }
        got(author.request("PUT", &path).json(&piece("Sperrfrist")), 403).await;
        assert_eq!(stored(&app), before);
        let later = author.request("PATCH", &path).header("If-Match", "*").json(&json!({"embargo_until": "2091-01-01T00:00:00Z"}));
        got(later, 200).await;
        crate::articles::patch(&app, "sperrfrist", json!({"embargo_until": null}), 200).await;
    }
}
