//! Publishing as newsrooms do it: review, small fixes, rescheduling, the trash
//! and what is erased from it.

use perspektive::auth::Role;
use perspektive::changes::{Action, Entity};
use serde_json::{Value, json};

use super::{EDITOR, at, got, live, newsroom, patch, piece, put, slugs_of, stored, verb, with};
use crate::{both, whole};

fn codes(receipt: &Value) -> Vec<&str> {
    let warnings = receipt["warnings"].as_array().unwrap();
    warnings
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect()
}

both! {
    /// Written by an author, sent back with a remark, submitted again, published.
    async fn through_review(app: App) {
        newsroom(&app).await;
        let (author, editor) = (app.as_author(), app.as_editor());
        let path = format!("{EDITOR}/rat");
        author.send("PUT", &path, &piece("Rat"), 201).await;
        author.send("POST", &format!("{path}/submit"), &json!({}), 200).await;
        assert_eq!(slugs_of(&editor.get(&format!("{EDITOR}?state=in_review"), 200).await), ["rat"]);
        let remark = json!({"remark": " Bitte die zweite Quelle nennen. "});
        let receipt = editor.send("POST", &format!("{path}/send-back"), &remark, 200).await;
        whole!("sent_back", &receipt);
        // Sent twice, it has arrived once.
        let again = editor.send("POST", &format!("{path}/send-back"), &remark, 200).await;
        assert_eq!((&again["result"], &again["version"]), (&json!("unchanged"), &receipt["version"]));
        let view = author.get(&path, 200).await;
        assert_eq!((&view["state"], &view["sent_back_remark"], &view["sent_back_by"]["name"]),
            (&json!("draft"), &json!("Bitte die zweite Quelle nennen."), &json!("editor")));
        let item = &author.get(&format!("{EDITOR}?state=draft"), 200).await["items"][0];
        assert_eq!((&item["sent_back_remark"], &item["sent_back_at"]), (&view["sent_back_remark"], &view["sent_back_at"]));
        // The author fetches, mends, puts and submits again; the remark stays.
        let mut mended = view.clone();
        mended["teaser"] = json!("Mit zweiter Quelle.");
        author.send("PUT", &path, &mended, 200).await;
        author.send("POST", &format!("{path}/submit"), &json!({}), 200).await;
        let view = editor.get(&path, 200).await;
        assert_eq!((&view["state"], &view["sent_back_remark"]), (&json!("in_review"), &json!("Bitte die zweite Quelle nennen.")));
        editor.send("POST", &format!("{path}/publish"), &json!({}), 200).await;
        let view = editor.get(&path, 200).await;
        assert!(["sent_back_remark", "sent_back_at", "sent_back_by", "submitted_at"].iter().all(|name| view.get(*name).is_none()), "{view}");
        let public = app.get("/v1/articles/rat", 200).await.to_string();
        assert!(!public.contains("zweite Quelle nennen"), "{public}");
    }

    /// Only what was submitted is sent back, by who may publish, with a remark.
    async fn what_is_not_sent_back(app: App) {
        newsroom(&app).await;
        put(&app, "entwurf", &piece("Entwurf")).await;
        live(&app, "live", &piece("Live")).await;
        put(&app, "eingereicht", &piece("Eingereicht")).await;
        verb(&app, "eingereicht", "submit", json!({}), 200).await;
        put(&app, "muell", &piece("Müll")).await;
        verb(&app, "muell", "submit", json!({}), 200).await;
        got(app.as_editor().request("DELETE", &format!("{EDITOR}/muell")).header("If-Match", "*"), 200).await;
        let before = stored(&app);
        for (slug, body, status) in [
            ("entwurf", json!({"remark": "x"}), 409),
            ("live", json!({"remark": "x"}), 409),
            ("muell", json!({"remark": "x"}), 409),
            ("nirgends", json!({"remark": "x"}), 404),
            ("eingereicht", json!({"remark": "  "}), 422),
            ("eingereicht", json!({"remark": "x".repeat(2_001)}), 422),
            ("eingereicht", json!({}), 400),
            ("eingereicht", json!({"remark": "x", "to": "mara"}), 400),
        ] {
            verb(&app, slug, "send-back", body, status).await;
        }
        let stale = app.as_editor().request("POST", &format!("{EDITOR}/eingereicht/send-back"));
        got(stale.header("If-Match", "\"v1\"").json(&json!({"remark": "x"})), 412).await;
        assert_eq!(stored(&app), before);
    }

    /// A small fix moves nothing but the text; a correction and a plain
    /// publication move `updated_at`.
    async fn a_small_fix_moves_no_date(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece("Rta")).await;
        live(&app, "zweiter", &piece("Zweiter")).await;
        let first = app.get("/v1/articles/rat", 200).await;
        app.state.travel(600);
        patch(&app, "rat", json!({"headline": "Rat"}), 200).await;
        let receipt = verb(&app, "rat", "publish", json!({"minor": true}), 200).await;
        assert_eq!(receipt["result"], "published");
        let fixed = app.get("/v1/articles/rat", 200).await;
        assert_eq!((&fixed["headline"], &fixed["rev"]), (&json!("Rat"), &json!(2)));
        for name in ["published_at", "first_published_at", "updated_at"] {
            assert_eq!(fixed[name], first[name], "{name}");
        }
        let by_update = app.get("/v1/articles?sort=-updated_at&fields=slug", 200).await;
        assert_eq!(slugs_of(&by_update), ["zweiter", "rat"]);
        // Readers notice it all the same: caches are told.
        assert_eq!(app.log().last().unwrap().2, Action::Changed);
        patch(&app, "rat", json!({"kicker": "Rathaus"}), 200).await;
        verb(&app, "rat", "publish", json!({"minor": false}), 200).await;
        let updated = app.get("/v1/articles/rat", 200).await;
        assert!(updated["updated_at"].as_str() > first["updated_at"].as_str());
        assert_eq!(slugs_of(&app.get("/v1/articles?sort=-updated_at&fields=slug", 200).await), ["rat", "zweiter"]);
        // What readers have not seen has nothing to be fixed.
        put(&app, "entwurf", &piece("Entwurf")).await;
        let before = stored(&app);
        verb(&app, "entwurf", "publish", json!({"minor": true}), 409).await;
        verb(&app, "entwurf", "publish", json!({"minor": "ja"}), 400).await;
        assert_eq!(stored(&app), before);
    }

    /// Scheduling again moves the instant or pins the newest text.
    async fn rescheduling(app: App) {
        newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let (soon, later) = (at(&app, 3_600), at(&app, 7_200));
        assert_eq!(codes(&verb(&app, "rat", "schedule", json!({"at": soon}), 200).await), Vec::<&str>::new());
        put(&app, "rat", &piece("Rat, neuer")).await;
        // The same instant with the pinned revision: nothing to do.
        let same = verb(&app, "rat", "schedule", json!({"at": soon, "revision": 1}), 200).await;
        assert_eq!(same["result"], "unchanged");
        let moved = verb(&app, "rat", "schedule", json!({"at": later, "revision": 1}), 200).await;
        assert_eq!((&moved["result"], &moved["visible_at"], codes(&moved)), (&json!("scheduled"), &json!(later), vec!["newer-revision"]));
        let newest = verb(&app, "rat", "schedule", json!({"at": later}), 200).await;
        assert_eq!((&newest["result"], codes(&newest)), (&json!("scheduled"), vec![]));
        app.state.travel(3_601);
        app.get("/v1/articles/rat", 404).await;
        app.state.travel(3_600);
        let article = app.get("/v1/articles/rat", 200).await;
        assert_eq!((&article["headline"], &article["published_at"]), (&json!("Rat, neuer"), &json!(later)));
        // Sooner, and then at once.
        put(&app, "zweiter", &piece("Zweiter")).await;
        verb(&app, "zweiter", "schedule", json!({"at": at(&app, 7_200)}), 200).await;
        verb(&app, "zweiter", "schedule", json!({"at": at(&app, 60)}), 200).await;
        app.state.travel(61);
        app.get("/v1/articles/zweiter", 200).await;
        put(&app, "dritter", &piece("Dritter")).await;
        verb(&app, "dritter", "schedule", json!({"at": at(&app, 7_200)}), 200).await;
        verb(&app, "dritter", "publish", json!({}), 200).await;
        app.get("/v1/articles/dritter", 200).await;
    }

    /// Whoever publishes is told what isn't as they may think.
    async fn what_verbs_warn_of(app: App) {
        newsroom(&app).await;
        let embargo = at(&app, 3_600);
        put(&app, "rat", &with(piece("Rat"), json!({"embargo_until": embargo}))).await;
        let published = verb(&app, "rat", "publish", json!({}), 200).await;
        whole!("published_under_embargo", &published["warnings"]);
        put(&app, "zweiter", &piece("Zweiter")).await;
        put(&app, "zweiter", &piece("Zweiter, neuer")).await;
        let older = verb(&app, "zweiter", "publish", json!({"revision": 1}), 200).await;
        whole!("published_an_older_revision", &older["warnings"]);
        assert_eq!(codes(&verb(&app, "zweiter", "publish", json!({}), 200).await), Vec::<&str>::new());
    }

    /// Authors keep to their own, and to what readers don't see.
    async fn authors_throw_away_no_live_article(app: App) {
        newsroom(&app).await;
        let author = app.as_author();
        let path = format!("{EDITOR}/rat");
        author.send("PUT", &path, &piece("Rat"), 201).await;
        let delete = || author.request("DELETE", &path).header("If-Match", "*");
        verb(&app, "rat", "publish", json!({}), 200).await;
        // Their own working copy they may change after publication too.
        author.send("PUT", &path, &piece("Rat, neuer"), 200).await;
        assert_eq!(app.get("/v1/articles/rat", 200).await["headline"], "Rat");
        let before = stored(&app);
        let refused = got(delete(), 403).await;
        assert!(refused.detail().contains("ask an editor"), "{}", refused.detail());
        for name in ["publish", "unpublish", "schedule", "take-down", "correct", "send-back"] {
            author.send("POST", &format!("{path}/{name}"), &json!({}), 403).await;
        }
        assert_eq!(stored(&app), before);
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        verb(&app, "rat", "schedule", json!({"at": at(&app, 60)}), 200).await;
        got(delete(), 403).await;
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        got(delete(), 200).await;
        author.send("POST", &format!("{path}/restore"), &json!({}), 200).await;
        // Somebody else's draft stays.
        let other = app.as_user("other-author", Role::Author);
        got(other.request("DELETE", &path).header("If-Match", "*"), 403).await;
        got(other.request("POST", &format!("{path}/submit")), 403).await;
    }

    /// From the trash an admin erases for good; the tombstone stays.
    async fn what_is_erased_is_gone_for_good(app: App) {
        newsroom(&app).await;
        let (admin, editor) = (app.as_admin(), app.as_editor());
        let path = format!("{EDITOR}/rat");
        let receipt = live(&app, "rat", &with(piece("Rat"), json!({"topics": ["verkehr"], "related": [{"article": "kosten"}]}))).await;
        live(&app, "kosten", &with(piece("Kosten"), json!({"related": [{"article": "rat"}]}))).await;
        verb(&app, "rat", "correct", json!({"text": "So war es."}), 200).await;
        patch(&app, "rat", json!({"slug": "der-rat"}), 200).await;
        patch(&app, "der-rat", json!({"slug": "rat"}), 200).await;
        editor.send("POST", &format!("{path}/preview-links"), &json!({}), 201).await;
        let erase = |client: crate::support::clients::Client<'_>, path: &str| client.request("DELETE", &format!("{path}?erase=true"));
        let before = stored(&app);
        got(erase(admin.clone(), &path).header("If-Match", "*"), 409).await;
        assert_eq!(stored(&app), before);
        verb(&app, "rat", "take-down", json!({"reason": "x"}), 200).await;
        got(admin.request("DELETE", &path).header("If-Match", "*"), 200).await;
        app.get("/v1/articles/der-rat", 410).await;
        let before = stored(&app);
        got(erase(editor.clone(), &path).header("If-Match", "*"), 403).await;
        got(erase(admin.clone(), &path), 428).await;
        got(erase(admin.clone(), &path).header("If-Match", "\"v1\""), 412).await;
        got(admin.request("DELETE", &format!("{path}?erase=ja")).header("If-Match", "*"), 400).await;
        assert_eq!(stored(&app), before);
        got(admin.request("DELETE", &format!("{path}?erase=true&dry_run=true")).header("If-Match", "*"), 204).await;
        assert_eq!(stored(&app), before);
        let id: perspektive::db::Id = receipt["id"].as_str().unwrap().parse().unwrap();
        let seen = app.log().len();
        let erased = got(erase(admin.clone(), &path).header("If-Match", "*"), 204).await;
        assert_eq!(erased.text, "");
        // The tombstones of before stay, and one more says that 410 is 404 now.
        assert_eq!(app.log()[seen..], [(Entity::Article, id, Action::Gone)]);
        for name in ["rat", "der-rat", receipt["id"].as_str().unwrap()] {
            app.get(&format!("/v1/articles/{name}"), 404).await;
            editor.get(&format!("{EDITOR}/{name}"), 404).await;
        }
        got(erase(admin.clone(), &path).header("If-Match", "*"), 404).await;
        let (rows, _) = stored(&app);
        let count = |table: &str| rows.iter().find(|(name, _)| *name == table).unwrap().1;
        assert_eq!((count("articles"), count("revisions"), count("former_slugs"), count("preview_links")), (1, 1, 0, 0));
        // The slug is free, and the article that has it now is another one.
        assert_eq!(app.get("/v1/articles/kosten", 200).await["related"], json!([]));
        let new = live(&app, "rat", &piece("Ein anderer Rat")).await;
        assert_ne!(new["id"], receipt["id"]);
        assert_eq!(app.get("/v1/articles/kosten", 200).await["related"], json!([]));
        // What was never public leaves no trace for readers.
        put(&app, "entwurf", &piece("Entwurf")).await;
        got(admin.request("DELETE", &format!("{EDITOR}/entwurf")).header("If-Match", "*"), 200).await;
        let seen = app.log().len();
        got(erase(admin, &format!("{EDITOR}/entwurf")).header("If-Match", "*"), 204).await;
        assert_eq!(app.log().len(), seen);
    }

    /// The audit log says who did which of it, and holds none of the words.
    async fn each_deed_is_in_the_audit_log(app: App) {
        let editor = newsroom(&app).await;
        let path = format!("{EDITOR}/rat");
        put(&app, "rat", &piece("Rat")).await;
        put(&app, "rat", &piece("Rat, neuer")).await;
        verb(&app, "rat", "revisions/1/restore", json!({}), 200).await;
        verb(&app, "rat", "submit", json!({}), 200).await;
        verb(&app, "rat", "send-back", json!({"remark": "Krokodil"}), 200).await;
        let link = editor.send("POST", &format!("{path}/preview-links"), &json!({"note": "Krokodil"}), 201).await;
        got(editor.request("DELETE", &format!("{path}/preview-links/{}", link["id"].as_str().unwrap())), 204).await;
        got(editor.request("DELETE", &path).header("If-Match", "*"), 200).await;
        got(app.as_admin().request("DELETE", &format!("{path}?erase=true")).header("If-Match", "*"), 204).await;
        let page = app.as_admin().get("/v1/editor/audit?limit=100", 200).await;
        let done: Vec<String> = page["items"].as_array().unwrap().iter().rev()
            .filter(|entry| matches!(entry["subject"]["type"].as_str(), Some("article" | "preview_link")))
            .map(|entry| format!("{} {} {}", entry["actor"]["name"].as_str().unwrap(), entry["action"].as_str().unwrap(), entry["subject"]["type"].as_str().unwrap()))
            .collect();
        assert_eq!(done, [
            "editor created article", "editor updated article", "editor restored article", "editor submitted article", "editor sent_back article",
            "editor created preview_link", "editor revoked preview_link", "editor trashed article", "admin deleted article",
        ]);
        assert!(!page.to_string().contains("Krokodil"), "{page}");
    }
}
