//! Bytes in a bucket: against a double of S3 (`support::s3`).

use perspektive::storage::Place;
use serde_json::json;

use super::{MEDIA, rendered, upload};
use crate::support::App;
use crate::support::clients::expect;
use crate::support::pictures;
use crate::support::s3::S3;

async fn app_on(s3: &S3) -> App {
    let place = Place::parse(&s3.media_url()).unwrap();
    App::sqlite_with(|config| config.media = place).await
}

#[actix_web::test]
async fn a_bucket_holds_pictures_as_a_folder_does() {
    let s3 = S3::start();
    let app = app_on(&s3).await;
    let author = app.as_author();
    let medium = upload(&author, "", pictures::jpeg(700, 350, &[]), 201).await;
    let id = medium["id"].as_str().unwrap();
    assert_eq!(s3.keys(), [format!("bilder/{id}/original")]);
    assert_eq!(rendered(&app, &medium).await["status"], "ready");
    assert_eq!(s3.keys().len(), 5);

    let path = format!("/media/{id}/320.jpg");
    let whole = app.request("GET", &path).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    let whole = whole.bytes().await.unwrap();
    assert_eq!(image::load_from_memory(&whole).unwrap().width(), 320);
    let part = app
        .request("GET", &path)
        .header("Range", "bytes=3-9")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (part.status().as_u16(), part.bytes().await.unwrap()),
        (206, whole.slice(3..10))
    );

    // Another node on the same bucket delivers the same.
    let other = app.another_node().await;
    let there = other.request("GET", &path).send().await.unwrap();
    assert_eq!(there.bytes().await.unwrap(), whole);

    // What can't be removed doesn't keep the rest, and is tried again.
    s3.set_stuck(Some("320-"));
    let address = format!("{MEDIA}/{id}");
    let gone = author
        .request("DELETE", &address)
        .header("If-Match", "*")
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 204);
    let swept = perspektive::media::work::sweep(&app.state).await;
    assert!(swept.is_err());
    assert_eq!(s3.keys().len(), 2, "{:?}", s3.keys());
    s3.set_stuck(None);
    perspektive::media::work::sweep(&app.state).await.unwrap();
    assert_eq!(s3.keys(), [] as [&str; 0]);
}

/// A large original goes in parts, and comes back whole.
#[actix_web::test]
async fn a_large_picture_goes_in_parts() {
    let s3 = S3::start();
    let app = app_on(&s3).await;
    let mut picture = pictures::png(330, 20, 0);
    let end = picture.split_off(picture.len() - 12);
    let noise: Vec<u8> = (0..9u32 << 20)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    picture.extend(pictures::chunk(b"noIs", &noise));
    picture.extend(end);
    let medium = upload(&app.as_author(), "", picture.clone(), 201).await;
    assert_eq!(medium["bytes"], picture.len());
    assert!(s3.asked().contains("PUT partNumber"), "{:?}", s3.asked());
    assert_eq!(s3.unfinished(), 0);
    let key = format!("{}/original", medium["id"].as_str().unwrap());
    let stored = app.state.storage.get(&key).await.unwrap().unwrap();
    assert!(stored == picture);
    assert_eq!(rendered(&app, &medium).await["status"], "ready");
}

/// While the bucket is away uploads are refused for now, nothing is given up, and
/// what is said about pictures is still there.
#[actix_web::test]
async fn a_bucket_that_is_away_costs_nothing() {
    let s3 = S3::start();
    let app = app_on(&s3).await;
    let author = app.as_author();
    let medium = upload(&author, "", pictures::jpeg(330, 20, &[]), 201).await;
    s3.set_away(true);
    let answer = author
        .request("POST", MEDIA)
        .body(pictures::png(330, 20, 1))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let waiting = rendered(&app, &medium).await;
    assert_eq!(waiting["status"], "pending");
    s3.set_away(false);
    app.state.travel(20);
    let ready = rendered(&app, &medium).await;
    assert_eq!(
        (&ready["status"], ready.get("failure")),
        (&json!("ready"), None)
    );
    let path = format!("/media/{}/320.webp", medium["id"].as_str().unwrap());
    s3.set_away(true);
    expect(app.request("GET", &path), 503).await;
    s3.set_away(false);
    expect(app.request("HEAD", &path), 200).await;
    upload(&author, "", pictures::png(330, 20, 1), 201).await;
}
