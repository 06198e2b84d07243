//! Renaming, former slugs and aliases.

use perspektive::changes::{Action, Entity};
use serde_json::{Value, json};

use super::{KINDS, about, at, change, found, held, make, merge, redirected, remove, slugs};
use crate::articles::{EDITOR, got, live, newsroom, patch, piece, put, slugs as listed, with};
use crate::both;
use crate::support::clients::expect;

both! {
    /// A rename is one entry of the log, touches no article, and every old way
    /// leads on: addresses, filters, uploads.
    async fn a_renamed_one_is_found_by_its_old_slug(app: App) {
        let editor = newsroom(&app).await;
        for (kind, member) in KINDS {
            let id = make(&app, kind, "alt", "Alter Name").await;
            live(&app, &format!("{kind}-1"), &about("Eins", kind, &["alt"])).await;
            let article = format!("/v1/articles/{kind}-1");
            let before = app.get(&article, 200).await;
            // What is in the cache is right too.
            app.get(&format!("/v1/{kind}s/alt"), 200).await;
            assert_eq!(listed(&app, &format!("/v1/articles?{kind}=alt")).await, [format!("{kind}-1")]);
            if kind != "section" {
                assert_eq!(listed(&app, &format!("/v1/articles?{kind}=neu")).await, Vec::<String>::new());
            }
            let (log, revisions) = (app.log().len(), held(&app));

            let renamed = change(&app, kind, "alt", json!({"slug": "neu", "name": "Neuer Name"}), 200).await;
            assert_eq!(renamed.json["former_slugs"], json!(["alt"]));
            assert_eq!(app.log()[log..], [(kind.parse::<Entity>().unwrap(), id, Action::Changed)]);
            assert_eq!(held(&app), revisions);
            let after = app.get(&article, 200).await;
            let shown = match &after[member] { Value::Array(list) => list[0].clone(), one => one.clone() };
            assert_eq!((&shown["slug"], &shown["name"]), (&json!("neu"), &json!("Neuer Name")));
            for member in ["rev", "updated_at", "published_at"] {
                assert_eq!(after[member], before[member], "{kind}: {member}");
            }

            assert_eq!(redirected(&app, &format!("/v1/{kind}s/alt")).await, format!("/v1/{kind}s/neu"));
            app.get(&format!("/v1/{kind}s/neu"), 200).await;
            for name in ["alt", "neu"] {
                assert_eq!(listed(&app, &format!("/v1/articles?{kind}={name}")).await, [format!("{kind}-1")]);
                assert_eq!(found(&app, &format!("{kind}={name}")).await, [format!("{kind}-1")]);
            }
            put(&app, &format!("{kind}-2"), &about("Zwei", kind, &["alt"])).await;
            let view = editor.get(&format!("{EDITOR}/{kind}-2"), 200).await;
            assert_eq!(view[member].as_str().or(view[member][0].as_str()), Some("neu"));

            // The slug is reserved, and no write goes elsewhere.
            editor.get(&at(kind, "alt"), 404).await;
            for (method, path) in [("PUT", at(kind, "alt")), ("PATCH", at(kind, "alt")), ("DELETE", at(kind, "alt"))] {
                let request = editor.request(method, &path).header("If-Match", "*").json(&json!({"name": "X"}));
                let problem = expect(request, 409).await;
                assert_eq!(problem["current_slug"], "neu", "{method} {problem}");
            }
            let taken = editor.send("POST", &format!("/v1/editor/{kind}s"), &json!({"name": "X", "slug": "alt"}), 409).await;
            let detail = taken["detail"].as_str().unwrap();
            assert!(detail.contains("Neuer Name") && detail.contains(&format!("{kind}s/neu/former-slugs/alt")), "{detail}");

            // A second name, and the way back.
            change(&app, kind, "neu", json!({"slug": "neuer"}), 200).await;
            assert_eq!(redirected(&app, &format!("/v1/{kind}s/alt")).await, format!("/v1/{kind}s/neuer"));
            let back = change(&app, kind, "neuer", json!({"slug": "alt"}), 200).await;
            assert_eq!(back.json["former_slugs"], json!(["neu", "neuer"]));
            app.get(&format!("/v1/{kind}s/alt"), 200).await;
            assert_eq!(redirected(&app, &format!("/v1/{kind}s/neu")).await, format!("/v1/{kind}s/alt"));
            assert_eq!(editor.get(&at(kind, "alt"), 200).await["former_slugs"], json!(["neu", "neuer"]));
        }
    }

    /// Only an editor frees a slug; then it is nothing's, and another's.
    /// A nightly export that still has the old name goes on meaning the same one.
    async fn a_renamed_one_is_found_by_its_old_name(app: App) {
        let editor = newsroom(&app).await;
        let sent = with(piece("Export"), json!({"topics": ["Nahverkehr Nord"], "authors": ["Tina Test"]}));
        put(&app, "export", &sent).await;
        change(&app, "topic", "nahverkehr-nord", json!({"name": "Verkehr Nord", "slug": "verkehr-nord"}), 200).await;
        change(&app, "author", "tina-test", json!({"name": "Tina Probe"}), 200).await;
        change(&app, "section", "politik", json!({"name": "Staat", "slug": "staat"}), 200).await;
        let again = put(&app, "export", &with(sent, json!({"section": "Politik"}))).await;
        assert_eq!((&again["result"], &again["warnings"]), (&json!("unchanged"), &json!([])), "{again}");
        let topic = editor.get("/v1/editor/topics/verkehr-nord", 200).await;
        assert_eq!(topic["aliases"], json!(["Nahverkehr Nord"]));
        // Who says what else it is called has the last word.
        change(&app, "topic", "verkehr-nord", json!({"name": "Nordverkehr", "aliases": ["Nord"]}), 200).await;
        assert_eq!(editor.get("/v1/editor/topics/verkehr-nord", 200).await["aliases"], json!(["Nord"]));
    }

    async fn a_former_slug_is_freed(app: App) {
        let editor = newsroom(&app).await;
        for (kind, _) in KINDS {
            make(&app, kind, "alt", "Alter Name").await;
            live(&app, &format!("{kind}-1"), &about("Eins", kind, &["alt"])).await;
            change(&app, kind, "alt", json!({"slug": "neu"}), 200).await;
            redirected(&app, &format!("/v1/{kind}s/alt")).await;
            assert_eq!(listed(&app, &format!("/v1/articles?{kind}=alt")).await.len(), 1);
            let path = at(kind, "neu/former-slugs/alt");
            let problem = expect(editor.request("DELETE", &path), 428).await;
            assert_eq!(problem["current_etag"], "\"v2\"");
            expect(editor.request("DELETE", &path).header("If-Match", "\"v2\""), 204).await;
            expect(editor.request("DELETE", &path).header("If-Match", "*"), 404).await;
            expect(editor.request("DELETE", &at(kind, "neu/former-slugs/neu")).header("If-Match", "*"), 404).await;
            let view = editor.get(&at(kind, "neu"), 200).await;
            assert_eq!((&view["former_slugs"], &view["version"]), (&json!([]), &json!(3)));
            app.get(&format!("/v1/{kind}s/alt"), 404).await;
            match kind {
                "section" => drop(app.get("/v1/articles?section=alt", 400).await),
                kind => assert!(listed(&app, &format!("/v1/articles?{kind}=alt")).await.is_empty()),
            }
            make(&app, kind, "alt", "Ganz anderes").await;
        }
    }

    /// An alias leads an upload to the one, in any spelling, and belongs to nobody
    /// else.
    async fn an_upload_finds_by_alias(app: App) {
        let editor = newsroom(&app).await;
        for (kind, member) in KINDS {
            make(&app, kind, "nahverkehr", "Nahverkehr").await;
            make(&app, kind, "bus", "Omnibus").await;
            let given = change(&app, kind, "nahverkehr", json!({"aliases": ["ÖPNV", " Bus und Bahn ", "öpnv", "NAHVERKEHR"]}), 200).await;
            assert_eq!(given.json["aliases"], json!(["ÖPNV", "Bus und Bahn"]), "each once, and not the name");
            for (n, name) in ["O\u{308}PNV", "bus  und bahn", "nahverkehr", "NahVerkehr"].into_iter().enumerate() {
                let slug = format!("{kind}-{n}");
                put(&app, &slug, &about("Eins", kind, &[name])).await;
                let view = editor.get(&format!("{EDITOR}/{slug}"), 200).await;
                assert_eq!(view[member].as_str().or(view[member][0].as_str()), Some("nahverkehr"), "{name}");
            }
            // Readers see none.
            live(&app, &format!("{kind}-0"), &about("Eins", kind, &["ÖPNV"])).await;
            for path in [format!("/v1/{kind}s/nahverkehr"), format!("/v1/{kind}s"), format!("/v1/articles/{kind}-0")] {
                let text = app.get(&path, 200).await.to_string();
                assert!(!text.contains("ÖPNV") && !text.contains("aliases"), "{text}");
            }

            let mut refused = vec![
                (json!({"aliases": ["OMNIBUS"]}), "`bus`"),
                (json!({"aliases": ["bus"]}), "`bus`"),
            ];
            change(&app, kind, "bus", json!({"slug": "busse"}), 200).await;
            refused[0].1 = "`busse`";
            refused[1].1 = "`busse`";
            for (body, holder) in refused {
                let problem = change(&app, kind, "nahverkehr", body, 409).await;
                assert!(problem.detail().contains(holder), "{}", problem.detail());
            }
            for body in [json!({"aliases": ["ÖPNV"]}), json!({"name": "öpnv"})] {
                let problem = change(&app, kind, "busse", body, 409).await;
                assert!(problem.detail().contains("alias of") && problem.detail().contains("`nahverkehr`"), "{}", problem.detail());
            }
            editor.send("POST", &format!("/v1/editor/{kind}s"), &json!({"name": "Bus und Bahn"}), 409).await;

            let long: Vec<String> = (0..101).map(|n| format!("Name {n}")).collect();
            for (aliases, pointer, code) in [
                (json!(long), "#/aliases", "too-many"),
                (json!(["gut", " "]), "#/aliases/1", "required"),
                (json!(["x".repeat(121)]), "#/aliases/0", "too-long"),
                (json!(["0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"]), "#/aliases/0", "bad-alias"),
            ] {
                let problem = change(&app, kind, "nahverkehr", json!({"aliases": aliases}), 422).await;
                assert_eq!((&problem.json["errors"][0]["pointer"], &problem.json["errors"][0]["code"]), (&json!(pointer), &json!(code)));
            }

            // A PUT that says nothing of them leaves them; a name that was one is none.
            let log = app.log().len();
            let kept = editor.send("PUT", &at(kind, "nahverkehr"), &json!({"name": "Nahverkehr"}), 200).await;
            assert_eq!((&kept["result"], &kept["aliases"]), (&json!("unchanged"), &json!(["ÖPNV", "Bus und Bahn"])));
            let renamed = change(&app, kind, "nahverkehr", json!({"name": "ÖPNV"}), 200).await;
            assert_eq!(renamed.json["aliases"], json!(["Bus und Bahn", "Nahverkehr"]), "the old name is one");
            assert_eq!(app.log().len(), log + 1);
            let none = change(&app, kind, "nahverkehr", json!({"aliases": null}), 200).await;
            assert_eq!(none.json["aliases"], json!([]));
            assert_eq!(app.log().len(), log + 1, "readers don't notice");
            make(&app, kind, "bus-und-bahn", "Bus und Bahn").await;
            let all = editor.get(&format!("/v1/editor/{kind}s"), 200).await;
            assert!(all["items"].as_array().unwrap().iter().all(|item| item["aliases"].is_array()));
        }
    }

    /// Whoever makes one by an upload gets another slug than one that leads on.
    async fn an_upload_takes_no_reserved_slug(app: App) {
        let editor = newsroom(&app).await;
        for (kind, member) in &KINDS[1..] {
            make(&app, kind, "bahn", "Bahn").await;
            change(&app, kind, "bahn", json!({"slug": "zug", "name": "Zug", "aliases": ["tram"]}), 200).await;
            put(&app, &format!("{kind}-1"), &about("Eins", kind, &["Bahn!", "Tram?", "zug"])).await;
            let view = editor.get(&format!("{EDITOR}/{kind}-1"), 200).await;
            assert_eq!(slugs(&view[*member]), ["bahn-2", "tram-2", "zug"]);
        }
    }

    /// That something was renamed says nothing about what only drafts use.
    async fn nothing_leads_to_what_readers_do_not_see(app: App) {
        newsroom(&app).await;
        for (kind, member) in &KINDS[1..] {
            let old = make(&app, kind, "geheim", "Geheim").await;
            make(&app, kind, "geheimer", "Geheimer").await;
            put(&app, &format!("{kind}-entwurf"), &about("Entwurf", kind, &["geheim", "geheimer"])).await;
            change(&app, kind, "geheim", json!({"slug": "sache"}), 200).await;
            merge(&app, kind, "sache", "geheimer", 200).await;
            let unheard = async |path: String| {
                let answer = got(app.request("GET", &path), 404).await;
                assert_eq!(answer.header("location"), "");
                answer.text
            };
            for name in ["geheim", "sache", "geheimer", &old.to_string()] {
                let text = unheard(format!("/v1/{kind}s/{name}")).await;
                assert!(!text.replace(name, "").contains("geheim"), "{text}");
                let list = app.get(&format!("/v1/articles?{kind}={name}"), 200).await;
                assert_eq!(list["items"], json!([]));
            }
            assert_eq!(app.get(&format!("/v1/{kind}s"), 200).await["items"], json!([]));
            // Once it is live they all do.
            patch(&app, &format!("{kind}-entwurf"), with(json!({}), json!({"kicker": "Jetzt"})), 200).await;
            crate::articles::verb(&app, &format!("{kind}-entwurf"), "publish", json!({}), 200).await;
            for name in ["geheim", "sache", &old.to_string()] {
                assert_eq!(redirected(&app, &format!("/v1/{kind}s/{name}")).await, format!("/v1/{kind}s/geheimer"));
                assert_eq!(listed(&app, &format!("/v1/articles?{kind}={name}")).await.len(), 1);
            }
            let article = app.get(&format!("/v1/articles/{kind}-entwurf"), 200).await;
            assert_eq!(slugs(&article[*member]), ["geheimer"]);
            crate::articles::verb(&app, &format!("{kind}-entwurf"), "unpublish", json!({}), 200).await;
            app.get(&format!("/v1/{kind}s/geheim"), 404).await;
            remove(&app, kind, "geheimer", 409).await;
        }
    }
}
