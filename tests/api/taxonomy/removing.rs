//! Removing what nothing uses.

use perspektive::changes::{Action, Entity};
use serde_json::json;

use super::{KINDS, about, at, change, make, merge, remove};
use crate::articles::{EDITOR, live, newsroom, put, slugs as listed, verb};
use crate::both;
use crate::support::clients::expect;

both! {
    /// Used is what the newest revision names, or the one that readers see; what
    /// was merged into it counts.
    async fn what_is_used_stays_and_says_by_what(app: App) {
        let editor = newsroom(&app).await;
        let only_manage = editor.send("POST", "/v1/editor/keys", &json!({"name": "aufraeumen", "scopes": ["manage"]}), 201).await;
        let only_manage = only_manage["key"].as_str().unwrap().to_owned();
        for (kind, _) in KINDS {
            make(&app, kind, "alt", "Alt").await;
            make(&app, kind, "anders", "Anders").await;
            let id = make(&app, kind, "ziel", "Ziel").await;
            live(&app, &format!("{kind}-live"), &about("Live", kind, &["alt"])).await;
            put(&app, &format!("{kind}-live"), &about("Live", kind, &["anders"])).await;
            merge(&app, kind, "alt", "ziel", 200).await;
            let problem = remove(&app, kind, "ziel", 409).await;
            assert!(problem.detail().starts_with(&format!("One article names the {kind} `ziel`: `{kind}-live`.")), "{}", problem.detail());
            assert!(problem.detail().contains(&format!("/v1/editor/{kind}s/ziel/merge")), "{}", problem.detail());
            for n in 1..=4 {
                put(&app, &format!("{kind}-{n}"), &about("Entwurf", kind, &["ziel"])).await;
            }
            let problem = remove(&app, kind, "ziel", 409).await;
            assert_eq!(problem.json["articles"], 5);
            assert!(problem.detail().contains(&format!("5 articles name the {kind} `ziel`, among them `{kind}-1`, `{kind}-2`, `{kind}-3`.")), "{}", problem.detail());
            // Whoever may not read drafts learns how many, and nothing of them.
            let request = app.request("DELETE", &at(kind, "ziel")).bearer_auth(&only_manage).header("If-Match", "*");
            let problem = expect(request, 409).await;
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with("5 articles name") && !detail.contains(&format!("{kind}-1")), "{detail}");

            // Nothing names it any more but old revisions.
            verb(&app, &format!("{kind}-live"), "publish", json!({}), 200).await;
            for n in 1..=4 {
                put(&app, &format!("{kind}-{n}"), &about("Entwurf", kind, &["anders"])).await;
            }
            change(&app, kind, "ziel", json!({"slug": "ziel-2"}), 200).await;
            expect(editor.request("DELETE", &at(kind, "ziel-2")), 428).await;
            let log = app.log().len();
            remove(&app, kind, "ziel-2", 204).await;
            assert_eq!(app.log()[log..], [(kind.parse::<Entity>().unwrap(), id, Action::Gone)]);
            for name in ["ziel", "ziel-2", "alt", &id.to_string()] {
                app.get(&format!("/v1/{kind}s/{name}"), 404).await;
                editor.get(&at(kind, name), 404).await;
                remove(&app, kind, name, 404).await;
            }

            // They come back without it, and say so.
            let path = format!("{EDITOR}/{kind}-1/revisions/1");
            assert_eq!(editor.get(&path, 200).await["headline"], "Entwurf");
            let restored = editor.send("POST", &format!("{path}/restore"), &json!({}), 200).await;
            assert_eq!(restored["warnings"][0]["code"], "reference-gone", "{restored}");
            let publish = format!("{EDITOR}/{kind}-2/publish");
            match kind {
                "section" => {
                    let problem = editor.send("POST", &publish, &json!({"revision": 1}), 422).await;
                    assert_eq!(problem["errors"][0]["pointer"], "#/section");
                }
                _ => {
                    let published = editor.send("POST", &publish, &json!({"revision": 1}), 200).await;
                    let codes: Vec<&str> = published["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect();
                    assert!(codes.contains(&"reference-gone"), "{published}");
                    assert_eq!(app.get(&format!("/v1/articles/{kind}-2"), 200).await[format!("{kind}s")], json!([]));
                }
            }
            // The names are free.
            make(&app, kind, "ziel", "Ziel").await;
            make(&app, kind, "alt", "Alt").await;
            assert!(listed(&app, &format!("/v1/articles?{kind}=alt")).await.is_empty());
        }
    }
}
