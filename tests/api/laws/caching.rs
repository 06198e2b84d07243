//! Who may keep an answer follows from who may read it.

use super::openapi::operations;
use crate::both;

fn policy(answer: &reqwest::Response) -> String {
    let policy = answer.headers().get("cache-control");
    policy
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn is_editors(path: &str) -> bool {
    perspektive::http::edge::is_for_editors(path)
}

both! {
    /// What somebody who is signed in gets is kept by nobody, whatever it says.
    async fn answers_to_editors_are_no_store(app: App) {
        let admin = app.as_admin();
        for operation in operations().iter().filter(|operation| is_editors(&operation.path)) {
            let path = operation.example_path();
            let signed_in = admin.request(&operation.method, &path).send().await.unwrap();
            let anonymous = app.request(&operation.method, &path).send().await.unwrap();
            for answer in [signed_in, anonymous] {
                assert_eq!(policy(&answer), "private, no-store", "{} {}", operation.name(), answer.status());
                assert!(answer.headers().get("surrogate-key").is_none(), "{}", operation.name());
            }
        }
    }
}

both! {
    /// What anyone may read says so, also to somebody who is signed in, and its
    /// errors are kept for seconds at most.
    async fn answers_to_anyone_are_public(app: App) {
        let admin = app.as_admin();
        let mut kept = 0;
        for operation in operations().iter().filter(|operation| !is_editors(&operation.path)) {
            let path = operation.example_path();
            let operators = path.starts_with("/health") || path.starts_with("/metrics");
            for request in [app.request("GET", &path), admin.request("GET", &path)] {
                let answer = request.send().await.unwrap();
                let (status, policy) = (answer.status().as_u16(), policy(&answer));
                let name = operation.name();
                if operators {
                    assert_eq!(policy, "private, no-store", "{name}");
                } else if status < 400 {
                    kept += 1;
                    match path.as_str() {
                        "/v1/events" => assert_eq!(policy, "no-store"),
                        path if path.starts_with("/v1/changes") => assert_eq!(policy, "public, no-cache"),
                        _ => assert!(policy.starts_with("public, max-age="), "{name} {status}: {policy}"),
                    }
                    assert!(path == "/v1/events" || answer.headers().contains_key("etag"), "{name}");
                    assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{name}");
                } else {
                    let short = policy == "private, no-store" || policy == "public, max-age=5";
                    assert!(short, "{name} {status}: {policy}");
                }
                assert!(answer.headers().contains_key("vary"), "{name}");
                assert!(answer.headers().contains_key("x-request-id"), "{name}");
            }
        }
        assert!(kept > 10, "{kept}");
    }
}
