//! What isn't taken, and why.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{MEDIA, upload};
use crate::both;
use crate::support::pictures;
use crate::support::process::Newsroom;

fn code(problem: &Value) -> &str {
    problem["errors"][0]["code"].as_str().unwrap_or_default()
}

both! {
    /// Whatever isn't one of the four, by its bytes and not by its name.
    async fn other_formats_are_named(app: App) {
        let author = app.as_author();
        let drawing = r#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
        for (bytes, named) in [
            (drawing.as_bytes(), "an SVG"),
            (b"\xEF\xBB\xBF <svg onload='x'></svg>", "an SVG"),
            (b"%PDF-1.7 ...", "a PDF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC"),
            (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "an AVIF"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a film"),
            (b"<!DOCTYPE html><html>", "a page of HTML"),
            (b"II*\0\x08\0\0\0", "a TIFF"),
            (b"{\"alt\": \"Ein Bus\"}", "JSON"),
            (b"Guten Morgen", "of a kind that isn't known here"),
            (b"\xFF\xD8", "the broken beginning of a JPEG"),
        ] {
            let request = author.request("POST", MEDIA).header("Content-Type", "image/png").body(bytes.to_vec());
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 415);
            assert!(answer.headers()["accept-post"].to_str().unwrap().contains("image/webp"));
            let problem: Value = answer.json().await.unwrap();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(named) && detail.contains("JPEG, PNG, WebP and GIF"), "{named}: {detail}");
        }
    }

    /// A picture that ends early, wherever that is, or was changed on its way.
    async fn broken_pictures_are_told(app: App) {
        let author = app.as_author();
        for picture in [pictures::jpeg(40, 30, &[pictures::exif(1)]), pictures::png(40, 30, 0), pictures::gif(40, 30), pictures::webp(40, 30)] {
            for end in [picture.len() - 1, picture.len() * 2 / 3, 40] {
                let problem = upload(&author, "", picture[..end].to_vec(), 422).await;
                assert_eq!(code(&problem), "truncated", "{problem}");
            }
        }
        let mut changed = pictures::png(40, 30, 0);
        let middle = changed.len() - 20;
        changed[middle] ^= 1;
        let problem = upload(&author, "", changed, 422).await;
        assert_eq!(code(&problem), "broken-picture", "{problem}");
        let mut twelve_bits = pictures::jpeg(40, 30, &[]);
        let frame = twelve_bits.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
        twelve_bits[frame + 4] = 12;
        let problem = upload(&author, "", twelve_bits, 422).await;
        assert!(problem["detail"].as_str().unwrap().contains("8 bits"), "{problem}");
        assert_eq!(author.get(MEDIA, 200).await["items"].as_array().unwrap().len(), 0);
    }

    /// A file that is two things at once, whichever of them it says it is.
    async fn two_formats_at_once_are_refused(app: App) {
        let author = app.as_author();
        let comment = |text: &str| (0xFE, text.as_bytes().to_vec());
        let png = |chunk: Vec<u8>| {
            let plain = pictures::png(40, 30, 0);
            [&plain[..plain.len() - 12], &chunk, &plain[plain.len() - 12..]].concat()
        };
        let behind = |bytes: &[u8]| [pictures::jpeg(40, 30, &[]), bytes.to_vec()].concat();
        let mut script = b"GIF89a/*  ".to_vec();
        script.extend(&pictures::gif(40, 30)[10..]);
        script.extend(b"*/=1;alert(1)//");
        for (name, picture) in [
            ("a JPEG with a ZIP behind it", behind(&pictures::zip())),
            ("a JPEG with a ZIP and more behind it", behind(&[pictures::zip(), vec![0; 500]].concat())),
            ("a PNG with a ZIP behind it", [pictures::png(40, 30, 0), pictures::zip()].concat()),
            ("a PNG with a ZIP inside", png(pictures::chunk(b"zzZz", &pictures::zip()))),
            ("a GIF with a ZIP behind it", [pictures::gif(40, 30), pictures::zip()].concat()),
            ("a JPEG with a PDF in it", pictures::jpeg(40, 30, &[comment("%PDF-1.4\n1 0 obj")])),
            ("a JPEG with a PDF behind it", behind(b"\0\0%PDF-1.4")),
            ("a JPEG with a page in it", pictures::jpeg(40, 30, &[comment("<HTML><body>")])),
            ("a JPEG with a script in it", pictures::jpeg(40, 30, &[comment("x<ScRiPt src=//boese.example>")])),
            ("a PNG with a program in it", png(pictures::chunk(b"tEXt", b"Comment\0<?php system($_GET[0]);"))),
            ("a WebP with a page behind it", [pictures::webp(40, 30), b"<svg onload=x>".to_vec()].concat()),
            ("a GIF that is a script", script),
            ("a JPEG with text behind it", behind(b"\n*/ alert('Guten Morgen');")),
            ("a JPEG with a program behind it", behind(b"\x7FELF\x02\x01\x01\0\0")),
        ] {
            let problem = upload(&author, "", picture, 422).await;
            assert_eq!(code(&problem), "two-formats", "{name}: {problem}");
        }
        // What only looks like it: letters among pixels, XMP, a link in a caption.
        let (marker, xmp) = pictures::xmp();
        let harmless = pictures::jpeg(40, 30, &[(marker, xmp), comment("a < b, https://svg.example, PK")]);
        upload(&author, "", harmless, 201).await;
    }
}

/// In the real server: bombs and floods are refused in well under a second, and
/// memory stays where it was.
#[actix_web::test]
async fn bombs_and_floods_are_refused_at_once() {
    let newsroom = Newsroom::sqlite();
    let served = newsroom.serve();
    let key = newsroom.key();
    let post = || served.request("POST", MEDIA).bearer_auth(&key);
    // Everything that is loaded once is loaded.
    let first = served.answer(post().body(pictures::png(40, 30, 0))).await;
    assert_eq!(first.unwrap().status, 201);
    let memory = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", served.pid())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let before = memory();

    let bomb = pictures::bomb(20_000, 10_000);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let mut wide = pictures::gif(40, 30);
    wide[6..10].copy_from_slice(&[0xFF; 4]);
    let truncated = pictures::jpeg(2_000, 1_500, &[]);
    let truncated = truncated[..truncated.len() - 100].to_vec();
    for (body, status, code) in [
        (bomb, 422, "too-many-pixels"),
        (wide, 422, "too-many-pixels"),
        (truncated, 422, "truncated"),
        (vec![b'<'; 1 << 20], 415, ""),
        (vec![0xFF; 100 << 20], 413, ""),
    ] {
        let began = Instant::now();
        let got = served.answer(post().body(body)).await.unwrap();
        let took = began.elapsed();
        assert_eq!(got.status, status, "{}", got.body);
        assert!(got.body.contains(code), "{}", got.body);
        assert!(
            took < Duration::from_millis(900),
            "{status} {code}: {took:?}"
        );
    }
    // Without a length in advance the limit counts too, and nothing piles up.
    let pieces = futures_util::stream::iter(
        (0..400).map(|_| Ok::<_, std::io::Error>(vec![0xFF; 256 << 10])),
    );
    let flood = post().body(reqwest::Body::wrap_stream(pieces));
    if let Ok(got) = served.answer(flood).await {
        assert_eq!(got.status, 413, "{}", got.body);
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 40 << 10, "memory grew by {grown} KB");
    assert_eq!(served.get("/health/live").await.status, 200);
}
