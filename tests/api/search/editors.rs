//! Editors find working copies in any state, and at once.

use serde_json::{Value, json};

use super::slugs;
use crate::articles::{EDITOR, got, newsroom, piece, put, with};
use crate::both;
use crate::support::App;

async fn editors(app: &App, query: &str) -> Vec<String> {
    let request = app.as_editor().request("GET", &format!("{EDITOR}?{query}"));
    slugs(&got(request, 200).await.json)
}

fn sorted(mut slugs: Vec<String>) -> Vec<String> {
    slugs.sort();
    slugs
}

both! {
    async fn drafts_are_found_as_soon_as_they_are_saved(app: App) {
        let editor = newsroom(&app).await;
        app.indexed().await;
        put(&app, "entwurf", &with(piece("Die Brücken der Stadt"), json!({"topics": ["verkehr"], "authors": ["mara-lenz"]}))).await;
        assert_eq!(editors(&app, "q=bruecke").await, ["entwurf"]);
        put(&app, "entwurf", &with(piece("Die Häfen der Stadt"), json!({"topics": ["verkehr"], "section": "stadtrat"}))).await;
        assert_eq!(editors(&app, "q=bruecke").await, Vec::<String>::new());
        assert_eq!(editors(&app, "q=hafen").await, ["entwurf"]);
        put(&app, "live", &piece("Hafen bei Nacht")).await;
        editor.send("POST", &format!("{EDITOR}/live/publish"), &json!({}), 200).await;
        put(&app, "weg", &piece("Hafen im Papierkorb")).await;
        got(editor.request("DELETE", &format!("{EDITOR}/weg")).header("If-Match", "*"), 200).await;
        for (query, slugs) in [
            ("q=hafen", &["entwurf", "live"][..]),
            ("q=hafen&state=live", &["live"]),
            ("q=hafen&state=draft", &["entwurf"]),
            ("q=hafen&state=trashed", &["weg"]),
            ("q=hafen&section=politik", &["entwurf", "live"]),
            ("q=hafen&section=stadtrat", &["entwurf"]),
            ("q=hafen&topic=verkehr", &["entwurf"]),
            ("q=hafen&author=mara-lenz", &[]),
            ("q=hafen&created_by=me", &["entwurf", "live"]),
            ("q=hafen%20-nacht", &["entwurf"]),
            ("q=%22Hafen%20bei%20Nacht%22", &["live"]),
            ("q=entwurf", &["entwurf"]),
            ("q=%20", &["entwurf", "live"]),
        ] {
            assert_eq!(sorted(editors(&app, query).await), slugs, "{query}");
        }
        // The headline comes first.
        put(&app, "am-rand", &with(piece("Ein Spaziergang"), json!({"body": {"markdown": "Bis zum Hafen."}}))).await;
        assert_eq!(editors(&app, "q=hafen").await[2], "am-rand");
        assert_eq!(app.get("/v1/search?q=entwurf", 200).await["items"], json!([]));
    }
}

both! {
    async fn pages_of_what_editors_find(app: App) {
        newsroom(&app).await;
        for number in 0..12 {
            put(&app, &format!("pegel-{number}"), &piece(&format!("Pegel {number}"))).await;
        }
        let whole = editors(&app, "q=pegel&limit=100").await;
        assert_eq!(whole.len(), 12);
        let mut path = format!("{EDITOR}?q=pegel&limit=5");
        let mut all = Vec::new();
        loop {
            let page: Value = got(app.as_editor().request("GET", &path), 200).await.json;
            all.extend(slugs(&page));
            let Some(next) = page["links"]["next"].as_str() else { break };
            path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
        }
        assert_eq!(all, whole);
        let long = "a".repeat(401);
        got(app.as_editor().request("GET", &format!("{EDITOR}?q={long}")), 400).await;
    }
}
