//! Authors: names that may be equal, and what readers don't see.

use perspektive::auth::Actor;
use perspektive::authors::ops::resolve_or_create;
use serde_json::json;

use crate::both;
use crate::support::clients::expect;
use crate::support::contract;
use crate::support::seed::{Seed, id};

const EDITOR: &str = "/v1/editor/authors";

both! {
    async fn writes_say_what_they_change(app: App) {
        contract::preconditions(&app, EDITOR).await;
        contract::rights(&app, EDITOR).await;
    }

    async fn the_profile_is_checked(app: App) {
        let editor = app.as_editor();
        let whole = json!({
            "name": "Jörg Müßig", "role": "Reporter", "bio": "Schreibt.\nFotografiert.",
            "email": "joerg@flussblick.example", "url": "https://muessig.example/",
        });
        let made = editor.send("POST", EDITOR, &whole, 201).await;
        assert_eq!(made["slug"], "joerg-muessig");
        for (name, value) in whole.as_object().unwrap() {
            assert_eq!(&made[name], value);
        }
        let bad = json!({
            "name": "X", "role": "a\nb", "bio": "x".repeat(2_001),
            "email": "joerg", "url": "javascript:alert(1)",
        });
        let problem = editor.send("POST", EDITOR, &bad, 422).await;
        let pointers: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["#/role", "#/bio", "#/email", "#/url"]);
        let patch = editor.request("PATCH", &format!("{EDITOR}/joerg-muessig")).header("If-Match", "*");
        let changed = expect(patch.json(&json!({"email": null, "role": "Redakteur"})), 200).await;
        assert_eq!((changed.get("email"), &changed["role"], &changed["bio"]), (None, &json!("Redakteur"), &whole["bio"]));
    }

    async fn readers_see_authors_of_visible_articles_without_their_address(app: App) {
        let editor = app.as_editor();
        let body = json!({"name": "Mara Lenz", "email": "mara@flussblick.example", "bio": "x".repeat(1_000)});
        let mara = id(&editor.send("POST", EDITOR, &body, 201).await);
        app.get("/v1/authors/mara-lenz", 404).await;
        assert_eq!(app.get("/v1/authors", 200).await["items"], json!([]));
        app.seed(Seed { slug: "a", authors: &[mara], lists: &[mara], appears: Some(-5), ..Seed::default() });
        let mut seen = app.get("/v1/authors/mara-lenz", 200).await;
        // Feeds stand only here.
        assert!(seen["links"].as_object_mut().unwrap().remove("feeds").is_some());
        let listed = app.get("/v1/authors?q=mara", 200).await;
        assert_eq!(listed["items"], json!([seen]));
        assert!(!listed.to_string().contains("flussblick.example\""), "{listed}");
        assert!(!listed.to_string().contains("mara@"), "{listed}");
        let patch = editor.request("PATCH", &format!("{EDITOR}/mara-lenz")).header("If-Match", "*");
        expect(patch.json(&json!({"name": "Mara Lenz-Weber"})), 200).await;
        assert_eq!(app.get("/v1/authors/mara-lenz", 200).await["name"], "Mara Lenz-Weber");
        let delete = editor.request("DELETE", &format!("{EDITOR}/mara-lenz")).header("If-Match", "*");
        expect(delete, 409).await;
        contract::public_get(&app, "/v1/authors?limit=5").await;
    }

    /// Equal names are told apart by slug.
    async fn uploads_find_or_create_authors(app: App) {
        let editor = app.as_editor();
        let first = id(&editor.send("POST", EDITOR, &json!({"name": "Anna Kern"}), 201).await);
        let second = json!({"name": "anna kern", "slug": "anna-kern-hamburg"});
        let second = id(&editor.send("POST", EDITOR, &second, 201).await);
        let resolve = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let job = |tx: &mut perspektive::changes::Tx<'_>| resolve_or_create(tx, &Actor::command(), &names);
            app.blocking(|| app.state.write_blocking(job)).unwrap()
        };
        assert_eq!(resolve(&["anna-kern", "anna-kern-hamburg"]), Ok(vec![first, second]));
        let errors = resolve(&["Neu Dabei", "ANNA KERN"]).unwrap_err();
        assert_eq!((errors[0].pointer.as_str(), errors[0].code), ("#/authors/1", "ambiguous"));
        assert!(errors[0].detail.contains("anna-kern-hamburg"));
        editor.get(&format!("{EDITOR}/neu-dabei"), 404).await;
        let made = resolve(&["Neu Dabei", "neu  dabei"]).unwrap();
        assert_eq!(made.len(), 1);
        assert_eq!(id(&editor.get(&format!("{EDITOR}/neu-dabei"), 200).await), made[0]);
    }
}
