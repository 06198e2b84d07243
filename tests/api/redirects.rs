//! Redirects as the newsroom keeps them.

use perspektive::changes::{Action, Entity};
use serde_json::{Value, json};

use crate::articles::{Got, got, live, newsroom, patch, piece, put};
use crate::both;
use crate::support::App;
use crate::support::seed::id;

const EDITOR: &str = "/v1/editor/redirects";

/// POSTs an entry as the editor.
async fn post(app: &App, body: Value, status: u16) -> Got {
    got(app.as_editor().request("POST", EDITOR).json(&body), status).await
}

/// POSTs a table as the editor.
async fn import(app: &App, text: &str, query: &str, status: u16) -> Got {
    let request = app
        .as_editor()
        .request("POST", &format!("{EDITOR}{query}"))
        .header("Content-Type", "text/csv");
    got(request.body(text.to_owned()), status).await
}

/// Where the entries lead from, the newest first.
fn froms(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["from"].as_str().unwrap())
        .collect()
}

/// Pointer, code and detail of what was wrong.
fn wrong(problem: &Got) -> Vec<(String, String, String)> {
    let errors = problem.json["errors"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let each = |error: &Value| {
        (
            text(&error["pointer"]),
            text(&error["code"]),
            text(&error["detail"]),
        )
    };
    errors.iter().map(each).collect()
}

both! {
    /// Made, read, changed, removed, each with the version that it changes.
    async fn an_entry_is_written_like_everything_else(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        let made = post(&app, json!({"from": "https://www.Alt.example/Artikel/12.html?utm_source=x", "to": "rat"}), 201).await;
        let path = format!("{EDITOR}/{}", made.json["id"].as_str().unwrap());
        assert_eq!(made.header("etag"), "\"v1\"");
        assert_eq!(made.header("location"), format!("https://api.flussblick.example{path}"));
        assert_eq!(made.json["from"], "//alt.example/Artikel/12.html");
        assert_eq!((&made.json["to"], &made.json["status"], &made.json["pattern"]), (&json!("rat"), &json!(301), &json!(false)));
        assert_eq!(made.json["article"]["slug"], "rat");
        assert_eq!(app.log().last(), Some(&(Entity::Redirect, id(&made.json), Action::Changed)));

        // The same again is harmless, another target isn't.
        let again = post(&app, json!({"from": "http://alt.example/Artikel/12.html/", "to": made.json["article"]["id"]}), 200).await;
        assert_eq!((&again.json["result"], &again.json["id"]), (&json!("unchanged"), &made.json["id"]));
        let taken = post(&app, json!({"from": "//alt.example/Artikel/12.html", "to": "/"}), 409).await;
        assert!(taken.detail().contains(&path), "{}", taken.detail());

        // What was fetched goes back as it is; it follows its article.
        let shown = editor.get(&path, 200).await;
        patch(&app, "rat", json!({"slug": "neuer-rat"}), 200).await;
        let renamed = editor.get(&path, 200).await;
        assert_eq!((&renamed["to"], &renamed["version"]), (&json!("neuer-rat"), &json!(1)));
        for back in [&shown, &renamed] {
            let put = editor.request("PUT", &path).json(back);
            assert_eq!(got(put, 200).await.json["result"], "unchanged");
        }
        let other = json!({"from": "/artikel/12.html", "to": "external:sys-12"});
        got(editor.request("PUT", &path).json(&other), 422).await;
        put(&app, "rat-extern", &json!({"headline": "Extern", "external_id": "sys-12"})).await;
        got(editor.request("PUT", &path).json(&other), 428).await;
        let changed = got(editor.request("PUT", &path).json(&other).header("If-Match", "\"v1\""), 200).await;
        assert_eq!((&changed.json["from"], &changed.json["to"], &changed.json["version"]), (&json!("/artikel/12.html"), &json!("rat-extern"), &json!(2)));
        let unknown = format!("{EDITOR}/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e");
        got(editor.request("PUT", &unknown).json(&other), 404).await;
        got(editor.request("GET", &format!("{EDITOR}/unsinn")), 404).await;

        // A patch: elsewhere, nowhere, somewhere again.
        let change = |body: Value| editor.request("PATCH", &path).header("If-Match", "*").json(&body);
        got(editor.request("PATCH", &path).json(&json!({"to": "/x/"})), 428).await;
        got(change(json!({"from": "/artikel/zw%C3%B6lf"})), 200).await;
        let gone = got(change(json!({"status": 410})), 200).await.json;
        assert_eq!((&gone["from"], gone.get("to"), gone.get("article"), &gone["status"]), (&json!("/artikel/zwölf"), None, None, &json!(410)));
        let moved = got(change(json!({"to": "https://archiv.example/zwoelf"})), 200).await.json;
        assert_eq!((&moved["to"], &moved["status"]), (&json!("https://archiv.example/zwoelf"), &json!(301)));
        assert_eq!(got(change(json!({"to": "https://archiv.example/zwoelf"})), 200).await.json["result"], "unchanged");
        got(change(json!({"to": null})), 422).await;
        got(change(json!({"nach": "/"})), 400).await;

        got(editor.request("DELETE", &path), 428).await;
        got(editor.request("DELETE", &path).header("If-Match", "\"v1\""), 412).await;
        got(editor.request("DELETE", &path).header("If-Match", "*"), 204).await;
        got(editor.request("GET", &path), 404).await;
        assert_eq!(app.log().last(), Some(&(Entity::Redirect, id(&made.json), Action::Gone)));
    }

    /// What can't be is refused with its place and a way out, and nothing is stored.
    async fn what_cannot_be_is_refused(app: App) {
        newsroom(&app).await;
        live(&app, "rathaus", &piece("Rathaus")).await;
        let head = app.log().len();
        for (body, pointer, part) in [
            (json!({"from": "artikel/12", "to": "/x"}), "#/from", "starts with a slash"),
            (json!({"from": "/a/../b", "to": "/x"}), "#/from", "dots"),
            (json!({"from": "/a\u{202E}b", "to": "/x"}), "#/from", "U+202E"),
            (json!({"from": format!("/{}", "x".repeat(2_000)), "to": "/x"}), "#/from", "2000 are the most"),
            (json!({"from": "/{slug", "to": "/x"}), "#/from", "without its partner"),
            (json!({"from": "/{a}{b}", "to": "/x"}), "#/from", "right after another"),
            (json!({"from": "/{rest}/x", "to": "/x"}), "#/from", "end of its path"),
            (json!({"from": "/{Slug}", "to": "/x"}), "#/from", "lower case"),
            (json!({"from": "/a"}), "#/to", "is missing"),
            (json!({"from": "/a", "to": "  "}), "#/to", "is missing"),
            (json!({"from": "/a", "to": "/b", "status": 410}), "#/to", "410"),
            (json!({"from": "/a", "to": "/b", "status": 302}), "#/status", "301 (moved)"),
            (json!({"from": "/a", "to": "rathuas"}), "#/to", "rathaus"),
            (json!({"from": "/a", "to": "external:nie"}), "#/to", "external:nie"),
            (json!({"from": "/a", "to": "/{slug}"}), "#/to", "{slug}"),
            (json!({"from": "/{id}", "to": "/a/{slug}"}), "#/to", "{slug}"),
            (json!({"from": "/{host}", "to": "https://{host}/"}), "#/to", "host"),
            (json!({"from": "/a", "to": "//boese.example/"}), "#/to", "two slashes"),
            (json!({"from": "/a", "to": "/b c"}), "#/to", "U+0020"),
            (json!({"from": "/a", "to": "javascript:alert(1)"}), "#/to", "no article"),
        ] {
            let problem = post(&app, body.clone(), 422).await;
            let (found, _, detail) = wrong(&problem).remove(0);
            assert!(found == pointer && detail.contains(part), "{body}: {}", problem.text);
        }
        for body in [json!({"from": "/a", "to": "/b", "code": 301}), json!({"to": "/b"}), json!([])] {
            post(&app, body, 400).await;
        }
        let text = app.as_editor().request("POST", EDITOR).header("Content-Type", "text/plain").body("/a,/b");
        got(text, 415).await;
        assert_eq!(app.log().len(), head);
        assert_eq!(app.as_editor().get(EDITOR, 200).await["items"], json!([]));
    }

    /// Nothing leads to itself, be it over others or over a pattern.
    async fn circles_are_refused(app: App) {
        newsroom(&app).await;
        for (from, to, circle) in [
            ("/a", "/a/", true), ("/a", "https://flussblick.example/a?x=1", true), ("https://flussblick.example/a", "/a", true),
            ("/a", "https://anders.example/a", false), ("/b", "/c", false), ("/c", "/d", false), ("/d", "/b", true), ("/d", "/e", false),
            ("/e?x=1", "/b", false), ("/alt/{rest}", "/alt/neu/{rest}", true), ("/alt/{rest}", "/alt/", false), ("/{slug}.html", "/{slug}", false),
            ("/x/{n}", "/y/{n}", false), ("/y/{n}", "/x/{n}", true), ("/y/{n}", "/z/{n}", false), ("/z/{n}", "/c/", false),
            // Through five others, and through six.
            ("/w", "/x/1", false), ("/v", "/w", true),
        ] {
            let answer = post(&app, json!({"from": from, "to": to}), if circle { 422 } else { 201 }).await;
            if circle {
                let (pointer, code, _) = wrong(&answer).remove(0);
                assert_eq!((pointer.as_str(), code.as_str()), ("#/to", "circle"), "{from} {to}");
            }
        }
        let page = app.as_editor().get(&format!("{EDITOR}?q=/d"), 200).await;
        let entry = page["items"].as_array().unwrap().iter().find(|item| item["from"] == "/d").unwrap();
        let path = format!("{EDITOR}/{}", entry["id"].as_str().unwrap());
        let change = app.as_editor().request("PATCH", &path).header("If-Match", "*");
        let problem = got(change.json(&json!({"to": "/b"})), 422).await;
        assert!(problem.detail().contains("circle"), "{}", problem.text);
    }

    async fn the_list_is_filtered_and_paged(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        for (from, to) in [("/artikel/1", "rat"), ("/artikel/2", "/Über-Uns/"), ("/artikel/{id}.html", "external:{id}"), ("/100%25_x", "/y"), ("/rubrik/x", "rat")] {
            post(&app, json!({"from": from, "to": to}), 201).await;
            app.state.travel(1);
        }
        for (query, expected) in [
            ("", vec!["/rubrik/x", "/100%25_x", "/artikel/{id}.html", "/artikel/2", "/artikel/1"]),
            ("?q=ARTIKEL", vec!["/artikel/{id}.html", "/artikel/2", "/artikel/1"]),
            ("?q=artikel+%C3%BCber", vec!["/artikel/2"]),
            ("?q=%25_", vec![]), ("?q=%2525_", vec!["/100%25_x"]),
            ("?article=rat", vec!["/rubrik/x", "/artikel/1"]),
            ("?pattern=true", vec!["/artikel/{id}.html"]), ("?pattern=false&q=artikel", vec!["/artikel/2", "/artikel/1"]),
        ] {
            assert_eq!(froms(&editor.get(&format!("{EDITOR}{query}"), 200).await), expected, "{query}");
        }
        let (mut found, mut path) = (Vec::new(), format!("{EDITOR}?q=artikel&limit=2"));
        loop {
            let page = editor.get(&path, 200).await;
            found.extend(froms(&page).into_iter().map(str::to_owned));
            let Some(next) = page["links"]["next"].as_str() else { break };
            path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
            post(&app, json!({"from": format!("/artikel/neu-{}", found.len()), "to": "/"}), 201).await;
        }
        assert_eq!(found, ["/artikel/{id}.html", "/artikel/2", "/artikel/1"]);
        for query in ["?pattern=ja", "?article=nie", "?farbe=rot", "?limit=0", "?cursor=nein"] {
            editor.get(&format!("{EDITOR}{query}"), 400).await;
        }
    }
}

both! {
    /// A table comes in as a whole or not at all, and may come again.
    async fn a_table_is_imported_whole_or_not_at_all(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        put(&app, "extern", &json!({"headline": "Extern", "external_id": "sys:7"})).await;
        let table = "from,to,status\n/artikel/1,rat,\n\"/artikel/2,3\",/neu/,301\n\n/artikel/{id}.html,external:{id}\n/gewinnspiel,,410\n/sieben,external:sys:7\n";
        // A rehearsal counts and writes nothing.
        let rehearsed = import(&app, table, "?dry_run=true", 200).await.json;
        assert_eq!(rehearsed, json!({"created": 5, "updated": 0, "unchanged": 0, "dry_run": true}));
        assert_eq!(froms(&editor.get(EDITOR, 200).await).len(), 0);
        let entries = app.log().len();
        assert_eq!(import(&app, table, "", 200).await.json, json!({"created": 5, "updated": 0, "unchanged": 0}));
        assert_eq!(app.log().len(), entries + 1);
        assert_eq!(import(&app, table, "", 200).await.json, json!({"created": 0, "updated": 0, "unchanged": 5}));
        // As a spreadsheet in German writes it.
        let semicolons = "\u{feff}From;To\r\n/artikel/1;rat\r\n/artikel/9;https://archiv.example/9\r\n";
        assert_eq!(import(&app, semicolons, "", 200).await.json, json!({"created": 1, "updated": 0, "unchanged": 1}));

        let before = editor.get(EDITOR, 200).await;
        let broken = "/neu/1,rat\nneu/2,rat\n/neu/3,rathuas\n/neu/4,/x,302\n/neu/1,/y\n/artikel/1,/z\n/neu/5\n/neu/6,/b,,\n";
        let problem = import(&app, broken, "", 422).await;
        let found = wrong(&problem);
        let places: Vec<(&str, &str)> = found.iter().map(|(pointer, code, _)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(places, [("#/lines/8", "too-many")]);
        let problem = import(&app, broken.rsplit_once("/neu/6").unwrap().0, "", 422).await;
        let found = wrong(&problem);
        let places: Vec<(&str, &str)> = found.iter().map(|(pointer, code, _)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(places, [
            ("#/lines/2/from", "bad-address"), ("#/lines/3/to", "unknown-article"), ("#/lines/4/status", "unknown-value"),
            ("#/lines/5/from", "duplicate"), ("#/lines/7/to", "required"), ("#/lines/6/from", "taken"),
        ]);
        assert!(found[1].2.contains("rat"), "{found:?}");
        let circle = "/k/1,/k/2\n/k/2,/k/3\n/k/3,/k/1\n";
        assert_eq!(wrong(&import(&app, circle, "", 422).await).len(), 3);
        import(&app, "from,nach\n/a,/b\n", "", 422).await;
        import(&app, "", "", 422).await;
        assert_eq!(editor.get(EDITOR, 200).await, before);

        let other = "/artikel/1,/z\n/gewinnspiel,rat\n/artikel/9,https://archiv.example/9\n";
        assert_eq!(import(&app, other, "?overwrite=true", 200).await.json, json!({"created": 0, "updated": 2, "unchanged": 1}));
        let page = editor.get(&format!("{EDITOR}?article=rat"), 200).await;
        assert_eq!((froms(&page), &page["items"][0]["version"]), (vec!["/gewinnspiel"], &json!(2)));
    }

    /// As many as a table may have, in one go; and the patterns that there may be.
    async fn a_table_has_a_bound(app: App) {
        newsroom(&app).await;
        let lines: String = (0..20_000).map(|number| format!("/archiv/artikel-{number}.html,/neu/{number}/\n")).collect();
        assert_eq!(import(&app, &lines, "", 200).await.json["created"], 20_000);
        let one_more = format!("{lines}/noch/einer,/x\n");
        let problem = import(&app, &one_more, "", 422).await;
        assert!(problem.detail().contains("20000"), "{}", problem.text);
        let huge = format!("/a,/{}\n", "x".repeat(2 << 20));
        import(&app, &huge, "", 413).await;
        let patterns: String = (0..=1_000).map(|number| format!("/{number}/{{id}},/neu/{{id}}\n")).collect();
        let refused = import(&app, &patterns, "", 409).await;
        assert!(refused.detail().contains("1000 patterns"), "{}", refused.text);
        let fewer = patterns.rsplit_once("/1000/").unwrap().0;
        assert_eq!(import(&app, fewer, "", 200).await.json["created"], 1_000);
        post(&app, json!({"from": "/noch/{id}", "to": "/neu/{id}"}), 409).await;
        // All of that is looked at in one request.
        let resolved = app.get("/v1/resolve?url=/archiv/artikel-19999.html", 200).await;
        assert_eq!(resolved["url"], "https://flussblick.example/neu/19999/");
        let resolved = app.get("/v1/resolve?url=/999/x", 200).await;
        assert_eq!(resolved["url"], "https://flussblick.example/neu/x");
    }
}
