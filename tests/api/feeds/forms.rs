//! Each form, whole.

use serde_json::{Value, json};

use super::text;
use crate::articles::{live, newsroom, piece, settled, verb, with};
use crate::both;
use crate::support::App;

/// Two articles with everything that a feed shows.
pub async fn filled(app: &App) {
    let editor = newsroom(app).await;
    let site =
        json!({"name": "Flussblick", "description": "Was am Fluss geschieht", "language": "de"});
    editor.send("PUT", "/v1/editor/site", &site, 200).await;
    let upload = editor.request(
        "POST",
        "/v1/editor/media?alt=Ein%20Bus%20am%20Wehr&credit=Jonte%20Behrens",
    );
    let picture = crate::support::pictures::png(400, 200, 1);
    let medium = crate::articles::got(upload.body(picture), 201).await.json["id"].clone();
    perspektive::media::work::finish(&app.state).await.unwrap();

    live(app, "kosten", &with(piece("Was kostet der Nahverkehr?"), json!({
        "image": {"url": "https://bilder.example/a%20b.jpg?x=1&y=2", "alt": "Münzen & Scheine", "width": 800, "height": 600},
    }))).await;
    let article = json!({
        "headline": "Stadtrat beschließt <kostenlosen> Nahverkehr & mehr", "subheadline": "Ein Beschluss", "section": "stadtrat",
        "teaser": "Ab Januar fahren Busse ohne Fahrschein.", "topics": ["verkehr", "klima"], "authors": ["mara-lenz", "jonas-ott"],
        "image": {"id": medium}, "language": "de-AT",
        "body": {"markdown": "Der Rat stimmte **einstimmig** zu.\n\n[[kosten]]\n\n```xml\n<![CDATA[ ]]> & \"\n```\n\n[Mehr](https://site.example/?a=1&b=2)\n"},
    });
    live(app, "rat", &article).await;
    for (slug, at) in [
        ("kosten", "2026-10-31T22:30:00Z"),
        ("rat", "2026-11-01T08:15:00Z"),
    ] {
        verb(app, slug, "unpublish", json!({}), 200).await;
        verb(app, slug, "publish", json!({"published_at": at}), 200).await;
    }
}

/// A feed without what differs from run to run.
async fn shown(app: &App, path: &str) -> String {
    let settled = settled(&Value::String(text(app, path).await));
    settled.as_str().unwrap().to_owned()
}

macro_rules! whole_text {
    ($name:literal, $text:expr) => {
        insta::with_settings!({
            prepend_module_to_snapshot => false, omit_expression => true,
            filters => vec![(r"<lastBuildDate>[^<]*<", "<lastBuildDate>[now]<")],
        }, {
            insta::assert_snapshot!($name, $text)
        })
    };
}

both! {
    async fn every_form_has_everything(app: App) {
        filled(&app).await;
        let (rss, atom) = (shown(&app, "/feeds/all.rss").await, shown(&app, "/feeds/sections/politik.atom").await);
        whole_text!("all_rss", rss);
        whole_text!("section_atom", atom);
        let feed = app.get("/feeds/topics/verkehr.json", 200).await;
        crate::whole!("topic_json", &feed);
        for (path, content_type) in [("all.rss", "application/rss+xml; charset=utf-8"), ("all.atom", "application/atom+xml; charset=utf-8"), ("all.json", "application/feed+json")] {
            let answer = app.request("GET", &format!("/feeds/{path}")).send().await.unwrap();
            assert_eq!(answer.headers()["content-type"], content_type);
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            let etag = answer.headers()["etag"].clone();
            let head = app.request("HEAD", &format!("/feeds/{path}")).send().await.unwrap();
            assert_eq!((head.status().as_u16(), &head.headers()["etag"]), (200, &etag));
            let again = app.request("GET", &format!("/feeds/{path}")).header("If-None-Match", etag).send().await.unwrap();
            assert_eq!(again.status(), 304);
        }
    }
}
