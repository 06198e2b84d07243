//! Search and suggestions find what readers see, and nothing else: while the index
//! lags, and once it has caught up.

use std::collections::BTreeSet;

use super::{Forbidden, Piece, look, look_through, marker, slug};
use crate::support::App;

/// Looks for the words of everything.
pub async fn crawl(app: &App, forbidden: &Forbidden, pieces: &[Piece], hours: i64) {
    words(app, forbidden, pieces, hours).await;
    while app
        .state
        .write(perspektive::articles::ops::announce)
        .await
        .unwrap()
    {}
    app.indexed().await;
    app.state.cache.evict_all();
    words(app, forbidden, pieces, hours).await;
    let visible = pieces.iter().filter(|piece| piece.fate.is_visible(hours));
    let visible: BTreeSet<String> = visible.map(|piece| slug(piece.number)).collect();
    for query in [
        "q=titel&limit=100",
        "q=anfang&limit=30&sort=-published_at",
        "q=vorspann&topic=verkehr&limit=50&include=topics,authors",
    ] {
        let items = look_through(app, forbidden, &format!("/v1/search?{query}")).await;
        let found: BTreeSet<String> = items
            .iter()
            .map(|item| item["slug"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            (items.len(), found),
            (visible.len(), visible.clone()),
            "{query}"
        );
    }
    for piece in some(pieces).filter(|piece| piece.fate.is_visible(hours)) {
        let word = marker(piece.number, 1);
        let page = look(app, forbidden, &format!("/v1/search?q={word}")).await;
        assert_eq!(crate::articles::slugs_of(&page), [slug(piece.number)]);
    }
}

/// A fifth of them, of every fate.
fn some(pieces: &[Piece]) -> impl Iterator<Item = &Piece> {
    let fates = super::FATES.len();
    pieces
        .iter()
        .filter(move |piece| (piece.number / fates).is_multiple_of(5))
}

/// Whole words, beginnings of words and suggestions. What is asked for stands in the
/// addresses of further pages, so words of what is hidden are asked for alone.
async fn words(app: &App, forbidden: &Forbidden, pieces: &[Piece], hours: i64) {
    for path in [
        "search?q=zq&limit=100",
        "search?q=titel%20zq1&limit=100",
        "search?q=zl&limit=100",
        "search?q=-titel%20anfang",
        "search/suggest?q=zq&limit=100",
        "search/suggest?q=zq1&limit=100",
        "search/suggest?q=titel&limit=100",
        "search/suggest?q=thema%20zq&limit=100",
        "search/suggest?q=autorin&limit=100",
    ] {
        look(app, forbidden, &format!("/v1/{path}")).await;
    }
    for piece in some(pieces) {
        for revision in 1..=3 {
            if revision == 1 && piece.fate.is_visible(hours) {
                continue;
            }
            let word = marker(piece.number, revision);
            let page = look(app, forbidden, &format!("/v1/search?q={word}&fields=id")).await;
            assert_eq!(page["items"], serde_json::json!([]), "{word}");
            let page = look(app, forbidden, &format!("/v1/search/suggest?q={word}")).await;
            assert_eq!(page["items"], serde_json::json!([]), "{word}");
        }
    }
}
