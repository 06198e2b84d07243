//! Who gets to see what is said about a picture.

use perspektive::changes::{Action, Entity};
use perspektive::db::Id;
use serde_json::{Value, json};

use super::{MEDIA, rendered, upload};
use crate::both;
use crate::support::App;
use crate::support::clients::expect;
use crate::support::pictures;
use crate::support::seed::id;

/// Notes that revisions of an article use a picture, as an upload does.
fn used(app: &App, article: Id, revision: i32, medium: Id) {
    app.blocking(|| {
        app.state.write_blocking(|tx| {
            perspektive::store!(tx.conn, media::add_uses(article, revision, &[medium]))?;
            Ok(())
        })
    })
    .unwrap();
}

both! {
    /// A picture is seen while something that readers see uses it, and always as it is.
    async fn readers_see_what_live_articles_use(app: App) {
        let editor = app.as_editor();
        editor.send("PUT", "/v1/editor/sections/stadt", &json!({"name": "Stadt"}), 201).await;
        let article = "/v1/editor/articles/am-ufer";
        let body = json!({"headline": "Am Ufer", "section": "stadt", "body": {"markdown": "Dort fährt ein Bus."}});
        let made = editor.send("PUT", article, &body, 201).await;
        let medium = upload(&editor, "?alt=Ein%20Bus&credit=Jonte%20Behrens", pictures::png(700, 350, 0), 201).await;
        let public = format!("/v1/media/{}", medium["id"].as_str().unwrap());
        let address = format!("{MEDIA}/{}", medium["id"].as_str().unwrap());
        used(&app, id(&made), 1, id(&medium));

        // A draft's picture is the newsroom's own.
        app.get(&public, 404).await;
        editor.send("POST", &format!("{article}/publish"), &json!({}), 200).await;
        let seen = app.get(&public, 200).await;
        assert_eq!((&seen["alt"], &seen["credit"], &seen["widths"]), (&json!("Ein Bus"), &json!("Jonte Behrens"), &json!([])));
        assert!(seen.get("thumbhash").is_none() && seen.get("sha256").is_none(), "{seen}");

        // Renditions that are made, and what is said, are seen with the next request.
        rendered(&app, &medium).await;
        let seen = app.get(&public, 200).await;
        assert_eq!(seen["widths"], json!([320, 640]));
        let template = seen["url_template"].as_str().unwrap();
        assert!(template.ends_with("/{width}.webp"), "{template}");
        let bytes = template.replace("{width}", "640").replace(&app.state.config.public_url, "");
        expect(app.request("GET", &bytes), 200).await;
        assert!(seen["jpeg_url_template"].as_str().unwrap().ends_with("/{width}.jpg"));
        assert!(app.log().contains(&(Entity::Media, id(&medium), Action::Changed)));
        let patch = |body: Value| editor.request("PATCH", &address).header("If-Match", "*").json(&body);
        expect(patch(json!({"alt": "Ein Bus am Wehr", "focal_point": {"x": 0.2, "y": 0.9}})), 200).await;
        let seen = app.get(&public, 200).await;
        assert_eq!((&seen["alt"], &seen["focal_point"]), (&json!("Ein Bus am Wehr"), &json!({"x": 0.2, "y": 0.9})));
        expect(patch(json!({"decorative": true})), 200).await;
        assert_eq!(app.get(&public, 200).await["alt"], "");
        let answer = app.request("GET", &public).send().await.unwrap();
        assert!(answer.headers()["cache-control"].to_str().unwrap().starts_with("public, max-age="));
        assert_eq!(answer.headers()["surrogate-key"].len(), 26);

        // What is used stays, and says by what.
        let problem = expect(editor.request("DELETE", &address).header("If-Match", "*"), 409).await;
        assert!(problem["detail"].as_str().unwrap().contains("`am-ufer`"), "{problem}");
        let list = async |unused: bool| editor.get(&format!("{MEDIA}?unused={unused}"), 200).await["items"].as_array().unwrap().len();
        assert_eq!((list(true).await, list(false).await), (0, 1));

        // With the article it goes and comes, at the instant itself.
        editor.send("POST", &format!("{article}/unpublish"), &json!({}), 200).await;
        app.get(&public, 404).await;
        expect(editor.request("DELETE", &address).header("If-Match", "*"), 409).await;
        editor.send("POST", &format!("{article}/publish"), &json!({}), 200).await;
        app.get(&public, 200).await;
        editor.send("POST", &format!("{article}/take-down"), &json!({"reason": "Falsches Bild"}), 200).await;
        app.get(&public, 404).await;
        editor.send("POST", &format!("{article}/publish"), &json!({}), 200).await;
        let soon = app.state.now().plus_seconds(3_600).to_string();
        let expiring = editor.request("PATCH", article).header("If-Match", "*").json(&json!({"expires_at": soon}));
        expect(expiring, 200).await;
        used(&app, id(&made), 2, id(&medium));
        editor.send("POST", &format!("{article}/publish"), &json!({}), 200).await;
        app.get(&public, 200).await;
        app.state.travel(3_590);
        let answer = app.request("GET", &public).send().await.unwrap();
        let kept = answer.headers()["cache-control"].to_str().unwrap().to_owned();
        let seconds = kept.strip_prefix("public, max-age=").and_then(|rest| rest.split(',').next());
        assert!(seconds.is_some_and(|seconds| seconds.parse::<u32>().unwrap() <= 10), "{kept}");
        app.state.travel(12);
        app.get(&public, 404).await;

        // A newer revision without it, and nothing live: it may go.
        expect(editor.request("PATCH", article).header("If-Match", "*").json(&json!({"kicker": "Ufer", "expires_at": null})), 200).await;
        editor.send("POST", &format!("{article}/unpublish"), &json!({}), 200).await;
        assert_eq!((list(true).await, list(false).await), (1, 0));
        let gone = editor.request("DELETE", &address).header("If-Match", "*").send().await.unwrap();
        assert_eq!(gone.status(), 204);

        // What is to appear later brings its picture then.
        let article = "/v1/editor/articles/morgen";
        let made = editor.send("PUT", article, &body, 201).await;
        let medium = upload(&editor, "?alt=Ein%20Wehr", pictures::png(700, 350, 1), 201).await;
        used(&app, id(&made), 1, id(&medium));
        let at = app.state.now().plus_seconds(3_600).to_string();
        editor.send("POST", &format!("{article}/schedule"), &json!({"at": at}), 200).await;
        let public = format!("/v1/media/{}", medium["id"].as_str().unwrap());
        app.get(&public, 404).await;
        app.state.travel(3_601);
        app.get(&public, 200).await;
    }
}
