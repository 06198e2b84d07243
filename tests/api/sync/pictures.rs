//! Pictures: what an app fetches to show articles without a network.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::{BASE, Phone, short};
use crate::articles::{got, live, newsroom, piece, with};
use crate::both;
use crate::support::{App, pictures};

async fn upload(app: &App, number: u32) -> String {
    let request = app
        .as_editor()
        .request("POST", "/v1/editor/media?alt=Ein%20Bus");
    let made = got(request.body(pictures::png(700, 500, number)), 201)
        .await
        .json;
    made["id"].as_str().unwrap().to_owned()
}

both! {
    /// The manifest tells of each file its address, size, hash and type, truly; and it
    /// comes when the files are made.
    async fn the_manifest_is_what_is_delivered(app: App) {
        newsroom(&app).await;
        let (above, within) = (upload(&app, 1).await, upload(&app, 2).await);
        live(&app, "eins", &with(piece("Eins"), json!({
            "image": {"id": above},
            "body": {"markdown": format!("Text.\n\n![]({BASE}/media/{within}/320.webp)\n")},
        }))).await;
        live(&app, "ohne", &piece("Ohne")).await;
        let mut phone = Phone::new("types=article,media&fields=media,body");
        phone.sync(&app).await;
        let files = |phone: &Phone, slug: &str| -> Vec<Value> {
            let articles = phone.all("article");
            let article = articles.values().find(|article| article["slug"] == slug).unwrap();
            article["media"].as_array().unwrap().clone()
        };
        assert_eq!(files(&phone, "eins"), [] as [Value; 0]);

        perspektive::media::work::finish(&app.state).await.unwrap();
        let came = short(&phone.sync(&app).await);
        assert!(came.contains(&"article upsert eins".to_owned()), "{came:?}");
        assert!(!came.contains(&"article upsert ohne".to_owned()), "{came:?}");
        let manifest = files(&phone, "eins");
        // Two pictures, in two widths and two formats each.
        assert_eq!(manifest.len(), 2 * 2 * 2, "{manifest:?}");
        for file in &manifest {
            let path = file["url"].as_str().unwrap().strip_prefix(BASE).unwrap();
            let answer = app.request("GET", path).send().await.unwrap();
            assert_eq!(answer.headers()["content-type"], file["content_type"].as_str().unwrap());
            let bytes = answer.bytes().await.unwrap();
            assert_eq!(bytes.len() as u64, file["bytes"].as_u64().unwrap());
            let hash: String = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, file["sha256"].as_str().unwrap(), "{path}");
        }
        assert_eq!(files(&phone, "ohne"), [] as [Value; 0]);
    }
}

both! {
    /// What is said about a picture later comes with it and with the articles that show
    /// it.
    async fn what_is_said_about_a_picture_comes_later_too(app: App) {
        newsroom(&app).await;
        let medium = upload(&app, 3).await;
        live(&app, "eins", &with(piece("Eins"), json!({"image": {"id": medium}}))).await;
        live(&app, "zwei", &piece("Zwei")).await;
        perspektive::media::work::finish(&app.state).await.unwrap();
        let mut phone = Phone::new("fields=topics,authors");
        phone.sync(&app).await;
        let patch = async |body: Value| {
            let request = app.as_editor().request("PATCH", &format!("/v1/editor/media/{medium}"));
            got(request.header("If-Match", "*").json(&body), 200).await;
        };
        patch(json!({"alt": "Ein anderer Bus"})).await;
        let mut came = short(&phone.sync(&app).await);
        came.sort();
        assert_eq!(came, ["article upsert eins", "media upsert"]);
        phone.agrees(&app).await;
        assert_eq!(*phone.all("media")[&medium], app.get(&format!("/v1/media/{medium}"), 200).await);
    }
}
