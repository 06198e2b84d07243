//! What whoever runs the server gets to see: metrics, logs, files, `check`.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::App;
use crate::support::process::{Newsroom, PASSWORD};

#[actix_web::test]
async fn metrics_are_labelled_by_pattern_only() {
    let app = App::sqlite().await;
    for path in [
        "/v1/articles/eins",
        "/v1/articles/zwei",
        "/unfug/eins",
        "/v1/sections/politik",
        "/../etc",
    ] {
        app.request("GET", path).send().await.unwrap();
    }
    app.request("UNFUG", "/v1/site").send().await.unwrap();
    let metrics = app
        .request("GET", "/metrics")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(metrics.contains("perspektive_http_requests_total{method=\"GET\",route=\"/v1/articles/{article}\",status=\"404\"} 2"), "{metrics}");
    assert!(metrics.contains("route=\"unknown\""), "{metrics}");
    for leak in ["eins", "unfug", "UNFUG", "etc", "politik"] {
        assert!(!metrics.contains(leak), "{leak}: {metrics}");
    }
    assert!(metrics.trim_end().ends_with("# EOF"));
}

#[actix_web::test]
async fn logs_are_json_with_request_ids_and_without_secrets() {
    let newsroom = Newsroom::sqlite();
    let key = newsroom.key();
    let server = newsroom.serve_with(
        &[],
        &[
            ("LOG_FORMAT", "json"),
            ("LOG", "debug"),
            ("METRICS_TOKEN", "metriken-geheim"),
        ],
    );
    server.section(&key).await;
    server.put(&key, "eins", "Text.").await.unwrap();
    let login = json!({"name": "anna", "password": PASSWORD});
    let login = server.request("POST", "/v1/auth/login").json(&login);
    let login = server.answer(login).await.unwrap();
    assert_eq!(login.status, 200, "{}", login.body);
    let (access, refresh) = (
        login.json()["access_token"].clone(),
        login.json()["refresh_token"].clone(),
    );
    let (access, refresh) = (access.as_str().unwrap(), refresh.as_str().unwrap());
    server
        .answer(server.request("GET", "/v1/auth/whoami").bearer_auth(access))
        .await
        .unwrap();
    let refreshing = server
        .request("POST", "/v1/auth/refresh")
        .json(&json!({"refresh_token": refresh}));
    server.answer(refreshing).await.unwrap();
    server
        .answer(
            server
                .request("GET", "/v1/auth/whoami")
                .bearer_auth(format!("{key}x")),
        )
        .await
        .unwrap();
    server
        .get(&format!("/v1/editor/articles?token={key}"))
        .await;
    server
        .answer(
            server
                .request("GET", "/metrics")
                .bearer_auth("metriken-geheim"),
        )
        .await
        .unwrap();

    let log = server.log();
    let mut requests = 0;
    // What is said to people before the first request is not JSON.
    for line in log.lines().filter(|line| line.starts_with('{')) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(
            line["timestamp"].is_string() && line["level"].is_string(),
            "{line}"
        );
        if line["message"] == "request" {
            requests += 1;
            for member in ["request_id", "method", "path", "status", "ms"] {
                assert!(!line[member].is_null(), "{member}: {line}");
            }
        }
    }
    assert!(requests >= 8, "{log}");
    let secret = std::fs::read_to_string(newsroom.data().join("signing-secret")).unwrap();
    let signature = access.rsplit('.').next().unwrap();
    for leak in [
        key.as_str(),
        PASSWORD,
        access,
        signature,
        refresh,
        secret.trim(),
        "metriken-geheim",
        "$argon2",
    ] {
        assert!(!log.contains(leak), "{leak} is in the log:\n{log}");
    }
    assert!(!log.contains('\u{1b}'), "colours in a file");
}

#[actix_web::test]
async fn the_first_start_makes_a_private_folder_and_reads_env() {
    let newsroom = Newsroom::sqlite();
    std::fs::write(
        newsroom.folder().join(".env"),
        "MAX_AGE=77\nPUBLIC_URL=https://falsch.example\n",
    )
    .unwrap();
    let server = newsroom.serve();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(newsroom.data()), 0o700);
    assert_eq!(mode(&newsroom.data().join("signing-secret")), 0o600);
    let site = server.get("/v1/site").await;
    assert!(
        site.header("cache-control").contains("max-age=77"),
        "{site:?}"
    );
    // The environment wins.
    assert!(!site.body.contains("falsch.example"));
}

#[test]
fn check_names_what_to_mend() {
    let newsroom = Newsroom::sqlite();
    let check = || {
        let output = newsroom.run(&["check"]);
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, said) = check();
    assert_eq!(code, Some(0), "{said}");
    newsroom.must(&["migrate"]);
    newsroom.key();
    std::fs::write(newsroom.data().join("signing-secret"), "ab".repeat(32)).unwrap();
    std::fs::set_permissions(newsroom.data(), PermissionsExt::from_mode(0o755)).unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("error    signing secret: others on this machine may read"),
        "{said}"
    );
    assert!(
        said.contains("warning  data folder: others on this machine may look into"),
        "{said}"
    );
    assert!(said.contains("ok       schema: up to date"), "{said}");
    std::fs::remove_file(newsroom.data().join("signing-secret")).unwrap();
    std::fs::set_permissions(newsroom.data(), PermissionsExt::from_mode(0o700)).unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        !said.contains("warning") && !said.contains("error"),
        "{said}"
    );
    let output = newsroom
        .command(&["check"])
        .env("SITE_URL", "flussblick")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("error    settings: SITE_URL: "));
}
