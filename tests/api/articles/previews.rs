//! Preview links: one working copy for whoever has the link, and nothing else.

use serde_json::{Value, json};

use super::{EDITOR, at, got, live, newsroom, patch, piece, put, slugs, stored, verb, with};
use crate::laws::openapi;
use crate::support::App;
use crate::{both, whole};

/// Makes a link as the editor; the whole answer.
async fn link(app: &App, slug: &str, body: Value) -> Value {
    app.as_editor()
        .send(
            "POST",
            &format!("{EDITOR}/{slug}/preview-links"),
            &body,
            201,
        )
        .await
}

fn path(link: &Value) -> String {
    format!("/v1/preview/{}", link["token"].as_str().unwrap())
}

/// A made-up token that is well-formed.
fn unheard_of() -> String {
    perspektive::auth::opaque::Kind::Preview.generate().unwrap()
}

both! {
    /// The link follows the working copy, looks like what readers would get, and
    /// is kept by nobody.
    async fn a_preview_is_the_working_copy_as_readers_would_get_it(app: App) {
        newsroom(&app).await;
        live(&app, "kosten", &piece("Kosten")).await;
        put(&app, "geheim", &piece("Geheim")).await;
        put(&app, "rat", &with(piece("Rat"), json!({
            "topics": ["verkehr"], "authors": ["mara-lenz"], "note": "nur intern", "embargo_until": at(&app, 7_200),
            "body": {"markdown": "Der Rat.\n\n[[kosten]]\n\n[[geheim|Ganz geheim]]\n\nSiehe [dort](https://flussblick.example/2026/11/geheim/) und [hier](https://flussblick.example/2026/11/kosten/)."},
            "related": [{"article": "geheim"}, {"article": "kosten"}, {"article": "gibt-es-nicht"}],
        }))).await;
        let made = link(&app, "rat", json!({"note": "Für das Justiziariat"})).await;
        let token = made["token"].as_str().unwrap().to_owned();
        let mut shown = made.clone();
        shown["token"] = json!("[token]");
        for name in ["url", "api_url"] {
            shown[name] = json!(made[name].as_str().unwrap().replace(&token, "[token]"));
        }
        let at = perspektive::db::Time::parse(made["expires_at"].as_str().unwrap()).unwrap();
        assert!((at.seconds_since(app.state.now()) - 7 * 86_400).abs() < 60, "{made}");
        shown["expires_at"] = json!("[in 7 days]");
        whole!("preview_link", &shown);
        let answer = got(app.request("GET", &path(&made)), 200).await;
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!((answer.header("x-robots-tag"), answer.header("referrer-policy")), ("noindex", "no-referrer"));
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.headers.get("surrogate-key").is_none());
        let mut preview = answer.json.clone();
        preview["preview"]["expires_at"] = json!("[in 7 days]");
        whole!("preview", &preview);
        assert!(!answer.text.contains("intern") && !answer.text.to_lowercase().contains("geheim"), "{}", answer.text);
        let again = app.request("GET", &path(&made)).header("If-None-Match", answer.header("etag"));
        got(again, 304).await;
        assert_eq!(got(app.request("HEAD", &path(&made)), 200).await.text, "");

        // The next revision is seen at once, and what was live stays what it was.
        patch(&app, "rat", json!({"kicker": "Rathaus", "embargo_until": null}), 200).await;
        let newer = app.get(&path(&made), 200).await;
        assert_eq!((&newer["kicker"], &newer["preview"]["revision"], &newer["preview"]["live"]), (&json!("Rathaus"), &json!(2), &json!(false)));
        verb(&app, "rat", "publish", json!({}), 200).await;
        assert_eq!(app.get(&path(&made), 200).await["preview"]["live"], true);
        let public = app.get("/v1/articles/rat", 200).await;
        let mut preview = app.get(&path(&made), 200).await;
        preview.as_object_mut().unwrap().shift_remove("preview");
        assert_eq!(preview, public);
        patch(&app, "rat", json!({"headline": "Rat, neuer"}), 200).await;
        let newest = app.get(&path(&made), 200).await;
        assert_eq!((&newest["headline"], &newest["preview"]["live"], &newest["published_at"]), (&json!("Rat, neuer"), &json!(false), &public["published_at"]));
        assert_eq!(app.get("/v1/articles/rat", 200).await["headline"], "Rat");
        // The parameters of an article are a preview's too.
        let sparse = app.get(&format!("{}?fields=headline,body&body=html", path(&made)), 200).await;
        let names: Vec<&String> = sparse.as_object().unwrap().keys().collect();
        assert_eq!(names, ["headline", "body", "preview"]);
        assert!(sparse["body"]["html"].as_str().unwrap().starts_with("<p>"), "{sparse}");
        assert!(app.get(&format!("{}?include=more", path(&made)), 200).await["more"].is_array());
        app.get(&format!("{}?revision=1", path(&made)), 400).await;
    }

    /// What has ended and what never was are told apart by nobody.
    async fn a_link_that_has_ended_says_nothing(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let (revoked, expired, trashed) = (link(&app, "rat", json!({})).await, link(&app, "rat", json!({"expires_at": at(&app, 60)})).await, link(&app, "rat", json!({})).await);
        for made in [&revoked, &expired, &trashed] {
            app.get(&path(made), 200).await;
        }
        let delete = editor.request("DELETE", &format!("{EDITOR}/rat/preview-links/{}", revoked["id"].as_str().unwrap()));
        got(delete.try_clone().unwrap(), 204).await;
        got(delete, 404).await;
        app.state.travel(61);
        let trash = editor.request("DELETE", &format!("{EDITOR}/rat")).header("If-Match", "*");
        got(trash, 200).await;
        let cut = trashed["token"].as_str().unwrap();
        let mut tokens: Vec<String> = [&revoked, &expired, &trashed].iter().map(|made| made["token"].as_str().unwrap().to_owned()).collect();
        tokens.extend([unheard_of(), cut[..cut.len() - 1].to_owned(), "x".to_owned(), app.as_admin().key, "rat".to_owned()]);
        let mut answers = Vec::new();
        for token in &tokens {
            let answer = got(app.request("GET", &format!("/v1/preview/{token}")), 404).await;
            let mut problem = answer.json.clone();
            // The address that was asked for comes back, and nothing else of it.
            for name in ["request_id", "instance"] {
                problem.as_object_mut().unwrap().remove(name);
            }
            let mut headers: Vec<(String, String)> = answer.headers.iter()
                .filter(|(name, _)| !["date", "content-length", "x-request-id"].contains(&name.as_str()))
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            headers.sort();
            answers.push((problem, headers));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        whole!("no_preview", &answers[0].0);
        // Out of the trash, those that have not ended lead there again.
        verb(&app, "rat", "restore", json!({}), 200).await;
        app.get(&path(&trashed), 200).await;
        app.get(&path(&expired), 404).await;
        app.get(&path(&revoked), 404).await;
    }

    /// Who may change an article may show it; how long, how many, and the list.
    async fn making_and_listing(app: App) {
        let editor = newsroom(&app).await;
        let author = app.as_author();
        put(&app, "rat", &piece("Rat")).await;
        put(&app, "anderer", &piece("Anderer")).await;
        author.send("PUT", &format!("{EDITOR}/eigener"), &piece("Eigener"), 201).await;
        author.send("POST", &format!("{EDITOR}/eigener/preview-links"), &json!({}), 201).await;
        let before = stored(&app);
        author.send("POST", &format!("{EDITOR}/rat/preview-links"), &json!({}), 403).await;
        app.as_viewer().send("POST", &format!("{EDITOR}/rat/preview-links"), &json!({}), 403).await;
        for (body, status, code) in [
            (json!({"expires_at": at(&app, -1)}), 422, "in-the-past"),
            (json!({"expires_at": at(&app, 30 * 86_400 + 60)}), 422, "too-late"),
            (json!({"note": "x".repeat(301)}), 422, "too-long"),
            (json!({"expires": 3}), 400, "unknown-field"),
            (json!({"expires_at": "morgen"}), 400, ""),
        ] {
            let problem = editor.send("POST", &format!("{EDITOR}/rat/preview-links"), &body, status).await;
            if !code.is_empty() {
                assert_eq!(problem["errors"][0]["code"], code, "{problem}");
            }
        }
        editor.send("POST", &format!("{EDITOR}/nirgends/preview-links"), &json!({}), 404).await;
        assert_eq!(stored(&app), before);
        let made = link(&app, "rat", json!({"expires_at": at(&app, 30 * 86_400), "note": "  Chefredaktion "})).await;
        assert_eq!(made["note"], "Chefredaktion");
        // Nothing but a digest is kept.
        let listed = app.as_viewer().get(&format!("{EDITOR}/rat/preview-links"), 200).await;
        let mut item = made.clone();
        for name in ["token", "url", "api_url"] {
            item.as_object_mut().unwrap().shift_remove(name);
        }
        assert_eq!(listed["items"], json!([item]));
        assert!(!listed.to_string().contains("psp_preview_"));
        // A dry run makes none, and shows none.
        let before = stored(&app);
        let rehearsed = editor.send("POST", &format!("{EDITOR}/rat/preview-links?dry_run=true"), &json!({"note": "Probe"}), 201).await;
        assert_eq!((&rehearsed["dry_run"], &rehearsed["note"]), (&json!(true), &json!("Probe")));
        assert!(["token", "url", "api_url"].iter().all(|name| rehearsed.get(*name).is_none()), "{rehearsed}");
        assert_eq!(stored(&app), before);
        // A link of another article is not revoked by this one's address.
        let id = made["id"].as_str().unwrap();
        got(editor.request("DELETE", &format!("{EDITOR}/anderer/preview-links/{id}")), 404).await;
        got(author.request("DELETE", &format!("{EDITOR}/rat/preview-links/{id}")), 403).await;
        got(editor.request("DELETE", &format!("{EDITOR}/rat/preview-links/keine-id")), 404).await;
        app.get(&path(&made), 200).await;
        // In pages; what has expired is shown as such, until the next is made.
        for number in 0..25 {
            link(&app, "rat", json!({"note": format!("{number}"), "expires_at": at(&app, 60)})).await;
        }
        let first = editor.get(&format!("{EDITOR}/rat/preview-links?limit=10"), 200).await;
        let next = first["links"]["next"].as_str().unwrap().replace("https://api.flussblick.example", "");
        let second = editor.get(&next, 200).await;
        assert_eq!((&first["items"][9]["note"], &second["items"][0]["note"]), (&json!("8"), &json!("9")));
        app.state.travel(61);
        assert_eq!(editor.get(&next, 200).await["items"][0]["expired"], true);
        link(&app, "rat", json!({})).await;
        assert_eq!(editor.get(&format!("{EDITOR}/rat/preview-links"), 200).await["items"].as_array().unwrap().len(), 2);
        for _ in 2..100 {
            link(&app, "rat", json!({})).await;
        }
        let full = editor.send("POST", &format!("{EDITOR}/rat/preview-links"), &json!({}), 409).await;
        assert!(full["detail"].as_str().unwrap().contains("revoke"), "{full}");
        got(editor.request("DELETE", &format!("{EDITOR}/rat")).header("If-Match", "*"), 200).await;
        editor.send("POST", &format!("{EDITOR}/rat/preview-links"), &json!({}), 409).await;
    }

    /// A token opens one article at one address. Every other address, public or
    /// the newsroom's, tells its bearer no more than anybody.
    async fn the_rest_stays_closed(app: App) {
        newsroom(&app).await;
        live(&app, "live", &with(piece("Live"), json!({"topics": ["verkehr"], "related": [{"article": "rat"}]}))).await;
        let hidden = ["Krokodil", "Nashorn", "Giraffe"];
        put(&app, "nashorn", &piece("Nashorn")).await;
        put(&app, "giraffe", &piece("Giraffe")).await;
        verb(&app, "giraffe", "schedule", json!({"at": at(&app, 3_600)}), 200).await;
        put(&app, "rat", &with(piece("Krokodil"), json!({
            "topics": ["verkehr"], "body": {"markdown": "Krokodil.\n\n[[nashorn]]\n\n[[giraffe|Die Giraffe]]\n\n[[live]]"},
            "related": [{"article": "nashorn"}, {"article": "giraffe"}, {"article": "live"}],
        }))).await;
        let made = link(&app, "rat", json!({})).await;
        let token = made["token"].as_str().unwrap();
        for include in ["", "?include=more,related_auto", "?body=blocks,html,markdown,text"] {
            let text = got(app.request("GET", &format!("{}{include}", path(&made))), 200).await.text;
            assert!(text.contains("Krokodil") && !text.to_lowercase().contains("nashorn") && !text.to_lowercase().contains("giraffe"), "{text}");
            assert!(text.contains("\"slug\":\"live\""), "{text}");
        }
        for operation in openapi::operations() {
            // What a stream says is what /v1/changes says, without an end.
            if matches!(operation.path.as_str(), "/v1/preview/{token}" | "/v1/events") {
                continue;
            }
            let mut paths = vec![operation.example_path()];
            for name in ["rat", "nashorn", "giraffe", token, made["id"].as_str().unwrap()] {
                let mut path = operation.path.clone();
                while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
                    path.replace_range(from..=to, name);
                }
                paths.push(path);
            }
            for path in paths {
                let separator = if path.contains('?') { '&' } else { '?' };
                for request in [
                    app.request(&operation.method, &path).bearer_auth(token),
                    app.request(&operation.method, &format!("{path}{separator}token={token}")),
                ] {
                    let answer = request.send().await.unwrap();
                    let status = answer.status().as_u16();
                    let text = answer.text().await.unwrap();
                    assert!(!hidden.iter().any(|word| text.contains(word)), "{} {path}: {status} {text}", operation.method);
                    if operation.path.starts_with("/v1/editor/") {
                        assert!(matches!(status, 401 | 400), "{} {path}: {status} {text}", operation.method);
                    }
                }
            }
        }
        assert_eq!(slugs(&app, "/v1/articles").await, ["live"]);
    }
}

/// The website's preview page gets the token; logs don't.
#[actix_web::test]
async fn the_link_opens_the_website() {
    let app = App::sqlite_with(|config| {
        config.site_preview_url = Some("https://flussblick.example/vorschau?t={token}".to_owned());
    })
    .await;
    newsroom(&app).await;
    put(&app, "rat", &piece("Rat")).await;
    let made = link(&app, "rat", json!({})).await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(
        made["url"],
        format!("https://flussblick.example/vorschau?t={token}")
    );
    assert_eq!(
        made["api_url"],
        format!("https://api.flussblick.example/v1/preview/{token}")
    );
    let page = app
        .request("GET", &path(&made))
        .header("Origin", "https://flussblick.example");
    assert_eq!(
        got(page, 200).await.header("access-control-allow-origin"),
        "*"
    );
}
