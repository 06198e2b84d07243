//! Sections, topics and authors by other names: renamed, called otherwise, merged,
//! removed, moved.

mod merging;
mod moving;
mod names;
mod parallel;
mod removing;

use diesel::prelude::*;
use perspektive::db::{Conn, Id, schema};
use serde_json::{Value, json};

use crate::articles::{Got, got};
use crate::support::App;

/// What each of them is called: in filters, and in an article.
pub const KINDS: [(&str, &str); 3] = [
    ("section", "section"),
    ("topic", "topics"),
    ("author", "authors"),
];

/// Where editors find one.
pub fn at(kind: &str, name: &str) -> String {
    format!("/v1/editor/{kind}s/{name}")
}

/// Makes one; its id.
pub async fn make(app: &App, kind: &str, slug: &str, name: &str) -> Id {
    let body = json!({"name": name});
    let made = app
        .as_editor()
        .send("PUT", &at(kind, slug), &body, 201)
        .await;
    crate::support::seed::id(&made)
}

/// Changes one as the editor, whatever its version.
pub async fn change(app: &App, kind: &str, name: &str, body: Value, status: u16) -> Got {
    let request = app.as_editor().request("PATCH", &at(kind, name));
    got(request.header("If-Match", "*").json(&body), status).await
}

/// Merges one into another as the editor.
pub async fn merge(app: &App, kind: &str, name: &str, into: &str, status: u16) -> Got {
    let path = format!("{}/merge", at(kind, name));
    let request = app.as_editor().request("POST", &path);
    got(request.json(&json!({"into": into})), status).await
}

/// Removes one as the editor, whatever its version.
pub async fn remove(app: &App, kind: &str, name: &str, status: u16) -> Got {
    let request = app.as_editor().request("DELETE", &at(kind, name));
    got(request.header("If-Match", "*"), status).await
}

/// An article that names these.
pub fn about(headline: &str, kind: &str, names: &[&str]) -> Value {
    let mut body = crate::articles::piece(headline);
    match kind {
        "section" => body["section"] = json!(names[0]),
        kind => body[format!("{kind}s")] = json!(names),
    }
    body
}

/// Asks for an address that leads elsewhere; where to, without the host.
pub async fn redirected(app: &App, path: &str) -> String {
    let moved = got(app.request("GET", path), 301).await;
    assert!(
        moved
            .header("cache-control")
            .starts_with("public, max-age=30"),
        "{path}: {}",
        moved.header("cache-control")
    );
    let to = moved.header("location");
    to.strip_prefix("https://api.flussblick.example")
        .unwrap()
        .to_owned()
}

/// The ids that revisions hold, which nothing may change.
pub fn held(app: &App) -> Vec<(Id, i32, Option<Id>, String, String)> {
    let query = || {
        schema::revisions::table
            .order((schema::revisions::article_id, schema::revisions::number))
            .select((
                schema::revisions::article_id,
                schema::revisions::number,
                schema::revisions::section_id,
                schema::revisions::topics,
                schema::revisions::authors,
            ))
    };
    let read = |conn: &mut Conn<'_>| {
        Ok(match conn {
            Conn::Pg(c) => query().load(*c),
            Conn::Lite(c) => query().load(*c),
        }?)
    };
    app.blocking(|| app.state.read_blocking(read)).unwrap()
}

/// The slugs of the articles that editors find by a query.
pub async fn found(app: &App, query: &str) -> Vec<String> {
    let path = format!("{}?{query}", crate::articles::EDITOR);
    crate::articles::slugs_of(&app.as_editor().get(&path, 200).await)
}

/// Names in an answer, as slugs.
pub fn slugs(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item["slug"].as_str().or(item.as_str()).unwrap())
        .collect()
}

/// The code of an error that says that there is none.
pub fn code(kind: &str) -> &'static str {
    match kind {
        "section" => "unknown-section",
        "topic" => "unknown-topic",
        _ => "unknown-author",
    }
}
