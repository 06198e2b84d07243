//! Many at once: one wins, the others are told.

use futures_util::future::join_all;
use serde_json::json;

use super::{EDITOR, newsroom, piece, put, with};
use crate::both;

async fn statuses(requests: Vec<reqwest::RequestBuilder>) -> Vec<(u16, serde_json::Value)> {
    let one = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    join_all(requests.into_iter().map(one)).await
}

fn count(answers: &[(u16, serde_json::Value)], status: u16) -> usize {
    answers.iter().filter(|(found, _)| *found == status).count()
}

both! {
    async fn fifty_patches_of_one_version(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let requests = (0..50)
            .map(|n| editor.request("PATCH", &format!("{EDITOR}/rat")).header("If-Match", "\"v1\"").json(&json!({"kicker": format!("Nr. {n}")})))
            .collect();
        let answers = statuses(requests).await;
        assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 49));
        assert!(answers.iter().filter(|(status, _)| *status == 412).all(|(_, problem)| problem["current_etag"] == "\"v2\""));
        let view = editor.get(&format!("{EDITOR}/rat"), 200).await;
        assert_eq!((&view["version"], &view["revision"]), (&json!(2), &json!(2)));
    }

    async fn fifty_puts_of_one_free_slug(app: App) {
        newsroom(&app).await;
        let names: Vec<String> = (0..50).map(|n| format!("redakteur-{n}")).collect();
        let clients: Vec<_> = names.iter().map(|name| crate::articles::named(&app, name)).collect();
        let requests = clients.iter()
            .map(|client| client.request("PUT", &format!("{EDITOR}/brand")).json(&piece(&format!("Brand, meldet {}", client.name))))
            .collect();
        let answers = statuses(requests).await;
        assert_eq!((count(&answers, 201), count(&answers, 428)), (1, 49), "{:?}", answers.iter().map(|(status, _)| status).collect::<Vec<_>>());
        let made = answers.iter().find(|(status, _)| *status == 201).unwrap();
        let list = clients[0].get(EDITOR, 200).await;
        assert_eq!(crate::articles::slugs_of(&list), ["brand"]);
        assert_eq!(list["items"][0]["id"], made.1["id"]);
    }

    /// The same upload fifty times at once is one article, from whomever.
    async fn fifty_equal_uploads(app: App) {
        let editor = newsroom(&app).await;
        let requests = (0..50).map(|_| editor.request("PUT", &format!("{EDITOR}/brand")).json(&piece("Brand"))).collect();
        let answers = statuses(requests).await;
        assert_eq!((count(&answers, 201), count(&answers, 200)), (1, 49));
        assert!(answers.iter().all(|(_, receipt)| receipt["version"] == 1));
    }

    /// One topic and one author, although everybody names them first.
    async fn a_topic_is_made_once(app: App) {
        let editor = newsroom(&app).await;
        let requests = (0..30)
            .map(|n| {
                let body = with(piece(&format!("Nr. {n}")), json!({"topics": ["Ganz Neu", "Auch neu"], "authors": ["Neue Autorin"]}));
                editor.request("PUT", &format!("{EDITOR}/nr-{n}")).json(&body)
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 201), 30, "{:?}", answers.iter().find(|(status, _)| *status != 201));
        let topics = editor.get("/v1/editor/topics?q=ganz", 200).await;
        assert_eq!(topics["items"].as_array().unwrap().len(), 1);
        let authors = editor.get("/v1/editor/authors?q=neue", 200).await;
        assert_eq!(authors["items"].as_array().unwrap().len(), 1);
        for n in 0..30 {
            let view = editor.get(&format!("{EDITOR}/nr-{n}"), 200).await;
            assert_eq!((&view["topics"], &view["authors"]), (&json!(["ganz-neu", "auch-neu"]), &json!(["neue-autorin"])));
        }
    }

    /// One name of a feed, under many slugs and by every way in.
    async fn an_external_id_is_taken_once(app: App) {
        let editor = newsroom(&app).await;
        let requests = (0..30)
            .map(|n| {
                let body = with(piece(&format!("Meldung {n}")), json!({"external_id": "fpd:1"}));
                match n % 3 {
                    0 => editor.request("POST", EDITOR).json(&body),
                    1 => editor.request("PUT", &format!("{EDITOR}/meldung-{n}")).json(&body),
                    _ => editor.request("PUT", &format!("{EDITOR}/external:fpd:1")).header("If-None-Match", "*").json(&body),
                }
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 201), 1, "{answers:?}");
        assert_eq!(count(&answers, 409) + count(&answers, 412), 29, "{answers:?}");
    }

    /// Two renames to one slug, and renames against uploads.
    async fn a_slug_is_taken_once(app: App) {
        let editor = newsroom(&app).await;
        for n in 0..20 {
            put(&app, &format!("alt-{n}"), &piece(&format!("Alt {n}"))).await;
        }
        let requests = (0..20)
            .flat_map(|n| {
                let rename = editor.request("PATCH", &format!("{EDITOR}/alt-{n}")).header("If-Match", "*").json(&json!({"slug": "begehrt"}));
                let upload = editor.request("POST", EDITOR).json(&json!({"headline": format!("Neu {n}"), "slug": "begehrt"}));
                [rename, upload]
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 200) + count(&answers, 201), 1, "{answers:?}");
        assert_eq!(count(&answers, 409), 39, "{answers:?}");
    }

    /// Publishing, unpublishing and editing at once leave lists and links right.
    async fn state_and_lists_agree_after_a_storm(app: App) {
        let editor = newsroom(&app).await;
        for n in 0..6 {
            let body = with(piece(&format!("Nr. {n}")), json!({"topics": ["verkehr"], "related": [{"article": format!("nr-{}", (n + 1) % 6)}]}));
            put(&app, &format!("nr-{n}"), &body).await;
        }
        let requests = (0..120)
            .map(|n| {
                let path = format!("{EDITOR}/nr-{}", n % 6);
                match n / 6 % 4 {
                    0 | 2 => editor.request("POST", &format!("{path}/publish")),
                    1 => editor.request("POST", &format!("{path}/unpublish")),
                    _ => editor.request("PATCH", &path).header("If-Match", "*").json(&json!({"kicker": format!("{n}")})),
                }
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 200), 120, "{:?}", answers.iter().find(|(status, _)| *status != 200));
        let mut visible: Vec<String> = crate::articles::slugs_of(&editor.get(&format!("{EDITOR}?state=live"), 200).await);
        visible.sort();
        for path in ["/v1/articles", "/v1/articles?topic=verkehr", "/v1/articles?section=politik"] {
            let mut found = crate::articles::slugs(&app, path).await;
            found.sort();
            assert_eq!(found, visible, "{path}");
        }
        for slug in &visible {
            let article = app.get(&format!("/v1/articles/{slug}"), 200).await;
            let next = format!("nr-{}", (slug[3..].parse::<usize>().unwrap() + 1) % 6);
            assert_eq!(article["related"].as_array().unwrap().len(), usize::from(visible.contains(&next)), "{slug}");
        }
    }
}
