//! The start screen.

use serde_json::{Value, json};

use super::{Phone, by_id, everything, short};
use crate::articles::{at, got, live, newsroom, piece, put, until, verb, with};
use crate::both;
use crate::support::pictures;

fn slugs(items: &Value) -> Vec<&str> {
    let items = items.as_array().unwrap().iter();
    items.map(|item| item["slug"].as_str().unwrap()).collect()
}

both! {
    /// Lists, the newest, sections with their newest; every card as lists show it.
    async fn a_start_screen_in_one_request(app: App) {
        newsroom(&app).await;
        let medium = got(app.as_editor().request("POST", "/v1/editor/media?alt=Ein%20Bus").body(pictures::png(700, 500, 1)), 201).await.json;
        perspektive::media::work::finish(&app.state).await.unwrap();
        for number in 0..12 {
            let section = ["politik", "stadtrat", "kultur"][number % 3];
            live(&app, &format!("a-{number}"), &with(piece(&format!("Artikel {number}")), json!({"section": section, "image": {"id": medium["id"]}}))).await;
        }
        put(&app, "entwurf", &piece("Entwurf")).await;
        for list in [
            json!({"slug": "aufmacher", "name": "Aufmacher", "entries": ["a-3", "entwurf"]}),
            json!({"slug": "home", "name": "Start", "entries": ["a-7", "a-2"]}),
            json!({"slug": "more", "name": "Mehr", "entries": ["a-1"]}),
            json!({"slug": "more-kultur", "name": "Mehr Kultur", "entries": ["a-1"]}),
        ] {
            app.as_editor().send("POST", "/v1/editor/lists", &list, 201).await;
        }
        let home = got(app.request("GET", "/v1/home"), 200).await;
        assert_eq!(slugs(&home.json["lists"]), ["home", "aufmacher"]);
        assert_eq!(slugs(&home.json["lists"][0]["items"]), ["a-7", "a-2"]);
        assert_eq!(slugs(&home.json["lists"][1]["items"]), ["a-3"]);
        assert_eq!(slugs(&home.json["latest"])[..3], ["a-11", "a-10", "a-9"]);
        assert_eq!(slugs(&home.json["sections"]), ["kultur", "politik", "sport"]);
        assert_eq!(slugs(&home.json["sections"][0]["items"]), ["a-11", "a-8", "a-5", "a-2"]);
        assert_eq!(slugs(&home.json["sections"][1]["items"]), ["a-10", "a-9", "a-7", "a-6"]);
        assert_eq!(slugs(&home.json["sections"][2]["items"]), [] as [&str; 0]);
        assert!(home.header("cache-control").starts_with("public, max-age=30"));

        let listed = by_id(everything(&app, "/v1/articles?limit=100").await);
        let mut cards: Vec<&Value> = home.json["latest"].as_array().unwrap().iter().collect();
        for group in ["lists", "sections"] {
            for part in home.json[group].as_array().unwrap() {
                assert!(part["id"].is_string() && part["name"].is_string(), "{part}");
                cards.extend(part["items"].as_array().unwrap());
            }
        }
        for card in cards {
            assert_eq!(Some(card), listed.get(card["id"].as_str().unwrap()));
            // All that an app needs to show a picture.
            for member in ["alt", "thumbhash", "widths", "url_template", "width", "height"] {
                assert!(!card["image"][member].is_null(), "{member}: {card}");
            }
        }
        let one = app.get("/v1/home?limit=1", 200).await;
        assert_eq!(slugs(&one["sections"][0]["items"]), ["a-11"]);
        for query in ["limit=0", "limit=101", "seite=2"] {
            got(app.request("GET", &format!("/v1/home?{query}")), 400).await;
        }
        // A node that reads its own entries of the log back makes it once more.
        until(async || {
            let again = app.request("GET", "/v1/home").header("If-None-Match", home.header("etag"));
            got(again, 304).await.header("cache-status") == "perspektive; hit"
        })
        .await;
    }
}

both! {
    /// It is new at the next request, and what has changed since its cursor comes.
    async fn it_is_as_new_as_its_cursor(app: App) {
        newsroom(&app).await;
        live(&app, "eins", &piece("Eins")).await;
        let home = app.get("/v1/home", 200).await;
        let mut phone = Phone::new("");
        phone.cursor = Some(home["changes_cursor"].as_str().unwrap().to_owned());
        assert_eq!(short(&phone.sync(&app).await), [] as [String; 0]);
        live(&app, "zwei", &piece("Zwei")).await;
        assert_eq!(slugs(&app.get("/v1/home", 200).await["latest"]), ["zwei", "eins"]);
        assert_eq!(short(&phone.sync(&app).await), ["article upsert zwei"]);
        verb(&app, "zwei", "unpublish", json!({}), 200).await;
        assert_eq!(slugs(&app.get("/v1/home", 200).await["latest"]), ["eins"]);
        let section = json!({"name": "Wetter", "position": -1});
        app.as_editor().send("PUT", "/v1/editor/sections/wetter", &section, 201).await;
        assert_eq!(slugs(&app.get("/v1/home", 200).await["sections"])[0], "wetter");
        let list = json!({"slug": "home", "name": "Start", "entries": ["eins"]});
        app.as_editor().send("POST", "/v1/editor/lists", &list, 201).await;
        assert_eq!(slugs(&app.get("/v1/home", 200).await["lists"]), ["home"]);
        put(&app, "bald", &piece("Bald")).await;
        verb(&app, "bald", "schedule", json!({"at": at(&app, 20)}), 200).await;
        let soon = got(app.request("GET", "/v1/home"), 200).await;
        assert_eq!(slugs(&soon.json["latest"]), ["eins"]);
        assert!(!soon.header("cache-control").starts_with("public, max-age=30"), "{}", soon.header("cache-control"));
        app.state.travel(21);
        assert_eq!(slugs(&app.get("/v1/home", 200).await["latest"]), ["bald", "eins"]);
    }
}
