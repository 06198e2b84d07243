//! The audit log.

use std::time::Duration;

use perspektive::auth::Role;
use serde_json::{Value, json};

use crate::both;
use crate::matrix::{Cell, dump, rows};
use crate::support::App;
use crate::support::clients::expect;

const AUDIT: &str = "/v1/editor/audit";

async fn entries(app: &App, query: &str) -> Vec<Value> {
    let page = app.as_admin().get(&format!("{AUDIT}?{query}"), 200).await;
    page["items"].as_array().unwrap().clone()
}

/// Refusals are noted beside the request, so they take a moment.
async fn denied(app: &App, query: &str, wanted: usize) -> Vec<Value> {
    for _ in 0..100 {
        let found = entries(app, &format!("outcome=denied&{query}")).await;
        if found.len() >= wanted {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{query}: not {wanted} refusals");
}

both! {
    /// Every write of the description leaves an entry that says who did what to
    /// what, from where and in which request.
    async fn every_write_is_logged(app: App) {
        let admin = app.as_admin();
        let (mut wrong, mut tried) = (Vec::new(), 0);
        for (number, row) in rows().into_iter().enumerate() {
            let (method, pattern) = row.operation.split_once(' ').unwrap();
            if method == "GET" || !pattern.starts_with("/v1/editor/") {
                continue;
            }
            tried += 1;
            let cell = Cell { app: &app, who: Some(admin.clone()), number: 200_000 + number };
            let ask = (row.ask)(&cell).await;
            let id = format!("anfrage-{number}");
            let request = ask.request(&app, Some(&admin), method, "").header("X-Request-Id", &id);
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success(), "{}", row.operation);
            let text = answer.text().await.unwrap();
            let logged = entries(&app, "limit=100").await;
            let logged: Vec<&Value> = logged.iter().filter(|entry| entry["request_id"] == id.as_str()).collect();
            let Some(entry) = logged.first() else {
                wrong.push(format!("{}: no entry", row.operation));
                continue;
            };
            let named = entry["subject"]["id"].as_str().unwrap_or_default();
            let whole = entry["outcome"] == "done"
                && entry["actor"]["name"] == "admin"
                && entry["actor"]["via"] == "key"
                && entry["actor"]["key_id"].is_string()
                && entry["address"] == "127.0.0.1"
                // The site has no id, and an import answers how many it made.
                && (text.is_empty() || text.contains(named) || ["/v1/editor/site", "/v1/editor/redirects"].contains(&pattern));
            if !whole {
                wrong.push(format!("{}: {entry} for {text}", row.operation));
            }
        }
        assert!(tried > 25, "{tried}");
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

both! {
    /// Filters, order, cursors.
    async fn the_log_can_be_searched(app: App) {
        let (editor, admin) = (app.as_editor(), app.as_admin());
        editor.send("PUT", "/v1/editor/sections/politik", &json!({"name": "Politik"}), 201).await;
        let path = "/v1/editor/articles/eins";
        let made = editor.send("PUT", path, &json!({"headline": "Eins", "section": "politik"}), 201).await;
        let id = made["id"].as_str().unwrap().to_owned();
        editor.send("POST", &format!("{path}/publish"), &json!({}), 200).await;
        editor.send("POST", &format!("{path}/unpublish"), &json!({}), 200).await;
        // What changes nothing is no deed.
        editor.send("PUT", path, &json!({"headline": "Eins", "section": "politik"}), 200).await;

        let of_it = entries(&app, &format!("id={id}")).await;
        let actions: Vec<&str> = of_it.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["unpublished", "published", "created"]);
        assert_eq!(of_it[2]["subject"], json!({"type": "article", "id": id, "revision": 1}));
        assert_eq!(entries(&app, "type=article&action=published,unpublished").await.len(), 2);
        assert_eq!(entries(&app, "actor=editor&type=section").await.len(), 1);
        assert_eq!(entries(&app, &format!("actor={}", editor.id)).await.len(), 4);
        assert_eq!(entries(&app, "outcome=done&type=article").await.len(), 3);
        let at = of_it[0]["at"].as_str().unwrap();
        assert_eq!(entries(&app, &format!("id={id}&before={at}")).await.len(), 3 - entries(&app, &format!("id={id}&after={at}")).await.len());
        // Users were made on the command line.
        let command = entries(&app, "actor=perspektive&type=user").await;
        assert!(command.iter().any(|entry| entry["actor"]["via"] == "command" && entry["action"] == "created"), "{command:?}");

        let all = entries(&app, "limit=100").await;
        let (mut walked, mut next) = (Vec::new(), Some(format!("{AUDIT}?limit=2")));
        while let Some(path) = next.take() {
            let page = admin.get(&path, 200).await;
            walked.extend(page["items"].as_array().unwrap().clone());
            next = page["links"]["next"].as_str().map(|next| next.split_once("/v1").unwrap().1).map(|rest| format!("/v1{rest}"));
        }
        assert_eq!(walked, all);
        for wrong in ["action=gelesen", "type=ding", "id=7", "outcome=vielleicht", "after=gestern", "actor=niemand", "farbe=rot"] {
            admin.get(&format!("{AUDIT}?{wrong}"), 400).await;
        }
        let page = admin.get(&format!("{AUDIT}?limit=1"), 200).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        admin.get(&format!("{AUDIT}?limit=1&type=article&cursor={cursor}"), 400).await;
        // Ids, never what was written.
        let dump = dump(&app);
        let audit = dump.split("\naudit\n").nth(1).unwrap().split("\nauthors\n").next().unwrap();
        assert!(audit.contains("published") && !audit.contains("Eins") && !audit.contains("psp_live"), "{audit}");
    }
}

both! {
    /// Refusals: 403, and 401 where it is known whose account it was; not more of
    /// them than anybody wants to read.
    async fn refusals_are_logged_within_a_bound(app: App) {
        let (viewer, admin) = (app.as_viewer(), app.as_admin());
        viewer.send("POST", "/v1/editor/topics", &json!({"name": "Verboten"}), 403).await;
        let found = denied(&app, "actor=viewer", 1).await;
        assert_eq!((&found[0]["operation"], &found[0]["actor"]["via"]), (&json!("POST /v1/editor/topics"), &json!("key")));
        assert!(found[0]["subject"].is_null() && found[0]["request_id"].is_string());
        viewer.get("/v1/editor/users", 403).await;
        denied(&app, "actor=viewer", 2).await;

        // Somebody whose key was revoked, somebody who is disabled, somebody who guesses.
        let gone = app.as_user("gegangen", Role::Editor);
        let users = "/v1/editor/users/gegangen";
        let disabling = admin.request("PATCH", users).header("If-Match", "*").json(&json!({"disabled": true}));
        expect(disabling, 200).await;
        gone.get("/v1/editor/articles", 401).await;
        let found = denied(&app, &format!("actor={}", gone.id), 1).await;
        assert_eq!(found[0]["operation"], "GET /v1/editor/articles");
        let body = json!({"name": "bernd", "role": "author", "password": "ein langes Passwort"});
        admin.send("POST", "/v1/editor/users", &body, 201).await;
        let login = |password: &str| app.request("POST", "/v1/auth/login").json(&json!({"name": "bernd", "password": password}));
        expect(login("ein falsches Passwort"), 401).await;
        let found = denied(&app, "actor=bernd", 1).await;
        assert_eq!(found[0]["actor"]["via"], "password");
        expect(login("ein langes Passwort"), 200).await;
        assert_eq!(entries(&app, "actor=bernd&action=signed_in").await.len(), 1);
        // Nobody is nobody.
        app.get("/v1/editor/articles", 401).await;

        for _ in 0..60 {
            viewer.get("/v1/editor/users", 403).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let found = denied(&app, "actor=viewer&limit=100", 20).await;
        assert!((20..=21).contains(&found.len()), "{}", found.len());
        let dump = dump(&app);
        assert!(!dump.split("\naudit\n").nth(1).unwrap().split("\nauthors\n").next().unwrap().contains("Passwort"));
    }
}

both! {
    /// What happens by time is logged as nobody's; and nothing is kept for ever.
    async fn time_acts_and_forgets(app: App) {
        let editor = app.as_editor();
        editor.send("PUT", "/v1/editor/sections/politik", &json!({"name": "Politik"}), 201).await;
        let path = "/v1/editor/articles/morgen";
        let body = json!({"headline": "Morgen", "section": "politik"});
        editor.send("PUT", path, &body, 201).await;
        let at = app.state.now().plus_seconds(3_600).to_string();
        editor.send("POST", &format!("{path}/schedule"), &json!({"at": at}), 200).await;
        app.state.travel(3_700);
        app.state.write(perspektive::articles::ops::announce).await.unwrap();
        let found = entries(&app, "action=announced").await;
        assert_eq!((found.len(), &found[0]["actor"]["via"]), (1, &json!("schedule")), "{found:?}");

        app.state.travel(366 * 86_400);
        perspektive::audit::prune(&app.state).await.unwrap();
        assert!(entries(&app, "type=article").await.is_empty());
    }
}
