//! Renaming and merging while others write.

use futures_util::future::join_all;
use serde_json::json;

use super::{KINDS, about, at, make, redirected};
use crate::articles::{EDITOR, newsroom, put, slugs};
use crate::both;

both! {
    /// Whoever publishes while what the article names is renamed or merged is
    /// listed where it is now, and no upload by an old name makes it anew.
    async fn nothing_is_lost_between_two_writes(app: App) {
        let editor = newsroom(&app).await;
        for (kind, _) in KINDS {
            let old = make(&app, kind, "alt", "Alt").await;
            make(&app, kind, "ziel", "Ziel").await;
            for n in 0..12 {
                put(&app, &format!("{kind}-{n}"), &about("Text", kind, &["alt"])).await;
            }
            let send = async |request: reqwest::RequestBuilder| loop {
                // A machine that is busy with other things may need more than one try.
                let answer = request.try_clone().unwrap().send().await.unwrap();
                let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
                if status != 503 {
                    return (status, text);
                }
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            };
            let publish = |n: usize| editor.request("POST", &format!("{EDITOR}/{kind}-{n}/publish"));
            let upload = |n: usize| {
                let path = format!("{EDITOR}/{kind}-neu-{n}?publish=true");
                editor.request("PUT", &path).json(&about("Neu", kind, &["alt"]))
            };
            let rename = editor.request("PATCH", &at(kind, "alt")).header("If-Match", "*").json(&json!({"slug": "mitte"}));
            let mut first: Vec<_> = (0..6).map(publish).collect();
            first.insert(3, rename);
            first.extend((0..3).map(upload));
            // Merged by its id, whatever it is called meanwhile.
            let merge = editor.request("POST", &at(kind, &format!("{old}/merge"))).json(&json!({"into": "ziel"}));
            let mut second: Vec<_> = (6..12).map(publish).collect();
            second.insert(3, merge);
            second.extend((3..6).map(upload));
            for requests in [first, second] {
                for (status, text) in join_all(requests.into_iter().map(send)).await {
                    assert!(status < 300, "{kind}: {status} {text}");
                }
            }
            assert_eq!(app.listed(old), vec![], "{kind}");
            for name in ["alt", "mitte", "ziel"] {
                let found = slugs(&app, &format!("/v1/articles?{kind}={name}&limit=100")).await;
                assert_eq!(found.len(), 18, "{kind} {name}: {found:?}");
            }
            assert_eq!(redirected(&app, &format!("/v1/{kind}s/alt")).await, format!("/v1/{kind}s/ziel"));
        }
    }
}
