//! Suggestions while somebody types.

use serde_json::{Value, json};

use super::{prosaic, q};
use crate::articles::{EDITOR, got, piece, put, with};
use crate::both;
use crate::support::App;

async fn suggest(app: &App, text: &str) -> Vec<(String, String)> {
    let page: Value = app
        .get(&format!("/v1/search/suggest?{}", q(text)), 200)
        .await;
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let member = |name: &str| item[name].as_str().unwrap().to_owned();
            (member("type"), member("text"))
        })
        .collect()
}

fn of(kind: &str, text: &str) -> (String, String) {
    (kind.to_owned(), text.to_owned())
}

both! {
    async fn names_and_headlines_that_begin_like_that(app: App) {
        prosaic(&app).await;
        let editor = app.as_editor();
        put(&app, "von-mara", &with(piece("Marathon der Ideen"), json!({"authors": ["mara-lenz"]}))).await;
        editor.send("POST", &format!("{EDITOR}/von-mara/publish"), &json!({}), 200).await;
        app.indexed().await;
        let found = suggest(&app, "mara").await;
        assert_eq!(found[0], of("author", "Mara Lenz"));
        assert!(found.contains(&of("article", "Marathon der Ideen")) && found.contains(&of("article", "Igel legt Marathon lahm")), "{found:?}");
        assert_eq!(suggest(&app, "lenz").await, [of("author", "Mara Lenz")]);
        assert_eq!(suggest(&app, "loewenbr").await, [of("article", "Rost an der Löwenbrücke: Sperrung für Lastwagen")]);
        assert_eq!(suggest(&app, "rost lö").await, [of("article", "Rost an der Löwenbrücke: Sperrung für Lastwagen")]);
        assert_eq!(suggest(&app, "polit").await, [of("section", "Politik")]);
        assert_eq!(suggest(&app, "verk").await[0], of("topic", "Verkehr"));
        assert!(suggest(&app, "  ").await.is_empty());
        // A topic and an author that only drafts have are none.
        assert!(suggest(&app, "jonas").await.is_empty());
        let page = app.get("/v1/search/suggest?q=k&limit=2", 200).await;
        assert!(page["items"].as_array().unwrap().len() <= 2);
        app.get("/v1/search/suggest", 400).await;
        app.get("/v1/search/suggest?q=k&limit=101", 400).await;
        // Another name is suggested as soon as it is one.
        got(editor.request("PATCH", "/v1/editor/authors/mara-lenz").header("If-Match", "*").json(&json!({"name": "Mara Quist"})), 200).await;
        assert!(suggest(&app, "lenz").await.is_empty());
        assert_eq!(suggest(&app, "quist").await, [of("author", "Mara Quist")]);
        editor.send("POST", &format!("{EDITOR}/von-mara/unpublish"), &json!({}), 200).await;
        assert!(suggest(&app, "quist").await.is_empty());
    }
}
