//! Idempotency-Key.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::both;
use crate::support::App;
use crate::support::clients::{Client, expect};

const ARTICLES: &str = "/v1/editor/articles";

fn post(client: &Client<'_>, key: &str, headline: &str) -> reqwest::RequestBuilder {
    client
        .request("POST", ARTICLES)
        .header("Idempotency-Key", key)
        .json(&json!({"headline": headline}))
}

async fn articles(client: &Client<'_>) -> usize {
    let page = client.get(&format!("{ARTICLES}?limit=100"), 200).await;
    page["items"].as_array().unwrap().len()
}

/// Fifty at once with one key, over these nodes: one article, and everybody hears
/// of it or is told to wait.
async fn fifty_at_once(nodes: &[&App]) {
    // One user, whoever's node it is.
    let key = nodes[0].as_editor().key;
    let sending = (0..50).map(|n| {
        let app = nodes[n % nodes.len()];
        let request = app
            .request("POST", ARTICLES)
            .bearer_auth(&key)
            .header("Idempotency-Key", "\"nachtexport-4711\"")
            .json(&json!({"headline": "Fünfzigmal dasselbe"}));
        async move {
            let answer = request.send().await.unwrap();
            let replayed = answer.headers().contains_key("idempotency-replayed");
            (
                answer.status().as_u16(),
                replayed,
                answer.json::<Value>().await.unwrap(),
            )
        }
    });
    let answers = join_all(sending).await;
    let fresh: Vec<_> = answers
        .iter()
        .filter(|(status, replayed, _)| *status == 201 && !replayed)
        .collect();
    assert_eq!(fresh.len(), 1, "{answers:#?}");
    for (status, replayed, body) in &answers {
        match status {
            201 => assert_eq!(body, &fresh[0].2),
            409 => assert!(
                !replayed && body["detail"].as_str().unwrap().contains("still running"),
                "{body}"
            ),
            // Fifty may be more than the database has turns for in time.
            503 => assert!(!replayed),
            other => panic!("{other}: {body}"),
        }
    }
    assert_eq!(articles(&nodes[0].as_editor()).await, 1);
}

both! {
    async fn fifty_at_once_make_one_article(app: App) {
        fifty_at_once(&[&app]).await;
    }
}

#[actix_web::test]
async fn fifty_at_once_on_two_nodes_make_one_article() {
    let Some(one) = App::postgres().await else {
        return;
    };
    let other = one.another_node().await;
    fifty_at_once(&[&one, &other]).await;
}

both! {
    /// What a key counts for, and how it may be written.
    async fn a_key_counts_for_one_request(app: App) {
        let (editor, author) = (app.as_editor(), app.as_author());
        let first = expect(post(&editor, "\"a-1\"", "Eins"), 201).await;
        // With and without quotes it is the same key.
        let again = post(&editor, "a-1", "Eins").send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["idempotency-replayed"]), (201, &"true".parse().unwrap()));
        assert_eq!(again.headers()["location"], first["links"]["editor"].as_str().unwrap());
        assert_eq!(again.json::<Value>().await.unwrap(), first);

        // Another body, query or precondition under it is another request.
        let problem = expect(post(&editor, "a-1", "Zwei"), 422).await;
        assert_eq!(problem["type"], "/problems/key-reused");
        let query = editor.request("POST", &format!("{ARTICLES}?publish=false")).header("Idempotency-Key", "a-1").json(&json!({"headline": "Eins"}));
        let problem = expect(query, 422).await;
        assert_eq!(problem["type"], "/problems/key-reused");
        expect(post(&editor, "a-1", "Eins").header("Prefer", "return=representation"), 422).await;

        // Another actor, or another address, has keys of its own.
        let taken = expect(post(&author, "a-1", "Eins"), 409).await;
        assert!(taken["detail"].as_str().unwrap().contains("eins"), "{taken}");
        let put = editor.request("PUT", "/v1/editor/articles/drei").header("Idempotency-Key", "a-1").json(&json!({"headline": "Drei"}));
        expect(put, 201).await;

        // After 24 hours it is forgotten, and its row goes.
        app.state.travel(86_401);
        let late = post(&editor, "a-1", "Eins").send().await.unwrap();
        assert!(late.status() == 409 && !late.headers().contains_key("idempotency-replayed"));
        app.state.travel(86_401);
        perspektive::editing::prune(&app.state).await.unwrap();
        assert!(crate::matrix::dump(&app).contains("idempotency_keys\n\n"));
        assert_eq!(articles(&editor).await, 2);
    }
}

both! {
    /// A refusal is an answer too; what may end otherwise the next time isn't kept.
    async fn refusals_are_kept_too(app: App) {
        let editor = app.as_editor();
        let patch = |key: &str| {
            let request = editor.request("PATCH", "/v1/editor/articles/spaeter").header("Idempotency-Key", key);
            request.header("If-Match", "*").json(&json!({"kicker": "Neu"}))
        };
        let missing = expect(patch("k"), 404).await;
        editor.send("PUT", "/v1/editor/articles/spaeter", &json!({"headline": "Später"}), 201).await;
        let again = patch("k").send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["content-type"]), (404, &"application/problem+json".parse().unwrap()));
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        assert_eq!(again.json::<Value>().await.unwrap(), missing, "the first answer, its request_id included");
        expect(patch("k-2"), 200).await;

        // Nobody is nobody; keys that can't be one; addresses that take none.
        let anonymous = || app.request("POST", ARTICLES).header("Idempotency-Key", "wer").json(&json!({"headline": "Wer?"}));
        expect(anonymous(), 401).await;
        expect(anonymous().bearer_auth(&editor.key), 201).await;
        for wrong in ["", "\"", "a b", "\"ä\"", &"x".repeat(256)] {
            let problem = expect(post(&editor, wrong, "Nein"), 400).await;
            assert!(problem["detail"].as_str().unwrap().contains("Idempotency-Key"), "{problem}");
        }
        let secret = editor.request("POST", "/v1/editor/keys").header("Idempotency-Key", "k").json(&json!({"name": "zwei"}));
        expect(secret, 400).await;
    }
}
