//! What moves an article from state to state, and what time does.

use perspektive::changes::{Action, Entity};
use perspektive::db::Id;
use serde_json::{Value, json};

use super::{EDITOR, at, got, live, newsroom, patch, piece, put, slugs, stored, verb, with};
use crate::support::App;
use crate::{both, whole};

/// What the log says of articles since so many entries.
fn since(app: &App, seen: usize) -> Vec<(Id, Action)> {
    let of_articles = |(entity, id, action)| (entity == Entity::Article).then_some((id, action));
    app.log()
        .into_iter()
        .skip(seen)
        .filter_map(of_articles)
        .collect()
}

fn id(receipt: &Value) -> Id {
    receipt["id"].as_str().unwrap().parse().unwrap()
}

both! {
    /// A whole life, each receipt whole, and what readers get after each step.
    async fn a_life(app: App) {
        let editor = newsroom(&app).await;
        let path = format!("{EDITOR}/rat");
        let public = "/v1/articles/rat";
        let mut receipts = vec![put(&app, "rat", &piece("Rat")).await];
        app.get(public, 404).await;
        receipts.push(verb(&app, "rat", "submit", json!({}), 200).await);
        receipts.push(verb(&app, "rat", "submit", json!({}), 200).await);
        app.get(public, 404).await;
        receipts.push(verb(&app, "rat", "publish", json!({}), 200).await);
        let first = app.get(public, 200).await;
        receipts.push(verb(&app, "rat", "publish", json!({}), 200).await);
        receipts.push(put(&app, "rat", &piece("Rat, zweite Fassung")).await);
        assert_eq!(app.get(public, 200).await, first);
        app.state.travel(60);
        receipts.push(verb(&app, "rat", "correct", json!({"text": "Es waren 14 Millionen."}), 200).await);
        let corrected = app.get(public, 200).await;
        assert_eq!((&corrected["rev"], &corrected["headline"]), (&json!(2), &json!("Rat, zweite Fassung")));
        assert_eq!(corrected["corrections"][0]["text"], "Es waren 14 Millionen.");
        assert_eq!(corrected["corrections"][0]["at"], corrected["updated_at"]);
        assert_eq!(corrected["published_at"], first["published_at"]);
        assert_ne!(corrected["updated_at"], first["updated_at"]);
        // Back to what it said first.
        receipts.push(verb(&app, "rat", "publish", json!({"revision": 1}), 200).await);
        assert_eq!(app.get(public, 200).await["headline"], "Rat");
        receipts.push(verb(&app, "rat", "unpublish", json!({}), 200).await);
        app.get(public, 404).await;
        receipts.push(verb(&app, "rat", "unpublish", json!({}), 200).await);
        app.state.travel(60);
        receipts.push(verb(&app, "rat", "publish", json!({}), 200).await);
        let again = app.get(public, 200).await;
        assert_eq!(again["first_published_at"], first["first_published_at"]);
        assert!(again["published_at"].as_str() > first["published_at"].as_str());
        receipts.push(verb(&app, "rat", "take-down", json!({"reason": "Verfügung"}), 200).await);
        let gone = got(app.request("GET", public), 410).await;
        assert!(!gone.text.contains("Verfügung"));
        receipts.push(verb(&app, "rat", "take-down", json!({"reason": "Noch eine"}), 200).await);
        // The reason may become another.
        assert_eq!(editor.get(&path, 200).await["withdrawn_reason"], "Noch eine");
        receipts.push(verb(&app, "rat", "take-down", json!({"reason": "Noch eine"}), 200).await);
        receipts.push(verb(&app, "rat", "publish", json!({}), 200).await);
        app.get(public, 200).await;
        receipts.push(verb(&app, "rat", "unpublish", json!({}), 200).await);
        let trash = editor.request("DELETE", &path).header("If-Match", "*");
        receipts.push(got(trash.try_clone().unwrap(), 200).await.json);
        receipts.push(got(trash, 200).await.json);
        app.get(public, 404).await;
        assert_eq!(slugs_of_editor(&app, "").await, Vec::<String>::new());
        assert_eq!(slugs_of_editor(&app, "?state=trashed").await, ["rat"]);
        receipts.push(verb(&app, "rat", "restore", json!({}), 200).await);
        receipts.push(verb(&app, "rat", "restore", json!({}), 200).await);
        whole!("receipts_of_a_life", &json!(receipts));
        whole!("corrected_article", &corrected);
    }

    /// Each step that readers notice is in the log, and no other is.
    async fn the_log_holds_what_readers_notice(app: App) {
        let editor = newsroom(&app).await;
        let seen = app.log().len();
        let rat = id(&put(&app, "rat", &piece("Rat")).await);
        patch(&app, "rat", json!({"kicker": "Neu"}), 200).await;
        patch(&app, "rat", json!({"slug": "der-rat"}), 200).await;
        verb(&app, "der-rat", "submit", json!({}), 200).await;
        put(&app, "anderer", &with(piece("Anderer"), json!({"topics": ["verkehr"], "related": [{"article": "der-rat"}]}))).await;
        got(editor.request("DELETE", &format!("{EDITOR}/anderer")).header("If-Match", "*"), 200).await;
        verb(&app, "anderer", "restore", json!({}), 200).await;
        assert_eq!(since(&app, seen), [], "drafts are nobody's business");

        let step = async |seen: usize, expected: &[Action]| {
            let found = since(&app, seen);
            assert!(found.iter().all(|(found, _)| *found == rat), "{found:?}");
            assert_eq!(found.iter().map(|(_, action)| *action).collect::<Vec<_>>(), expected);
            app.log().len()
        };
        verb(&app, "der-rat", "publish", json!({}), 200).await;
        let seen = step(seen, &[Action::Changed]).await;
        verb(&app, "der-rat", "publish", json!({}), 200).await;
        patch(&app, "der-rat", json!({"kicker": "Noch neuer"}), 200).await;
        let seen = step(seen, &[]).await;
        verb(&app, "der-rat", "correct", json!({"text": "So."}), 200).await;
        let seen = step(seen, &[Action::Changed]).await;
        patch(&app, "der-rat", json!({"slug": "rat"}), 200).await;
        let seen = step(seen, &[Action::Changed]).await;
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        let seen = step(seen, &[Action::Gone]).await;
        verb(&app, "rat", "schedule", json!({"at": at(&app, 3_600)}), 200).await;
        let seen = step(seen, &[Action::Scheduled]).await;
        // Becoming visible is announced, once.
        app.state.travel(3_601);
        app.get("/v1/articles/rat", 200).await;
        until(async || app.log().len() > seen).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        let seen = step(seen, &[Action::Changed]).await;
        verb(&app, "rat", "take-down", json!({"reason": "x"}), 200).await;
        let seen = step(seen, &[Action::Gone]).await;
        got(editor.request("DELETE", &format!("{EDITOR}/rat")).header("If-Match", "*"), 200).await;
        step(seen, &[]).await;
    }

    /// What each verb refuses, and that a refusal leaves nothing behind.
    async fn what_the_verbs_refuse(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "entwurf", &json!({"headline": "Entwurf", "image": {"url": "https://b.example/a.jpg"},
            "body": {"markdown": "![](https://b.example/b.jpg)\n\n![da](https://b.example/c.jpg)\n![](https://b.example/d.jpg)"}})).await;
        put(&app, "fertig", &piece("Fertig")).await;
        live(&app, "live", &piece("Live")).await;
        live(&app, "weg", &piece("Weg")).await;
        verb(&app, "weg", "take-down", json!({"reason": "x"}), 200).await;
        put(&app, "muell", &piece("Müll")).await;
        got(editor.request("DELETE", &format!("{EDITOR}/muell")).header("If-Match", "*"), 200).await;
        let before = stored(&app);

        let unready = got(editor.request("POST", &format!("{EDITOR}/entwurf/publish")), 422).await;
        whole!("publish_unready", &unready.json);
        let request = editor.request("POST", &format!("{EDITOR}/live/take-down"));
        assert_eq!(got(request.json(&json!({"reason": " "})), 422).await.json["errors"][0]["pointer"], "#/reason");
        let ahead = verb(&app, "fertig", "publish", json!({"published_at": at(&app, 3_600)}), 422).await;
        assert_eq!(ahead["errors"][0]["code"], "in-the-future");
        let mut refusals = Vec::new();
        for (slug, name, body, status) in [
            ("fertig", "publish", json!({"revision": 2}), 422),
            ("fertig", "publish", json!({"revision": 0}), 422),
            ("fertig", "publish", json!({"revison": 1}), 400),
            ("fertig", "unpublish", json!({}), 200),
            ("fertig", "correct", json!({"text": "x"}), 409),
            ("fertig", "take-down", json!({"reason": "x"}), 409),
            ("fertig", "take-down", json!({}), 400),
            ("fertig", "schedule", json!({}), 422),
            ("fertig", "schedule", json!({"at": "2020-01-01T00:00:00Z"}), 422),
            ("fertig", "schedule", json!({"at": "2090-01-01T00:00:00Z", "local_time": "2090-01-01T00:00"}), 422),
            ("fertig", "schedule", json!({"at": "2090-01-01T00:00:00"}), 400),
            ("live", "schedule", json!({"at": "2090-01-01T00:00:00Z"}), 409),
            ("live", "submit", json!({}), 409),
            ("live", "correct", json!({"text": ""}), 422),
            ("weg", "unpublish", json!({}), 409),
            ("weg", "schedule", json!({"at": "2090-01-01T00:00:00Z"}), 409),
            ("weg", "submit", json!({}), 409),
            ("weg", "correct", json!({"text": "x"}), 409),
            ("muell", "publish", json!({}), 409),
            ("muell", "submit", json!({}), 409),
            ("muell", "unpublish", json!({}), 409),
            ("muell", "take-down", json!({"reason": "x"}), 409),
            ("muell", "schedule", json!({"at": "2090-01-01T00:00:00Z"}), 409),
            ("nirgends", "publish", json!({}), 404),
            ("0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e", "publish", json!({}), 404),
        ] {
            let answer = verb(&app, slug, name, body, status).await;
            refusals.push(json!({"of": format!("{slug}/{name}"), "status": status, "detail": answer["detail"]}));
        }
        whole!("refused_verbs", &json!(refusals));
        let trash = got(editor.request("DELETE", &format!("{EDITOR}/live")).header("If-Match", "*"), 409).await;
        assert!(trash.detail().contains("unpublish it first"), "{}", trash.detail());
        for name in ["submit", "publish", "unpublish", "restore"] {
            let stale = editor.request("POST", &format!("{EDITOR}/fertig/{name}")).header("If-Match", "\"v7\"");
            got(stale, 412).await;
        }
        assert_eq!(stored(&app), before);
    }

    /// `local_time` is the newsroom's clock, which skips an hour in March and
    /// repeats one in October.
    async fn local_times_are_the_newsrooms(app: App) {
        newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let schedule = async |local: &str, status| verb(&app, "rat", "schedule", json!({"local_time": local}), status).await;
        assert_eq!(schedule("2030-12-24T06:00", 200).await["visible_at"], "2030-12-24T05:00:00Z");
        assert_eq!(schedule("2030-07-01T06:00:30", 200).await["visible_at"], "2030-07-01T04:00:30Z");
        let skipped = schedule("2030-03-31T02:30", 422).await;
        assert_eq!(skipped["errors"][0]["code"], "skipped-hour");
        let repeated = schedule("2030-10-27T02:30", 422).await;
        assert_eq!(repeated["errors"][0]["code"], "repeated-hour");
        let detail = repeated["detail"].as_str().unwrap();
        assert!(detail.contains("2030-10-27T02:30:00+02:00") && detail.contains("2030-10-27T02:30:00+01:00"), "{detail}");
        assert_eq!(verb(&app, "rat", "schedule", json!({"at": "2030-10-27T02:30:00+01:00"}), 200).await["visible_at"], "2030-10-27T01:30:00Z");
        for bad in ["2030-12-24T06:00Z", "2030-12-24T06:00+01:00", "24.12.2030", "2030-02-30T06:00", "2030-12-24"] {
            assert_eq!(schedule(bad, 422).await["errors"][0]["code"], "bad-time", "{bad}");
        }
        app.as_editor().send("PUT", "/v1/editor/site", &json!({"name": "N", "time_zone": "Pacific/Apia"}), 200).await;
        assert_eq!(schedule("2030-12-24T06:00", 200).await["visible_at"], "2030-12-23T17:00:00Z");
    }

    /// A scheduled revision is pinned; it appears by time, without a write.
    async fn what_is_scheduled_appears_by_itself(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let visible_at = at(&app, 3_600);
        let receipt = verb(&app, "rat", "schedule", json!({"at": visible_at}), 200).await;
        assert_eq!((&receipt["state"], &receipt["result"], &receipt["visible_at"]), (&json!("scheduled"), &json!("scheduled"), &json!(visible_at)));
        let newer = put(&app, "rat", &piece("Rat, neuer")).await;
        whole!("scheduled_revision_is_older", &newer["warnings"]);
        let patched = patch(&app, "rat", json!({"kicker": "Neu"}), 200).await;
        assert_eq!(patched.json["warnings"][0]["code"], "scheduled-revision-is-older");
        app.get("/v1/articles/rat", 404).await;
        assert_eq!(slugs(&app, "/v1/articles").await, Vec::<String>::new());
        assert_eq!(slugs_of_editor(&app, "?state=scheduled").await, ["rat"]);

        app.state.travel(3_000);
        app.get("/v1/articles/rat", 404).await;
        app.state.travel(600);
        let article = app.get("/v1/articles/rat", 200).await;
        assert_eq!((&article["headline"], &article["rev"], &article["published_at"]), (&json!("Rat"), &json!(1), &json!(visible_at)));
        assert_eq!(article["first_published_at"], json!(visible_at));
        assert_eq!(slugs(&app, "/v1/articles?section=politik").await, ["rat"]);
        assert_eq!(slugs_of_editor(&app, "?state=live").await, ["rat"]);
        let view = editor.get(&format!("{EDITOR}/rat"), 200).await;
        assert_eq!((&view["state"], view.get("visible_at")), (&json!("live"), None));
        // Another time, and then none after all.
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        verb(&app, "rat", "schedule", json!({"at": at(&app, 60)}), 200).await;
        verb(&app, "rat", "schedule", json!({"at": at(&app, 120)}), 200).await;
        app.state.travel(61);
        app.get("/v1/articles/rat", 404).await;
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        app.state.travel(120);
        app.get("/v1/articles/rat", 404).await;
    }

    /// No verb makes an embargoed text visible sooner.
    async fn an_embargo_holds(app: App) {
        newsroom(&app).await;
        let embargo = at(&app, 3_600);
        let body = with(piece("Bericht"), json!({"embargo_until": embargo}));
        let made = live(&app, "bericht", &body).await;
        assert_eq!((&made["state"], &made["visible_at"], &made["result"]), (&json!("scheduled"), &json!(embargo), &json!("created")));
        put(&app, "zweiter", &body).await;
        let published = verb(&app, "zweiter", "publish", json!({}), 200).await;
        assert_eq!((&published["result"], &published["visible_at"]), (&json!("scheduled"), &json!(embargo)));
        put(&app, "dritter", &body).await;
        let sooner = verb(&app, "dritter", "schedule", json!({"at": at(&app, 60)}), 200).await;
        assert_eq!(sooner["visible_at"], json!(embargo));
        let later = at(&app, 7_200);
        assert_eq!(verb(&app, "dritter", "schedule", json!({"at": later}), 200).await["visible_at"], json!(later));
        app.state.travel(3_000);
        for slug in ["bericht", "zweiter", "dritter"] {
            app.get(&format!("/v1/articles/{slug}"), 404).await;
        }
        app.state.travel(601);
        let article = app.get("/v1/articles/bericht", 200).await;
        assert_eq!((&article["published_at"], &article["first_published_at"]), (&json!(embargo), &json!(embargo)));
        app.get("/v1/articles/zweiter", 200).await;
        app.get("/v1/articles/dritter", 404).await;
        // Lifted by an editor, it may go at once.
        let body = with(piece("Vierter"), json!({"embargo_until": at(&app, 3_600)}));
        live(&app, "vierter", &body).await;
        app.get("/v1/articles/vierter", 404).await;
        patch(&app, "vierter", json!({"embargo_until": null}), 200).await;
        verb(&app, "vierter", "publish", json!({}), 200).await;
        app.get("/v1/articles/vierter", 200).await;
    }

    /// Nor does a verb take away what readers have: a text under an embargo
    /// doesn't replace what is live, and the answer names the ways out.
    async fn an_embargo_leaves_what_is_live(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        let first = app.get("/v1/articles/rat", 200).await;
        let embargo = at(&app, 3_600);
        let newer = with(piece("Rat, unter Sperrfrist"), json!({"embargo_until": embargo}));
        let before = stored(&app);
        let uploads = editor.request("PUT", &format!("{EDITOR}/rat?publish=true")).json(&newer);
        let refused = got(uploads, 409).await;
        assert_eq!((&refused.json["type"], &refused.json["embargo_until"]), (&json!("/problems/conflict"), &json!(embargo)));
        assert_eq!(stored(&app), before, "and nothing is kept of it");
        put(&app, "rat", &newer).await;
        let before = stored(&app);
        for (name, body) in [
            ("publish", json!({})), ("publish", json!({"revision": 2})), ("publish", json!({"published_at": "2020-01-01T00:00:00Z"})),
            ("correct", json!({"text": "So."})), ("schedule", json!({"at": at(&app, 7_200)})),
        ] {
            let refused = verb(&app, "rat", name, body, 409).await;
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains("unpublish"), "{name}: {detail}");
        }
        assert_eq!(stored(&app), before);
        assert_eq!(app.get("/v1/articles/rat", 200).await, first);
        assert_eq!(slugs(&app, "/v1/articles").await, ["rat"]);

        // Each way out: another revision, the instant itself, unpublishing first.
        verb(&app, "rat", "publish", json!({"revision": 1}), 200).await;
        let hidden = live(&app, "zweiter", &piece("Zweiter")).await;
        assert_eq!(hidden["state"], "live");
        put(&app, "zweiter", &newer).await;
        verb(&app, "zweiter", "unpublish", json!({}), 200).await;
        let scheduled = verb(&app, "zweiter", "publish", json!({}), 200).await;
        assert_eq!((&scheduled["state"], &scheduled["visible_at"]), (&json!("scheduled"), &json!(embargo)));
        app.get("/v1/articles/zweiter", 404).await;
        app.state.travel(3_600);
        verb(&app, "rat", "publish", json!({}), 200).await;
        let published = app.get("/v1/articles/rat", 200).await;
        assert_eq!((&published["headline"], &published["published_at"]), (&json!("Rat, unter Sperrfrist"), &json!(embargo)));
        app.get("/v1/articles/zweiter", 200).await;
    }

    /// `expires_at` ends visibility like unpublish, at the instant itself.
    async fn what_expires_is_gone_at_that_instant(app: App) {
        let editor = newsroom(&app).await;
        let expires = at(&app, 3_600);
        live(&app, "kurz", &with(piece("Kurz"), json!({"expires_at": expires, "topics": ["verkehr"]}))).await;
        app.state.travel(3_000);
        app.get("/v1/articles/kurz", 200).await;
        assert_eq!(slugs(&app, "/v1/articles?topic=verkehr").await, ["kurz"]);
        app.state.travel(600);
        app.get("/v1/articles/kurz", 404).await;
        assert_eq!(slugs(&app, "/v1/articles?topic=verkehr").await, Vec::<String>::new());
        assert_eq!(slugs_of_editor(&app, "?state=draft").await, ["kurz"]);
        let view = editor.get(&format!("{EDITOR}/kurz"), 200).await;
        assert_eq!((&view["state"], &view["expires_at"]), (&json!("draft"), &json!(expires)));
        let passed = verb(&app, "kurz", "publish", json!({}), 422).await;
        assert_eq!(passed["errors"][0]["pointer"], "#/expires_at");
        patch(&app, "kurz", json!({"expires_at": null}), 200).await;
        verb(&app, "kurz", "publish", json!({}), 200).await;
        let article = app.get("/v1/articles/kurz", 200).await;
        assert!(article["first_published_at"].as_str() < article["published_at"].as_str());
    }

    /// Archives come in with their own dates.
    async fn editors_may_backdate(app: App) {
        newsroom(&app).await;
        put(&app, "alt", &piece("Alt")).await;
        verb(&app, "alt", "publish", json!({"published_at": "1999-12-31T23:00:00+01:00"}), 200).await;
        let article = app.get("/v1/articles/alt", 200).await;
        assert_eq!((&article["published_at"], &article["first_published_at"], &article["updated_at"]),
            (&json!("1999-12-31T22:00:00Z"), &json!("1999-12-31T22:00:00Z"), &json!("1999-12-31T22:00:00Z")));
        assert_eq!(article["links"]["web"], "https://flussblick.example/1999/12/alt/");
    }

    /// What was taken down stays 410, in the trash too.
    async fn what_was_taken_down_stays_gone(app: App) {
        let editor = newsroom(&app).await;
        let receipt = live(&app, "rat", &piece("Rat")).await;
        verb(&app, "rat", "take-down", json!({"reason": "x"}), 200).await;
        let id = receipt["id"].as_str().unwrap();
        for path in ["rat", id, "rat.md", "rat.txt", "rat/related", "rat/more"] {
            let gone = got(app.request("GET", &format!("/v1/articles/{path}")), 410).await;
            assert_eq!((gone.header("cache-control"), &gone.json["type"]), ("public, max-age=30", &json!("/problems/gone")));
        }
        got(editor.request("DELETE", &format!("{EDITOR}/rat")).header("If-Match", "*"), 200).await;
        got(app.request("GET", "/v1/articles/rat"), 410).await;
        verb(&app, "rat", "restore", json!({}), 200).await;
        assert_eq!(slugs_of_editor(&app, "?state=withdrawn").await, ["rat"]);
        let put = got(editor.request("PUT", &format!("{EDITOR}/rat")).json(&piece("Neu")), 409).await;
        assert!(put.detail().contains("taken down"), "{}", put.detail());
    }
}

async fn slugs_of_editor(app: &App, query: &str) -> Vec<String> {
    crate::articles::slugs_of(&app.as_editor().get(&format!("{EDITOR}{query}"), 200).await)
}

/// Waits for what happens by itself.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..100 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it never happened");
}
