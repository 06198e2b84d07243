//! The newsroom's own settings.

use perspektive::changes::Entity;
use serde_json::{Value, json};

use crate::both;
use crate::support::clients::expect;
use crate::support::contract;

const EDITOR: &str = "/v1/editor/site";

both! {
    async fn the_site_has_defaults_and_can_be_set(app: App) {
        let editor = app.as_editor();
        let answer = editor.request("GET", EDITOR).send().await.unwrap();
        assert_eq!(answer.headers()["etag"], "\"v0\"");
        let site: Value = answer.json().await.unwrap();
        assert_eq!(site, json!({
            "name": "Perspektive", "language": "de", "time_zone": "Europe/Berlin",
            "menu": [], "channels": [], "version": 0,
        }));
        let seen = app.get("/v1/site", 200).await;
        assert_eq!((&seen["name"], &seen["article_path"]), (&json!("Perspektive"), &json!("/{yyyy}/{mm}/{slug}/")));
        assert_eq!(seen["url"], "https://flussblick.example");
        assert_eq!(seen["links"]["sections"], "https://api.flussblick.example/v1/sections");
        assert_eq!((seen.get("sections"), seen.get("version")), (None, None));

        let whole = json!({
            "name": "Flussblick", "language": "de-AT", "time_zone": "Europe/Vienna", "description": "Von hier.",
            "menu": [{"label": "Impressum", "url": "https://flussblick.example/impressum"}],
            "channels": [{"kind": "whatsapp", "label": "Auf WhatsApp", "url": "https://whatsapp.com/channel/fluss"}],
        });
        let set = editor.send("PUT", EDITOR, &whole, 200).await;
        assert_eq!((&set["result"], &set["version"]), (&json!("updated"), &json!(1)));
        let seen = app.get("/v1/site", 200).await;
        for (name, value) in whole.as_object().unwrap() {
            assert_eq!(&seen[name], value);
        }
        let again = editor.send("PUT", EDITOR, &whole, 200).await;
        assert_eq!((&again["result"], &again["version"]), (&json!("unchanged"), &json!(1)));
        let read = editor.get(EDITOR, 200).await;
        assert_eq!(editor.send("PUT", EDITOR, &read, 200).await["result"], "unchanged");
        let problem = editor.send("PUT", EDITOR, &json!({"name": "Anders"}), 428).await;
        assert_eq!(problem["current_etag"], "\"v1\"");
        let patch = |body: Value| editor.request("PATCH", EDITOR).json(&body);
        expect(patch(json!({"name": "Anders"})), 428).await;
        expect(patch(json!({"name": "Anders"})).header("If-Match", "\"v0\""), 412).await;
        let changed = patch(json!({"description": null, "language": null})).header("If-Match", "\"v1\"");
        let changed = expect(changed, 200).await;
        assert_eq!((changed.get("description"), &changed["language"]), (None, &json!("de")));
        assert_eq!((&changed["name"], &changed["menu"]), (&whole["name"], &whole["menu"]));
        assert_eq!(app.get("/v1/site", 200).await["language"], "de");
        let log: Vec<_> = app.log().into_iter().map(|(entity, ..)| entity).collect();
        assert_eq!(log, [Entity::Site, Entity::Site]);
    }

    async fn what_is_set_is_checked(app: App) {
        let editor = app.as_editor();
        let bad = json!({
            "name": "", "language": "Deutsch", "time_zone": "Europe/Belrin",
            "menu": [{"label": "A", "url": "https://a.example"}, {"label": "", "url": "/impressum"}],
            "channels": [{"kind": "Whats App", "label": "B", "url": "https://b.example"}],
        });
        let problem = editor.send("PUT", EDITOR, &bad, 422).await;
        let errors = problem["errors"].as_array().unwrap();
        let pointers: Vec<&str> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["#/name", "#/language", "#/time_zone", "#/menu/1/label", "#/menu/1/url", "#/channels/0/kind"]);
        assert!(errors[2]["detail"].as_str().unwrap().contains("Europe/Berlin"));
        let many: Vec<Value> = (0..51).map(|_| json!({"label": "A", "url": "https://a.example"})).collect();
        let problem = editor.send("PUT", EDITOR, &json!({"name": "X", "menu": many}), 422).await;
        assert_eq!(problem["errors"][0]["code"], "too-many");
        let problem = editor.send("PUT", EDITOR, &json!({"name": "X", "menu": [{"label": "A", "href": "x"}]}), 400).await;
        assert_eq!(problem["errors"][0]["pointer"], "#/menu/0/href");
        app.as_author().send("PUT", EDITOR, &json!({"name": "X"}), 403).await;
        app.as_viewer().get(EDITOR, 200).await;
        app.get(EDITOR, 401).await;
    }

    /// Of those who set something for the first time at once, one wins.
    async fn the_first_setting_is_one(app: App) {
        let editor = app.as_editor();
        let racing = (0..20).map(|number| {
            let put = editor.request("PUT", EDITOR).header("If-Match", "\"v0\"");
            put.json(&json!({"name": format!("Name {number}")})).send()
        });
        let answers = futures_util::future::join_all(racing).await;
        let won = answers.into_iter().filter(|answer| answer.as_ref().unwrap().status() == 200);
        assert_eq!(won.count(), 1);
        assert_eq!(editor.get(EDITOR, 200).await["version"], 1);
        // And the same for those who change it at once.
        let racing = (0..20).map(|number| {
            let patch = editor.request("PATCH", EDITOR).header("If-Match", "\"v1\"");
            patch.json(&json!({"name": format!("Neuer Name {number}")})).send()
        });
        let answers = futures_util::future::join_all(racing).await;
        let won = answers.into_iter().filter(|answer| answer.as_ref().unwrap().status() == 200);
        assert_eq!(won.count(), 1);
    }

    async fn the_site_comes_with_its_sections_if_asked(app: App) {
        let editor = app.as_editor();
        let body = json!({"name": "Kultur", "description": "x".repeat(1_000)});
        editor.send("POST", "/v1/editor/sections", &body, 201).await;
        let seen = app.get("/v1/site?include=sections", 200).await;
        assert_eq!(seen["sections"][0]["slug"], "kultur");
        editor.send("POST", "/v1/editor/sections", &json!({"name": "Musik", "parent": "kultur"}), 201).await;
        let seen = app.get("/v1/site?include=sections", 200).await;
        assert_eq!(seen["sections"][0]["children"][0]["path"], "kultur/musik");
        editor.send("PUT", EDITOR, &json!({"name": "Flussblick"}), 200).await;
        contract::public_get(&app, "/v1/site?include=sections").await;
        assert_eq!(app.get("/v1/site?include=sections", 200).await["name"], "Flussblick");
        let problem = app.get("/v1/site?include=topics", 400).await;
        assert!(problem["detail"].as_str().unwrap().contains("sections"), "{problem}");
    }
}
