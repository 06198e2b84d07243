//! What can't be read, or breaks a rule: each a problem document that names the
//! fix, nothing stored, never a 500.

use std::io::{Read, Write};

use serde_json::{Value, json};

use super::{EDITOR, Got, got, live, newsroom, piece, put, stored, with};
use crate::support::App;
use crate::{both, whole};

/// A body of any type as an upload.
fn upload(
    app: &App,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> reqwest::RequestBuilder {
    app.as_editor()
        .request("POST", EDITOR)
        .header("Content-Type", content_type.to_owned())
        .body(body)
}

/// Refused with a problem document that says something.
async fn refused(request: reqwest::RequestBuilder, status: u16) -> Got {
    let problem = got(request, status).await;
    assert!(problem.detail().len() > 20, "{}", problem.text);
    assert!(
        problem.json["type"]
            .as_str()
            .unwrap()
            .starts_with("/problems/")
    );
    problem
}

both! {
    /// What has no value is left out. `null` is refused with its place, so that
    /// a slip doesn't make, say, a key with all rights; a patch removes by it.
    async fn null_is_refused_but_in_patches(app: App) {
        newsroom(&app).await;
        let admin = app.as_admin();
        for (path, body, pointer) in [
            ("/v1/editor/articles", json!({"headline": "X", "teaser": null}), "#/teaser"),
            ("/v1/editor/articles", json!({"headline": "X", "seo": {"title": null}}), "#/seo/title"),
            ("/v1/editor/articles", json!({"headline": "X", "topics": ["a", null]}), "#/topics/1"),
            ("/v1/editor/sections", json!({"name": "Neu", "parent": null}), "#/parent"),
            ("/v1/editor/topics", json!({"name": "Neu", "description": null}), "#/description"),
            ("/v1/editor/authors", json!({"name": "Neu", "bio": null}), "#/bio"),
            ("/v1/editor/users", json!({"name": "neu", "role": "author", "password": null}), "#/password"),
            ("/v1/editor/keys", json!({"name": "neu", "scopes": null}), "#/scopes"),
        ] {
            let before = stored(&app);
            let problem = refused(admin.request("POST", path).json(&body), 400).await;
            assert_eq!(problem.json["errors"][0]["pointer"], pointer, "{}", problem.text);
            assert!(problem.detail().contains("leave it out"), "{}", problem.text);
            assert_eq!(stored(&app), before, "{body}");
        }
        let made = with(piece("Mit Vorspann"), json!({"teaser": "Vorspann."}));
        admin.send("PUT", &format!("{EDITOR}/mit-vorspann"), &made, 201).await;
        let removing = admin.request("PATCH", &format!("{EDITOR}/mit-vorspann")).header("If-Match", "*");
        got(removing.json(&json!({"teaser": null})), 200).await;
        let left = admin.get(&format!("{EDITOR}/mit-vorspann"), 200).await;
        assert!(left.get("teaser").is_none(), "{left}");
    }

    async fn json_that_is_none(app: App) {
        newsroom(&app).await;
        let before = stored(&app);
        let deep_json = format!("{{\"headline\": \"X\", \"body\": {{\"blocks\": {}{}}}}}", "[".repeat(10_000), "]".repeat(10_000));
        let deep_objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        let mut problems = Vec::new();
        for (name, body) in [
            ("nothing", ""), ("half", "{\"headline\": \"X\""), ("no JSON", "headline: X"), ("a list", "[]"), ("a word", "\"X\""), ("null", "null"),
            ("a number for a headline", "{\"headline\": 5}"), ("a word for topics", "{\"headline\": \"X\", \"topics\": \"verkehr\"}"),
            ("an unknown name", "{\"headlin\": \"X\"}"), ("an unknown name within", "{\"headline\": \"X\", \"seo\": {\"tilte\": \"X\"}}"),
            ("an unknown kind", "{\"headline\": \"X\", \"kind\": \"novel\"}"), ("an unknown relation within blocks", "{\"headline\": \"X\", \"body\": {\"blocks\": [{\"type\": \"related\", \"article\": \"a\", \"relation\": \"x\"}]}}"),
            ("a name twice", "{\"headline\": \"X\", \"headline\": \"Y\"}"), ("a name twice within", "{\"headline\": \"X\", \"body\": {\"blocks\": [{\"type\": \"paragraph\", \"type\": \"divider\"}]}}"),
            ("a lone surrogate", "{\"headline\": \"X \\ud800 Y\"}"), ("half a pair", "{\"headline\": \"X \\udc00\"}"),
            ("behind the end", "{\"headline\": \"X\"} {\"headline\": \"Y\"}"), ("a date without offset", "{\"headline\": \"X\", \"embargo_until\": \"2030-01-01T00:00:00\"}"),
            ("a day", "{\"headline\": \"X\", \"expires_at\": \"2030-01-01\"}"), ("no form", "{\"headline\": \"X\", \"body\": {}}"),
            ("two forms", "{\"headline\": \"X\", \"body\": {\"blocks\": [], \"markdown\": \"\"}}"),
            ("a body of text", "{\"headline\": \"X\", \"body\": \"Text\"}"), ("an unknown block", "{\"headline\": \"X\", \"body\": {\"blocks\": [{\"type\": \"paragrap\"}]}}"),
            ("a literal NUL", "{\"headline\": \"X\u{0}Y\"}"), ("a comment", "{\"headline\": \"X\" /* so */}"), ("NaN", "{\"headline\": NaN}"),
            ("10,000 lists deep", &deep_json), ("10,000 objects deep", &deep_objects),
        ] {
            let problem = refused(upload(&app, "application/json", body.to_owned()), 400).await;
            assert_eq!(problem.json["type"], "/problems/malformed", "{name}");
            problems.push(json!({"sent": name, "detail": problem.json["detail"], "errors": problem.json["errors"]}));
        }
        whole!("malformed_json", &json!(problems));
        assert_eq!(stored(&app), before);
    }

    async fn bytes_that_are_no_text(app: App) {
        newsroom(&app).await;
        let before = stored(&app);
        for content_type in ["application/json", "text/markdown", "text/html"] {
            let body = b"{\"headline\":\n\"Gr\xfc\xdfe\"}".to_vec();
            let problem = refused(upload(&app, content_type, body), 400).await;
            assert!(problem.detail().contains("byte 16, on line 2") && problem.detail().contains("iconv"), "{}", problem.detail());
            // UTF-16, a surrogate in UTF-8, an overlong slash.
            for bytes in [&b"\xff\xfe{\x00}\x00"[..], b"{\"headline\": \"\xed\xa0\x80\"}", b"{\"headline\": \"\xc0\xaf\"}"] {
                refused(upload(&app, content_type, bytes.to_vec()), 400).await;
            }
        }
        assert_eq!(stored(&app), before);
    }

    async fn markdown_that_is_none(app: App) {
        newsroom(&app).await;
        let before = stored(&app);
        let mut problems = Vec::new();
        let deep_yaml = format!("---\nseo: {}1{}\n---\n# X\n", "{a: ".repeat(10_000), "}".repeat(10_000));
        let bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n---\n# X\n";
        for (name, status, body) in [
            ("an unknown key", 400, "---\nheadlin: X\n---\nText\n"), ("a key twice", 400, "---\nheadline: X\nheadline: Y\n---\nText\n"), ("a list", 400, "---\n- X\n---\nText\n"),
            ("a colon", 400, "---\nheadline: Rat: Ja\n---\nText\n"), ("a tab", 400, "---\nseo:\n\ttitle: X\n---\nText\n"), ("a body", 400, "---\nheadline: X\nbody: Y\n---\nText\n"),
            ("a number", 400, "---\nheadline: 5\n---\nText\n"), ("a date without offset", 400, "---\nheadline: X\nembargo_until: 2030-01-01\n---\nText\n"), ("the demo's own key", 400, "---\nheadline: X\ndemo: {age: 1h}\n---\nText\n"),
            ("no headline", 422, "Nur Text.\n"), ("nothing", 422, ""), ("a state", 422, "---\nheadline: X\nstate: live\n---\nText\n"), ("NUL", 422, "# X\n\nText\u{0}\n"), ("an override", 422, "# X\n\nText \u{202e}txet\n"),
            ("an override above", 422, "---\nheadline: \"X \u{202e}Y\"\n---\nText\n"), ("a control character", 422, "# X\n\nText\u{1b}[31m\n"), ("an escaped override", 422, "---\nheadline: \"X \\u202eY\"\n---\nText\n"),
            ("10,000 objects deep", 400, &deep_yaml), ("a billion laughs", 400, bomb),
        ] {
            let problem = refused(upload(&app, "text/markdown", body.to_owned()), status).await;
            problems.push(json!({"sent": name, "detail": problem.json["detail"], "errors": problem.json["errors"]}));
        }
        whole!("malformed_markdown", &json!(problems));
        assert_eq!(stored(&app), before);

        // Depth alone is no fault of a text; it is flattened, with a word about it.
        for deep in [">".repeat(10_000) + " X", "- ".repeat(10_000) + "X", "[".repeat(10_000) + "X", "**".repeat(10_000) + "X", "(".repeat(10_000), "![".repeat(10_000), "`".repeat(10_000), "[[".repeat(10_000), "|".repeat(10_000) + "\n|-"] {
            let answer = upload(&app, "text/markdown", format!("# Tief\n\n{deep}\n")).send().await.unwrap();
            let status = answer.status().as_u16();
            let problem: Value = answer.json().await.unwrap();
            assert!(matches!(status, 201 | 409 | 422), "{status} {problem}");
        }
    }

    /// Well formed, but against a rule: all that is wrong, at once.
    async fn rules_that_are_broken(app: App) {
        newsroom(&app).await;
        let before = stored(&app);
        let all = json!({
            "headline": "x".repeat(10_000), "kicker": "a\nb", "subheadline": "x".repeat(301), "teaser": "x".repeat(1_001), "language": "deutsch!", "section": "gibt-es-nicht",
            "source": "a\tb", "note": "x\u{202d}y", "image": {"url": "ftp://b.example/a.jpg", "alt": "a\u{7}", "width": 0, "height": 100_001},
            "seo": {"title": "x".repeat(301), "description": "\u{1}"}, "topics": (0..31).map(|n| format!("t{n}")).collect::<Vec<_>>(), "authors": ["", "a\u{7}b"],
            "related": [{"article": "X"}],
        });
        whole!("broken_rules", &refused(app.as_editor().request("POST", EDITOR).json(&all), 422).await.json);
        for (headline, code) in [
            ("", "required"), ("   ", "required"), ("a\u{202e}b", "forbidden-character"), ("a\u{202a}b", "forbidden-character"), ("a\u{0}b", "forbidden-character"), ("a\u{85}b", "forbidden-character"), ("a\nb", "forbidden-character"),
            ("a\u{7f}b", "forbidden-character"),
        ] {
            let problem = refused(app.as_editor().request("POST", EDITOR).json(&with(piece("X"), json!({"slug": "x", "headline": headline}))), 422).await;
            assert!(problem.json["errors"].as_array().unwrap().iter().any(|error| error["pointer"] == "#/headline" && error["code"] == code), "{headline:?}: {}", problem.text);
        }
        // NUL in every text that is looked up before it is checked.
        for body in [
            json!({"topics": ["a\u{0}b"]}), json!({"authors": ["a\u{0}b"]}), json!({"section": "a\u{0}b"}), json!({"external_id": "a\u{0}b"}), json!({"slug": "a\u{0}b"}), json!({"related": [{"article": "a\u{0}b"}]}),
            json!({"topics": ["\u{202e}x"]}), json!({"body": {"blocks": [{"type": "related", "article": {"slug": "a\u{0}b"}}]}}), json!({"body": {"markdown": "[[a\u{0}b]]"}}),
            json!({"body": {"blocks": [{"type": "code", "text": "a\u{0}"}]}}), json!({"image": {"url": "https://a.example/\u{0}"}}), json!({"language": "d\u{0}"}),
        ] {
            let answer = app.as_editor().request("POST", EDITOR).json(&with(piece("X"), body.clone())).send().await.unwrap();
            let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
            assert!(status == 422 || status == 400, "{body}: {status} {text}");
        }
        assert_eq!(stored(&app), before);
        // What is allowed: 300 characters, isolates, marks, joiners, every script.
        for headline in ["ü".repeat(300), "a\u{2067}b\u{2069}c".to_owned(), "\u{200f}مرحبا".to_owned(), "👩\u{200d}🚒 löscht".to_owned(), "नमस्ते".to_owned(), "ا".repeat(300)] {
            let slug = format!("s{}", headline.len());
            put(&app, &slug, &with(piece("X"), json!({"headline": headline}))).await;
            assert_eq!(app.as_editor().get(&format!("{EDITOR}/{slug}"), 200).await["headline"], headline);
        }
    }

    /// Names in addresses and parameters, of every kind: none is a 500.
    async fn names_of_every_kind(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        let before = stored(&app);
        let editor = app.as_editor();
        for name in ["%00", "a%00b", "%ff", "%C3%28", "..", "%2e%2e", "%2F", "a%2Fb", "%E2%80%AE", "%F0%9F%92%A5", "'", "%22", "%3Cscript%3E", "a%0Ab", "%25", "*", "~", "null", "undefined", "-1", "0", "ROT", "r%C3%A4t",
            "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e", "0192f3c47a107c559d0e3f1b2a4c5d6e", "external:", "external:%00", "external:a/b", &"x".repeat(5_000)] {
            for path in ["/v1/articles/NAME", "/v1/articles/NAME.md", "/v1/articles/NAME/related", "/v1/articles/NAME/more", "/v1/topics/NAME", "/v1/authors/NAME", "/v1/sections/NAME"] {
                let answer = app.request("GET", &path.replace("NAME", name)).send().await.unwrap();
                let status = answer.status().as_u16();
                assert!(matches!(status, 400 | 404 | 200), "{path} {name}: {status}");
                assert!(status != 200 || name.contains('.') || name.contains("2e") , "{path} {name}");
            }
            for parameter in ["section", "topic", "author", "kind", "language", "exclude", "cursor", "fields", "include", "sort", "limit", "count", "published_after", "NAME"] {
                let path = format!("/v1/articles?{}={name}", parameter.replace("NAME", name));
                let answer = app.request("GET", &path).send().await.unwrap();
                assert!(matches!(answer.status().as_u16(), 200 | 400), "{path}: {}", answer.status());
            }
            for parameter in ["state", "section", "topic", "author", "kind", "language", "created_by", "external_id", "q", "cursor", "limit"] {
                let path = format!("{EDITOR}?{parameter}={name}");
                let answer = editor.request("GET", &path).send().await.unwrap();
                assert!(matches!(answer.status().as_u16(), 200 | 400), "{path}: {}", answer.status());
            }
            for (method, tail) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/publish"), ("POST", "/submit"), ("POST", "/restore"), ("POST", "/unpublish")] {
                let path = format!("{EDITOR}/{name}{tail}");
                let request = editor.request(method, &path).header("If-Match", "*");
                let request = if method == "PATCH" { request.json(&json!({})) } else { request };
                let answer = request.send().await.unwrap();
                let status = answer.status().as_u16();
                assert!(matches!(status, 400 | 404 | 405) || name.contains('.') || name.contains("2e"), "{method} {path}: {status} {}", answer.text().await.unwrap());
            }
            let answer = editor.request("PUT", &format!("{EDITOR}/{name}")).json(&json!({})).send().await.unwrap();
            let status = answer.status().as_u16();
            assert!((400..500).contains(&status), "PUT {name}: {status}");
        }
        assert_eq!(stored(&app), before);
    }

    /// Types, codings and sizes that aren't taken.
    async fn envelopes_that_dont_fit(app: App) {
        newsroom(&app).await;
        let before = stored(&app);
        refused(upload(&app, "multipart/form-data; boundary=x", "{\"headline\": \"X\"}"), 400).await;
        for content_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json", ""] {
            let problem = refused(upload(&app, content_type, "{\"headline\": \"X\"}"), 415).await;
            assert!(problem.detail().contains("application/json, text/markdown, text/html, multipart/form-data"), "{}", problem.detail());
            assert_eq!(problem.header("accept-post"), "application/json, text/markdown, text/html, multipart/form-data");
        }
        refused(app.as_editor().request("POST", EDITOR).body("{\"headline\": \"X\"}"), 415).await;
        put(&app, "fertig", &piece("Fertig")).await;
        let before_verbs = stored(&app);
        for body in ["{\"revision\": 1}", "# X"] {
            let verb = app.as_editor().request("POST", &format!("{EDITOR}/fertig/publish")).header("Content-Type", "text/plain");
            refused(verb.body(body), 415).await;
            let answer = chunked(&app, &format!("{EDITOR}/fertig/publish"), "text/plain", body);
            assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
        }
        assert_eq!(stored(&app), before_verbs);
        assert_eq!(before_verbs.0[0].1, before.0[0].1 + 1);

        for refusal in ["identity;q=0", "*;q=0", "identity;q=0, zstd, deflate"] {
            let problem = refused(app.request("GET", "/v1/articles").header("Accept-Encoding", refusal), 406).await;
            assert!(problem.detail().contains("gzip"), "{}", problem.detail());
        }
        // 10 MB, announced and not.
        for content_type in ["application/json", "text/markdown", "text/html"] {
            let body = format!("{{\"headline\": \"{}\"}}", "x".repeat(10 << 20));
            let problem = refused(upload(&app, content_type, body.clone()), 413).await;
            assert!(problem.detail().contains("2097152"), "{}", problem.detail());
            let answer = chunked(&app, EDITOR, content_type, &body);
            assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("/problems/too-large"), "{answer}");
        }
        // Just short of it there are other caps.
        let long = with(piece("Lang"), json!({"body": {"markdown": "Wort ".repeat(250_000)}}));
        let problem = refused(app.as_editor().request("POST", EDITOR).json(&long), 422).await;
        assert_eq!(problem.json["errors"][0]["code"], "too-much-text");
        let blocks: Vec<Value> = (0..2_001).map(|_| json!({"type": "divider"})).collect();
        refused(app.as_editor().request("POST", EDITOR).json(&with(piece("Viele"), json!({"body": {"blocks": blocks}}))), 422).await;
        assert_eq!(stored(&app), before_verbs);
    }

    /// A `Content-Length` that isn't the body's, and other things that no client
    /// library sends.
    async fn lengths_that_lie(app: App) {
        newsroom(&app).await;
        let before = stored(&app);
        let key = app.as_editor().key.clone();
        let head = format!("POST {EDITOR} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n");
        let body = "{\"headline\": \"X\"}";
        for (name, bytes) in [
            ("shorter than said", format!("{head}Content-Length: {}\r\n\r\n{body}", body.len() + 10)),
            ("longer than said", format!("{head}Content-Length: {}\r\n\r\n{body}", body.len() - 5)),
            ("negative", format!("{head}Content-Length: -1\r\n\r\n{body}")),
            ("two lengths", format!("{head}Content-Length: 5\r\nContent-Length: 17\r\n\r\n{body}")),
            ("a length and chunks", format!("{head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{body}\r\n")),
            ("a bad chunk", format!("{head}Transfer-Encoding: chunked\r\n\r\nXX\r\n{body}\r\n0\r\n\r\n")),
            ("chunks that end early", format!("{head}Transfer-Encoding: chunked\r\n\r\n11\r\n{}", &body[..8])),
            ("far more than is taken", format!("{head}Content-Length: 99999999999\r\n\r\n{body}")),
            ("no number", format!("{head}Content-Length: many\r\n\r\n{body}")),
        ] {
            let answer = app.blocking(|| raw(&app.url, bytes.as_bytes()));
            let status: u16 = answer.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
            assert!(answer.is_empty() || (400..500).contains(&status), "{name}: {answer}");
        }
        assert_eq!(stored(&app), before);
        app.get("/v1/articles", 200).await;
    }
}

/// Posts a body in chunks, whose length is told nowhere.
fn chunked(app: &App, path: &str, content_type: &str, body: &str) -> String {
    let key = app.as_editor().key.clone();
    let mut bytes = format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.as_bytes().chunks(1 << 16) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    app.blocking(|| raw(&app.url, &bytes))
}

/// Sends bytes, ends sending, and reads what comes.
fn raw(url: &str, bytes: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(5)))
        .unwrap();
    let mut answer = Vec::new();
    let mut writing = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        // A server that refuses a body need not read it to its end.
        scope.spawn(move || {
            writing
                .write_all(bytes)
                .and_then(|()| writing.shutdown(std::net::Shutdown::Write))
        });
        let _ = stream.read_to_end(&mut answer);
    });
    String::from_utf8_lossy(&answer).into_owned()
}
