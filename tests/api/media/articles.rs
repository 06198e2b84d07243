//! Pictures in articles: named by id, shown with what is known of them, and kept as
//! long as an article shows them.

use perspektive::changes::{Action, Entity};
use serde_json::{Value, json};

use super::{MEDIA, rendered, upload};
use crate::articles::{EDITOR, got, live, newsroom, patch, piece, put, verb, with};
use crate::both;
use crate::support::clients::expect;
use crate::support::{App, pictures, seed};

/// Uploads a picture with renditions; its id.
async fn picture(app: &App, query: &str, number: u32) -> String {
    let medium = upload(
        &app.as_editor(),
        query,
        pictures::png(400, 200, number),
        201,
    )
    .await;
    rendered(app, &medium).await["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn api(path: &str) -> String {
    format!("https://api.flussblick.example{path}")
}

async fn delete(app: &App, id: &str, status: u16) -> Value {
    let request = app.as_editor().request("DELETE", &format!("{MEDIA}/{id}"));
    expect(request.header("If-Match", "*"), status).await
}

both! {
    /// Above a text, in it and in a gallery; what is said in the article comes first.
    async fn an_article_shows_uploaded_pictures(app: App) {
        newsroom(&app).await;
        let bus = picture(&app, "?alt=Ein%20Bus&caption=Linie%203&credit=Jonte%20Behrens&focal_point=0.5,0.25", 1).await;
        let wave = picture(&app, "?decorative=true", 2).await;
        let blocks = json!([
            {"type": "image", "id": bus, "caption": "Am Wehr"},
            {"type": "gallery", "images": [{"id": wave}, {"id": bus, "alt": "Noch ein Bus"}, {"url": "https://b.example/x.jpg", "alt": "x"}]},
        ]);
        let article = with(piece("Bilder"), json!({"image": {"id": bus, "credit": "Archiv"}, "body": {"blocks": blocks}}));
        live(&app, "bilder", &article).await;

        let shown = app.get("/v1/articles/bilder?body=blocks,html,markdown", 200).await;
        let image = &shown["image"];
        assert_eq!((&image["id"], &image["alt"], &image["caption"], &image["credit"]), (&json!(bus), &json!("Ein Bus"), &json!("Linie 3"), &json!("Archiv")));
        assert_eq!((&image["width"], &image["height"], &image["widths"]), (&json!(400), &json!(200), &json!([320])));
        assert_eq!(image["focal_point"], json!({"x": 0.5, "y": 0.25}));
        assert!(image["thumbhash"].is_string(), "{image}");
        assert_eq!(image["url"], api(&format!("/media/{bus}/320.jpg")));
        assert_eq!(image["url_template"], api(&format!("/media/{bus}/{{width}}.webp")));
        let blocks = &shown["body"]["blocks"];
        assert_eq!((&blocks[0]["type"], &blocks[0]["caption"], &blocks[0]["alt"], &blocks[0]["credit"]), (&json!("image"), &json!("Am Wehr"), &json!("Ein Bus"), &json!("Jonte Behrens")));
        for member in ["id", "url", "width", "height", "focal_point", "thumbhash", "widths", "url_template"] {
            assert_eq!(blocks[0][member], image[member], "{member}");
        }
        let images = &blocks[1]["images"];
        assert_eq!((&images[0]["decorative"], &images[1]["alt"], &images[2]["url"]), (&json!(true), &json!("Noch ein Bus"), &json!("https://b.example/x.jpg")));
        assert!(images[2].get("widths").is_none() && images[0].get("alt").is_none(), "{images}");
        let html = shown["body"]["html"].as_str().unwrap();
        let (jpeg, webp) = (api(&format!("/media/{bus}/320.jpg")), api(&format!("/media/{bus}/320.webp")));
        assert!(html.contains(&format!("<img src=\"{jpeg}\" srcset=\"{webp} 320w\" alt=\"Ein Bus\" width=\"400\" height=\"200\">")), "{html}");
        assert!(shown["body"]["markdown"].as_str().unwrap().contains(&format!("![Ein Bus]({jpeg} \"Am Wehr\")")), "{shown}");
        for path in ["/v1/articles", "/v1/articles?section=politik"] {
            let card = &app.get(path, 200).await["items"][0]["image"];
            assert_eq!((&card["id"], &card["alt"], &card["url_template"]), (&json!(bus), &json!("Ein Bus"), &image["url_template"]));
            assert!(card.get("caption").is_none(), "{card}");
        }

        // Where it is a related article, and among more news.
        let linking = with(piece("Verweis"), json!({"related": [{"article": "bilder"}]}));
        live(&app, "verweis", &linking).await;
        let linking = app.get("/v1/articles/verweis?include=more", 200).await;
        for card in [&linking["related"][0]["article"], &linking["more"][0]] {
            assert_eq!(card["image"]["id"], *bus, "{card}");
        }
        for path in ["related", "more"] {
            let text = app.get(&format!("/v1/articles/verweis/{path}"), 200).await.to_string();
            assert!(text.contains(&format!("\"id\":\"{bus}\"")), "{text}");
        }
    }

    /// What an editor gets can be sent again: ids, or addresses of ours in any form.
    async fn addresses_of_ours_mean_the_picture(app: App) {
        let editor = newsroom(&app).await;
        let bus = picture(&app, "?alt=Ein%20Bus", 1).await;
        let (page, bytes) = (api(&format!("/v1/media/{bus}")), api(&format!("/media/{bus}/320.webp")));
        let stored = json!([{"type": "image", "id": bus}]);
        let forms = [
            ("text/markdown", format!("# Bild\n\n![]({bytes})\n")),
            ("text/html", format!("<h1>Bild</h1><p><img src=\"{bytes}\" width=\"320\" height=\"160\"></p>")),
            ("application/json", json!({"headline": "Bild", "image": {"url": page}, "body": {"blocks": [{"type": "image", "url": bytes}]}}).to_string()),
            ("application/json", json!({"headline": "Bild", "image": {"id": bus}, "body": {"markdown": format!("![]({page})")}}).to_string()),
        ];
        let path = format!("{EDITOR}/bild");
        for (kind, body) in forms {
            let request = editor.request("PUT", &path).header("Content-Type", kind);
            got(request.body(body.clone()), if kind == "text/markdown" { 201 } else { 200 }).await;
            let view = editor.get(&path, 200).await;
            assert_eq!(view["body"]["blocks"], stored, "{body}");
            if kind == "application/json" {
                assert_eq!(view["image"], json!({"id": bus}));
            }
            // Both its forms, sent again, change nothing.
            for form in ["blocks", "markdown"] {
                let view = editor.get(&format!("{path}?body={form}"), 200).await;
                let again = got(editor.request("PUT", &path).json(&view), 200).await;
                assert_eq!(again.json["result"], "unchanged", "{view}");
            }
        }
        patch(&app, "bild", json!({"image": {"url": "https://b.example/x.jpg", "id": null, "width": 5}}), 200).await;
        patch(&app, "bild", json!({"image": {"url": bytes}}), 200).await;
        assert_eq!(editor.get(&path, 200).await["image"], json!({"id": bus}));
        let line = json!({"slug": "zeile", "headline": "Zeile", "image": {"id": bus}}).to_string();
        let bulk = editor.request("POST", "/v1/editor/bulk").header("Content-Type", "application/x-ndjson");
        let answer = got(bulk.body(line), 200).await;
        assert!(answer.text.contains("\"status\":201"), "{}", answer.text);
    }

    /// A picture that isn't there, named twice or not at all, and one without a text.
    async fn what_is_wrong_is_told_with_its_place(app: App) {
        newsroom(&app).await;
        let editor = app.as_editor();
        let silent = picture(&app, "", 1).await;
        let nobody = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e";
        let with_image = |image: Value| with(piece("Falsch"), json!({"image": image}));
        let with_block = |block: Value| with(piece("Falsch"), json!({"body": {"blocks": [block]}}));
        let image = |more: Value| with(json!({"type": "image"}), more);
        let url = "https://b.example/x.jpg";
        for (body, status, pointer, code) in [
            (with_image(json!({"id": nobody})), 422, "#/image/id", "unknown-media"),
            (with_image(json!({"id": silent, "url": url})), 422, "#/image", "one-of"),
            (with_image(json!({"alt": "x"})), 422, "#/image", "one-of"),
            (with_image(json!({"id": silent, "width": 5})), 422, "#/image", "known-size"),
            (with_block(image(json!({"id": nobody}))), 422, "#/body/blocks/0/id", "unknown-media"),
            (with_block(json!({"type": "gallery", "images": [{"id": silent}, {"id": nobody}]})), 422, "#/body/blocks/0/images/1/id", "unknown-media"),
            (with_block(image(json!({"id": silent, "url": url}))), 422, "#/body/blocks/0", "conflict"),
            (with_block(image(json!({"id": silent, "height": 5}))), 422, "#/body/blocks/0", "conflict"),
            (with_block(image(json!({}))), 400, "#/body/blocks/0", "missing-field"),
            (with_block(image(json!({"id": "bus"}))), 422, "#/body/blocks/0/id", "invalid-id"),
        ] {
            let problem = got(editor.request("PUT", &format!("{EDITOR}/falsch")).json(&body), status).await.json;
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{body} {problem}");
        }
        editor.get(&format!("{EDITOR}/falsch"), 404).await;

        put(&app, "stumm", &with(with_image(json!({"id": silent})), json!({"body": {"blocks": [image(json!({"id": silent}))]}}))).await;
        let problem = verb(&app, "stumm", "publish", json!({}), 422).await;
        let pointers: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["#/image/alt", "#/body/blocks/0/alt"]);
        // A text of the article's own is one, and so is the picture's.
        patch(&app, "stumm", json!({"image": {"alt": "Ein Bus"}}), 200).await;
        assert_eq!(verb(&app, "stumm", "publish", json!({}), 422).await["errors"].as_array().unwrap().len(), 1);
        let medium = editor.request("PATCH", &format!("{MEDIA}/{silent}")).header("If-Match", "*");
        expect(medium.json(&json!({"decorative": true})), 200).await;
        verb(&app, "stumm", "publish", json!({}), 200).await;
        // And it stays as long as readers see it.
        let medium = editor.request("PATCH", &format!("{MEDIA}/{silent}")).header("If-Match", "*");
        let problem = expect(medium.json(&json!({"decorative": false})), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], "#/alt");
    }

    /// Used is what the newest or the live revision shows; nothing else is kept.
    async fn a_used_picture_stays(app: App) {
        let editor = newsroom(&app).await;
        let (first, second) = (picture(&app, "?alt=Eins", 1).await, picture(&app, "?alt=Zwei", 2).await);
        let showing = |id: &str| with(piece("Bild"), json!({"image": {"id": id}}));
        let unused = async || -> Vec<String> {
            let page = editor.get(&format!("{MEDIA}?unused=true"), 200).await;
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
        };
        put(&app, "bild", &showing(&first)).await;
        assert_eq!(unused().await, std::slice::from_ref(&second));
        let problem = delete(&app, &first, 409).await;
        assert!(problem["detail"].as_str().unwrap().contains("`bild`"), "{problem}");
        // A draft's picture is nobody's business.
        app.get(&format!("/v1/media/{first}"), 404).await;
        verb(&app, "bild", "publish", json!({}), 200).await;
        assert_eq!(app.get(&format!("/v1/media/{first}"), 200).await["alt"], "Eins");

        // The newest shows another one; readers still see the first.
        put(&app, "bild", &showing(&second)).await;
        assert_eq!(unused().await, [] as [String; 0]);
        delete(&app, &first, 409).await;
        app.get(&format!("/v1/media/{second}"), 404).await;
        verb(&app, "bild", "publish", json!({}), 200).await;
        app.get(&format!("/v1/media/{first}"), 404).await;
        app.get(&format!("/v1/media/{second}"), 200).await;
        let diff = editor.get(&format!("{EDITOR}/bild/diff?from=1&to=2"), 200).await.to_string();
        assert!(diff.contains(&first) && diff.contains(&second), "{diff}");

        // An old revision doesn't keep it, and comes back without it.
        assert_eq!(unused().await, std::slice::from_ref(&first));
        delete(&app, &first, 204).await;
        let restored = verb(&app, "bild", "revisions/1/restore", json!({}), 200).await;
        assert_eq!((&restored["warnings"][0]["code"], &restored["warnings"][0]["pointer"]), (&json!("reference-gone"), &json!("#/image")));
        assert!(editor.get(&format!("{EDITOR}/bild"), 200).await.get("image").is_none());
        let problem = verb(&app, "bild", "publish", json!({"revision": 1}), 422).await;
        assert!(problem.to_string().contains("unknown-media"), "{problem}");
        verb(&app, "bild", "unpublish", json!({}), 200).await;
        app.get(&format!("/v1/media/{second}"), 404).await;
        assert_eq!(unused().await, [second]);
    }

    /// A change of the picture shows wherever it stands, at once.
    async fn a_changed_picture_changes_its_articles(app: App) {
        let editor = newsroom(&app).await;
        let bus = picture(&app, "?alt=Ein%20Bus", 1).await;
        let article = with(piece("Bild"), json!({"body": {"blocks": [{"type": "image", "id": bus}]}}));
        live(&app, "text", &article).await;
        live(&app, "bild", &with(piece("Bild"), json!({"image": {"id": bus}}))).await;
        let alts = async || {
            let (text, above, page) = (app.get("/v1/articles/text", 200).await, app.get("/v1/articles/bild", 200).await, app.get("/v1/articles?limit=1", 200).await);
            [&text["body"]["blocks"][0], &above["image"], &page["items"][0]["image"]].map(|image| image["alt"].as_str().unwrap().to_owned())
        };
        assert_eq!(alts().await, ["Ein Bus"; 3]);
        let before = app.log().len();
        let path = format!("{MEDIA}/{bus}");
        expect(editor.request("PATCH", &path).header("If-Match", "*").json(&json!({"alt": "Eine Bahn"})), 200).await;
        assert_eq!(alts().await, ["Eine Bahn"; 3]);
        // Who keeps articles hears of those that show it, too.
        let log = app.log();
        let [first, second, last] = &log[before..] else { panic!("{log:?}") };
        assert_eq!(*last, (Entity::Media, seed::id(&json!({"id": bus})), Action::Changed));
        assert!([first, second].iter().all(|(entity, _, action)| (*entity, *action) == (Entity::Article, Action::Changed)));

        // A picture that was just uploaded has its addresses, and then its widths.
        let fresh = upload(&editor, "?alt=Neu", pictures::png(400, 200, 3), 201).await["id"].as_str().unwrap().to_owned();
        live(&app, "neu", &with(piece("Neu"), json!({"image": {"id": fresh}}))).await;
        let image = &app.get("/v1/articles/neu", 200).await["image"];
        assert_eq!((&image["widths"], &image["url"]), (&json!([]), &json!(api(&format!("/media/{fresh}/320.jpg")))));
        perspektive::media::work::finish(&app.state).await.unwrap();
        assert_eq!(app.get("/v1/articles/neu", 200).await["image"]["widths"], json!([320]));
    }

    /// A preview shows pictures that nobody else gets to know of.
    async fn a_preview_shows_its_pictures(app: App) {
        let editor = newsroom(&app).await;
        let bus = picture(&app, "?alt=Ein%20Bus", 1).await;
        put(&app, "entwurf", &with(piece("Entwurf"), json!({"image": {"id": bus}, "body": {"blocks": [{"type": "image", "id": bus}]}}))).await;
        let link = editor.send("POST", &format!("{EDITOR}/entwurf/preview-links"), &json!({}), 201).await;
        let token = link["token"].as_str().unwrap();
        let shown = app.get(&format!("/v1/preview/{token}"), 200).await;
        assert_eq!((&shown["image"]["alt"], &shown["body"]["blocks"][0]["widths"]), (&json!("Ein Bus"), &json!([320])));
    }
}
