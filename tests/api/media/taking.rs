//! Taking pictures in.

use perspektive::auth::Role;
use serde_json::{Value, json};

use super::{MEDIA, rendered, upload};
use crate::both;
use crate::support::clients::expect;
use crate::support::pictures::{self, exif, iptc, xmp};

fn form(picture: Vec<u8>) -> reqwest::multipart::Form {
    let file = reqwest::multipart::Part::bytes(picture).file_name("IMG_4711.exe");
    reqwest::multipart::Form::new().part("file", file)
}

both! {
    /// Each format is known by its bytes, whatever it is called, and the same file
    /// twice is one medium.
    async fn every_format_is_taken_once(app: App) {
        let author = app.as_author();
        let pictures = [
            ("jpeg", pictures::jpeg(40, 30, &[])),
            ("png", pictures::png(40, 30, 0)),
            ("webp", pictures::webp(40, 30)),
            ("gif", pictures::gif(40, 30)),
        ];
        for (format, picture) in pictures {
            let request = author.request("POST", MEDIA).header("Content-Type", "application/pdf");
            let answer = request.body(picture.clone()).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), &answer.headers()["etag"]), (201, &"\"v1\"".parse().unwrap()));
            let location = answer.headers()["location"].to_str().unwrap().to_owned();
            let medium: Value = answer.json().await.unwrap();
            assert!(location.ends_with(&format!("{MEDIA}/{}", medium["id"].as_str().unwrap())), "{location}");
            assert_eq!((&medium["format"], &medium["width"], &medium["height"]), (&json!(format), &json!(40), &json!(30)));
            assert_eq!((&medium["result"], &medium["status"]), (&json!("created"), &json!("pending")));
            assert_eq!((&medium["bytes"], &medium["renditions"]), (&json!(picture.len()), &json!([])));

            let again = upload(&app.as_editor(), "", picture.clone(), 200).await;
            assert_eq!((&again["id"], &again["result"]), (&medium["id"], &json!("unchanged")));
            let as_form = author.request("POST", MEDIA).multipart(form(picture));
            assert_eq!(expect(as_form, 200).await["id"], medium["id"]);
        }
        assert_eq!(author.get(MEDIA, 200).await["items"].as_array().unwrap().len(), 4);
    }

    /// What is said with a picture is noted; with one that is there already only
    /// where nothing was said before.
    async fn what_is_said_is_noted(app: App) {
        let (author, editor) = (app.as_author(), app.as_editor());
        let picture = pictures::png(20, 20, 1);
        let said = form(picture.clone()).text("alt", " Ein Bus ").text("credit", "Jonte Behrens").text("focal_point", "0.25, 0.5");
        let medium = expect(author.request("POST", MEDIA).multipart(said), 201).await;
        assert_eq!((&medium["alt"], &medium["credit"], &medium["decorative"]), (&json!("Ein Bus"), &json!("Jonte Behrens"), &json!(false)));
        assert_eq!(medium["focal_point"], json!({"x": 0.25, "y": 0.5}));
        assert_eq!(medium["warnings"], json!([]));

        let again = upload(&author, "?alt=Eine%20Bahn&caption=Am%20Wehr", picture.clone(), 200).await;
        assert_eq!((&again["result"], &again["alt"], &again["caption"]), (&json!("updated"), &json!("Ein Bus"), &json!("Am Wehr")));
        assert_eq!(again["warnings"][0]["code"], "kept");
        assert_eq!((again["version"].as_i64(), again["warnings"].as_array().unwrap().len()), (Some(2), 1));
        // Somebody else's picture is theirs to describe, unless one is an editor.
        let other = app.as_user("anderer", Role::Author);
        let theirs = upload(&other, "?copyright=Mir", picture.clone(), 200).await;
        assert!(theirs.get("copyright").is_none() && theirs["warnings"][0]["code"] == "kept", "{theirs}");
        let edited = upload(&editor, "?copyright=Uns", picture.clone(), 200).await;
        assert_eq!((&edited["copyright"], &edited["version"]), (&json!("Uns"), &json!(3)));

        // Bad input is told, and nothing is stored.
        let new = || pictures::png(20, 20, 2);
        let problem = upload(&author, "?focal_point=0.5,1.5", new(), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], "#/focal_point/y");
        let problem = upload(&author, &format!("?alt={}", "x".repeat(1_001)), new(), 422).await;
        assert_eq!(problem["errors"][0]["code"], "too-long");
        for query in ["?focal_point=mitte", "?decorative=ja", "?farbe=rot", "?alt=a&alt=b"] {
            upload(&author, query, new(), 400).await;
        }
        for (wrong, code) in [
            (form(new()).text("farbe", "rot"), "unknown-field"),
            (form(new()).text("alt", "a").text("alt", "b"), "duplicate-field"),
            (form(new()).text("decorative", "ja"), "wrong-type"),
        ] {
            let problem = expect(author.request("POST", MEDIA).multipart(wrong), 400).await;
            assert_eq!(problem["errors"][0]["code"], code, "{problem}");
        }
        let file = || reqwest::multipart::Part::bytes(new()).file_name("x.png");
        let two = reqwest::multipart::Form::new().part("a", file()).part("b", file());
        let problem = expect(author.request("POST", MEDIA).multipart(two), 400).await;
        assert!(problem["detail"].as_str().unwrap().contains("more than one file"), "{problem}");
        let none = reqwest::multipart::Form::new().text("alt", "Ein Bus");
        expect(author.request("POST", MEDIA).multipart(none), 400).await;
        let torn = author.request("POST", MEDIA).header("Content-Type", "multipart/form-data; boundary=x").body("--x\r\nContent-");
        expect(torn, 400).await;
        expect(author.request("POST", MEDIA).body(""), 400).await;
        assert_eq!(author.get(MEDIA, 200).await["items"].as_array().unwrap().len(), 1);
    }

    /// Captions, credits and rights that stand in the file; what is sent wins.
    async fn what_stands_in_the_file_is_lifted(app: App) {
        let author = app.as_author();
        let picture = pictures::jpeg(40, 30, &[exif(6), xmp(), iptc()]);
        let medium = upload(&author, "?credit=Foto:%20Behrens", picture, 201).await;
        assert_eq!(medium["caption"], "Linie 3 am Wehr & anderswo");
        assert_eq!(medium["alt"], "Ein Bus am Flussufer");
        assert_eq!(medium["credit"], "Foto: Behrens");
        assert_eq!(medium["copyright"], "© 2026 Flussblick");
        // The right way up.
        assert_eq!((&medium["width"], &medium["height"]), (&json!(30), &json!(40)));
        let older = upload(&author, "", pictures::jpeg(40, 30, &[iptc()]), 201).await;
        assert_eq!(older["caption"], "Die Brücke");
        let long = (0xED, {
            let mut content = iptc().1;
            let text = "Wort ".repeat(300);
            content.truncate(14);
            content.extend(b"8BIM\x04\x04\0\0");
            content.extend((text.len() as u32 + 5).to_be_bytes());
            content.extend([0x1C, 2, 120]);
            content.extend((text.len() as u16).to_be_bytes());
            content.extend(text.as_bytes());
            content
        });
        let cut = upload(&author, "", pictures::jpeg(40, 30, &[long]), 201).await;
        assert_eq!(cut["warnings"][0]["code"], "shortened", "{cut}");
        assert!(cut["caption"].as_str().unwrap().chars().count() <= 1_000);
    }

    /// A phone writes a film behind its JPEG; that is cut off, and the picture taken.
    async fn a_phones_jpeg_with_trailing_data_is_taken(app: App) {
        let plain = pictures::jpeg(40, 30, &[exif(1)]);
        let film = [b"\0\0\0\x18ftypmp42\0\0\0\0isommp42".as_slice(), &[7; 5_000]].concat();
        let preview = pictures::jpeg(16, 12, &[]);
        for trailing in [film, preview, vec![0; 100], b"\0\0\n\n".to_vec()] {
            let picture = [plain.clone(), trailing].concat();
            let medium = upload(&app.as_author(), "", picture.clone(), 201).await;
            assert_eq!(medium["bytes"], plain.len(), "{medium}");
            // Its identity is that of all that was received.
            assert_eq!(upload(&app.as_author(), "", picture, 200).await["id"], medium["id"]);
        }
    }

    /// Who may change what, with which versions; finding, and deleting.
    async fn pictures_are_kept(app: App) {
        let (author, editor) = (app.as_author(), app.as_editor());
        let medium = upload(&author, "?caption=Das%20Wehr%20bei%20Hochwasser", pictures::png(20, 20, 1), 201).await;
        let path = format!("{MEDIA}/{}", medium["id"].as_str().unwrap());
        let patch = |who: &crate::support::clients::Client<'_>, body: Value, version: &'static str| {
            who.request("PATCH", &path).header("If-Match", version).json(&body)
        };
        let changed = expect(patch(&author, json!({"alt": "Ein Wehr", "focal_point": {"x": 0, "y": 1}}), "\"v1\""), 200).await;
        assert_eq!((&changed["result"], &changed["alt"], &changed["version"]), (&json!("updated"), &json!("Ein Wehr"), &json!(2)));
        let problem = expect(patch(&author, json!({"alt": "Alt"}), "\"v1\""), 412).await;
        assert_eq!(problem["current_etag"], "\"v2\"");
        expect(author.request("PATCH", &path).json(&json!({"alt": "Alt"})), 428).await;
        let same = expect(patch(&editor, json!({"alt": "Ein Wehr"}), "\"v2\""), 200).await;
        assert_eq!((&same["result"], &same["version"]), (&json!("unchanged"), &json!(2)));
        let without = expect(patch(&editor, json!({"caption": null, "focal_point": null, "decorative": true}), "*"), 200).await;
        assert!(without.get("caption").is_none() && without.get("focal_point").is_none() && without["decorative"] == true);
        expect(patch(&editor, json!({"bild": 1}), "*"), 400).await;
        let problem = expect(patch(&editor, json!({"focal_point": {"x": 2, "y": 0}}), "*"), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], "#/focal_point/x");
        let other = app.as_user("anderer", Role::Author);
        expect(patch(&other, json!({"alt": "Meins"}), "*"), 403).await;
        expect(other.request("DELETE", &path).header("If-Match", "*"), 403).await;

        // Renditions that are finished meanwhile are no reason to refuse an edit.
        rendered(&app, &medium).await;
        let read = editor.get(&path, 200).await;
        assert_eq!((&read["version"], &read["status"]), (&json!(4), &json!("ready")));
        expect(patch(&editor, json!({"caption": "Das Wehr"}), "\"v2\""), 412).await;
        let late = expect(patch(&editor, json!({"caption": "Das Wehr"}), "\"v3\""), 200).await;
        assert_eq!(late["version"], 5);

        let second = upload(&editor, "?alt=Die%20Stra%C3%9Fe%20100%25", pictures::png(20, 20, 2), 201).await;
        let ids = async |query: &str| -> Vec<String> {
            let page = author.get(&format!("{MEDIA}{query}"), 200).await;
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
        };
        let (first, second) = (medium["id"].as_str().unwrap(), second["id"].as_str().unwrap());
        assert_eq!(ids("").await, [second, first]);
        assert_eq!(ids("?q=WEHR").await, [first]);
        assert_eq!(ids("?q=strasse").await, [second]);
        assert_eq!(ids("?q=100%25").await, [second]);
        assert_eq!(ids("?q=0_0").await, [] as [&str; 0]);
        assert_eq!(ids("?created_by=me").await, [first]);
        assert_eq!(ids("?created_by=editor").await, [second]);
        assert_eq!(ids("?unused=true").await.len(), 2);
        assert_eq!(ids("?unused=false").await.len(), 0);
        assert_eq!(ids(&format!("?sha256={}", medium["sha256"].as_str().unwrap())).await, [first]);
        let page = author.get(&format!("{MEDIA}?limit=1"), 200).await;
        let next = format!("{MEDIA}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        assert_eq!(author.get(&next, 200).await["items"][0]["id"], first);
        for wrong in ["?unused=vielleicht", "?created_by=niemand", "?cursor=x", "?farbe=rot"] {
            author.get(&format!("{MEDIA}{wrong}"), 400).await;
        }

        expect(author.request("DELETE", &path), 428).await;
        let gone = author.request("DELETE", &path).header("If-Match", "\"v5\"").send().await.unwrap();
        assert_eq!(gone.status(), 204);
        editor.get(&path, 404).await;
        editor.get(&format!("{MEDIA}/nirgends"), 404).await;
        // The same file is a new medium from now on.
        let anew = upload(&author, "", pictures::png(20, 20, 1), 201).await;
        assert_ne!(anew["id"], first);
    }
}
