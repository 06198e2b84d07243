//! Sections: the tree, its rules, and what readers see of it.

use perspektive::changes::{Action, Entity};
use serde_json::{Value, json};

use crate::both;
use crate::support::clients::expect;
use crate::support::contract;
use crate::support::seed::{Seed, id};

const EDITOR: &str = "/v1/editor/sections";

fn slugs(items: &Value) -> Vec<&str> {
    items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["slug"].as_str().unwrap())
        .collect()
}

both! {
    async fn writes_say_what_they_change(app: App) {
        contract::preconditions(&app, EDITOR).await;
        contract::rights(&app, EDITOR).await;
    }

    /// A slug is made of the name, whatever form the name comes in.
    async fn a_section_is_created_once(app: App) {
        let editor = app.as_editor();
        let made = editor.send("POST", EDITOR, &json!({"name": " Bu\u{308}cher & Bühne "}), 201).await;
        assert_eq!(made["slug"], "buecher-und-buehne");
        assert_eq!(made["name"], "Bücher & Bühne");
        let problem = editor.send("POST", EDITOR, &json!({"name": "BÜCHER & BÜHNE"}), 409).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("“Bücher & Bühne”") && detail.contains(made["id"].as_str().unwrap()), "{detail}");
        editor.send("POST", EDITOR, &json!({"name": "Bücher & Bühne", "slug": "buehne"}), 201).await;

        for (body, pointer, code) in [
            (json!({"name": "  "}), "#/name", "required"),
            (json!({"name": "x".repeat(121)}), "#/name", "too-long"),
            (json!({"name": "???"}), "#/slug", "required"),
            (json!({"name": "X", "slug": "Zwei Wörter"}), "#/slug", "bad-slug"),
            (json!({"name": "X", "slug": made["id"]}), "#/slug", "bad-slug"),
            (json!({"name": "X", "parent": "nirgends"}), "#/parent", "unknown-section"),
            (json!({"name": "X", "parent": "bücher & bühne"}), "#/parent", "ambiguous"),
            (json!({"name": "X", "id": made["id"]}), "#/id", "read-only"),
        ] {
            let problem = editor.send("POST", EDITOR, &body, 422).await;
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
            assert_eq!(problem["errors"][0]["code"], code, "{body}: {problem}");
        }
        editor.send("POST", EDITOR, &json!({"slug": "ohne-namen"}), 400).await;
        let plain = editor.request("POST", EDITOR).header("Content-Type", "text/plain").body("{}");
        expect(plain, 415).await;
        let log: Vec<_> = app.log().into_iter().map(|(entity, ..)| entity).collect();
        assert_eq!(log, [Entity::Section, Entity::Section]);
    }

    async fn the_tree_has_no_cycles_and_eight_levels(app: App) {
        let editor = app.as_editor();
        let mut parent = json!(null);
        for level in 1..=8 {
            let body = match &parent {
                Value::Null => json!({"name": "Ebene 1"}),
                above => json!({"name": format!("Ebene {level}"), "parent": above}),
            };
            parent = editor.send("POST", EDITOR, &body, 201).await["slug"].clone();
        }
        let problem = editor.send("POST", EDITOR, &json!({"name": "Ebene 9", "parent": "ebene-8"}), 422).await;
        assert_eq!(problem["errors"][0]["code"], "too-deep");
        for parent in ["ebene-1", "ebene-2", "ebene-8"] {
            let patch = editor.request("PATCH", &format!("{EDITOR}/ebene-1")).header("If-Match", "*");
            let problem = expect(patch.json(&json!({"parent": parent})), 422).await;
            assert_eq!(problem["errors"][0]["code"], "cycle");
        }
        // A whole branch is too deep too.
        editor.send("POST", EDITOR, &json!({"name": "Oben"}), 201).await;
        let patch = |slug: &str, parent: Value| {
            let request = editor.request("PATCH", &format!("{EDITOR}/{slug}")).header("If-Match", "*");
            request.json(&json!({"parent": parent}))
        };
        let problem = expect(patch("ebene-1", json!("oben")), 422).await;
        assert_eq!(problem["errors"][0]["code"], "too-deep");
        let moved = expect(patch("ebene-7", json!("oben")), 200).await;
        assert_eq!(moved["path"], "oben/ebene-7");
        let moved = expect(patch("ebene-8", json!(null)), 200).await;
        assert_eq!((moved["path"].as_str(), &moved["parent"]), (Some("ebene-8"), &Value::Null));
    }

    async fn a_section_in_use_stays(app: App) {
        let editor = app.as_editor();
        let above = editor.send("POST", EDITOR, &json!({"name": "Kultur"}), 201).await;
        let below = editor.send("POST", EDITOR, &json!({"name": "Musik", "parent": "kultur"}), 201).await;
        let delete = |slug: &str| editor.request("DELETE", &format!("{EDITOR}/{slug}")).header("If-Match", "*");
        let problem = expect(delete("kultur"), 409).await;
        assert!(problem["detail"].as_str().unwrap().contains("musik"), "{problem}");
        app.seed(Seed { slug: "entwurf", section: Some(id(&below)), ..Seed::default() });
        let problem = expect(delete("musik"), 409).await;
        assert!(problem["detail"].as_str().unwrap().contains("`entwurf`"), "{problem}");
        let film = editor.send("POST", EDITOR, &json!({"name": "Film", "parent": above["id"]}), 201).await;
        expect(delete("film"), 204).await;
        assert_eq!(app.log().last(), Some(&(Entity::Section, id(&film), Action::Gone)));
    }

    /// Articles are listed in their section and all above it, wherever it goes.
    async fn a_section_moves_with_its_articles(app: App) {
        let editor = app.as_editor();
        let mut ids = Vec::new();
        for (name, parent) in [
            ("Kultur", None), ("Musik", Some("kultur")), ("Klassik", Some("musik")),
            ("Gesellschaft", None), ("Szene", Some("gesellschaft")),
        ] {
            let body = match parent {
                Some(parent) => json!({"name": name, "parent": parent}),
                None => json!({"name": name}),
            };
            ids.push(id(&editor.send("POST", EDITOR, &body, 201).await));
        }
        let [kultur, musik, klassik, gesellschaft, szene] = ids[..] else { unreachable!() };
        let live = app.seed(Seed {
            slug: "quartett", section: Some(klassik), lists: &[klassik, musik, kultur],
            appears: Some(-60), ..Seed::default()
        });
        let planned = app.seed(Seed {
            slug: "premiere", section: Some(musik), lists: &[musik, kultur],
            appears: Some(600), ..Seed::default()
        });
        let other = app.seed(Seed {
            slug: "ausstellung", section: Some(kultur), lists: &[kultur],
            appears: Some(-30), ..Seed::default()
        });

        let before = app.log().len();
        let patch = |parent: Value| {
            let request = editor.request("PATCH", &format!("{EDITOR}/musik")).header("If-Match", "*");
            request.json(&json!({"parent": parent}))
        };
        expect(patch(json!("szene")), 200).await;
        assert_eq!(app.listed(kultur), [other]);
        for list in [musik, szene, gesellschaft] {
            assert_eq!(app.listed(list), [live, planned], "{list}");
        }
        assert_eq!(app.listed(klassik), [live]);
        assert_eq!(app.log()[before..], [
            (Entity::Section, musik, Action::Changed),
            (Entity::Section, klassik, Action::Changed),
            (Entity::Article, live, Action::Changed),
            (Entity::Article, planned, Action::Changed),
        ]);
        // What stays above it is not touched; to the top and back.
        expect(patch(json!("gesellschaft")), 200).await;
        assert_eq!((app.listed(szene), app.listed(gesellschaft)), (vec![], vec![live, planned]));
        expect(patch(json!(null)), 200).await;
        assert_eq!((app.listed(gesellschaft), app.listed(musik)), (vec![], vec![live, planned]));
        expect(patch(json!("kultur")), 200).await;
        assert_eq!(app.listed(kultur), [live, other, planned]);
    }

    async fn readers_see_the_tree(app: App) {
        let editor = app.as_editor();
        for body in [
            json!({"name": "Politik", "position": 1}),
            json!({"name": "Kultur", "position": 2, "description": "Was gespielt, gezeigt und gelesen wird"}),
            json!({"name": "Örtliches", "parent": "kultur"}),
            json!({"name": "Zirkus", "parent": "kultur"}),
            json!({"name": "Musik", "parent": "kultur"}),
        ] {
            editor.send("POST", EDITOR, &body, 201).await;
        }
        let all = app.get("/v1/sections", 200).await;
        assert_eq!(slugs(&all["items"]), ["politik", "kultur"]);
        assert_eq!(slugs(&all["items"][1]["children"]), ["musik", "oertliches", "zirkus"]);
        assert_eq!(all["items"][0]["children"], json!([]));
        assert_eq!(all["items"][0].get("description"), None);
        assert_eq!(all["items"][1]["children"][0]["path"], "kultur/musik");
        assert_eq!(all["items"][1]["links"], json!({
            "self": "https://api.flussblick.example/v1/sections/kultur",
            "articles": "https://api.flussblick.example/v1/articles?section=kultur",
        }));
        let one = app.get("/v1/sections/musik", 200).await;
        assert_eq!(slugs(&one["breadcrumb"]), ["kultur", "musik"]);
        assert_eq!(one["path"], "kultur/musik");
        let by_id = format!("/v1/sections/{}", one["id"].as_str().unwrap());
        assert_eq!(app.get(&by_id, 200).await, one);
        assert_eq!(one.get("version"), None);

        // Every change is seen at the next request, below the change too.
        let patch = editor.request("PATCH", &format!("{EDITOR}/kultur")).header("If-Match", "*");
        expect(patch.json(&json!({"slug": "buehne", "name": "Bühne"})), 200).await;
        let one = app.get("/v1/sections/musik", 200).await;
        assert_eq!((&one["path"], &one["breadcrumb"][0]["name"]), (&json!("buehne/musik"), &json!("Bühne")));
        assert_eq!(slugs(&app.get("/v1/sections", 200).await["items"]), ["politik", "buehne"]);
        let missing = app.request("GET", "/v1/sections/kunst").send().await.unwrap();
        assert_eq!(missing.status(), 404);
        assert_eq!(missing.headers()["cache-control"], "public, max-age=5");
        assert_eq!(missing.headers()["surrogate-key"].len(), 8);
        expect(editor.request("DELETE", &format!("{EDITOR}/musik")).header("If-Match", "*"), 204).await;
        app.get("/v1/sections/musik", 404).await;

        contract::public_get(&app, "/v1/sections").await;
    }

    /// What another node changes is seen without a word from a handler.
    async fn another_node_hears_of_a_change(app: App) {
        let other = app.another_node().await;
        assert_eq!(other.get("/v1/sections", 200).await["items"], json!([]));
        app.as_editor().send("POST", EDITOR, &json!({"name": "Kultur"}), 201).await;
        for _ in 0..100 {
            if other.get("/v1/sections", 200).await["items"] != json!([]) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
        panic!("the other node never heard of the section");
    }
}
