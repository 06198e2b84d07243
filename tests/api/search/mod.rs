//! Search: what is found, in what order, and what never is.

mod editors;
mod finding;
mod following;
mod gone;
mod hostile;
mod order;
pub mod prose;
mod related;
mod suggesting;

use perspektive::articles::{input, ops};
use perspektive::auth::Actor;
use perspektive::db::Time;
use perspektive::http::conditional::Expect;
use serde_json::Value;

use crate::articles::newsroom;
use crate::support::App;
use prose::PROSE;

/// A query string with this as `q`.
pub fn q(text: &str) -> String {
    serde_urlencoded::to_string([("q", text)]).unwrap()
}

/// Slugs that a search finds, in order.
pub async fn found(app: &App, query: &str) -> Vec<String> {
    let page = app
        .get(&format!("/v1/search?fields=slug&{query}"), 200)
        .await;
    slugs(&page)
}

/// Slugs of a page.
pub fn slugs(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["slug"].as_str().unwrap().to_owned())
        .collect()
}

/// The text of highlights, what fits in brackets.
pub fn shown(spans: &Value) -> String {
    let spans = spans.as_array().unwrap().iter();
    spans
        .map(|span| {
            let text = span["text"].as_str().unwrap();
            match span["match"].as_bool().unwrap() {
                true => format!("[{text}]"),
                false => text.to_owned(),
            }
        })
        .collect()
}

/// Publishes articles, given as slug, Markdown and days ago, in one transaction.
pub fn publish(app: &App, articles: Vec<(String, String, i64)>) {
    // The same instants for whoever publishes the same in this hour.
    let hour = 3_600_000_000;
    let now = Time(app.state.now().0 / hour * hour);
    let actor = Actor::command();
    app.blocking(|| {
        app.state.write_blocking(|tx| {
            for (slug, markdown, days) in articles {
                let sent = input::from_markdown(&markdown, input::Own::default())?;
                let key = ops::Key::Slug(slug);
                ops::put(tx, &actor, &key, Expect::Unsaid, sent, true, false)?;
                let publish = ops::Publish {
                    published_at: Some(now.plus_seconds(-days * 86_400 - 60)),
                    ..Default::default()
                };
                ops::publish(tx, &actor, &key, Expect::Unsaid, &publish)?;
            }
            Ok(())
        })
    })
    .unwrap();
}

/// The pieces of prose, as Markdown.
pub fn pieces() -> Vec<(String, String, i64)> {
    let pieces = PROSE.iter().enumerate();
    pieces
        .map(|(days, piece)| {
            let markdown = format!(
                "---\nheadline: \"{}\"\nteaser: \"{}\"\nsection: {}\ntopics: [{}]\nlanguage: de\n---\n\n{}\n",
                piece.headline, piece.teaser, piece.section, piece.topic, piece.text
            );
            (piece.slug.to_owned(), markdown, days as i64)
        })
        .collect()
}

/// A newsroom with the pieces of prose, all of them to be found.
pub async fn prosaic(app: &App) {
    newsroom(app).await;
    publish(app, pieces());
    app.indexed().await;
}
