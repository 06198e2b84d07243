//! Apps get what readers see, and of the rest only that what they once saw is gone.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Fate, Forbidden, Piece, look, slug};
use crate::articles::got;
use crate::support::App;
use crate::sync::events::Listener;

const FIELDS: &str = "fields=body,related,teaser,subheadline,image,source,seo,corrections,share,topics,authors,media";

impl Fate {
    /// Whether readers saw it and no longer do.
    fn is_over(self, hours: i64) -> bool {
        match self {
            Fate::Expired | Fate::Unpublished | Fate::Withdrawn | Fate::Trashed => true,
            Fate::Expiring => hours >= 1,
            Fate::ForAWhile => hours >= 3,
            _ => false,
        }
    }
}

/// Looks at a change: an upsert like at any answer, a tombstone for whose it is.
fn search(forbidden: &Forbidden, pieces: &[Piece], hours: i64, item: &Value) {
    if item["op"] == "delete" {
        assert_eq!(item.as_object().unwrap().len(), 3, "{item}");
        if item["type"] == "article" {
            let piece = pieces.iter().find(|piece| item["id"] == piece.id.as_str());
            let fate = piece.unwrap().fate;
            assert!(fate.is_over(hours), "a tombstone of {fate:?}");
        }
        return;
    }
    forbidden.search("a change", &item.to_string(), &Default::default());
}

/// All pages from a place on.
async fn walk(app: &App, query: &str, mut search: impl FnMut(&Value)) -> BTreeSet<String> {
    let (mut slugs, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/v1/changes?{query}{cursor}");
        let page = got(app.request("GET", &path), 200).await;
        assert_eq!(page.header("surrogate-key").len(), 8, "that of everything");
        for item in page.json["items"].as_array().unwrap() {
            search(item);
            if let Some(slug) = item["article"]["slug"].as_str() {
                slugs.insert(slug.to_owned());
            }
        }
        if page.json["has_more"] == false {
            return slugs;
        }
        cursor = format!("&cursor={}", page.json["next_cursor"].as_str().unwrap());
    }
}

/// `before` is a cursor from before there was anything.
pub async fn crawl(app: &App, forbidden: &Forbidden, pieces: &[Piece], hours: i64, before: &str) {
    look(app, forbidden, "/v1/home").await;
    look(app, forbidden, "/v1/home?limit=100").await;
    let visible: BTreeSet<String> = pieces
        .iter()
        .filter(|piece| piece.fate.is_visible(hours))
        .map(|piece| slug(piece.number))
        .collect();
    // Everything: nothing is gone, for nobody knows it.
    for query in ["limit=100", FIELDS] {
        let found = walk(app, query, |item| {
            assert_eq!(item["op"], "upsert", "{item}");
            search(forbidden, pieces, hours, item);
        });
        assert_eq!(found.await, visible, "{query}");
    }
    // Since there was anything, all of it in one section, and as events.
    let since = format!("{FIELDS}&cursor={before}");
    let first = got(app.request("GET", &format!("/v1/changes?{since}")), 200).await;
    let mut cursor = first.json["next_cursor"].as_str().unwrap().to_owned();
    let mut found = BTreeSet::new();
    let mut take = |item: &Value| {
        search(forbidden, pieces, hours, item);
        found.extend(item["article"]["slug"].as_str().map(str::to_owned));
    };
    first.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(&mut take);
    loop {
        let page = got(
            app.request("GET", &format!("/v1/changes?{FIELDS}&cursor={cursor}")),
            200,
        )
        .await;
        page.json["items"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(&mut take);
        cursor = page.json["next_cursor"].as_str().unwrap().to_owned();
        if page.json["has_more"] == false {
            break;
        }
    }
    assert_eq!(found, visible);
    let count = app
        .get(&format!("/v1/changes/count?cursor={cursor}"), 200)
        .await;
    assert_eq!(count, json!({"count": 0}));

    let mut found = BTreeSet::new();
    let mut stream = Listener::open(app, &format!("cursor={before}"), None).await;
    let patience = std::time::Duration::from_millis(500);
    while let Ok(Some(event)) = tokio::time::timeout(patience, stream.next()).await {
        search(forbidden, pieces, hours, &event.data);
        found.extend(event.data["article"]["slug"].as_str().map(str::to_owned));
    }
    assert_eq!(found, visible);
}
