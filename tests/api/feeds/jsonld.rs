//! Structured data.

use serde_json::{Value, json};

use super::forms::filled;
use crate::articles::{got, live, newsroom, patch, piece, put, verb, with};
use crate::both;
use crate::support::App;

both! {
    async fn an_article_as_search_engines_read_it(app: App) {
        filled(&app).await;
        verb(&app, "rat", "correct", json!({"text": "Zuerst stand hier ein anderer Monat."}), 200).await;
        let answer = got(app.request("GET", "/v1/articles/rat.jsonld"), 200).await;
        assert_eq!(answer.header("content-type"), "application/ld+json");
        crate::whole!("jsonld", &answer.json);
    }

    async fn it_can_be_pasted_and_follows_the_article(app: App) {
        newsroom(&app).await;
        let hostile = "</script><script>alert(1)</script><!-- ]]>";
        live(&app, "rat", &with(piece(hostile), json!({"access": "paid", "teaser": hostile}))).await;
        let answer = got(app.request("GET", "/v1/articles/rat.jsonld"), 200).await;
        assert!(!answer.text.contains('<'), "{}", answer.text);
        assert_eq!(answer.json["headline"], hostile);
        assert_eq!((&answer.json["isAccessibleForFree"], &answer.json["author"]), (&json!(false), &json!([])));
        let page = format!("<script type=\"application/ld+json\">{}</script>", answer.text);
        let page = scraper::Html::parse_document(&page);
        let scripts: Vec<String> = page.select(&scraper::Selector::parse("script").unwrap()).map(|script| script.text().collect()).collect();
        assert_eq!(scripts.len(), 1);
        assert_eq!(serde_json::from_str::<Value>(&scripts[0]).unwrap(), answer.json);

        patch(&app, "rat", json!({"slug": "neuer-rat"}), 200).await;
        let moved = got(app.request("GET", "/v1/articles/rat.jsonld"), 301).await;
        assert_eq!(moved.header("location"), "https://api.flussblick.example/v1/articles/neuer-rat.jsonld");
        assert_eq!(app.get("/v1/articles/neuer-rat.jsonld", 200).await["mainEntityOfPage"]["@id"].as_str().unwrap().rsplit('/').nth(1), Some("neuer-rat"));
        verb(&app, "neuer-rat", "unpublish", json!({}), 200).await;
        app.get("/v1/articles/neuer-rat.jsonld", 404).await;
        verb(&app, "neuer-rat", "take-down", json!({"reason": "x"}), 200).await;
        app.get("/v1/articles/neuer-rat.jsonld", 410).await;
        put(&app, "entwurf", &piece("Entwurf")).await;
        app.get("/v1/articles/entwurf.jsonld", 404).await;
    }
}
