//! Users and keys, as admins and owners keep them.

use perspektive::auth::Role;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::both;
use crate::support::clients::{Client, expect};

fn patch(client: &Client<'_>, user: &str, etag: &str, body: &Value) -> RequestBuilder {
    let request = client.request("PATCH", &format!("/v1/editor/users/{user}"));
    request
        .header("If-Match", etag)
        .header("Content-Type", "application/merge-patch+json")
        .body(body.to_string())
}

fn names(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

both! {
    /// A user is added, read by name and by id, changed, and listed page by page.
    async fn an_admin_keeps_users(app: App) {
        let admin = app.as_admin();
        let answer = admin.request("POST", "/v1/editor/users").json(&json!({"name": "bert", "role": "author"})).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["etag"]), (201, &"\"v1\"".parse().unwrap()));
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(answer.headers()["cache-control"], "private, no-store");
        let bert: Value = answer.json().await.unwrap();
        assert_eq!((&bert["result"], &bert["role"], &bert["has_password"], &bert["disabled"]), (&json!("created"), &json!("author"), &json!(false), &json!(false)));
        assert_eq!(location, format!("https://api.flussblick.example/v1/editor/users/{}", bert["id"].as_str().unwrap()));
        let by_id = admin.get(&format!("/v1/editor/users/{}", bert["id"].as_str().unwrap()), 200).await;
        assert_eq!(by_id, admin.get("/v1/editor/users/bert", 200).await);
        let answer = admin.request("GET", "/v1/editor/users/bert").header("If-None-Match", "\"v1\"").send().await.unwrap();
        assert_eq!(answer.status(), 304);

        expect(patch(&admin, "bert", "\"v1\"", &json!({"role": "editor", "name": "berta"})), 200).await;
        let unchanged = expect(patch(&admin, "berta", "\"v2\"", &json!({"role": "editor"})), 200).await;
        assert_eq!((&unchanged["result"], &unchanged["version"]), (&json!("unchanged"), &json!(2)));
        // What GET gave may come back whole.
        let whole = admin.get("/v1/editor/users/berta", 200).await;
        assert_eq!(expect(patch(&admin, "berta", "\"v2\"", &whole), 200).await["result"], "unchanged");

        for n in 0..5 {
            admin.send("POST", "/v1/editor/users", &json!({"name": format!("user{n}"), "role": "viewer"}), 201).await;
        }
        let (mut seen, mut path) = (Vec::new(), "/v1/editor/users?limit=3".to_owned());
        loop {
            let page = admin.get(&path, 200).await;
            seen.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["links"]["next"].as_str() else { break };
            path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
        }
        assert_eq!(seen, ["admin", "berta", "user0", "user1", "user2", "user3", "user4"]);
        admin.get("/v1/editor/users?limit=101", 400).await;
        admin.get("/v1/editor/users?cursor=x", 400).await;
        admin.get("/v1/editor/users?role=admin", 400).await;
        admin.get("/v1/editor/users/nobody", 404).await;
    }

    /// What can't be a user is refused with its place.
    async fn a_user_is_checked(app: App) {
        let admin = app.as_admin();
        for (body, status, pointer) in [
            (json!({"name": "B", "role": "author"}), 422, "#/name"),
            (json!({"name": "bert bert", "role": "author"}), 422, "#/name"),
            (json!({"name": "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e", "role": "author"}), 422, "#/name"),
            (json!({"name": "bert", "role": "boss"}), 400, "#/role"),
            (json!({"name": "bert", "role": "author", "password": "kurz"}), 422, "#/password"),
            (json!({"name": "bert", "role": "author", "admin": true}), 400, "#/admin"),
        ] {
            let problem = admin.send("POST", "/v1/editor/users", &body, status).await;
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
        let text = admin.request("POST", "/v1/editor/users").header("Content-Type", "text/plain").body("bert");
        expect(text, 415).await;
        admin.send("POST", "/v1/editor/users", &json!({"name": "admin", "role": "author"}), 409).await;
        app.as_viewer();
        let problem = expect(patch(&admin, "viewer", "*", &json!({"name": "admin"})), 409).await;
        assert!(problem["detail"].as_str().unwrap().contains("`admin` already"), "{problem}");
        let problem = expect(patch(&admin, "viewer", "*", &json!({"role": null, "name": null})), 422).await;
        assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    }

    /// A change names the version it is meant for.
    async fn a_change_of_a_user_is_locked(app: App) {
        let admin = app.as_admin();
        app.as_viewer();
        let body = json!({"role": "author"});
        let without = admin.request("PATCH", "/v1/editor/users/viewer").json(&body).send().await.unwrap();
        assert_eq!((without.status().as_u16(), &without.headers()["etag"]), (428, &"\"v1\"".parse().unwrap()));
        let problem: Value = without.json().await.unwrap();
        assert_eq!(problem["current_etag"], "\"v1\"");
        let problem = expect(patch(&admin, "viewer", "\"v9\"", &body), 412).await;
        assert_eq!(problem["current_etag"], "\"v1\"");
        expect(patch(&admin, "viewer", "W/\"v1\"", &body), 400).await;
        let both = ["author", "editor"].map(|role| expect_any(patch(&admin, "viewer", "\"v1\"", &json!({"role": role}))));
        let mut statuses = futures_util::future::join_all(both).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }

    /// There is always an admin who can get in.
    async fn the_last_admin_stays(app: App) {
        let admin = app.as_admin();
        for body in [json!({"role": "editor"}), json!({"disabled": true})] {
            let problem = expect(patch(&admin, "admin", "*", &body), 409).await;
            assert!(problem["detail"].as_str().unwrap().contains("last admin"), "{problem}");
        }
        let second = app.as_user("second", Role::Admin);
        expect(patch(&admin, "second", "*", &json!({"disabled": true})), 200).await;
        expect(patch(&admin, "admin", "*", &json!({"role": "editor"})), 409).await;
        expect(patch(&admin, "second", "*", &json!({"disabled": false})), 200).await;
        // Two admins who demote each other at once: one of them stays.
        let statuses = futures_util::future::join_all([
            expect_any(patch(&admin, "second", "*", &json!({"role": "viewer"}))),
            expect_any(patch(&second, "admin", "*", &json!({"disabled": true}))),
        ]).await;
        assert!(statuses.contains(&200), "{statuses:?}");
        let admins = [&admin, &second].map(|who| expect_any(who.request("GET", "/v1/editor/users")));
        assert!(futures_util::future::join_all(admins).await.contains(&200));
    }

    /// An admin sets and takes away passwords; each ends the user's sign-ins.
    async fn an_admin_sets_a_password(app: App) {
        let admin = app.as_admin();
        app.as_viewer();
        let log_in = |password: &str| app.request("POST", "/v1/auth/login").json(&json!({"name": "viewer", "password": password}));
        expect(log_in("ein langes Passwort"), 401).await;
        let user = expect(patch(&admin, "viewer", "*", &json!({"password": "ein langes Passwort"})), 200).await;
        assert_eq!(user["has_password"], true);
        let tokens = expect(log_in("ein langes Passwort"), 200).await;
        expect(patch(&admin, "viewer", "*", &json!({"password": "ein anderes Passwort"})), 200).await;
        let whoami = app.request("GET", "/v1/auth/whoami").bearer_auth(tokens["access_token"].as_str().unwrap());
        expect(whoami, 401).await;
        expect(log_in("ein anderes Passwort"), 200).await;
        let user = expect(patch(&admin, "viewer", "*", &json!({"password": null})), 200).await;
        assert_eq!(user["has_password"], false);
        expect(log_in("ein anderes Passwort"), 401).await;
    }

    /// Everyone keeps their own keys; admins keep everybody's.
    async fn keys_are_their_owners_business(app: App) {
        let (admin, author, viewer) = (app.as_admin(), app.as_author(), app.as_viewer());
        let made = author.send("POST", "/v1/editor/keys", &json!({"name": "nightly"}), 201).await;
        let key = made["key"].as_str().unwrap();
        assert_eq!((&made["user"], &made["scopes"]), (&json!("author"), &json!(["read", "write"])));
        assert_eq!(made["prefix"], key[..13]);
        let at = format!("/v1/editor/keys/{}", made["id"].as_str().unwrap());
        let read = author.get(&at, 200).await;
        assert!(read.get("key").is_none() && read["name"] == "nightly");
        assert_eq!(names(&author.get("/v1/editor/keys", 200).await), ["test", "nightly"]);
        author.send("POST", "/v1/editor/keys", &json!({"name": "nightly"}), 409).await;

        viewer.get(&at, 404).await;
        expect(viewer.request("DELETE", &at), 404).await;
        viewer.get("/v1/editor/keys?user=author", 403).await;
        viewer.get("/v1/editor/keys?user=*", 403).await;
        viewer.send("POST", "/v1/editor/keys", &json!({"name": "x1", "user": "author"}), 403).await;
        author.get("/v1/editor/keys?user=author", 200).await;

        assert_eq!(names(&admin.get("/v1/editor/keys?user=author", 200).await), ["test", "nightly"]);
        assert_eq!(admin.get("/v1/editor/keys?user=*", 200).await["items"].as_array().unwrap().len(), 4);
        admin.get("/v1/editor/keys?user=nobody", 404).await;
        let page = admin.get("/v1/editor/keys?user=*&limit=2", 200).await;
        let next = page["links"]["next"].as_str().unwrap().strip_prefix("https://api.flussblick.example").unwrap();
        assert_eq!(admin.get(next, 200).await["items"].as_array().unwrap().len(), 2);
        let cursor = page["next_cursor"].as_str().unwrap();
        admin.get(&format!("/v1/editor/keys?user=author&cursor={cursor}"), 400).await;
        let theirs = admin.send("POST", "/v1/editor/keys", &json!({"name": "x1", "user": "author"}), 201).await;
        assert_eq!((&theirs["user"], &theirs["scopes"]), (&json!("author"), &json!(["read", "write"])));

        expect(admin.request("DELETE", &at), 204).await;
        expect(admin.request("DELETE", &at), 404).await;
        expect(app.request("GET", "/v1/auth/whoami").bearer_auth(key), 401).await;
        // The name is free again.
        author.send("POST", "/v1/editor/keys", &json!({"name": "nightly"}), 201).await;
        author.get("/v1/editor/keys/nightly", 404).await;
    }

    /// A key does what its scopes say, makes no key that does more or lives
    /// longer, and gives nobody a role that can do more.
    async fn a_key_hands_on_no_more_than_it_has(app: App) {
        let admin = app.as_admin();
        let soon = app.state.now().plus_seconds(1_000);
        let made = admin.send("POST", "/v1/editor/keys", &json!({"name": "small", "scopes": ["administer", "read", "read"], "expires_at": soon}), 201).await;
        assert_eq!(made["scopes"], json!(["read", "administer"]));
        let small = made["key"].as_str().unwrap();
        let send = |method: &str, path: &str, body: Value| app.request(method, path).bearer_auth(small).json(&body);
        let keys = "/v1/editor/keys";
        let problem = expect(send("POST", keys, json!({"name": "more", "scopes": ["write"]})), 403).await;
        assert!(problem["detail"].as_str().unwrap().contains("key `small`"), "{problem}");
        let late = soon.plus_seconds(1);
        expect(send("POST", keys, json!({"name": "more", "expires_at": late})), 403).await;
        let less = expect(send("POST", keys, json!({"name": "less"})), 201).await;
        assert_eq!((&less["scopes"], &less["expires_at"]), (&json!(["read", "administer"]), &json!(soon)));
        app.as_editor();
        let theirs = expect(send("POST", keys, json!({"name": "theirs", "user": "editor"})), 201).await;
        assert_eq!(theirs["scopes"], json!(["read"]));

        expect(send("POST", "/v1/editor/users", json!({"name": "boss", "role": "admin"})), 403).await;
        expect(send("POST", "/v1/editor/users", json!({"name": "eyes", "role": "viewer"})), 201).await;
        let change = |user: &str, body: Value| send("PATCH", &format!("/v1/editor/users/{user}"), body).header("If-Match", "*");
        expect(change("admin", json!({"password": "ein langes Passwort"})), 403).await;
        expect(change("eyes", json!({"role": "editor"})), 403).await;
        expect(change("eyes", json!({"disabled": true})), 200).await;

        let own = admin.get("/v1/editor/keys", 200).await;
        let id = |name: &str| own["items"].as_array().unwrap().iter().find(|key| key["name"] == name).unwrap()["id"].as_str().unwrap().to_owned();
        expect(send("DELETE", &format!("{keys}/{}", id("test")), Value::Null), 403).await;
        expect(send("DELETE", &format!("{keys}/{}", id("less")), Value::Null), 204).await;
        expect(send("DELETE", &format!("{keys}/{}", id("small")), Value::Null), 204).await;

        // What the role loses, the key loses.
        let editor = app.as_editor();
        expect(patch(&admin, "editor", "*", &json!({"role": "viewer"})), 200).await;
        let me = editor.get("/v1/auth/whoami", 200).await;
        assert_eq!(me["key"]["scopes"], json!(["read", "write", "publish", "manage"]));
        let allowed = me["rights"].as_array().unwrap().iter().filter(|right| right["allowed"] == true).count();
        assert_eq!(allowed, 1);
    }

    /// What can't be a key is refused with its place.
    async fn a_key_is_checked(app: App) {
        let author = app.as_author();
        for (body, status, pointer) in [
            (json!({"name": "X"}), 422, "#/name"),
            (json!({"name": "ok", "scopes": []}), 422, "#/scopes"),
            (json!({"name": "ok", "scopes": ["publish"]}), 422, "#/scopes"),
            (json!({"name": "ok", "scopes": ["fly"]}), 400, "#/scopes/0"),
            (json!({"name": "ok", "expires_at": "2020-01-01T00:00:00Z"}), 422, "#/expires_at"),
            (json!({"name": "ok", "expires_at": "tomorrow"}), 400, "#/expires_at"),
        ] {
            let problem = author.send("POST", "/v1/editor/keys", &body, status).await;
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
}

async fn expect_any(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}
