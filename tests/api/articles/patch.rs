//! Merge patches: absent, null, and what lies inside.

use serde_json::json;

use super::{EDITOR, got, live, named, newsroom, patch, piece, put, stored, with};
use crate::{both, whole};

both! {
    async fn a_patch_says_which_version_it_changes(app: App) {
        newsroom(&app).await;
        let (anna, bert) = (named(&app, "anna"), named(&app, "bert"));
        let path = format!("{EDITOR}/rat");
        anna.send("PUT", &path, &piece("Rat"), 201).await;
        let unsaid = got(anna.request("PATCH", &path).json(&json!({"kicker": "Neu"})), 428).await;
        assert_eq!(unsaid.header("etag"), "\"v1\"");
        whole!("patch_428", &unsaid.json);
        let changed = got(bert.request("PATCH", &path).header("If-Match", "\"v1\"").json(&json!({"kicker": "Neu"})), 200).await;
        assert_eq!(changed.header("etag"), "\"v2\"");
        whole!("patch_updated", &changed.json);
        let stale = got(anna.request("PATCH", &path).header("If-Match", "\"v1\"").json(&json!({"kicker": "X"})), 412).await;
        assert_eq!((&stale.json["changed_by"], &stale.json["current_etag"]), (&json!("bert"), &json!("\"v2\"")));
        assert!(stale.detail().starts_with("bert changed `rat` at "), "{}", stale.detail());
        let same = got(anna.request("PATCH", &path).header("If-Match", "\"v2\"").json(&json!({"kicker": "Neu"})), 200).await;
        assert_eq!((&same.json["result"], same.header("etag")), (&json!("unchanged"), "\"v2\""));
        for (method, status) in [("PATCH", 404), ("DELETE", 404)] {
            got(anna.request(method, &format!("{EDITOR}/nirgends")).header("If-Match", "*").json(&json!({})), status).await;
        }
        got(anna.request("DELETE", &path), 428).await;
        got(anna.request("DELETE", &path).header("If-Match", "\"v1\""), 412).await;
    }

    /// Absent stays, null goes, anything else replaces; objects are merged.
    async fn absent_is_not_null(app: App) {
        let editor = newsroom(&app).await;
        let full = with(piece("Rat"), json!({
            "kicker": "Oben", "teaser": "Davor", "topics": ["verkehr"], "priority": "breaking",
            "image": {"url": "https://bilder.example/a.jpg", "alt": "Ein Bus", "credit": "JB"},
            "seo": {"title": "Titel", "description": "Beschreibung"},
        }));
        put(&app, "rat", &full).await;
        let view = async || editor.get(&format!("{EDITOR}/rat"), 200).await;
        patch(&app, "rat", json!({"kicker": null, "topics": ["klima", "haushalt"]}), 200).await;
        let now = view().await;
        assert_eq!((now.get("kicker"), &now["teaser"], &now["topics"]), (None, &json!("Davor"), &json!(["klima", "haushalt"])));
        assert_eq!(now["priority"], "breaking");
        patch(&app, "rat", json!({"priority": null, "topics": null, "teaser": ""}), 200).await;
        let now = view().await;
        assert_eq!((now.get("teaser"), &now["topics"], &now["priority"]), (None, &json!([]), &json!("normal")));

        // Inside objects too (RFC 7396).
        patch(&app, "rat", json!({"image": {"credit": "Jonte Behrens", "alt": null}, "seo": {"title": null}}), 200).await;
        let now = view().await;
        assert_eq!(now["image"], json!({"url": "https://bilder.example/a.jpg", "credit": "Jonte Behrens"}));
        assert_eq!(now["seo"], json!({"description": "Beschreibung"}));
        patch(&app, "rat", json!({"seo": {"description": null}}), 200).await;
        assert_eq!(view().await.get("seo"), None);
        patch(&app, "rat", json!({"seo": {"title": "Neu"}, "image": null}), 200).await;
        let now = view().await;
        assert_eq!((&now["seo"], now.get("image")), (&json!({"title": "Neu"}), None));
        let problem = patch(&app, "rat", json!({"image": {"credit": "JB"}}), 422).await;
        assert_eq!((&problem.json["errors"][0]["pointer"], &problem.json["errors"][0]["code"]), (&json!("#/image"), &json!("one-of")));

        // A body replaces the body, in whatever form.
        patch(&app, "rat", json!({"body": {"blocks": [{"type": "divider"}]}}), 200).await;
        assert_eq!(view().await["body"]["blocks"], json!([{"type": "divider"}]));
        patch(&app, "rat", json!({"body": null}), 200).await;
        assert_eq!(view().await["body"]["blocks"], json!([]));
        let required = patch(&app, "rat", json!({"headline": null}), 422).await;
        assert_eq!(required.json["errors"][0]["code"], "required");
        patch(&app, "rat", json!({"slug": null}), 422).await;
    }

    async fn what_a_patch_refuses(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        let before = stored(&app);
        let problem = patch(&app, "rat", json!({"headlin": "X", "kiker": "Y"}), 400).await;
        whole!("patch_unknown_field", &problem.json);
        let problem = patch(&app, "rat", json!({"topics": "verkehr"}), 400).await;
        assert_eq!(problem.json["errors"][0]["pointer"], "#/topics");
        patch(&app, "rat", json!({"kind": "novel"}), 400).await;
        patch(&app, "rat", json!({"state": "draft"}), 422).await;
        patch(&app, "rat", json!([]), 400).await;
        let request = editor.request("PATCH", &format!("{EDITOR}/rat")).header("If-Match", "*");
        let problem = got(request.header("Content-Type", "text/markdown").body("# X"), 415).await;
        assert_eq!(problem.header("accept-patch"), "application/merge-patch+json, application/json");
        assert_eq!(stored(&app), before);
    }
}
