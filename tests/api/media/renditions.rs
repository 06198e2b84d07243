//! What is made of pictures, and how it is delivered.

use std::collections::BTreeSet;
use std::io::Cursor;

use image::{ImageDecoder, ImageReader};
use serde_json::{Value, json};

use super::{MEDIA, rendered, upload};
use crate::both;
use crate::support::App;
use crate::support::clients::expect;
use crate::support::pictures::{self, exif, iptc, xmp};

/// GET of a rendition's bytes.
async fn fetch(app: &App, medium: &Value, name: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let path = format!("/media/{}/{name}", medium["id"].as_str().unwrap());
    let answer = app.request("GET", &path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    (
        answer.headers().clone(),
        answer.bytes().await.unwrap().to_vec(),
    )
}

/// The pixel at these fractions of a picture's size.
fn pixel(bytes: &[u8], x: f64, y: f64) -> [u8; 3] {
    let picture = image::load_from_memory(bytes).unwrap().into_rgb8();
    let at = |part: f64, of: u32| ((f64::from(of) * part) as u32).min(of - 1);
    picture
        .get_pixel(at(x, picture.width()), at(y, picture.height()))
        .0
}

fn profile_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .unwrap();
    reader.into_decoder().unwrap().icc_profile().unwrap()
}

both! {
    /// Each format, in every width that it has pixels for and none that it hasn't.
    async fn widths_are_fixed_and_never_larger(app: App) {
        let author = app.as_author();
        for (picture, widths, width, height) in [
            (pictures::jpeg(2_000, 500, &[]), vec![320, 640, 960, 1_280, 1_920], 320, 80),
            (pictures::png(700, 350, 0), vec![320, 640], 640, 320),
            (pictures::webp(330, 20), vec![320], 320, 19),
            (pictures::gif(40, 30), vec![40], 40, 30),
        ] {
            let medium = upload(&author, "", picture, 201).await;
            let medium = rendered(&app, &medium).await;
            assert_eq!(medium["status"], "ready", "{medium}");
            assert!(medium["thumbhash"].as_str().unwrap().len() > 20);
            let made: Vec<u64> = medium["renditions"].as_array().unwrap().iter().map(|made| made["width"].as_u64().unwrap()).collect();
            assert_eq!(made, widths);
            for (extension, kind) in [("jpg", "image/jpeg"), ("webp", "image/webp")] {
                let (headers, bytes) = fetch(&app, &medium, &format!("{width}.{extension}")).await;
                assert_eq!(headers["content-type"], kind);
                let picture = image::load_from_memory(&bytes).unwrap();
                assert_eq!((picture.width(), picture.height()), (width, height));
                // Red at the left, green at the top.
                let [red, green, _] = pixel(&bytes, 0.1, 0.9);
                assert!(red > 180 && green < 80, "{red} {green}");
            }
            let id = medium["id"].as_str().unwrap();
            for name in ["5000.jpg", "41.jpg", "0320.jpg", "320.png", "320", "original", "320.jpg.jpg", "..%2Foriginal"] {
                if !widths.contains(&41) {
                    app.get(&format!("/media/{id}/{name}"), 404).await;
                }
            }
        }
        app.get("/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/320.jpg", 404).await;
        app.get("/media/nirgends/320.jpg", 404).await;
    }

    /// However the camera was held; and nothing of what it wrote gets out.
    async fn the_right_way_up_and_nothing_else(app: App) {
        let author = app.as_author();
        // Where the upper left corner (red and green) of what is stored is shown.
        for (orientation, corner) in [(1, (0.05, 0.05)), (2, (0.95, 0.05)), (3, (0.95, 0.95)), (4, (0.05, 0.95)), (5, (0.05, 0.05)), (6, (0.95, 0.05)), (7, (0.95, 0.95)), (8, (0.05, 0.95))] {
            let picture = pictures::jpeg_of(&pictures::rgb(400, 330, 0), Some(&pictures::profile()), &[exif(orientation), xmp(), iptc()]);
            let medium = upload(&author, "", picture, 201).await;
            let medium = rendered(&app, &medium).await;
            let (width, height) = if orientation < 5 { (400, 330) } else { (330, 400) };
            assert_eq!((&medium["width"], &medium["height"]), (&json!(width), &json!(height)));
            for name in ["320.jpg", "320.webp"] {
                let (_, bytes) = fetch(&app, &medium, name).await;
                let [red, green, _] = pixel(&bytes, corner.0, corner.1);
                assert!(red > 200 && green > 200, "{orientation} {name}: {red} {green}");
                for secret in [&b"Exif"[..], b"Kamera", b"4711", b"Wehr", b"Photoshop", b"8BIM", b"xmp", b"GPS"] {
                    assert!(!bytes.windows(secret.len()).any(|here| here == secret), "{name}: {}", String::from_utf8_lossy(secret));
                }
                assert_eq!(profile_of(&bytes), Some(pictures::profile()), "{name}");
                let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().unwrap();
                assert_eq!(reader.into_decoder().unwrap().exif_metadata().unwrap(), None);
            }
        }
    }

    /// Transparency stays in WebP and becomes white in JPEG; the profile stays too.
    async fn transparency(app: App) {
        let medium = upload(&app.as_author(), "", pictures::transparent_png(400, 40), 201).await;
        let medium = rendered(&app, &medium).await;
        let (_, bytes) = fetch(&app, &medium, "320.webp").await;
        let picture = image::load_from_memory(&bytes).unwrap().into_rgba8();
        assert_eq!((picture.get_pixel(10, 10).0[3], picture.get_pixel(310, 10).0[3]), (255, 0));
        let (_, bytes) = fetch(&app, &medium, "320.jpg").await;
        assert!(pixel(&bytes, 0.9, 0.5).iter().all(|colour| *colour > 240));
        assert!(pixel(&bytes, 0.1, 0.5)[1] < 80);
    }

    /// Immutable, with ETag, 304, ranges and 416, for scripts and pages of any origin.
    async fn bytes_are_delivered_as_http_wants(app: App) {
        let medium = upload(&app.as_author(), "", pictures::jpeg(640, 320, &[]), 201).await;
        let path = format!("/media/{}/640.jpg", medium["id"].as_str().unwrap());
        let get = || app.request("GET", &path);

        // Until they are made, nobody keeps that they aren't.
        let early = get().send().await.unwrap();
        assert_eq!((early.status().as_u16(), &early.headers()["retry-after"]), (503, &"2".parse().unwrap()));
        assert!(!early.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        rendered(&app, &medium).await;

        let whole = get().send().await.unwrap();
        assert_eq!(whole.status(), 200);
        let headers = whole.headers().clone();
        for (name, value) in [
            ("cache-control", "public, max-age=31536000, immutable"),
            ("accept-ranges", "bytes"),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("x-content-type-options", "nosniff"),
            ("content-type", "image/jpeg"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("Content-Range"));
        assert_eq!(headers["surrogate-key"].len(), 17);
        let etag = headers["etag"].to_str().unwrap().to_owned();
        let bytes = whole.bytes().await.unwrap();
        assert_eq!(headers["content-length"], bytes.len().to_string().as_str());

        let unchanged = get().header("If-None-Match", format!("\"x\", {etag}")).send().await.unwrap();
        assert_eq!(unchanged.status(), 304);
        for name in ["etag", "cache-control", "vary", "access-control-allow-origin", "cross-origin-resource-policy"] {
            assert!(unchanged.headers().contains_key(name), "{name}");
        }
        assert!(unchanged.bytes().await.unwrap().is_empty());
        let head = app.request("HEAD", &path).header("Range", "bytes=0-1").send().await.unwrap();
        assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &headers["content-length"]));
        assert!(head.bytes().await.unwrap().is_empty());

        let size = bytes.len();
        for (range, from, to) in [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=100-", 100, size), ("bytes=-7", size - 7, size), ("bytes=5-999999", 5, size)] {
            let part = get().header("Range", range).header("If-Range", &etag).send().await.unwrap();
            assert_eq!(part.status(), 206, "{range}");
            assert_eq!(part.headers()["content-range"], format!("bytes {from}-{}/{size}", to - 1).as_str());
            assert_eq!(part.headers()["etag"], etag.as_str());
            assert_eq!(part.headers()["content-length"], (to - from).to_string().as_str());
            assert_eq!(part.bytes().await.unwrap(), bytes[from..to], "{range}");
        }
        for (name, value) in [("Range", "bytes=0-1,5-6"), ("Range", "zeilen=0-1"), ("Range", "bytes=x")] {
            let ignored = get().header(name, value).send().await.unwrap();
            assert_eq!((ignored.status().as_u16(), ignored.bytes().await.unwrap()), (200, bytes.clone()), "{value}");
        }
        let other = get().header("Range", "bytes=0-1").header("If-Range", "\"anders\"").send().await.unwrap();
        assert_eq!(other.status(), 200);
        // A precondition comes before the range.
        let both = get().header("Range", "bytes=0-1").header("If-None-Match", &etag).send().await.unwrap();
        assert_eq!(both.status(), 304);
        let behind = get().header("Range", format!("bytes={size}-")).send().await.unwrap();
        assert_eq!(behind.status(), 416);
        assert_eq!(behind.headers()["content-range"], format!("bytes */{size}").as_str());
        let problem: Value = behind.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/range");

        app.get(&format!("{path}?v=2"), 400).await;
        let options = app.request("OPTIONS", &path).send().await.unwrap();
        assert_eq!((options.status().as_u16(), &options.headers()["allow"]), (204, &"GET, HEAD, OPTIONS".parse().unwrap()));
    }

    /// Nobody hears of a picture that nothing uses.
    async fn what_nothing_uses_is_nowhere(app: App) {
        let medium = upload(&app.as_author(), "?alt=Geheim", pictures::jpeg(640, 320, &[]), 201).await;
        rendered(&app, &medium).await;
        let problem = app.get(&format!("/v1/media/{}", medium["id"].as_str().unwrap()), 404).await;
        assert!(!problem.to_string().contains("Geheim"));
        app.get("/v1/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e", 404).await;
        app.get("/v1/media/nirgends", 404).await;
    }

    /// Renditions that got lost are made again, and are the same; if the original
    /// got lost too, editors are told.
    async fn lost_renditions_are_made_again(app: App) {
        let medium = upload(&app.as_author(), "", pictures::jpeg(640, 320, &[]), 201).await;
        let before = rendered(&app, &medium).await;
        let (headers, _) = fetch(&app, &medium, "320.webp").await;
        let folder = app.state.config.data_dir.join("media").join(medium["id"].as_str().unwrap());
        let lose = |all: bool| {
            for file in std::fs::read_dir(&folder).unwrap() {
                let path = file.unwrap().path();
                if all || path.file_name().unwrap() != "original" {
                    std::fs::remove_file(path).unwrap();
                }
            }
        };
        let path = format!("/media/{}/320.webp", medium["id"].as_str().unwrap());
        lose(false);
        app.get(&path, 503).await;
        let after = rendered(&app, &medium).await;
        assert_eq!(after["renditions"], before["renditions"]);
        assert_eq!(fetch(&app, &medium, "320.webp").await.0["etag"], headers["etag"]);
        lose(true);
        app.get(&path, 503).await;
        let failed = rendered(&app, &medium).await;
        assert_eq!((&failed["status"], &failed["renditions"]), (&json!("failed"), &json!([])));
        assert!(failed["failure"].as_str().unwrap().contains("original"), "{failed}");
        app.get(&path, 404).await;
    }

    /// Pixels that can't be decoded, in a file whose structure is whole.
    async fn what_cannot_be_decoded_is_told(app: App) {
        let plain = pictures::png(400, 30, 0);
        let broken = [&plain[..33], &pictures::chunk(b"IDAT", b"kein zlib")[..], &plain[plain.len() - 12..]].concat();
        let medium = upload(&app.as_author(), "", broken, 201).await;
        let medium = rendered(&app, &medium).await;
        assert_eq!(medium["status"], "failed");
        assert!(medium["failure"].as_str().unwrap().contains("can't be decoded"), "{medium}");
        app.get(&format!("/media/{}/320.jpg", medium["id"].as_str().unwrap()), 404).await;
    }
}

/// Notes that somebody has begun to make a medium's renditions.
fn begin(app: &App, medium: &Value) {
    let id = crate::support::seed::id(medium);
    let claimed = app.blocking(|| {
        app.state.write_blocking(|tx| {
            let medium = perspektive::store!(tx.conn, media::find(id))?.unwrap();
            let until = tx.now.plus_seconds(120);
            Ok(perspektive::store!(tx.conn, media::claim(&medium, until))?)
        })
    });
    assert!(claimed.unwrap());
}

/// A server that ends between an upload and its renditions leaves them to the next,
/// those included that it had begun, and a node without workers to another one.
#[actix_web::test]
async fn what_was_left_undone_is_taken_up() {
    let app = App::sqlite().await;
    let author = app.as_author();
    for number in 0..5 {
        let medium = upload(&author, "", pictures::png(330, 20, number), 201).await;
        if number == 2 {
            begin(&app, &medium);
        }
    }
    let worker = app
        .another_node_with(|config| config.media_workers = 2)
        .await;
    let ready = async |wanted: usize| {
        for _ in 0..400 {
            let page = app.as_editor().get(MEDIA, 200).await;
            let items = page["items"].as_array().unwrap();
            if items
                .iter()
                .filter(|item| item["status"] == "ready")
                .count()
                == wanted
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("not {wanted} are ready");
    };
    ready(5).await;
    // An upload wakes the workers of its own node at once.
    let request = worker.request("POST", MEDIA).bearer_auth(&author.key);
    expect(request.body(pictures::png(330, 20, 9)), 201).await;
    ready(6).await;
}

both! {
    /// What somebody has begun is theirs for a while; if they die, it is done then,
    /// and what kills three of them is given up.
    async fn a_claim_ends(app: App) {
        let medium = upload(&app.as_author(), "", pictures::png(330, 20, 0), 201).await;
        begin(&app, &medium);
        assert_eq!(rendered(&app, &medium).await["status"], "pending");
        app.state.travel(121);
        assert_eq!(rendered(&app, &medium).await["status"], "ready");

        let deadly = upload(&app.as_author(), "", pictures::png(330, 20, 1), 201).await;
        for _ in 0..3 {
            begin(&app, &deadly);
            app.state.travel(121);
        }
        let failed = rendered(&app, &deadly).await;
        assert_eq!(failed["status"], "failed");
        assert!(failed["failure"].as_str().unwrap().contains("3 times"), "{failed}");
    }
}

/// Two nodes that look at once do each picture once.
#[actix_web::test]
async fn each_picture_is_made_by_one() {
    let Some(app) = App::postgres().await else {
        return;
    };
    let author = app.as_author();
    for number in 0..6 {
        upload(&author, "", pictures::png(330, 20, number), 201).await;
    }
    let other = app.another_node().await;
    let (one, two) = tokio::join!(
        perspektive::media::work::finish(&app.state),
        perspektive::media::work::finish(&other.state)
    );
    one.and(two).unwrap();
    let page = app.as_editor().get(MEDIA, 200).await;
    let versions: BTreeSet<i64> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["version"].as_i64().unwrap())
        .collect();
    assert_eq!(versions, BTreeSet::from([2]));
    expect(app.request("GET", "/health/ready"), 200).await;
}

both! {
    /// JPEGs as print shops and old programs write them: CMYK, grey, progressive.
    async fn unusual_jpegs(app: App) {
        use base64::Engine;
        for (name, base64) in [
            ("CMYK", "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EABgAAAIDAAAAAAAAAAAAAAAAAAcIAAQG/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwDch6HonLhhzDo//9k="),
            ("grey", "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wAALCAAIABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABQf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AAVjf//Z"),
            ("progressive", "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAAIABADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAQG/8QAFQEBAQAAAAAAAAAAAAAAAAAAAwT/2gAMAwEAAhADEAAAAYNiFd//xAAUEAEAAAAAAAAAAAAAAAAAAAAQ/9oACAEBAAEFAj//xAAWEQADAAAAAAAAAAAAAAAAAAAABEH/2gAIAQMBAT8Bdh//xAAVEQEBAAAAAAAAAAAAAAAAAAAAA//aAAgBAgEBPwGb/8QAFBABAAAAAAAAAAAAAAAAAAAAEP/aAAgBAQAGPwI//8QAFBABAAAAAAAAAAAAAAAAAAAAEP/aAAgBAQABPyE//9oADAMBAAIAAwAAABB3/8QAFREBAQAAAAAAAAAAAAAAAAAAwQD/2gAIAQMBAT8QUv/EABURAQEAAAAAAAAAAAAAAAAAAABB/9oACAECAQE/ELf/xAAUEAEAAAAAAAAAAAAAAAAAAAAQ/9oACAEBAAE/ED//2Q=="),
        ] {
            let bytes = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
            let medium = upload(&app.as_author(), "", bytes, 201).await;
            let medium = rendered(&app, &medium).await;
            assert_eq!(medium["status"], "ready", "{name}: {medium}");
            let (_, bytes) = fetch(&app, &medium, "16.jpg").await;
            let [red, green, blue] = pixel(&bytes, 0.9, 0.5);
            assert!(red > 220 && green > 220 && blue > 220, "{name}: {red} {green} {blue}");
            let [red, green, _] = pixel(&bytes, 0.1, 0.5);
            match name {
                "grey" => assert!(red < 110 && red == green, "{name}: {red} {green}"),
                _ => assert!(red > 180 && green < 60, "{name}: {red} {green}"),
            }
        }
    }
}
