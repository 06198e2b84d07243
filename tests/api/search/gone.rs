//! What has gone is never found, whatever the index says.

use serde_json::{Value, json};

use super::{found, q, slugs};
use crate::articles::{EDITOR, got, newsroom, piece, put, with};
use crate::both;
use crate::support::App;

const WORD: &str = "Quastenflosser";

async fn publish(app: &App, slug: &str, more: Value) {
    put(app, slug, &with(piece(&format!("{WORD} {slug}")), more)).await;
    app.as_editor()
        .send("POST", &format!("{EDITOR}/{slug}/publish"), &json!({}), 200)
        .await;
}

/// Slugs that suggestions name.
async fn suggested(app: &App) -> Vec<String> {
    slugs(
        &app.get(&format!("/v1/search/suggest?{}", q("quastenfl")), 200)
            .await,
    )
}

both! {
    /// The index is asked before it has heard of anything: it still has them all.
    async fn an_index_that_lags_shows_nothing_that_has_gone(app: App) {
        let editor = newsroom(&app).await;
        let in_an_hour = app.state.now().plus_seconds(3_600).to_string();
        for slug in ["bleibt", "zurueck", "weg", "papierkorb", "umbenannt"] {
            publish(&app, slug, json!({})).await;
        }
        publish(&app, "laeuft-ab", json!({"expires_at": in_an_hour})).await;
        app.indexed().await;
        assert_eq!(found(&app, &q(WORD)).await.len(), 6);
        assert_eq!(suggested(&app).await.len(), 6);
        // From here on nobody tells the index anything.
        app.search.pause();
        let verb = async |slug: &str, verb: &str| {
            editor.send("POST", &format!("{EDITOR}/{slug}/{verb}"), &json!({}), 200).await;
        };
        verb("zurueck", "unpublish").await;
        got(editor.request("POST", &format!("{EDITOR}/weg/take-down")).json(&json!({"reason": "Falsch"})), 200).await;
        verb("papierkorb", "unpublish").await;
        got(editor.request("DELETE", &format!("{EDITOR}/papierkorb")).header("If-Match", "*"), 200).await;
        got(editor.request("PATCH", &format!("{EDITOR}/umbenannt")).header("If-Match", "*").json(&json!({"slug": "neuer-name"})), 200).await;
        app.state.travel(3_601);
        let mut left = found(&app, &q(WORD)).await;
        left.sort();
        assert_eq!(left, ["bleibt", "neuer-name"]);
        let mut left = suggested(&app).await;
        left.sort();
        assert_eq!(left, ["bleibt", "neuer-name"]);
        // A page is filled though the first hits fall away, and leads on.
        let page = app.get(&format!("/v1/search?{}&limit=1", q(WORD)), 200).await;
        assert_eq!(slugs(&page).len(), 1);
        let next = page["links"]["next"].as_str().unwrap().strip_prefix("https://api.flussblick.example").unwrap().to_owned();
        let second = app.get(&next, 200).await;
        assert_eq!(slugs(&second).len(), 1);
        assert_ne!(slugs(&page), slugs(&second));
    }
}

both! {
    /// A cached answer goes with what it shows, and with whatever is published: nobody
    /// knows beforehand what is found then.
    async fn an_answer_is_evicted_with_what_it_shows(app: App) {
        let editor = newsroom(&app).await;
        publish(&app, "bleibt", json!({})).await;
        publish(&app, "geht", json!({})).await;
        app.indexed().await;
        let path = format!("/v1/search?{}", q(WORD));
        let first = got(app.request("GET", &path), 200).await;
        assert_eq!(first.header("cache-control"), "public, max-age=30, stale-while-revalidate=60, stale-if-error=600");
        let hit = || async { got(app.request("GET", &path), 200).await };
        assert_eq!(hit().await.header("cache-status"), "perspektive; hit");
        put(&app, "anderes", &piece("Etwas anderes")).await;
        assert_eq!(hit().await.header("cache-status"), "perspektive; hit");
        editor.send("POST", &format!("{EDITOR}/anderes/publish"), &json!({}), 200).await;
        app.indexed().await;
        assert_eq!(hit().await.header("cache-status"), "perspektive; fwd=miss");
        assert_eq!(hit().await.header("cache-status"), "perspektive; hit");
        editor.send("POST", &format!("{EDITOR}/geht/unpublish"), &json!({}), 200).await;
        let after = hit().await;
        assert_eq!(after.header("cache-status"), "perspektive; fwd=miss");
        assert_eq!(slugs(&after.json), ["bleibt"]);
        // Until the index has what was published, nobody keeps an answer.
        app.search.pause();
        put(&app, "neues", &piece("Noch etwas")).await;
        editor.send("POST", &format!("{EDITOR}/neues/publish"), &json!({}), 200).await;
        for _ in 0..2 {
            let behind = hit().await;
            assert_eq!((behind.header("cache-status"), behind.header("cache-control")), ("perspektive; fwd=miss", "public, no-cache"));
        }
    }
}

both! {
    /// Neither drafts nor what comes later, nor revisions that are not published.
    async fn what_is_not_public_yet_is_not_in_the_index(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "entwurf", &piece("Quastenflosser im Entwurf")).await;
        put(&app, "geplant", &piece("Quastenflosser mit Termin")).await;
        let at = app.state.now().plus_seconds(3_600).to_string();
        editor.send("POST", &format!("{EDITOR}/geplant/schedule"), &json!({"at": at}), 200).await;
        publish(&app, "gesperrt", json!({"embargo_until": at})).await;
        put(&app, "neuer", &piece("Ein Zeppelin")).await;
        editor.send("POST", &format!("{EDITOR}/neuer/publish"), &json!({}), 200).await;
        put(&app, "neuer", &piece("Ein Quastenflosser statt eines Zeppelins")).await;
        app.indexed().await;
        assert_eq!(found(&app, &q(WORD)).await, Vec::<String>::new());
        assert_eq!(suggested(&app).await, Vec::<String>::new());
        let page = app.get(&format!("/v1/search?{}", q("Zeppelin Quastenflosser")), 200).await;
        assert_eq!((slugs(&page), &page["left_out"]), (vec!["neuer".to_owned()], &json!(["Quastenflosser"])));
        app.state.travel(3_601);
        app.state.write(perspektive::articles::ops::announce).await.unwrap();
        app.indexed().await;
        let mut there = found(&app, &q(WORD)).await;
        there.sort();
        assert_eq!(there, ["geplant", "gesperrt"]);
    }
}

both! {
    /// The text that is shown is the one that is public, even before the index knows.
    async fn a_passage_is_never_of_an_older_text(app: App) {
        let editor = newsroom(&app).await;
        publish(&app, "text", json!({"body": {"markdown": "Hier steht etwas Falsches über den Quastenflosser."}})).await;
        app.indexed().await;
        app.search.pause();
        publish(&app, "text", json!({"body": {"markdown": "Hier steht nun das Richtige über den Quastenflosser."}})).await;
        let page = app.get(&format!("/v1/search?{}", q(WORD)), 200).await;
        assert!(!page.to_string().contains("Falsches"), "{page}");
        drop(editor);
    }
}
