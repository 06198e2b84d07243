//! What every small resource that editors keep has in common.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::App;
use super::clients::expect;

/// PUT, PATCH and DELETE of a resource with a name, under `/v1/editor/…s`.
pub async fn preconditions(app: &App, collection: &str) {
    let editor = app.as_editor();
    let path = format!("{collection}/pruefung");
    let put = |body: Value| editor.request("PUT", &path).json(&body);
    let patch = |body: Value| editor.request("PATCH", &path).json(&body);

    // PUT creates, is harmless when repeated, and never overwrites unseen.
    let created = put(json!({"name": "Prüfung"})).send().await.unwrap();
    assert_eq!(created.status(), 201);
    assert_eq!(created.headers()["etag"], "\"v1\"");
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.ends_with(&path), "{location}");
    let created: Value = created.json().await.unwrap();
    assert_eq!(created["result"], "created");
    let again = expect(put(json!({"name": "Pru\u{308}fung"})), 200).await;
    assert_eq!(
        (&again["result"], &again["version"]),
        (&json!("unchanged"), &json!(1))
    );
    let problem = expect(put(json!({"name": "Anders"})), 428).await;
    assert_eq!(problem["type"], "/problems/precondition-required");
    assert_eq!(problem["current_etag"], "\"v1\"");
    let problem = expect(
        put(json!({"name": "Anders"})).header("If-Match", "\"v9\""),
        412,
    )
    .await;
    assert_eq!(problem["type"], "/problems/stale");
    assert_eq!(problem["current_etag"], "\"v1\"");
    assert!(problem["changed_at"].is_string());
    expect(
        put(json!({"name": "Prüfung"})).header("If-None-Match", "*"),
        412,
    )
    .await;
    let changed = expect(
        put(json!({"name": "Anders"})).header("If-Match", "\"v1\""),
        200,
    )
    .await;
    assert_eq!(
        (&changed["result"], &changed["version"]),
        (&json!("updated"), &json!(2))
    );
    assert_eq!(changed["slug"], "pruefung");
    assert_eq!(changed["created_at"], created["created_at"]);

    // What a GET gave may be sent back; its slug and id stay what they are.
    let read = editor.get(&path, 200).await;
    let back = expect(put(read.clone()), 200).await;
    assert_eq!(back["result"], "unchanged");
    let mut other = read.clone();
    other["slug"] = json!("anders");
    let problem = expect(put(other).header("If-Match", "*"), 422).await;
    assert_eq!(problem["errors"][0]["pointer"], "#/slug");
    assert_eq!(problem["errors"][0]["code"], "read-only");
    let by_id = format!("{collection}/{}", read["id"].as_str().unwrap());
    assert_eq!(editor.get(&by_id, 200).await, read);

    // Nothing is there: no update, no unknown id, no slug that isn't one.
    let nowhere = format!("{collection}/nirgends");
    let update = editor.request("PUT", &nowhere).json(&json!({"name": "X"}));
    expect(update.header("If-Match", "*"), 412).await;
    editor.get(&nowhere, 404).await;
    let unknown = format!("{collection}/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e");
    editor
        .send("PUT", &unknown, &json!({"name": "X"}), 404)
        .await;
    let bad = format!("{collection}/Pr%C3%BCfung%20Zwei");
    let problem = editor.send("PUT", &bad, &json!({"name": "X"}), 400).await;
    assert_eq!(problem["type"], "/problems/bad-slug");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("`pruefung-zwei`")
    );

    // PATCH needs the version; what changes nothing makes no new one.
    expect(patch(json!({"name": "Neu"})), 428).await;
    expect(
        patch(json!({"name": "Neu"})).header("If-Match", "\"v1\""),
        412,
    )
    .await;
    let same = expect(
        patch(json!({"name": "Anders"})).header("If-Match", "\"v2\""),
        200,
    )
    .await;
    assert_eq!(
        (&same["result"], &same["version"]),
        (&json!("unchanged"), &json!(2))
    );
    let problem = expect(patch(json!({"name": null})).header("If-Match", "*"), 422).await;
    assert_eq!(problem["errors"][0]["code"], "required");
    let problem = expect(patch(json!({"nmae": "X"})).header("If-Match", "*"), 400).await;
    assert_eq!(problem["errors"][0]["code"], "unknown-field");

    // Of 50 who change the same version at once, one wins.
    let racing = (0..50).map(|number| {
        let body = json!({"name": format!("Name {number}")});
        patch(body).header("If-Match", "\"v2\"").send()
    });
    let answers = join_all(racing).await;
    let statuses: Vec<u16> = answers
        .into_iter()
        .map(|answer| answer.unwrap().status().as_u16())
        .collect();
    let count = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(200), count(412)), (1, 49), "{statuses:?}");

    // DELETE needs the version too.
    let delete = || editor.request("DELETE", &path);
    expect(delete(), 428).await;
    expect(delete().header("If-Match", "\"v2\""), 412).await;
    let gone = delete().header("If-Match", "\"v3\"").send().await.unwrap();
    assert_eq!(gone.status(), 204);
    editor.get(&path, 404).await;
    expect(delete().header("If-Match", "*"), 404).await;
}

/// Who may do what, under `/v1/editor/…s`.
pub async fn rights(app: &App, collection: &str) {
    let body = json!({"name": "Rechte"});
    expect(app.request("GET", collection), 401).await;
    expect(app.request("POST", collection).json(&body), 401).await;
    for (client, manages) in [
        (app.as_viewer(), false),
        (app.as_author(), false),
        (app.as_editor(), true),
        (app.as_admin(), true),
    ] {
        let item = format!("{collection}/rechte");
        client.get(collection, 200).await;
        let status = |good: u16| if manages { good } else { 403 };
        client.send("PUT", &item, &body, status(201)).await;
        let patch = client.request("PATCH", &item).header("If-Match", "*");
        expect(patch.json(&json!({"name": "R"})), status(200)).await;
        let delete = client.request("DELETE", &item).header("If-Match", "*");
        expect(delete, status(204)).await;
        client
            .send("POST", collection, &json!({}), status(400))
            .await;
    }
}

/// What every public GET does: caching headers, 304, HEAD, OPTIONS, codings.
/// The answer must have at least 1,024 bytes.
pub async fn public_get(app: &App, path: &str) {
    let get = || app.request("GET", path);
    let first = get().send().await.unwrap();
    assert_eq!(first.status(), 200, "{path}");
    let headers = first.headers().clone();
    let plain = first.bytes().await.unwrap();
    assert!(plain.len() >= 1_024, "{path} has {} bytes", plain.len());
    assert_eq!(headers["content-type"], "application/json");
    let policy = headers["cache-control"].to_str().unwrap();
    assert!(policy.starts_with("public, max-age="), "{policy}");
    assert_eq!(headers["vary"], "Accept-Encoding");
    assert_eq!(headers["access-control-allow-origin"], "*");
    let exposed = headers["access-control-expose-headers"].to_str().unwrap();
    assert!(
        exposed.contains("ETag") && exposed.contains("Link"),
        "{exposed}"
    );
    let keys = headers["surrogate-key"].to_str().unwrap();
    assert!(keys.split(' ').all(|key| key.len() == 8), "{keys}");
    assert_eq!(headers["cache-status"], "perspektive; fwd=miss");

    // The second comes from memory, byte for byte, as soon as this node has
    // followed the log to where its own last change stands.
    let mut second = get().send().await.unwrap();
    for _ in 0..100 {
        if second.headers()["cache-status"] == "perspektive; hit" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        second = get().send().await.unwrap();
    }
    assert_eq!(second.headers()["cache-status"], "perspektive; hit");
    assert_eq!(second.headers()["etag"], headers["etag"]);
    assert_eq!(second.bytes().await.unwrap(), plain);

    // Each coding has its own strong ETag, and its own 304 with all headers.
    let mut etags = vec![headers["etag"].to_str().unwrap().to_owned()];
    for coding in ["br", "gzip"] {
        let coded = get()
            .header("Accept-Encoding", coding)
            .send()
            .await
            .unwrap();
        assert_eq!(coded.headers()["content-encoding"], coding);
        let etag = coded.headers()["etag"].to_str().unwrap().to_owned();
        assert!(etag.starts_with('"') && !etags.contains(&etag), "{etag}");
        assert!(coded.bytes().await.unwrap().len() < plain.len());
        let again = get()
            .header("Accept-Encoding", coding)
            .header("If-None-Match", &etag);
        let again = again.send().await.unwrap();
        assert_eq!(again.status(), 304);
        for name in ["etag", "cache-control", "vary", "surrogate-key"] {
            assert!(again.headers().contains_key(name), "{name}");
        }
        etags.push(etag);
    }
    let other = get()
        .header("If-None-Match", &etags[1])
        .send()
        .await
        .unwrap();
    assert_eq!(other.status(), 200);

    let head = app.request("HEAD", path).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["etag"], headers["etag"]);
    assert!(head.bytes().await.unwrap().is_empty());
    let options = app.request("OPTIONS", path).send().await.unwrap();
    assert_eq!(options.status(), 204);
    assert_eq!(options.headers()["allow"], "GET, HEAD, OPTIONS");

    let separator = if path.contains('?') { '&' } else { '?' };
    let refused = app.request("GET", &format!("{path}{separator}unfug=1"));
    let refused = refused.send().await.unwrap();
    assert_eq!(refused.status(), 400);
    // Scripts of any origin may read what was wrong, and may ask at all.
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/bad-parameter");
    let preflight = app
        .request("OPTIONS", path)
        .header("Origin", "https://irgendwo.example")
        .header("Access-Control-Request-Method", "GET");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let head = app
        .request("HEAD", path)
        .header("Accept-Encoding", "identity;q=0, zstd");
    assert_eq!(head.send().await.unwrap().status(), 406);
}
