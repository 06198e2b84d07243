//! Feeds, sitemaps and structured data: what programs fetch that people read or find
//! articles with.

mod accepted;
mod forms;
mod jsonld;
mod paging;
mod seeing;
mod sitemaps;

use serde_json::Value;

use crate::articles::got;
use crate::support::App;

/// All that stands between two marks.
fn all_between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before)
        .skip(1)
        .map(|rest| rest.split(after).next().unwrap())
        .collect()
}

/// A feed as it is sent.
async fn text(app: &App, path: &str) -> String {
    got(app.request("GET", path), 200).await.text
}

/// The titles in a feed, in its order, whatever it is written in.
async fn titles(app: &App, name: &str, query: &str) -> Vec<String> {
    let feed = app.get(&format!("/feeds/{name}.json{query}"), 200).await;
    let items = feed["items"].as_array().unwrap();
    let title = |item: &Value| item["title"].as_str().unwrap().to_owned();
    let titles: Vec<String> = items.iter().map(title).collect();
    for (form, item) in [
        ("rss", "<item>\n<title>"),
        ("rss", "<item><title>"),
        ("atom", "<entry"),
    ] {
        let text = text(app, &format!("/feeds/{name}.{form}{query}")).await;
        if !text.contains(item) {
            continue;
        }
        let found: Vec<String> = all_between(&text, item, "</title>")
            .iter()
            .map(|entry| entry.rsplit("<title>").next().unwrap().to_owned())
            .collect();
        assert_eq!(found, titles, "{name}.{form}{query}");
    }
    titles
}

/// Addresses of the sitemaps that the index names.
pub async fn sitemaps_of(app: &App) -> Vec<String> {
    let index = text(app, "/sitemap.xml").await;
    let host = "<loc>https://api.flussblick.example";
    let sitemaps = all_between(&index, host, "</loc>").into_iter();
    sitemaps.map(str::to_owned).collect()
}
