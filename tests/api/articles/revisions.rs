//! The history of an article: listed, read, compared, restored.

use serde_json::{Value, json};

use super::{EDITOR, at, got, live, named, newsroom, patch, piece, put, slugs, stored, verb, with};
use crate::support::App;
use crate::support::clients::expect;
use crate::{both, whole};

async fn revisions(app: &App, slug: &str) -> Value {
    app.as_viewer()
        .get(&format!("{EDITOR}/{slug}/revisions"), 200)
        .await
}

/// A revision's text, restored as the editor.
async fn restore(app: &App, slug: &str, number: i32, status: u16) -> Value {
    verb(
        app,
        slug,
        &format!("revisions/{number}/restore"),
        json!({}),
        status,
    )
    .await
}

both! {
    /// Who wrote each, when and why, and which one readers see.
    async fn the_list_of_revisions(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &with(piece("Rat"), json!({"revision_note": "  Erste Fassung "}))).await;
        let second = with(piece("Rat tagt"), json!({"revision_note": "Überschrift"}));
        let path = format!("{EDITOR}/rat");
        expect(named(&app, "mara").request("PUT", &format!("{path}?overwrite=true")).json(&second), 200).await;
        patch(&app, "rat", json!({"kicker": "Rathaus"}), 200).await;
        let page = revisions(&app, "rat").await;
        whole!("revisions", &page);
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        verb(&app, "rat", "schedule", json!({"at": at(&app, 3_600), "revision": 2}), 200).await;
        let flags = |page: &Value| -> Vec<(i64, bool, bool, bool)> {
            let flag = |item: &Value, name: &str| item[name].as_bool().unwrap();
            page["items"].as_array().unwrap().iter()
                .map(|item| (item["number"].as_i64().unwrap(), flag(item, "working_copy"), flag(item, "live"), flag(item, "scheduled")))
                .collect()
        };
        assert_eq!(flags(&revisions(&app, "rat").await), [(3, true, false, false), (2, false, false, true), (1, false, false, false)]);
        app.state.travel(3_601);
        assert_eq!(flags(&revisions(&app, "rat").await), [(3, true, false, false), (2, false, true, false), (1, false, false, false)]);
        // In pages, which neither skip nor repeat while it is written.
        for number in 4..30 {
            patch(&app, "rat", json!({"kicker": format!("Rathaus {number}")}), 200).await;
        }
        let (mut numbers, mut next) = (Vec::new(), Some(format!("{path}/revisions?limit=10")));
        while let Some(address) = next {
            let page = app.as_viewer().get(&address, 200).await;
            numbers.extend(flags(&page).into_iter().map(|(number, ..)| number));
            patch(&app, "rat", json!({"kicker": format!("Rathaus nach {}", numbers.len())}), 200).await;
            next = page["links"]["next"].as_str().map(|next| next.replace("https://api.flussblick.example", ""));
        }
        assert_eq!(numbers, (1..30).rev().collect::<Vec<i64>>());
        put(&app, "anderer", &piece("Anderer")).await;
        let cursor = app.as_viewer().get(&format!("{path}/revisions?limit=1"), 200).await["next_cursor"].as_str().unwrap().to_owned();
        let foreign = app.as_viewer().get(&format!("{EDITOR}/anderer/revisions?cursor={cursor}"), 400).await;
        assert_eq!(foreign["type"], "/problems/bad-cursor");
        app.as_viewer().get(&format!("{EDITOR}/nirgends/revisions"), 404).await;
    }

    /// A note is kept with the revision it came with, and makes none.
    async fn a_note_makes_no_revision(app: App) {
        newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let noted = with(piece("Rat"), json!({"revision_note": "Nur ein Wort dazu"}));
        let same = put(&app, "rat", &noted).await;
        assert_eq!((&same["result"], &same["revision"]), (&json!("unchanged"), &json!(1)));
        assert_eq!(same["warnings"][0]["code"], "revision-note-not-kept");
        let same = patch(&app, "rat", json!({"revision_note": "Nur ein Wort dazu"}), 200).await;
        assert_eq!((&same.json["result"], &same.json["warnings"][0]["code"]), (&json!("unchanged"), &json!("revision-note-not-kept")));
        // The same upload twice is harmless, and nothing to be told of.
        let changed = with(piece("Rat tagt"), json!({"revision_note": "Verb"}));
        assert_eq!(put(&app, "rat", &changed).await["result"], "updated");
        let again = put(&app, "rat", &changed).await;
        assert_eq!((&again["result"], &again["warnings"]), (&json!("unchanged"), &json!([])));
        assert_eq!(revisions(&app, "rat").await["items"][0]["revision_note"], "Verb");
        // An edited working copy doesn't carry the old note along.
        let mut view = app.as_editor().get(&format!("{EDITOR}/rat"), 200).await;
        assert_eq!(view.get("revision_note"), None);
        view["kicker"] = json!("Rathaus");
        put(&app, "rat", &view).await;
        assert_eq!(revisions(&app, "rat").await["items"][0].get("revision_note"), None);
        // In front matter it has the same name.
        let markdown = "---\nsection: politik\nrevision_note: Aus der Datei\n---\n\n# Rat\n\nNeuer Text.\n";
        let upload = app.as_editor().request("PUT", &format!("{EDITOR}/rat")).header("Content-Type", "text/markdown").body(markdown);
        got(upload, 200).await;
        assert_eq!(revisions(&app, "rat").await["items"][0]["revision_note"], "Aus der Datei");
        let before = stored(&app);
        for note in ["x".repeat(1_001), "\u{202e}".to_owned()] {
            let problem = patch(&app, "rat", json!({"kicker": "Neu", "revision_note": note}), 422).await;
            assert_eq!(problem.json["errors"][0]["pointer"], "#/revision_note");
        }
        assert_eq!(stored(&app), before);
    }

    /// A revision is read in the form in which it can be put, here or elsewhere.
    async fn a_revision_goes_back_in_as_it_came_out(app: App) {
        newsroom(&app).await;
        put(&app, "kosten", &piece("Kosten")).await;
        let first = with(piece("Rat"), json!({
            "kicker": "Rathaus", "topics": ["verkehr"], "authors": ["mara-lenz"], "note": "intern", "revision_note": "Anfang",
            "image": {"url": "https://b.example/a.jpg", "alt": "Der Saal"}, "seo": {"title": "Ratssitzung"},
            "embargo_until": "2030-01-01T00:00:00Z",
            "body": {"markdown": "Der **Rat**.\n\n[[kosten|Was es kostet]]\n\n- eins\n- zwei"},
            "related": [{"article": "kosten"}, {"article": "gibt-es-noch-nicht"}, {"url": "https://stadt.example/", "headline": "Vorlage"}],
        }));
        put(&app, "rat", &first).await;
        put(&app, "rat", &piece("Etwas anderes")).await;
        let revision = app.as_viewer().get(&format!("{EDITOR}/rat/revisions/1"), 200).await;
        whole!("revision", &revision);
        let markdown = app.as_viewer().get(&format!("{EDITOR}/rat/revisions/1?body=markdown"), 200).await;
        assert!(markdown["body"]["markdown"].as_str().unwrap().contains("[[kosten|Was es kostet]]"), "{markdown}");
        for (text, slug) in [(&revision, "rat"), (&markdown, "abschrift")] {
            put(&app, slug, text).await;
            let view = app.as_editor().get(&format!("{EDITOR}/{slug}"), 200).await;
            for (name, value) in revision.as_object().unwrap() {
                assert!(name == "from_revision" || view[name] == *value, "{slug}: {name} is {}", view[name]);
            }
        }
        for path in ["rat/revisions/0", "rat/revisions/9", "rat/revisions/-1", "rat/revisions/eins", "rat/revisions/99999999999", "nirgends/revisions/1"] {
            app.as_viewer().get(&format!("{EDITOR}/{path}"), 404).await;
        }
    }

    /// Restoring makes a new revision, and readers see nothing of it.
    async fn restoring_is_a_new_revision(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        put(&app, "rat", &with(piece("Rat, gekürzt"), json!({"topics": ["verkehr"]}))).await;
        let seen = app.log().len();
        let receipt = restore(&app, "rat", 1, 200).await;
        assert_eq!((&receipt["result"], &receipt["revision"], &receipt["state"]), (&json!("revision_restored"), &json!(3), &json!("live")));
        assert_eq!(app.log().len(), seen);
        assert_eq!(app.get("/v1/articles/rat", 200).await["rev"], 1);
        let page = revisions(&app, "rat").await;
        assert_eq!((&page["items"][0]["restored_from"], &page["items"][0]["headline"]), (&json!(1), &json!("Rat")));
        // What is there already makes none; a second click is harmless.
        let again = restore(&app, "rat", 1, 200).await;
        assert_eq!((&again["result"], &again["revision"]), (&json!("unchanged"), &json!(3)));
        let noted = json!({"revision_note": "Doch die kurze"});
        verb(&app, "rat", "revisions/2/restore", noted, 200).await;
        assert_eq!(revisions(&app, "rat").await["items"][0]["revision_note"], "Doch die kurze");

        let before = stored(&app);
        restore(&app, "rat", 9, 404).await;
        verb(&app, "rat", "revisions/1/restore", json!({"note": "x"}), 400).await;
        let stale = app.as_editor().request("POST", &format!("{EDITOR}/rat/revisions/1/restore"));
        got(stale.header("If-Match", "\"v1\""), 412).await;
        let foreign = app.as_author().request("POST", &format!("{EDITOR}/rat/revisions/1/restore"));
        got(foreign, 403).await;
        assert_eq!(stored(&app), before);
        verb(&app, "rat", "take-down", json!({"reason": "x"}), 200).await;
        restore(&app, "rat", 1, 409).await;
        let trash = app.as_editor().request("DELETE", &format!("{EDITOR}/rat")).header("If-Match", "*");
        got(trash, 200).await;
        restore(&app, "rat", 1, 409).await;
        // What is in the trash can be read all the same.
        assert_eq!(revisions(&app, "rat").await["items"].as_array().unwrap().len(), 4);
    }

    /// What an old text names and nobody has any more is said; what was bound
    /// since stays bound; a scheduled revision stays pinned.
    async fn an_old_text_in_a_new_world(app: App) {
        let editor = newsroom(&app).await;
        let old = with(piece("Rat"), json!({"section": "sport", "topics": ["klima", "verkehr"], "authors": ["jonas-ott"], "related": [{"article": "kommt-noch"}]}));
        put(&app, "rat", &old).await;
        put(&app, "rat", &with(piece("Rat"), json!({"embargo_until": at(&app, 7_200)}))).await;
        let target = put(&app, "kommt-noch", &piece("Ist da")).await;
        for path in ["sections/sport", "topics/klima", "authors/jonas-ott"] {
            got(editor.request("DELETE", &format!("/v1/editor/{path}")).header("If-Match", "*"), 204).await;
        }
        verb(&app, "rat", "schedule", json!({"at": at(&app, 60)}), 200).await;
        let receipt = restore(&app, "rat", 1, 200).await;
        let codes: Vec<&str> = receipt["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["reference-gone", "reference-gone", "reference-gone", "embargo-lifted", "scheduled-revision-is-older"]);
        let view = editor.get(&format!("{EDITOR}/rat"), 200).await;
        assert_eq!((view.get("section"), &view["topics"], &view["authors"]), (None, &json!(["verkehr"]), &json!([])));
        assert_eq!(view["related"][0]["article"]["id"], target["id"]);
        assert_eq!(view["live_revision"], 2);
    }

    /// An author can't lift an embargo by restoring a text that had none.
    async fn restoring_lifts_no_embargo_for_authors(app: App) {
        newsroom(&app).await;
        let author = app.as_author();
        let path = format!("{EDITOR}/rat");
        author.send("PUT", &path, &piece("Rat"), 201).await;
        author.send("PUT", &path, &with(piece("Rat"), json!({"embargo_until": at(&app, 3_600)})), 200).await;
        let refused = author.send("POST", &format!("{path}/revisions/1/restore"), &json!({}), 403).await;
        assert!(refused["detail"].as_str().unwrap().contains("embargo"), "{refused}");
        let lifted = restore(&app, "rat", 1, 200).await;
        assert_eq!(lifted["warnings"][0]["code"], "embargo-lifted");
    }

    /// What differs, by member and by block, whole; and as text.
    async fn a_comparison(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "kosten", &piece("Kosten")).await;
        let old = with(piece("Rat"), json!({
            "headline": "Stadtrat beschließt Nahverkehr", "teaser": "Busse fahren ohne Fahrschein.", "topics": ["verkehr", "haushalt"], "authors": ["mara-lenz"],
            "body": {"markdown": "Der Rat stimmte gestern mit knapper Mehrheit zu.\n\nDie Linke jubelte.\n\nDer Oberbürgermeister zeigte sich zufrieden mit dem Ergebnis.\n\n## Kosten\n\nEs kostet 4 Millionen Euro.\n\n[[kosten]]\n"},
        }));
        live(&app, "rat", &old).await;
        let new = with(piece("Rat"), json!({
            "headline": "Stadtrat beschließt kostenlosen Nahverkehr", "kicker": "Nahverkehr", "topics": ["verkehr", "klima"], "section": "stadtrat", "authors": ["mara-lenz"],
            "image": {"url": "https://b.example/bus.jpg", "alt": "Ein Bus"}, "expires_at": "2031-01-01T00:00:00Z", "revision_note": "Zahlen korrigiert",
            "body": {"markdown": "Der Oberbürgermeister zeigte sich zufrieden mit dem Ergebnis.\n\nDer Rat stimmte gestern mit **knapper** Mehrheit zu.\n\n## Kosten\n\nEs kostet 14 Millionen Euro.\n\n> Ein guter Tag.\n\n[[kosten]]\n"},
            "related": [{"article": "kosten"}],
        }));
        put(&app, "rat", &new).await;
        let diff = app.as_viewer().get(&format!("{EDITOR}/rat/diff"), 200).await;
        whole!("diff", &diff);
        let path = format!("{EDITOR}/rat/diff?from=1&to=2");
        assert_eq!(app.as_viewer().get(&path, 200).await, diff);
        let text = got(editor.request("GET", &format!("{path}&format=text")), 200).await;
        assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(text.header("cache-control"), "private, no-store");
        whole!("diff_as_text", &json!(text.text.lines().collect::<Vec<_>>()));
        let accepted = got(editor.request("GET", &path).header("Accept", "text/plain"), 200).await;
        assert_eq!(accepted.text, text.text);
        let json = got(editor.request("GET", &path).header("Accept", "application/json, text/plain, */*"), 200).await;
        assert_eq!(json.json, diff);
        // The other way round it is the other way round.
        let back = app.as_viewer().get(&format!("{EDITOR}/rat/diff?from=2&to=live"), 200).await;
        assert_eq!((&back["from"]["number"], &back["to"]["number"]), (&json!(2), &json!(1)));
        assert_eq!(back["blocks"].as_array().unwrap().len(), diff["blocks"].as_array().unwrap().len());

        let nothing = app.as_viewer().get(&format!("{EDITOR}/rat/diff?from=2&to=2"), 200).await;
        assert_eq!((&nothing["fields"], &nothing["blocks"], &nothing["same_blocks"]), (&json!([]), &json!([]), &json!(6)));
        let text = got(editor.request("GET", &format!("{EDITOR}/rat/diff?from=2&to=2&format=text")), 200).await.text;
        assert!(text.contains("Nothing differs."), "{text}");
        // Without a live revision, with the one before; of the first, with itself.
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        let draft = app.as_viewer().get(&format!("{EDITOR}/rat/diff"), 200).await;
        assert_eq!((&draft["from"]["number"], &draft["to"]["number"]), (&json!(1), &json!(2)));
        app.as_viewer().get(&format!("{EDITOR}/rat/diff?from=live"), 404).await;
        let first = app.as_viewer().get(&format!("{EDITOR}/kosten/diff"), 200).await;
        assert_eq!((&first["from"]["number"], &first["to"]["number"]), (&json!(1), &json!(1)));
        for bad in ["from=0", "from=x", "to=-1", "format=html", "form=1", "from=1&from=2"] {
            app.as_viewer().get(&format!("{EDITOR}/rat/diff?{bad}"), 400).await;
        }
        app.as_viewer().get(&format!("{EDITOR}/rat/diff?from=7"), 404).await;
        assert_eq!(slugs(&app, "/v1/articles").await, Vec::<String>::new());
    }
}
