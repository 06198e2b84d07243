//! Articles, from the first upload to the last reader.

mod bad_input;
mod bulk;
mod caching;
mod delivery;
mod html;
mod leaks;
mod links;
mod lists;
mod page;
mod parallel;
mod patch;
mod previews;
mod publishing;
mod put;
mod revisions;
mod slugs;
mod verbs;

pub use self::verbs::until;
use diesel::prelude::*;
use perspektive::db::Conn;
use perspektive::db::schema;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::clients::Client;

/// Where editors find articles.
pub const EDITOR: &str = "/v1/editor/articles";

/// An answer, read whole.
pub struct Got {
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

/// Sends a request, expecting a status.
pub async fn got(request: reqwest::RequestBuilder, status: u16) -> Got {
    let answer = request.send().await.unwrap();
    let url = answer.url().clone();
    let (found, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap_or_default();
    assert_eq!(found, status, "{url}: {text}");
    if status >= 400 {
        assert_eq!(headers["content-type"], "application/problem+json", "{url}");
    }
    let json = serde_json::from_str(&text).unwrap_or_default();
    Got {
        headers,
        text,
        json,
    }
}

impl Got {
    /// A header, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// A problem's detail.
    pub fn detail(&self) -> &str {
        self.json["detail"].as_str().unwrap_or_default()
    }
}

/// Two objects in one; the second has the last word.
pub fn with(mut base: Value, more: Value) -> Value {
    let (Value::Object(members), Value::Object(more)) = (&mut base, more) else {
        unreachable!()
    };
    members.extend(more);
    base
}

/// The least that can be published.
pub fn piece(headline: &str) -> Value {
    json!({"headline": headline, "section": "politik", "body": {"markdown": format!("{headline}, im Text.")}})
}

/// Site, sections, topics and authors that the tests use.
pub async fn newsroom(app: &App) -> Client<'_> {
    let editor = app.as_editor();
    for (slug, name, parent) in [
        ("politik", "Politik", None),
        ("stadtrat", "Stadtrat", Some("politik")),
        ("kultur", "Kultur", None),
        ("sport", "Sport", None),
    ] {
        let section = json!({"name": name, "parent": parent});
        let section = if parent.is_none() {
            json!({"name": name})
        } else {
            section
        };
        editor
            .send("PUT", &format!("/v1/editor/sections/{slug}"), &section, 201)
            .await;
    }
    for (slug, name) in [
        ("verkehr", "Verkehr"),
        ("haushalt", "Haushalt"),
        ("klima", "Klima"),
    ] {
        editor
            .send(
                "PUT",
                &format!("/v1/editor/topics/{slug}"),
                &json!({"name": name}),
                201,
            )
            .await;
    }
    for (slug, name) in [("mara-lenz", "Mara Lenz"), ("jonas-ott", "Jonas Ott")] {
        editor
            .send(
                "PUT",
                &format!("/v1/editor/authors/{slug}"),
                &json!({"name": name}),
                201,
            )
            .await;
    }
    editor
}

/// PUTs an article as the editor.
pub async fn put(app: &App, slug: &str, body: &Value) -> Value {
    let request = app
        .as_editor()
        .request("PUT", &format!("{EDITOR}/{slug}?overwrite=true"))
        .json(body);
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status < 300, "{slug}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// PUTs an article and puts it live in the same call.
pub async fn live(app: &App, slug: &str, body: &Value) -> Value {
    let request = app
        .as_editor()
        .request(
            "PUT",
            &format!("{EDITOR}/{slug}?overwrite=true&publish=true"),
        )
        .json(body);
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status < 300, "{slug}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Sends a verb as the editor.
pub async fn verb(app: &App, slug: &str, verb: &str, body: Value, status: u16) -> Value {
    app.as_editor()
        .send("POST", &format!("{EDITOR}/{slug}/{verb}"), &body, status)
        .await
}

/// Changes an article as the editor, whatever its version.
pub async fn patch(app: &App, slug: &str, body: Value, status: u16) -> Got {
    let request = app
        .as_editor()
        .request("PATCH", &format!("{EDITOR}/{slug}"));
    got(request.header("If-Match", "*").json(&body), status).await
}

/// The slugs of a list, in its order.
pub async fn slugs(app: &App, path: &str) -> Vec<String> {
    slugs_of(&app.get(path, 200).await)
}

/// The slugs of a page, in its order.
pub fn slugs_of(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["slug"].as_str().unwrap().to_owned())
        .collect()
}

/// An instant so many seconds from now, on the server's clock.
pub fn at(app: &App, seconds: i64) -> String {
    app.state.now().plus_seconds(seconds).to_string()
}

/// Everything that is stored, in so far as a write could have changed it: how
/// many rows each table has, and every article's version.
pub fn stored(app: &App) -> (Vec<(&'static str, i64)>, Vec<(String, i64)>) {
    macro_rules! counts {
        ($conn:expr, $($table:ident),+) => {
            vec![$((stringify!($table), match $conn {
                Conn::Pg(c) => schema::$table::table.count().get_result::<i64>(*c),
                Conn::Lite(c) => schema::$table::table.count().get_result::<i64>(*c),
            }?)),+]
        };
    }
    app.blocking(|| {
        app.state.read_blocking(|conn| {
            let rows = counts!(
                conn,
                articles,
                revisions,
                links,
                listings,
                former_slugs,
                preview_links,
                changes,
                sections,
                topics,
                authors,
                site
            );
            let query = schema::articles::table
                .order(schema::articles::slug)
                .select((schema::articles::slug, schema::articles::version));
            let versions = match conn {
                Conn::Pg(c) => query.load(*c),
                Conn::Lite(c) => query.load(*c),
            }?;
            Ok((rows, versions))
        })
    })
    .unwrap()
}

/// A value in which everything that differs from run to run is replaced by what
/// it is, after a look at its shape: ids are numbered in the order in which they
/// are met, so that equal ones stay equal.
pub fn settled(value: &Value) -> Value {
    settle(value, &mut Vec::new())
}

fn settle(value: &Value, ids: &mut Vec<String>) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| match name.as_str() {
                    "request_id" => {
                        let id = value.as_str().unwrap();
                        assert!(
                            id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()),
                            "{id}"
                        );
                        (name.clone(), json!("[request]"))
                    }
                    _ => (name.clone(), settle(value, ids)),
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(|item| settle(item, ids)).collect()),
        Value::String(text) => Value::String(settle_text(text, ids)),
        other => other.clone(),
    }
}

/// Replaces UUIDs of version 7, and instants near the present one in whole
/// seconds and UTC.
fn settle_text(text: &str, ids: &mut Vec<String>) -> String {
    let mut settled = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let uuid = rest.get(..36).filter(|part| {
            part.len() == 36
                && part.bytes().enumerate().all(|(at, byte)| match at {
                    8 | 13 | 18 | 23 => byte == b'-',
                    14 => byte == b'7',
                    _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
                })
        });
        let time = rest.get(..20).filter(|part| {
            part.ends_with('Z')
                // How messages say that a date is written.
                && *part != "2026-11-23T08:15:00Z"
                && perspektive::db::Time::parse(part)
                    .is_some_and(|at| (at.seconds_since(perspektive::db::Time::now())).abs() < 86_400)
        });
        if let Some(uuid) = uuid {
            let number = ids.iter().position(|id| id == uuid).unwrap_or_else(|| {
                ids.push(uuid.to_owned());
                ids.len() - 1
            });
            settled.push_str(&format!("[id {}]", number + 1));
            rest = &rest[36..];
        } else if time.is_some() {
            settled.push_str("[now]");
            rest = &rest[20..];
        } else {
            settled.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    // Addresses on the website have the present year and month.
    let (from, to) = (
        perspektive::db::Time::now()
            .plus_seconds(-86_400)
            .to_datetime()
            .format("/%Y/%m/")
            .to_string(),
        perspektive::db::Time::now()
            .plus_seconds(86_400)
            .to_datetime()
            .format("/%Y/%m/")
            .to_string(),
    );
    settled
        .replace(&from, "/[month]/")
        .replace(&to, "/[month]/")
}

/// Compares a whole body with a committed snapshot.
#[macro_export]
macro_rules! whole {
    ($name:literal, $value:expr) => {{
        let settled = $crate::articles::settled($value);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!($name, settled)
        })
    }};
}

/// A further editor, by name.
pub fn named<'a>(app: &'a App, name: &str) -> Client<'a> {
    app.as_user(name, perspektive::auth::Role::Editor)
}
