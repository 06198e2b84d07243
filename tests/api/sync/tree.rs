//! Sections that are renamed, moved, merged and removed under those who follow them.

use serde_json::{Value, json};

use super::{Phone, by_id, changes, everything, short};
use crate::articles::{got, live, newsroom, piece, with};
use crate::both;
use crate::support::App;

async fn section(app: &App, slug: &str, body: Value) {
    let request = app
        .as_editor()
        .request("PATCH", &format!("/v1/editor/sections/{slug}"));
    got(request.header("If-Match", "*").json(&body), 200).await;
}

async fn stock(app: &App) {
    newsroom(app).await;
    for (slug, section) in [
        ("rat", "stadtrat"),
        ("land", "politik"),
        ("oper", "kultur"),
        ("spiel", "sport"),
    ] {
        live(app, slug, &with(piece(slug), json!({"section": section}))).await;
    }
}

/// A phone that follows some sections agrees with the list of them.
async fn agrees(app: &App, phone: &Phone, section: &str) {
    let listed = everything(app, &format!("/v1/articles?section={section}")).await;
    assert_eq!(phone.articles(), by_id(listed), "{section}");
}

both! {
    /// A rename is one entry for each path that it changes, and no article's.
    async fn a_rename_is_joined_by_id(app: App) {
        stock(&app).await;
        let mut phone = Phone::new("fields=topics,authors");
        phone.sync(&app).await;
        section(&app, "politik", json!({"name": "Politik & Land"})).await;
        assert_eq!(short(&phone.sync(&app).await), ["section upsert politik"]);
        phone.agrees(&app).await;
        section(&app, "politik", json!({"slug": "land-und-leute"})).await;
        let mut came = short(&phone.sync(&app).await);
        came.sort();
        assert_eq!(came, ["section upsert land-und-leute", "section upsert stadtrat"]);
        phone.agrees(&app).await;
    }
}

both! {
    /// What moves in comes, what moves out goes, for whoever follows one section.
    async fn moving_a_section_moves_its_articles(app: App) {
        stock(&app).await;
        let mut whole = Phone::new("fields=topics,authors");
        let mut politik = Phone::new("section=politik");
        let mut kultur = Phone::new("section=kultur");
        for phone in [&mut whole, &mut politik, &mut kultur] {
            phone.sync(&app).await;
        }
        for parent in ["kultur", "politik"] {
            section(&app, "stadtrat", json!({"parent": parent})).await;
            for phone in [&mut whole, &mut politik, &mut kultur] {
                phone.sync(&app).await;
            }
            whole.agrees(&app).await;
            agrees(&app, &politik, "politik").await;
            agrees(&app, &kultur, "kultur").await;
        }
    }
}

both! {
    /// Whoever follows a section that is merged into another starts again: what it
    /// follows is more than before.
    async fn a_merge_expires_what_follows_the_old_one(app: App) {
        stock(&app).await;
        let mut whole = Phone::new("fields=topics,authors");
        let mut sport = Phone::new("section=sport");
        let mut kultur = Phone::new("section=kultur");
        for phone in [&mut whole, &mut sport, &mut kultur] {
            phone.sync(&app).await;
        }
        app.as_editor().send("POST", "/v1/editor/sections/sport/merge", &json!({"into": "kultur"}), 200).await;
        for phone in [&mut whole, &mut kultur] {
            phone.sync(&app).await;
        }
        whole.agrees(&app).await;
        agrees(&app, &kultur, "kultur").await;
        let gone = got(app.request("GET", &sport.path()), 410).await;
        assert_eq!(gone.json["type"], "/problems/cursor-expired");
        let mut again = Phone::new("section=sport");
        again.sync(&app).await;
        agrees(&app, &again, "sport").await;
        assert_eq!(again.articles().len(), 2);

        // A slug that another section gets is another filter.
        let mut politik = Phone::new("section=politik");
        politik.sync(&app).await;
        section(&app, "politik", json!({"slug": "staat"})).await;
        politik.sync(&app).await;
        agrees(&app, &politik, "politik").await;
        got(app.as_editor().request("DELETE", "/v1/editor/sections/staat/former-slugs/politik").header("If-Match", "*"), 204).await;
        section(&app, "kultur", json!({"slug": "politik"})).await;
        got(app.request("GET", &politik.path()), 410).await;
    }
}

both! {
    async fn a_section_that_is_removed_is_a_tombstone(app: App) {
        stock(&app).await;
        app.as_editor().send("PUT", "/v1/editor/sections/leer", &json!({"name": "Leer"}), 201).await;
        let mut phone = Phone::new("types=section");
        phone.sync(&app).await;
        got(app.as_editor().request("DELETE", "/v1/editor/sections/leer").header("If-Match", "*"), 204).await;
        assert_eq!(short(&phone.sync(&app).await), ["section delete"]);
        assert_eq!(phone.kept.len(), 4);
        changes(&app, "section=leer", 400).await;
    }
}

/// Where the website's addresses hold the section's slug, a new slug changes the address
/// of every article of it.
#[actix_web::test]
async fn addresses_with_sections_in_them_expire_cursors() {
    let app = App::sqlite_with(|config| {
        config.site_article_path = "/{section}/{slug}/".to_owned();
    })
    .await;
    stock(&app).await;
    let mut phone = Phone::new("fields=topics,authors");
    phone.sync(&app).await;
    section(&app, "kultur", json!({"name": "Kultur & Leben"})).await;
    phone.sync(&app).await;
    phone.agrees(&app).await;
    section(&app, "kultur", json!({"slug": "kultur-und-leben"})).await;
    got(app.request("GET", &phone.path()), 410).await;
    let mut again = Phone::new("fields=topics,authors");
    again.sync(&app).await;
    again.agrees(&app).await;
}
